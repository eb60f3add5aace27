/* CONV_2D of any window, two positions by four channels at a time; also what is the same: several
 * rows of FULLY_CONNECTED, DEPTHWISE_CONV_2D of one input channel. Windows inside the input are
 * read where they lie; those that touch the padding, or whose taps do not lie in rows, are
 * gathered. */
#ifndef NN_KERNELS_M3_CONV_H
#define NN_KERNELS_M3_CONV_H

#include "nn/kernels/m3/block_tile.h"
#include "nn/kernels/window.h"

#if NN_M3

typedef struct {
    nn_m3_tile *tile;
    nn_window window;
    int32_t taps;                  /* of a window, bytes of input */
    int32_t rows, row_bytes, skip; /* of the taps of a window that is read where it lies */
    int32_t top, bottom, left,
        right;              /* where those are: rows [top, bottom), columns [left, right) */
    int32_t pool, together; /* 2 or 4: the largest of as many neighbours, else 1; windows of
                               a block */
    uint32_t set_bytes;     /* of the stream, four channels of it */
} nn_m3_windows;

typedef struct {
    nn_m3_windows windows;
    uint32_t weights, levels; /* the stream, its last set overlapping; nn_levels */
} nn_m3_conv_params;

/* Where outputs go. `row` and `column`: bytes from one to the next. `quads`: sets of four channels;
 * where `tail` is not 0, one more follows whose channels lie there from y. */
typedef struct {
    int8_t *y;
    int32_t row, column;
    int32_t quads, tail;
} nn_m3_image;

/* All positions, block by block in reading order. */
void nn_m3_convolve(const nn_m3_windows *p, const uint8_t *w, const int8_t *x,
                    const nn_m3_image *to, int8_t *scratch, uint32_t zeros);

/* scratch: the taps of a block's windows. */
void nn_m3_conv(const nn_m3_conv_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
                int8_t *scratch);

#endif
#endif
