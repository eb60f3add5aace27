/* Arm MPS2 and MPS3 FPGA images (AN385, AN386, AN500, AN505, AN547): fixed clock and the CMSDK UART
 * (Cortex-M System Design Kit TRM, DDI 0479); addresses and interrupt are the record's. The images
 * with TrustZone (AN505, AN547) stay in the secure state, in which they start. The FPGA has no
 * random source: port_boot_id() takes what the emulator puts into port_kept.host_seed, and the
 * count of starts. */
#include "board.h"
#include "cortex_m/cortex_m.h"
#include "port/byte_ring.h"
#include "port/port.h"

#define UART_DATA REGISTER(BOARD_UART_BASE + 0x00u)
#define UART_STATE REGISTER(BOARD_UART_BASE + 0x04u)
#define UART_CTRL REGISTER(BOARD_UART_BASE + 0x08u)
#define UART_INTERRUPT REGISTER(BOARD_UART_BASE + 0x0Cu)
#define UART_DIVIDER REGISTER(BOARD_UART_BASE + 0x10u)

enum {
    STATE_SEND_FULL = 1,
    STATE_RECEIVED = 2,
    STATE_OVERRUN = 8,
    CTRL_SEND = 1,
    CTRL_RECEIVE = 2,
    CTRL_RECEIVE_INTERRUPT = 8,
    INTERRUPT_RECEIVE = 2,
    GIVE_UP_US = 100000,
};

static byte_ring received;

void port_init(void)
{
    UART_DIVIDER = BOARD_CLOCK_HZ / BOARD_UART_BAUD;
    UART_CTRL = CTRL_SEND | CTRL_RECEIVE | CTRL_RECEIVE_INTERRUPT;
    systick_start(BOARD_CLOCK_HZ);
    NVIC_ENABLE(BOARD_UART_IRQ) = 1u << (BOARD_UART_IRQ % 32u);
}

void family_uart_interrupt(void)
{
    while (UART_STATE & STATE_RECEIVED) {
        UART_INTERRUPT = INTERRUPT_RECEIVE; /* cleared first: the next byte raises it anew */
        byte_ring_store(&received, (uint8_t)UART_DATA);
    }
    UART_INTERRUPT = INTERRUPT_RECEIVE;
    if (UART_STATE & STATE_OVERRUN) {
        UART_STATE = STATE_OVERRUN;
        received.lost = received.lost + 1u;
    }
}

int family_uart_is_empty(void)
{
    return byte_ring_is_empty(&received);
}

size_t port_uart_write(const uint8_t *data, size_t bytes)
{
    for (size_t sent = 0; sent < bytes; sent++) {
        uint64_t start = 0;
        while (UART_STATE & STATE_SEND_FULL) {
            uint64_t now = port_uptime_us();
            if (start == 0)
                start = now;
            else if (now - start > GIVE_UP_US)
                return sent;
        }
        UART_DATA = data[sent];
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

uint32_t family_entropy(void)
{
    return 0;
}
