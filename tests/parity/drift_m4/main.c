/* Cortex-M4F on QEMU's mps2-an386: pushes the windows loaded at 0x21000000 into the drift
 * statistics and writes each channel's to the host file out.bin (semihosting).
 * tests/parity/test_drift_parity.py makes and reads. */
#include <stddef.h>
#include <stdint.h>

#include "drift/drift.h"

typedef struct {
    uint32_t baseline_bytes, windows, channels;
    uint32_t counted; /* the push between two calls of mark() */
} job;                /* baseline, padded to 4 bytes; then the values, float [windows][channels] */

enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_EXIT = 0x18, BINARY_WRITE = 5 };

static drift_channel channels[DRIFT_MAX_CHANNELS];
static drift_state state;
static drift_stats stats;

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

__attribute__((noinline)) void mark(void)
{
    __asm__ volatile("");
}

static void run_job(const job *j, uint32_t file)
{
    const uint8_t *baseline = (const uint8_t *)(j + 1);
    const float *values = (const float *)(baseline + ((j->baseline_bytes + 3u) & ~3u));
    if (drift_init(&state, channels, DRIFT_MAX_CHANNELS, baseline, j->baseline_bytes) != 0) {
        return;
    }
    for (uint32_t w = 0; w < j->windows; w++, values += j->channels) {
        if (w == j->counted) {
            mark();
        }
        (void)drift_push(&state, values);
        if (w == j->counted) {
            mark();
        }
    }
    for (uint32_t c = 0; c < j->channels; c++) {
        (void)drift_read(&state, c, &stats);
        const uint32_t arguments[] = {file, (uint32_t)&stats, sizeof stats};
        (void)semihost(SYS_WRITE, arguments);
    }
}

void reset(void)
{
    *(volatile uint32_t *)0xE000ED88 = 0xFu << 20; /* CPACR: the FPU */
    __asm__ volatile("dsb\n\tisb");
    /* an application that flushes to zero and rounds towards it must not change a bit */
    __asm__ volatile("vmsr fpscr, %0" : : "r"(1u << 24 | 3u << 22));
    const uint32_t name[] = {(uint32_t) "out.bin", BINARY_WRITE, 7};
    run_job((const job *)0x21000000, semihost(SYS_OPEN, name));
    (void)semihost(SYS_EXIT, (const void *)0x20026); /* ADP_Stopped_ApplicationExit */
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    (const void *)0x20400000, (const void *)reset};
