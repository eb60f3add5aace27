#include "stm32f4/clock.h"

#include "board.h"
#include "cortex_m/cortex_m.h"

#define RCC_CR REGISTER(0x40023800u)
#define RCC_PLLCFGR REGISTER(0x40023804u)
#define RCC_CFGR REGISTER(0x40023808u)
#define RCC_AHB2ENR REGISTER(0x40023834u)
#define RCC_APB1ENR REGISTER(0x40023840u)
#define PWR_CR REGISTER(0x40007000u)
#define FLASH_ACR REGISTER(0x40023C00u)
#define RNG_CR REGISTER(0x50060800u)
#define RNG_SR REGISTER(0x50060804u)
#define RNG_DR REGISTER(0x50060808u)

enum {
    CR_HSE_ON = 1 << 16,
    CR_HSE_READY = 1 << 17,
    CR_PLL_ON = 1 << 24,
    CR_PLL_READY = 1 << 25,
    PLL_FROM_HSE = 1 << 22,
    CFGR_SWITCH_PLL = 2,
    CFGR_STATUS_MASK = 0xC,
    CFGR_STATUS_PLL = 0x8,
    CFGR_APB1_BY_4 = 5 << 10,
    CFGR_APB2_BY_2 = 4 << 13,
    FLASH_5_WAIT_STATES = 5,
    FLASH_CACHES_PREFETCH = 7 << 8,
    POWER_CLOCK = 1 << 28,
    PWR_SCALE_1 = 1 << 14,
    RNG_CLOCK = 1 << 6,
    RNG_ON = 1 << 2,
    RNG_READY = 1,
    RNG_ERRORS = 0x6,
    POLLS = 200000, /* about 0.1 s at 16 MHz; a crystal starts within 0.005 s */
    HSI_HZ = 16000000,
    HSE_HZ = 8000000,
    PLL_INPUT_HZ = 2000000,
    PLL_MULTIPLIER = 168, /* 336 MHz; divided by 2 for the core, by 7 for the 48 MHz of the RNG */
};
_Static_assert(BOARD_CLOCK_HZ == PLL_INPUT_HZ * (uint32_t)PLL_MULTIPLIER / 2u,
               "the board record states another clock than this file sets");

static int pll_runs;

static int becomes(volatile uint32_t *reg, uint32_t mask, uint32_t wanted)
{
    for (int polls = 0; polls < POLLS; polls++)
        if ((*reg & mask) == wanted)
            return 1;
    return 0;
}

static void configure_pll(int from_crystal)
{
    uint32_t input_hz = from_crystal ? HSE_HZ : HSI_HZ;
    uint32_t source = from_crystal ? (uint32_t)PLL_FROM_HSE : 0u;
    RCC_PLLCFGR = (7u << 24) | source | (0u << 16) | ((uint32_t)PLL_MULTIPLIER << 6) |
                  input_hz / PLL_INPUT_HZ;
    RCC_CR |= CR_PLL_ON;
}

clock_tree clock_start(void)
{
    clock_tree slow = {HSI_HZ, HSI_HZ};
    pll_runs = 0;
    RCC_CR |= CR_HSE_ON;
    RCC_APB1ENR |= POWER_CLOCK;
    PWR_CR |= PWR_SCALE_1;
    configure_pll(becomes(&RCC_CR, CR_HSE_READY, CR_HSE_READY));
    if (!becomes(&RCC_CR, CR_PLL_READY, CR_PLL_READY))
        return slow;
    FLASH_ACR = FLASH_CACHES_PREFETCH | FLASH_5_WAIT_STATES;
    if (!becomes(&FLASH_ACR, 0x7u, FLASH_5_WAIT_STATES)) /* without them 168 MHz reads rubbish */
        return slow;
    RCC_CFGR = CFGR_APB1_BY_4 | CFGR_APB2_BY_2;
    RCC_CFGR = CFGR_APB1_BY_4 | CFGR_APB2_BY_2 | CFGR_SWITCH_PLL;
    if (!becomes(&RCC_CFGR, CFGR_STATUS_MASK, CFGR_STATUS_PLL)) {
        RCC_CFGR = 0;
        return slow;
    }
    pll_runs = 1;
    clock_tree fast = {BOARD_CLOCK_HZ, BOARD_CLOCK_HZ / 4u};
    return fast;
}

/* A word of the hardware's random number generator. It runs on the PLL's 48 MHz: without the PLL
 * (and in QEMU) it gives 0, and port_boot_id() rests on host_seed: what SRAM held at power-up, or
 * what the emulator wrote there. */
uint32_t family_entropy(void)
{
    if (!pll_runs)
        return 0;
    RCC_AHB2ENR |= RNG_CLOCK;
    (void)RCC_AHB2ENR;
    RNG_CR = RNG_ON;
    uint32_t word = 0;
    for (int use = 0; use < 2; use++) /* RM0090 24.3.1: the first number shall not be used */
        if (becomes(&RNG_SR, RNG_READY, RNG_READY) && !(RNG_SR & RNG_ERRORS))
            word = RNG_DR;
    return word;
}
