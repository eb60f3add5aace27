/* A board in a test process: slot, sensor and line are memory that the test fills. */
#pragma once
#include <stddef.h>
#include <stdint.h>

enum { APP_PORT_SLOT_BYTES = 131072, APP_PORT_WINDOWS = 64, APP_PORT_SENT_BYTES = 1 << 20 };

/* Fills slot A (the rest is erased flash), forgets the sensor's windows, and starts the firmware
 * anew. */
void app_boot(const uint8_t *pack, size_t bytes);

/* The sensor's next answers, in order: `result` is PORT_SENSOR_*; samples are copied. Without any,
 * no sensor is fitted; after the last there is no further window. Returns 0, or -1 when the script
 * is full. */
int app_sensor(int result, const int16_t *samples, uint32_t n, uint32_t axes, const float *scale_g,
               float rate_hz, float rpm, uint32_t sequence);

/* The line delivers these bytes; the firmware runs until it would sleep. */
void app_receive(const uint8_t *data, size_t bytes);

/* Takes what the firmware has sent; bytes beyond the buffer are lost and counted. */
size_t app_sent(uint8_t *data, size_t capacity);
