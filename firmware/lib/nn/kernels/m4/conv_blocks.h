/* CONV_2D of any window, three output positions at a time: their taps are expanded side by side,
 * then one loop for all sizes multiplies them by pairs of channels. */
#ifndef NN_KERNELS_M4_CONV_BLOCKS_H
#define NN_KERNELS_M4_CONV_BLOCKS_H

#include "nn/kernels/m4/expand.h"
#include "nn/kernels/requantize.h"
#include "nn/kernels/window.h"

#if NN_M4

/* Three positions, `row` bytes apart in y, and all channel pairs of [w, end), at least one.
 * x: expanded words of the three, interleaved. Stream per pair: biases, weights by group,
 * nn_m4_requant of both. Channels that are the same for every input (dead after training, pruned)
 * have no multiplier, and pairs of them are not multiplied: their outputs are what is added. */
typedef void nn_m4_block(const uint32_t *x, const uint8_t *w, int8_t *y, const uint8_t *end,
                         int32_t groups, int32_t row);

/* By packing of the weights; "relu" where nn_m4_output needs no care for negative sums. */
nn_m4_block nn_m4_block_packed_relu, nn_m4_block_packed, nn_m4_block_wide_relu, nn_m4_block_wide;

typedef struct nn_m4_conv_blocks_params nn_m4_conv_blocks_params;

/* Three windows from `position` on to interleaved words; behind those lies a row of taps of nothing
 * but padding, and scratch. */
typedef void nn_m4_block_windows(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                                 int32_t position);

/* Windows of one tap, following each other without gap or padding, in_c a multiple of 4. */
nn_m4_block_windows nn_m4_block_points;

/* Any. Of each row of taps the groups of four that are whole, then what rows leave over, those of a
 * window behind each other. */
nn_m4_block_windows nn_m4_block_rows;

struct nn_m4_conv_blocks_params {
    nn_m4_block *block;
    nn_m4_block_windows *windows;
    nn_window window;
    uint16_t groups, border; /* of 4 taps; bytes of a row of taps, or 0 for points */
    int32_t kind;
    uint32_t weights, pair_bytes, levels; /* streams of channel pairs, the last of odd channels
                                             overlapping; nn_levels */
};

/* scratch: 24 bytes per group; for rows besides 4 times `border` and 3 times what the rows of a
 * window leave over, to a multiple of 4. y may be written
 * over x at the distance that the compiler has proved. */
void nn_m4_conv_blocks(const nn_m4_conv_blocks_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch);

#endif
#endif
