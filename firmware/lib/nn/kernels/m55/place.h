/* Buffers of the Helium kernels: an activation with the border that windows read, pixel by pixel or
 * one plane per channel. */
#ifndef NN_KERNELS_M55_PLACE_H
#define NN_KERNELS_M55_PLACE_H

#include <stdint.h>

/* A parameter that only assembly reads. */
#define NN_M55_UNUSED __attribute__((unused))

/* Bytes of a buffer that are filled with the zero point before a step writes its pixels: `before`
 * at its start and `after` from the place `end` on. A border of several rows is filled with what it
 * surrounds. */
typedef struct {
    uint32_t before, end, after;
} nn_m55_border_bytes;

void nn_m55_border(const nn_m55_border_bytes *b, int32_t zero, int8_t *buffer);

/* Copies rows x columns x channels bytes that lie one behind the other into a buffer with a border.
 * `start` is the first pixel's place; the others are bytes to the next row, column and channel.
 * bytes 0: nothing is to be done. */
typedef struct {
    uint16_t rows, columns, channels;
    uint32_t bytes, start, row, column, channel;
} nn_m55_staging;

void nn_m55_stage(const nn_m55_staging *s, const int8_t *x, int8_t *buffer);

/* memcpy, 16 bytes at a time. */
void nn_m55_move(int8_t *y, const int8_t *x, uint32_t bytes);

#endif
