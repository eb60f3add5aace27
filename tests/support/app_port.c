#include "app_port.h"

#include <stdlib.h>
#include <string.h>
#include <ucontext.h>

#include "port/port.h"

typedef struct {
    int result;
    int16_t *samples;
    port_window window;
} scripted;

enum { STACK_BYTES = 1 << 20 };

static _Alignas(32) uint8_t slot[APP_PORT_SLOT_BYTES];
static scripted script[APP_PORT_WINDOWS];
static size_t scripted_windows, next_window;
static const uint8_t *received;
static size_t received_bytes;
static uint8_t sent[APP_PORT_SENT_BYTES];
static size_t sent_bytes;
static uint32_t boots;
static ucontext_t test, firmware;
static void *firmware_stack;

static void run_firmware(void)
{
    swapcontext(&test, &firmware);
}

void app_boot(const uint8_t *pack, size_t bytes)
{
    memset(slot, 0xFF, sizeof slot);
    memcpy(slot, pack, bytes < sizeof slot ? bytes : sizeof slot);
    for (size_t i = 0; i < scripted_windows; i++) {
        free(script[i].samples);
    }
    scripted_windows = next_window = sent_bytes = received_bytes = 0;
    boots++;
    if (firmware_stack == NULL) {
        firmware_stack = malloc(STACK_BYTES);
    }
    getcontext(&firmware);
    firmware.uc_stack.ss_sp = firmware_stack;
    firmware.uc_stack.ss_size = STACK_BYTES;
    firmware.uc_link = NULL;
    makecontext(&firmware, firmware_main, 0);
    run_firmware();
}

int app_sensor(int result, const int16_t *samples, uint32_t n, uint32_t axes, const float *scale_g,
               float rate_hz, float rpm, uint32_t sequence)
{
    if (scripted_windows == APP_PORT_WINDOWS) {
        return -1;
    }
    scripted *s = &script[scripted_windows++];
    size_t bytes = (size_t)n * axes * sizeof *samples;
    memset(s, 0, sizeof *s);
    s->result = result;
    s->samples = malloc(bytes + 1);
    memcpy(s->samples, samples, bytes);
    s->window.samples = s->samples;
    s->window.n = n;
    s->window.axes = axes;
    s->window.rate_hz = rate_hz;
    s->window.rpm = rpm;
    s->window.sequence = sequence;
    memcpy(s->window.scale_g, scale_g, axes * sizeof *scale_g);
    return 0;
}

void app_receive(const uint8_t *data, size_t bytes)
{
    received = data;
    received_bytes = bytes;
    run_firmware();
}

size_t app_sent(uint8_t *data, size_t capacity)
{
    size_t bytes = sent_bytes < capacity ? sent_bytes : capacity;
    memcpy(data, sent, bytes);
    sent_bytes = 0;
    return bytes;
}

void port_wait(void)
{
    swapcontext(&firmware, &test);
}

size_t port_uart_read(uint8_t *data, size_t capacity)
{
    size_t bytes = received_bytes < capacity ? received_bytes : capacity;
    if (bytes != 0) {
        memcpy(data, received, bytes);
        received += bytes;
        received_bytes -= bytes;
    }
    return bytes;
}

size_t port_uart_write(const uint8_t *data, size_t bytes)
{
    if (bytes <= sizeof sent - sent_bytes) {
        memcpy(sent + sent_bytes, data, bytes);
        sent_bytes += bytes;
    }
    return bytes;
}

int port_sensor_next(port_window *window)
{
    if (scripted_windows == 0) {
        return PORT_SENSOR_NONE;
    }
    if (next_window == scripted_windows) {
        return PORT_SENSOR_END;
    }
    scripted *s = &script[next_window++];
    *window = s->window;
    return s->result;
}

const uint8_t *port_slot_a(size_t *bytes)
{
    *bytes = sizeof slot;
    return slot;
}

uint64_t port_uptime_us(void)
{
    return 1000000u;
}

uint32_t port_boot_id(void)
{
    return 1000u + boots;
}

uint32_t port_reset_cause(void)
{
    return PORT_RESET_POWER;
}

uint32_t port_stack_free_bytes(void)
{
    return 0;
}

uint32_t port_ram_free_bytes(void)
{
    return 0;
}
