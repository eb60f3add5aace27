/* A Cortex-M of QEMU: runs the jobs loaded at JOB_ADDRESS and writes their results to the host file
   out.bin (semihosting). tests/parity/features_board.py makes the one and reads the other, and
   defines the addresses. */
#include <stddef.h>
#include <stdint.h>

#include "features/features.h"

typedef struct {
    uint32_t magic, bytes, chain_bytes, windows; /* bytes: of the whole job, a multiple of 64 */
    uint32_t record_bytes, padding[11];
} job; /* chain at the next 64-byte boundary, then the records: header of 64 bytes, samples */

typedef struct {
    float rate_hz, rpm, scale_g[8], padding[6];
} record;

enum { JOB_MAGIC = 0x4a4e4843, SYS_OPEN = 1, SYS_WRITE = 5, SYS_EXIT = 0x18, BINARY_WRITE = 5 };

static uint64_t work[FEATURES_WORKSPACE_MAX_BYTES / 8];
static features_calibration calibration;

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void put(uint32_t file, const void *data, uint32_t bytes)
{
    const uint32_t arguments[] = {file, (uint32_t)data, bytes};
    (void)semihost(SYS_WRITE, arguments);
}

__attribute__((noinline)) void mark(void)
{
    __asm__ volatile("");
}

/* Per window: error, flags, features, calibrated, int8 input padded to words. */
static void run_job(const job *j, uint32_t file)
{
    const uint8_t *chain = (const uint8_t *)(j + 1);
    const uint8_t *at = chain + ((j->chain_bytes + 63u) & ~63u);
    chain_info info;
    const int32_t refused = chain_check(chain, j->chain_bytes, &info);
    put(file, &refused, sizeof refused);
    if (refused != 0) {
        return;
    }
    features_calibration_init(&calibration, info.calibration_windows);
    for (uint32_t w = 0; w < j->windows; w++, at += j->record_bytes) {
        const record *r = (const record *)at;
        const features_window window = {(const int16_t *)(r + 1), r->scale_g, r->rate_hz, r->rpm};
        float features[FEATURES_MAX] = {0}, calibrated[FEATURES_MAX] = {0};
        int8_t input[FEATURES_MAX] = {0};
        uint32_t flags = 0;
        mark();
        const int32_t error =
            features_extract(chain, j->chain_bytes, &window, features, &flags, work, sizeof work);
        mark();
        (void)features_calibrate(&calibration, features, info.features);
        (void)features_normalise(chain, j->chain_bytes, features, calibration.mean, calibrated,
                                 input);
        put(file, &error, sizeof error);
        put(file, &flags, sizeof flags);
        put(file, features, info.features * 4);
        put(file, calibrated, info.features * 4);
        put(file, input, (info.features + 3u) & ~3u);
    }
}

void reset(void)
{
    *(volatile uint32_t *)0xE000ED88 = 0xFu << 20; /* CPACR: the FPU */
    __asm__ volatile("dsb\n\tisb");
#ifdef __ARM_FP
    /* an application that flushes to zero and rounds towards it must not change a bit; 4 << 16 is
       what a core with Helium needs there */
    __asm__ volatile("vmsr fpscr, %0" : : "r"(1u << 24 | 3u << 22 | 4u << 16));
#endif
    const uint32_t name[] = {(uint32_t) "out.bin", BINARY_WRITE, 7};
    const uint32_t file = semihost(SYS_OPEN, name);
    for (const job *j = (const job *)JOB_ADDRESS; j->magic == JOB_MAGIC;
         j = (const job *)((const uint8_t *)j + j->bytes)) {
        run_job(j, file);
    }
    (void)semihost(SYS_EXIT, (const void *)0x20026); /* ADP_Stopped_ApplicationExit */
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    (const void *)STACK_TOP, (const void *)reset};
