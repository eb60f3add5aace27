/* From the reset vector to firmware_main(): FPU on, memory set up, stack painted, board started. */
#include "board.h"
#include "cortex_m.h"
#include "port/port.h"

enum { EXCEPTIONS = 16, STACK_MARGIN_WORDS = 32 };
#define STACK_PAINT 0xA5A5A5A5u

typedef void (*vector)(void);

/* Only the exceptions and the one interrupt that are ever enabled have an entry. A bus, usage or
 * memory fault is not enabled, so it becomes a HardFault (vector 3). */
__attribute__((section(".vectors"),
               used)) static const vector vectors[EXCEPTIONS + BOARD_UART_IRQ + 1] = {
    [0] = (vector)(uintptr_t)linker_stack_top,
    [1] = Reset_Handler,
    [2] = fault_entry,
    [3] = fault_entry,
    [15] = systick_interrupt,
    [EXCEPTIONS + BOARD_UART_IRQ] = family_uart_interrupt,
};

static void set_up_memory(void)
{
    const uint32_t *from = linker_data_load;
    for (volatile uint32_t *to = linker_data_start; to < linker_data_end;)
        *to++ = *from++;
    for (volatile uint32_t *to = linker_bss_start; to < linker_bss_end;)
        *to++ = 0;
}

static void paint_stack(void)
{
    volatile uint32_t *here = __builtin_frame_address(0);
    for (volatile uint32_t *word = linker_stack_bottom; word < here - STACK_MARGIN_WORDS;)
        *word++ = STACK_PAINT;
}

void Reset_Handler(void)
{
    SCB_CPACR |= CPACR_FPU_ON;
    __asm__ volatile("dsb\nisb" ::: "memory");
    SCB_VTOR = (uint32_t)(uintptr_t)vectors;
    set_up_memory();
    paint_stack();
    kept_open();
    port_init();
    firmware_main();
}

uint32_t port_stack_free_bytes(void)
{
    const volatile uint32_t *word = linker_stack_bottom;
    while (word < linker_stack_top && *word == STACK_PAINT)
        word++;
    return (uint32_t)((uintptr_t)word - (uintptr_t)linker_stack_bottom);
}

uint32_t port_ram_free_bytes(void)
{
    return (uint32_t)(linker_ram_free_end - linker_ram_free_start);
}
