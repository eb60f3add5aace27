/* What the Cortex-M ports share: start-up, timer, faults, and the few core registers they use
 * (ARMv7-M Architecture Reference Manual, B3.2 and B3.3). */
#pragma once
#include <stdint.h>

#define REGISTER(address) (*(volatile uint32_t *)(uintptr_t)(address))

#define SYSTICK_CTRL REGISTER(0xE000E010u)
#define SYSTICK_LOAD REGISTER(0xE000E014u)
#define SYSTICK_VAL REGISTER(0xE000E018u)
#define NVIC_ENABLE(irq) REGISTER(0xE000E100u + 4u * ((irq) / 32u))
#define SCB_ICSR REGISTER(0xE000ED04u)
#define SCB_VTOR REGISTER(0xE000ED08u)
#define SCB_AIRCR REGISTER(0xE000ED0Cu)
#define SCB_CFSR REGISTER(0xE000ED28u)
#define SCB_CPACR REGISTER(0xE000ED88u)

enum {
    SYSTICK_ENABLE = 1,
    SYSTICK_INTERRUPT = 2,
    SYSTICK_CORE_CLOCK = 4,
    SYSTICK_WRAPPED = 1 << 16,
    ICSR_SYSTICK_PENDING = 1 << 26,
};
#define AIRCR_RESET 0x05FA0004u
#define CPACR_FPU_ON (0xFu << 20)

/* The linker script's addresses (host/aurora/build/linker_script.py). */
extern uint32_t linker_data_load[], linker_data_start[], linker_data_end[];
extern uint32_t linker_bss_start[], linker_bss_end[];
extern uint32_t linker_stack_bottom[], linker_stack_top[];
extern uint8_t linker_image_end[], linker_ram_free_start[], linker_ram_free_end[];

/* What survives a reset because no start-up code clears it. `host_seed` is the first word: an
 * emulator writes a random number there before the start (symbol port_kept). */
typedef struct {
    uint32_t host_seed;
    uint32_t starts; /* since power-up */
    uint32_t cause;  /* PORT_RESET_* of the next start */
    uint32_t fault_pc;
    uint32_t fault_status; /* CFSR */
    uint32_t faults_in_row;
    uint32_t check; /* of all but host_seed: tells power-up noise from our own content */
} kept_state;
extern kept_state port_kept;

/* Called first after memory is set up: reads why we started and counts the start. */
void kept_open(void);
/* A board that has run for ten seconds did not start in vain: faults count from 0 again. */
void kept_clear_faults(void);

/* Starts the timer at `clock_hz` of the core. */
void systick_start(uint32_t clock_hz);

/* Given by the family: */
void family_uart_interrupt(void); /* the vector of BOARD_UART_IRQ */
int family_uart_is_empty(void);   /* nothing received waits to be read */
uint32_t family_entropy(void);    /* a random word where the chip has one, else 0 */

void Reset_Handler(void);
void fault_entry(void);
void systick_interrupt(void);
