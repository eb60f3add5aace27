/* STM32F405/407: clock tree, USART2 on PA2 (sends) and PA3 (receives), random number generator.
 * Registers after RM0090. Every poll has a limit, because a crystal may be dead and an emulator may
 * answer 0: then the chip stays on its internal 16 MHz oscillator. */
#include "board.h"
#include "cortex_m/cortex_m.h"
#include "port/byte_ring.h"
#include "port/port.h"
#include "stm32f4/clock.h"

#define RCC_AHB1ENR REGISTER(0x40023830u)
#define RCC_APB1ENR REGISTER(0x40023840u)
#define GPIOA_MODER REGISTER(0x40020000u)
#define GPIOA_OSPEEDR REGISTER(0x40020008u)
#define GPIOA_PUPDR REGISTER(0x4002000Cu)
#define GPIOA_AFRL REGISTER(0x40020020u)
#define USART_SR REGISTER(BOARD_UART_BASE + 0x00u)
#define USART_DR REGISTER(BOARD_UART_BASE + 0x04u)
#define USART_BRR REGISTER(BOARD_UART_BASE + 0x08u)
#define USART_CR1 REGISTER(BOARD_UART_BASE + 0x0Cu)

enum {
    GPIOA_CLOCK = 1 << 0,
    USART2_CLOCK = 1 << 17,
    SR_OVERRUN = 1 << 3,
    SR_RECEIVED = 1 << 5,
    SR_SEND_EMPTY = 1 << 7,
    CR1_RECEIVE = 1 << 2,
    CR1_SEND = 1 << 3,
    CR1_RECEIVE_INTERRUPT = 1 << 5,
    CR1_ON = 1 << 13,
    GIVE_UP_US = 100000,
};

static byte_ring received;

/* PA2 and PA3: alternate function 7, the receiver with a pull-up against a floating line. */
static void pins_to_usart2(void)
{
    GPIOA_MODER = (GPIOA_MODER & ~0xF0u) | 0xA0u;
    GPIOA_OSPEEDR = (GPIOA_OSPEEDR & ~0xF0u) | 0x50u;
    GPIOA_PUPDR = (GPIOA_PUPDR & ~0xF0u) | 0x40u;
    GPIOA_AFRL = (GPIOA_AFRL & ~0xFF00u) | 0x7700u;
}

void port_init(void)
{
    clock_tree tree = clock_start();
    RCC_AHB1ENR |= GPIOA_CLOCK;
    RCC_APB1ENR |= USART2_CLOCK;
    (void)RCC_APB1ENR; /* the read waits until the clock has arrived (errata 2.1.13) */
    pins_to_usart2();
    USART_BRR = (tree.apb1_hz + BOARD_UART_BAUD / 2u) / BOARD_UART_BAUD;
    USART_CR1 = CR1_ON | CR1_SEND | CR1_RECEIVE | CR1_RECEIVE_INTERRUPT;
    systick_start(tree.core_hz);
    NVIC_ENABLE(BOARD_UART_IRQ) = 1u << (BOARD_UART_IRQ % 32u);
}

/* Reading SR, then DR, clears both flags. */
void family_uart_interrupt(void)
{
    uint32_t status = USART_SR;
    if (status & SR_OVERRUN)
        received.lost = received.lost + 1u;
    if (status & (SR_RECEIVED | SR_OVERRUN))
        byte_ring_store(&received, (uint8_t)USART_DR);
}

int family_uart_is_empty(void)
{
    return byte_ring_is_empty(&received);
}

size_t port_uart_write(const uint8_t *data, size_t bytes)
{
    for (size_t sent = 0; sent < bytes; sent++) {
        uint64_t start = 0;
        while (!(USART_SR & SR_SEND_EMPTY)) {
            uint64_t now = port_uptime_us();
            if (start == 0)
                start = now;
            else if (now - start > GIVE_UP_US)
                return sent;
        }
        USART_DR = data[sent];
    }
    return bytes;
}

size_t port_uart_read(uint8_t *data, size_t capacity)
{
    return byte_ring_take(&received, data, capacity);
}

uint32_t port_uart_lost_bytes(void)
{
    return received.lost;
}
