/* A port to copy: firmware/ports/<family>/, where <family> is the board record's. On a Cortex-M
 * with a SysTick this file is all there is to fill in; start-up, faults, reset, time and the
 * preloaded sensor are in ports/cortex_m. Each FIXME names what to write; port.h says what callers
 * expect. */
#include "port/port.h"
#include "board.h"
#include "cortex_m/cortex_m.h"
#include "port/byte_ring.h"

static byte_ring received;

void port_init(void)
{
    /* FIXME: clocks. Limit every poll of a ready bit and fall back to the internal oscillator. */
    /* FIXME: pins and UART at BOARD_UART_BAUD, 8N1, receive interrupt on. */
    systick_start(BOARD_CLOCK_HZ); /* FIXME: the clock that really runs */
    NVIC_ENABLE(BOARD_UART_IRQ) = 1u << (BOARD_UART_IRQ % 32u);
}

void family_uart_interrupt(void)
{
    /* FIXME: for each byte that arrived: byte_ring_store(&received, byte). Clear the interrupt. */
    /* FIXME: an overrun of the peripheral counts in received.lost. */
}

size_t port_uart_write(const uint8_t *data, size_t bytes)
{
    /* FIXME: send; give up after 100 ms (port_uptime_us) in which nothing moved. */
    (void)data;
    (void)bytes;
    return 0;
}

uint32_t family_entropy(void)
{
    return 0; /* FIXME: a word of the chip's random number generator, if it has one */
}

int family_uart_is_empty(void)
{
    return byte_ring_is_empty(&received);
}

size_t port_uart_read(uint8_t *data, size_t capacity)
{
    return byte_ring_take(&received, data, capacity);
}

uint32_t port_uart_lost_bytes(void)
{
    return received.lost;
}
