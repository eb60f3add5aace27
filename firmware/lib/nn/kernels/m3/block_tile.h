/* The inner loops of nn_m3_conv: two windows times four channels, so that of the taps each byte of
 * input serves four and each weight two multiplications: 14 instructions for 8 of them, with eight
 * sums in registers. */
#ifndef NN_KERNELS_M3_BLOCK_TILE_H
#define NN_KERNELS_M3_BLOCK_TILE_H

#include "nn/kernels/m3/core.h"

#if NN_M3

/* How a tile walks; offsets are in bytes. */
typedef struct {
    int32_t y_step;           /* from the first window's outputs to the second's */
    int32_t x_step;           /* from a tap of the first window to that of the second */
    const uint8_t *w_end;     /* of the stream */
    int32_t row_bytes, rows;  /* of taps; tiles named "row" know of one row only */
    int32_t skip;             /* from the end of a row of taps to the next row */
    int32_t x_block, y_block; /* from a block of windows to the next */
    int32_t blocks;
} nn_m3_walk;

/* All blocks of two windows, or four; all channels of the stream w: per four channels their biases,
 * the weights of each tap, nn_m3_requant of each. */
typedef void nn_m3_tile(const nn_m3_walk *f, const int8_t *x, const uint8_t *w, int8_t *y);

/* "max": the outputs are the largest of the two or four windows', one position a block. "relu": see
 * core.h. */
nn_m3_tile nn_m3_row, nn_m3_row_relu, nn_m3_rows, nn_m3_rows_relu, nn_m3_row_max2,
    nn_m3_row_max2_relu, nn_m3_row_max4, nn_m3_row_max4_relu;

#endif
#endif
