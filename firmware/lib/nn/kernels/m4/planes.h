/* Rows of NHWC, four channels of them, to one plane of halfword pairs of columns per channel. */
#ifndef NN_KERNELS_M4_PLANES_H
#define NN_KERNELS_M4_PLANES_H

#include "nn/kernels/m4/dsp.h"

#if NN_M4

/* A row becomes `before` words of padding, where `odd` a word of padding and the first column,
 * `pairs` words of two columns, where `last` a word of a column and padding, `after` words of
 * padding; `skip` bytes of it are not read. */
typedef struct {
    int32_t step, plane; /* bytes from one column, one plane to the next */
    int32_t before, odd, pairs, last, after, skip;
    uint32_t zeros; /* the padding, four bytes of it */
} nn_m4_rows;

/* `rows` > 0 rows; the planes' rows lie one behind the other. */
void nn_m4_planes(uint32_t *dst, const int8_t *src, int32_t rows, const nn_m4_rows *g);

/* `words` words of padding in each plane; returns the end of those in the first. */
uint32_t *nn_m4_blank(uint32_t *dst, int32_t words, const nn_m4_rows *g);

#endif
#endif
