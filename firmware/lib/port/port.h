/* What a board provides: everything of the hardware that the firmware touches stands in this header. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { PORT_MAX_AXES = 8 };

/* Why the processor started last. */
typedef enum {
    PORT_RESET_POWER = 0,    /* power-up, reset pin or emulator: nothing in RAM was ours */
    PORT_RESET_SOFTWARE = 1, /* port_reset() */
    PORT_RESET_FAULT = 2,    /* a processor fault; port_fault_pc() says where */
    PORT_RESET_EXTERNAL = 3, /* reset pin or watchdog while RAM kept its content */
} port_reset_cause_t;

/* One window of the sensor. `samples` stays valid until the next port_sensor_next(). */
typedef struct {
    const int16_t *samples; /* [axes][n], raw counts */
    uint32_t n;             /* samples per axis */
    uint32_t axes;          /* 1..PORT_MAX_AXES */
    float rate_hz;          /* samples per second */
    float rpm;              /* shaft speed, revolutions per minute; 0: unknown */
    float scale_g[PORT_MAX_AXES]; /* g per count, of this window */
    uint32_t sequence;            /* the sensor's own counter */
} port_window;

enum {
    PORT_SENSOR_END = 0,       /* no further window for now */
    PORT_SENSOR_WINDOW = 1,    /* *window holds the next one */
    PORT_SENSOR_NONE = -1,     /* no sensor is fitted (or no valid descriptor of preloaded windows) */
    PORT_SENSOR_DAMAGED = -2,  /* this window fails its CRC or its header makes no sense; it is skipped */
};

/* The application. The port's start-up code calls it once, after port_init(); it never returns. */
_Noreturn void firmware_main(void);

/* Clock, UART, timer. Called by the start-up code before firmware_main(). Takes at most 0.3 s. */
void port_init(void);

/* Sends bytes in order; returns how many the UART took. Blocks for the length of the transmission (87 us a
 * byte at 115200 baud), and gives up after 100 ms in which nothing moved. */
size_t port_uart_write(const uint8_t *data, size_t bytes);

/* Takes up to `capacity` bytes that the receive interrupt stored; never blocks; 0: none there. */
size_t port_uart_read(uint8_t *data, size_t capacity);

/* Bytes lost since start because nobody read the ring (1,024 bytes, 89 ms at 115200 baud) in time. */
uint32_t port_uart_lost_bytes(void);

/* Sleeps until the next interrupt, at most 1 s; returns at once if bytes are waiting. */
void port_wait(void);

/* Microseconds since this start; 64 bit, never runs backwards; must be called at least once in 0.6 s or
 * port_wait() be used (both keep it; interrupts off for longer than one timer period lose time). */
uint64_t port_uptime_us(void);

/* A number that is new at every start with probability 1 - 2^-32 or better; its source is in the port. */
uint32_t port_boot_id(void);

/* Starts over. */
_Noreturn void port_reset(void);

/* Why this start happened: a port_reset_cause_t. */
uint32_t port_reset_cause(void);

/* Program counter of the fault before this start; 0: the last start was no fault. */
uint32_t port_fault_pc(void);

/* Bytes of stack that no call has touched since start; scans the stack: up to 20 us a kB. */
uint32_t port_stack_free_bytes(void);

/* Bytes of RAM that neither data, nor stack claim; constant. */
uint32_t port_ram_free_bytes(void);

/* The flash of slot A, memory-mapped and 32-byte aligned; *bytes is its size. Never NULL. */
const uint8_t *port_slot_a(size_t *bytes);

/* The next window of the sensor: PORT_SENSOR_*. Checks a window's CRC: 10 us a kB. */
int port_sensor_next(port_window *window);
