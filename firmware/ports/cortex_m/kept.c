/* What survives a reset: why the board starts, how often it did, and where it failed. */
#include "board.h"
#include "core/crc32.h"
#include "cortex_m.h"
#include "port/port.h"

enum { FAULTS_BEFORE_PAUSE = 4, PAUSE_SECONDS = 60, FRAME_PC = 6 };
#define SYSTICK_MAX 0x00FFFFFFu

__attribute__((section(".kept"))) kept_state port_kept;
static uint32_t cause_of_this_start, fault_pc_of_last, boot_id;

static uint32_t kept_check(void)
{
    return crc32_update(0, &port_kept.starts, 5 * sizeof(uint32_t));
}

static void kept_seal(uint32_t cause)
{
    port_kept.cause = cause;
    port_kept.check = kept_check();
}

void kept_open(void)
{
    if (port_kept.check == kept_check()) {
        cause_of_this_start = port_kept.cause;
        fault_pc_of_last = cause_of_this_start == PORT_RESET_FAULT ? port_kept.fault_pc : 0;
    } else {
        cause_of_this_start = PORT_RESET_POWER;
        port_kept.starts = 0;
        port_kept.fault_pc = 0;
        port_kept.fault_status = 0;
        port_kept.faults_in_row = 0;
    }
    port_kept.starts++;
    kept_seal(PORT_RESET_EXTERNAL); /* true unless port_reset() or a fault says otherwise */
}

void kept_clear_faults(void)
{
    if (port_kept.faults_in_row == 0)
        return;
    port_kept.faults_in_row = 0;
    kept_seal(port_kept.cause);
}

/* The CRC of distinct words is distinct: two starts of one power cycle never share an id. */
uint32_t port_boot_id(void)
{
    if (boot_id == 0) {
        uint32_t sources[3] = {port_kept.host_seed, family_entropy(), port_kept.starts};
        boot_id = crc32_update(0, sources, sizeof sources);
    }
    return boot_id;
}

uint32_t port_reset_cause(void)
{
    return cause_of_this_start;
}

uint32_t port_fault_pc(void)
{
    return fault_pc_of_last;
}

static _Noreturn void reset_now(void)
{
    __asm__ volatile("dsb" ::: "memory");
    SCB_AIRCR = AIRCR_RESET;
    for (;;) {
    }
}

void port_reset(void)
{
    kept_seal(PORT_RESET_SOFTWARE);
    reset_now();
}

/* A fault that comes back at each start shall neither stop the board for good nor fill the line. */
static void pause_about_a_minute(void)
{
    SYSTICK_LOAD = SYSTICK_MAX;
    SYSTICK_VAL = 0;
    SYSTICK_CTRL = SYSTICK_ENABLE | SYSTICK_CORE_CLOCK;
    uint32_t wraps = (uint32_t)((uint64_t)BOARD_CLOCK_HZ * PAUSE_SECONDS / (SYSTICK_MAX + 1u));
    while (wraps > 0)
        if (SYSTICK_CTRL & SYSTICK_WRAPPED)
            wraps--;
}

__attribute__((used)) _Noreturn void fault_record(const uint32_t *frame)
{
    int readable = frame >= linker_stack_bottom && frame + FRAME_PC < linker_stack_top;
    port_kept.fault_pc = readable ? frame[FRAME_PC] : 1u;
    port_kept.fault_status = SCB_CFSR;
    port_kept.faults_in_row++;
    kept_seal(PORT_RESET_FAULT);
    if (port_kept.faults_in_row > FAULTS_BEFORE_PAUSE)
        pause_about_a_minute();
    reset_now();
}

/* The stack may be what failed: the handler runs on a fresh one, with the fault's frame in r0. */
__attribute__((naked)) void fault_entry(void)
{
    __asm__ volatile("mrs r0, msp\n"
                     "ldr r1, =linker_stack_top\n"
                     "msr msp, r1\n"
                     "b fault_record\n");
}
