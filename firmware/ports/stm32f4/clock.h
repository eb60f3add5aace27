/* Clocks of the STM32F405/407. */
#pragma once
#include <stdint.h>

typedef struct {
    uint32_t core_hz;
    uint32_t apb1_hz; /* USART2's */
} clock_tree;

/* 168 MHz from the 8 MHz crystal, or from the internal oscillator where the crystal fails; 16 MHz
 * where the PLL does not lock. Takes at most 0.2 s. */
clock_tree clock_start(void);
