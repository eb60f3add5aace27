/* Rows of NHWC, four channels of them, to one plane of halfword pairs of columns per channel. */
#ifndef NN_KERNELS_M4_PLANES_H
#define NN_KERNELS_M4_PLANES_H

#include "nn/kernels/m4/dsp.h"

#if NN_M4

/* A row becomes, where `odd`, a word of padding and the first column, `pairs` words of two columns
 * and, where `last`, a word of a column and padding. `before` words of padding precede it; `rest`
 * bytes of padding lie between it and the next. `skip` bytes of it are not read. */
typedef struct {
    int32_t step, plane; /* bytes from one column, one plane to the next */
    int32_t odd, pairs, last, rest, skip;
    uint32_t zeros; /* the padding, four bytes of it */
    int32_t before;
} nn_m4_rows;

/* `rows` > 0 rows; dst: the first row's first word that is not padding. The padding around rows is
 * not written. */
void nn_m4_planes(uint32_t *dst, const int8_t *src, int32_t rows, const nn_m4_rows *g);

/* `words` words of padding in each plane. */
void nn_m4_blank(uint32_t *dst, int32_t words, const nn_m4_rows *g);

#endif
#endif
