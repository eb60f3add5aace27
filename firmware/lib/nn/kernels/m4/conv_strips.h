/* CONV_2D of several rows of taps, in strips three output columns wide: a row of the input is
 * expanded once for all output rows that read it. */
#ifndef NN_KERNELS_M4_CONV_STRIPS_H
#define NN_KERNELS_M4_CONV_STRIPS_H

#include "nn/kernels/m4/conv_blocks.h"

#if NN_M4

typedef struct {
    nn_m4_block *block;
    nn_window window;        /* no dilation, taps_w * in_c a multiple of 4 */
    uint16_t groups, border; /* of 4 taps; bytes of a row of taps */
    uint16_t rows, expanded; /* output rows of a strip; input rows of the longest */
    int32_t kind;
    uint32_t weights, pair_bytes, levels; /* as of nn_m4_conv_blocks */
} nn_m4_conv_strips_params;

/* scratch: 6 bytes per byte of a row of taps and expanded row, then 4 rows of taps. The columns
 * that are left over are taken three rows at a time. y may be written over x at the distance that
 * the compiler has proved. */
void nn_m4_conv_strips(const nn_m4_conv_strips_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch);

#endif
#endif
