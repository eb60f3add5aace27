/* Buffers of the Helium kernels: an activation with the border that windows read, pixel by pixel or
 * one plane per channel. */
#ifndef NN_KERNELS_M55_PLACE_H
#define NN_KERNELS_M55_PLACE_H

#include <stdint.h>

/* A parameter that only assembly reads. */
#define NN_M55_UNUSED __attribute__((unused))

/* Copies rows x columns x channels bytes that lie one behind the other into a buffer of `bytes`,
 * filled with the zero point first. `start` is the first pixel's place; the others are bytes to the
 * next row, column and channel. bytes 0: nothing is to be done. */
typedef struct {
    uint16_t rows, columns, channels;
    uint32_t bytes, start, row, column, channel;
} nn_m55_staging;

void nn_m55_stage(const nn_m55_staging *s, int32_t zero, const int8_t *x, int8_t *buffer);

/* `bytes` bytes of `value`; ends at a multiple of 16 bytes from y. */
void nn_m55_fill(int8_t *y, int32_t value, uint32_t bytes);

/* memcpy, 16 bytes at a time. */
void nn_m55_move(int8_t *y, const int8_t *x, uint32_t bytes);

#endif
