/* 64-bit time from the 24-bit timer: the interrupt at each wrap adds a whole period. */
#include "cortex_m.h"
#include "port/port.h"

enum { PERIODS_PER_SECOND = 10, HEALTHY_AFTER_PERIODS = 100 };

static volatile uint64_t cycles_before; /* of all finished periods */
static volatile uint32_t periods;
static uint32_t cycles_per_period, cycles_per_us;

static uint32_t interrupts_off(void)
{
    uint32_t before;
    __asm__ volatile("mrs %0, primask\ncpsid i" : "=r"(before)::"memory");
    return before;
}

static void interrupts_restore(uint32_t before)
{
    __asm__ volatile("msr primask, %0" ::"r"(before) : "memory");
}

void systick_start(uint32_t clock_hz)
{
    cycles_per_us = clock_hz / 1000000u;
    cycles_per_period = clock_hz / PERIODS_PER_SECOND;
    if (cycles_per_period > 0x01000000u)
        cycles_per_period = 0x01000000u;
    SYSTICK_LOAD = cycles_per_period - 1u;
    SYSTICK_VAL = 0;
    SYSTICK_CTRL = SYSTICK_ENABLE | SYSTICK_INTERRUPT | SYSTICK_CORE_CLOCK;
}

void systick_interrupt(void)
{
    uint32_t before = interrupts_off();
    cycles_before = cycles_before + cycles_per_period;
    interrupts_restore(before);
    if (periods < HEALTHY_AFTER_PERIODS)
        periods = periods + 1u;
    else
        kept_clear_faults();
}

uint64_t port_uptime_us(void)
{
    uint32_t before = interrupts_off();
    uint32_t left = SYSTICK_VAL;
    uint64_t cycles = cycles_before;
    if (SCB_ICSR & ICSR_SYSTICK_PENDING) { /* it wrapped, and its interrupt has not run yet */
        left = SYSTICK_VAL;
        cycles += cycles_per_period;
    }
    interrupts_restore(before);
    return (cycles + (cycles_per_period - 1u - left)) / cycles_per_us;
}

/* With interrupts masked a pending one still ends WFI, so none is missed between test and sleep. */
void port_wait(void)
{
    uint32_t before = interrupts_off();
    if (family_uart_is_empty())
        __asm__ volatile("dsb\nwfi" ::: "memory");
    interrupts_restore(before);
}
