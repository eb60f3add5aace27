/* What a board provides: all that the firmware touches of the hardware stands in this header. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { PORT_MAX_AXES = 8, PORT_UART_RING_BYTES = 1024 };

/* Why the processor started last. */
enum {
    PORT_RESET_POWER = 0,    /* power-up: nothing in RAM was ours */
    PORT_RESET_SOFTWARE = 1, /* port_reset() */
    PORT_RESET_FAULT = 2,    /* a processor fault; port_fault_pc() says where */
    PORT_RESET_EXTERNAL = 3, /* reset pin, watchdog or emulator, while RAM kept its content */
};

/* One window of the sensor. */
typedef struct {
    const int16_t *samples;       /* [axes][n], raw counts; valid until the next call */
    uint32_t n;                   /* samples per axis */
    uint32_t axes;                /* 1 to PORT_MAX_AXES */
    float rate_hz;                /* samples per second */
    float rpm;                    /* shaft speed, revolutions per minute; 0: unknown */
    float scale_g[PORT_MAX_AXES]; /* g per count, of this window */
    uint32_t sequence;            /* the sensor's own counter */
} port_window;

enum {
    PORT_SENSOR_END = 0,      /* no further window for now */
    PORT_SENSOR_WINDOW = 1,   /* *window holds the next one */
    PORT_SENSOR_NONE = -1,    /* no sensor is fitted: no valid descriptor of preloaded windows */
    PORT_SENSOR_DAMAGED = -2, /* this window's samples fail their CRC; it is skipped */
};

/* The application. The port's start-up code calls it once, after port_init(). It never returns. */
_Noreturn void firmware_main(void);

/* Clock, UART and timer; called by the start-up code, takes at most 0.3 s. */
void port_init(void);

/* Sends bytes in order and returns how many the UART took. Blocks for the length of the
 * transmission (87 us a byte at 115200 baud); gives up after 100 ms in which nothing moved. */
size_t port_uart_write(const uint8_t *data, size_t bytes);

/* Takes up to `capacity` bytes that the receive interrupt stored; 0: none. Never blocks. */
size_t port_uart_read(uint8_t *data, size_t capacity);

/* Bytes lost since start: nobody read the ring in time (it holds 89 ms at 115200 baud). */
uint32_t port_uart_lost_bytes(void);

/* Sleeps until the next interrupt, at most 1 s; returns at once if bytes are waiting. */
void port_wait(void);

/* Microseconds since this start; 64 bit, never runs backwards. A few dozen instructions. */
uint64_t port_uptime_us(void);

/* A number that is new at every start; where its randomness comes from is said in each port. */
uint32_t port_boot_id(void);

/* Starts over, within 1 ms. */
_Noreturn void port_reset(void);

/* Why this start happened: PORT_RESET_*. */
uint32_t port_reset_cause(void);

/* Program counter of the fault that led to this start; 0: none did. */
uint32_t port_fault_pc(void);

/* Bytes of stack that no call has touched since start. Scans them: up to 10 us a kB. */
uint32_t port_stack_free_bytes(void);

/* Bytes of RAM that neither data nor stack claim; constant. */
uint32_t port_ram_free_bytes(void);

/* Slot A, memory-mapped and 32-byte aligned; *bytes is its size. Never NULL. */
const uint8_t *port_slot_a(size_t *bytes);

/* The next window of the sensor: PORT_SENSOR_*. Checks the window's CRC: 0.1 ms a kB. */
int port_sensor_next(port_window *window);
