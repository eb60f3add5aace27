/* A firmware that answers single letters with a line of text: it tests the ports, nothing else. */
#include <string.h>

#include "board.h"
#include "build_id.h"
#include "port/port.h"

static volatile uint32_t sink;

static void put(const char *text)
{
    port_uart_write((const uint8_t *)text, strlen(text));
}

static void put_number(const char *name, uint32_t value)
{
    char digits[11];
    int at = sizeof digits - 1;
    digits[at] = '\0';
    do {
        digits[--at] = (char)('0' + value % 10u);
        value /= 10u;
    } while (value != 0);
    put(name);
    put("=");
    put(digits + at);
    put(" ");
}

static void say_state(void)
{
    size_t slot_bytes;
    const uint8_t *slot = port_slot_a(&slot_bytes);
    put_number("id", port_boot_id());
    put_number("cause", port_reset_cause());
    put_number("fault", port_fault_pc() != 0);
    put_number("stack", port_stack_free_bytes());
    put_number("ram", port_ram_free_bytes());
    put_number("lost", port_uart_lost_bytes());
    put_number("slot", (uint32_t)slot_bytes);
    put_number("slot0", slot[0]);
    put(BOARD_ID " " BUILD_ID "\n");
}

static void say_window(void)
{
    port_window window;
    int result = port_sensor_next(&window);
    put_number("result", (uint32_t)(result + 10));
    if (result == PORT_SENSOR_WINDOW) {
        const int16_t *last = window.samples + window.axes * window.n - 1u;
        put_number("n", window.n);
        put_number("axes", window.axes);
        put_number("sequence", window.sequence);
        put_number("rpm", (uint32_t)window.rpm);
        put_number("rate", (uint32_t)window.rate_hz);
        put_number("milli_g", (uint32_t)(window.scale_g[0] * 1000.0f + 0.5f));
        put_number("first", (uint32_t)(window.samples[0] + 40000));
        put_number("last", (uint32_t)(*last + 40000));
    }
    put("\n");
}

static uint32_t overflow_stack(uint32_t depth)
{
    volatile uint8_t block[512];
    block[depth % sizeof block] = (uint8_t)depth;
    return depth == 0xFFFFFFFFu ? 0u : overflow_stack(depth + 1u) + block[0];
}

_Noreturn void firmware_main(void)
{
    static uint8_t echo[256];
    uint8_t byte;
    size_t got;
    put("ready\n");
    for (;;) {
        if (port_uart_read(&byte, 1) == 0) {
            port_wait();
            continue;
        }
        switch (byte) {
        case 's':
            say_state();
            break;
        case 'w':
            say_window();
            break;
        case 't':
            put_number("us", (uint32_t)port_uptime_us());
            put("\n");
            break;
        case 'r':
            port_reset();
        case 'f':
#ifdef __arm__
            __asm__ volatile("udf #1");
#endif
            break;
        case 'o':
            sink = overflow_stack(0);
            break;
        case 'e': /* the next 256 bytes come back */
            for (size_t have = 0; have < sizeof echo; have += got) {
                got = port_uart_read(echo + have, sizeof echo - have);
                if (got == 0)
                    port_wait();
            }
            port_uart_write(echo, sizeof echo);
            break;
        default:
            put("?\n");
        }
    }
}
