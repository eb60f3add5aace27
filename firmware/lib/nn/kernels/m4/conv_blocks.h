/* CONV_2D of any window, three output positions at a time: their taps are gathered and expanded
 * side by side, then one loop for all sizes multiplies them by pairs of channels. */
#ifndef NN_KERNELS_M4_CONV_BLOCKS_H
#define NN_KERNELS_M4_CONV_BLOCKS_H

#include "nn/kernels/m4/expand.h"
#include "nn/kernels/requantize.h"
#include "nn/kernels/window.h"

#if NN_M4

/* Three positions, `row` bytes apart in y, and all channel pairs of [w, end). x: expanded words of
 * the three, interleaved. Stream per pair: each bias three times, weights by group,
 * nn_m4_requant of both. */
typedef void nn_m4_block(const uint32_t *x, const uint8_t *w, int8_t *y, const uint8_t *end,
                         int32_t groups, int32_t row);

/* By packing of the weights; "relu" where nn_m4_output needs no care for negative sums. */
nn_m4_block nn_m4_block_packed_relu, nn_m4_block_packed, nn_m4_block_wide_relu, nn_m4_block_wide;

typedef struct {
    nn_m4_block *block;
    nn_window window;
    int32_t kind, groups;
    int32_t neighbours; /* 1: windows of one tap that follow each other without gap or padding */
    uint32_t weights, pair_bytes, levels; /* streams of channel pairs, the last of odd channels
                                             overlapping; nn_levels */
} nn_m4_conv_blocks_params;

/* scratch: 24 bytes per group, then taps_w * in_c bytes where in_c is a multiple of 4, else 12
 * bytes per group and 4 more. y may be written over x at the distance that the compiler has proved.
 */
void nn_m4_conv_blocks(const nn_m4_conv_blocks_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch);

#endif
#endif
