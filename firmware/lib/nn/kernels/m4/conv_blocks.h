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

typedef struct nn_m4_conv_blocks_params nn_m4_conv_blocks_params;

/* Three windows from `position` on to interleaved words; behind those lies a row of taps of nothing
 * but padding, and scratch. */
typedef void nn_m4_block_expansion(uint32_t *dst, const nn_m4_conv_blocks_params *p,
                                   const int8_t *x, int32_t position);

/* By window: of one tap, following each other without gap or padding, in_c a multiple of 4; of rows
 * of a multiple of 4 bytes; of any. */
nn_m4_block_expansion nn_m4_expand_points, nn_m4_expand_rows, nn_m4_expand_gathered;

struct nn_m4_conv_blocks_params {
    nn_m4_block *block;
    nn_m4_block_expansion *expand;
    nn_window window;
    uint16_t groups, border; /* of 4 taps; bytes of a row of taps, or 0 for points */
    int32_t kind;
    uint32_t weights, pair_bytes, levels; /* streams of channel pairs, the last of odd channels
                                             overlapping; nn_levels */
};

/* scratch: 24 bytes per group; for rows 4 times `border`, gathered `border` + 12 bytes per group
 * + 8 more. y may be written over x at the distance that the compiler has proved. */
void nn_m4_conv_blocks(const nn_m4_conv_blocks_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch);

#endif
#endif
