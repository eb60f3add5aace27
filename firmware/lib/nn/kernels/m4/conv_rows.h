/* CONV_2D along one row (1xN, any stride) with the largest of neighbours fused where wanted: the
 * input is expanded piece by piece, and a tile made for the shape reads overlapping windows of it.
 */
#ifndef NN_KERNELS_M4_CONV_ROWS_H
#define NN_KERNELS_M4_CONV_ROWS_H

#include "nn/kernels/m4/expand.h"
#include "nn/kernels/m4/tile.h"
#include "nn/kernels/requantize.h"

#if NN_M4

typedef struct {
    nn_m4_tile *tile;
    int32_t size, before;  /* bytes of the input row; of padding left of it */
    uint16_t step, groups; /* bytes from one window to the next; groups of 4 in a window */
    uint16_t apart; /* words from even windows to odd ones, expanded apart; 0 where the step is a
                       multiple of 4 and they lie in one run */
    uint16_t windows, chunk, channels;    /* how many; at once, a multiple of `together`; outputs */
    uint8_t kind, together, pool;         /* packing; windows of a tile's block, and of a pool */
    uint32_t weights, pair_bytes, levels; /* streams of channel pairs, the last of odd channels
                                             overlapping; nn_levels */
} nn_m4_conv_rows_params;

/* scratch: the expanded windows of one chunk, 8 ((chunk - 1) step / 4 + groups) bytes, or twice
 * `apart` words. y may be written over x at the distance that the compiler has proved. */
void nn_m4_conv_rows(const nn_m4_conv_rows_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch);

#endif
#endif
