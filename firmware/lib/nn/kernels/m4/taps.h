/* Windows over an image: where their taps lie in memory, with the padding around it. */
#ifndef NN_KERNELS_M4_TAPS_H
#define NN_KERNELS_M4_TAPS_H

#include "nn/kernels/m4/dsp.h"
#include "nn/kernels/window.h"

#if NN_M4

enum { NN_M4_TOGETHER = 3 }; /* windows of a block */

/* Row and column of a window's first tap, negative in the padding. */
typedef struct {
    int32_t y, x;
} nn_m4_place;

/* An image and a row of taps of nothing but padding. */
typedef struct {
    const nn_window *g;
    const int8_t *x;
    const int8_t *border;
} nn_m4_source;

static inline void nn_m4_copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4)
        memcpy(to, from, 4);
    for (; bytes > 0; bytes--)
        *to++ = *from++;
}

/* True where the window's columns are neighbours in memory, none of them in the padding. */
static inline int nn_m4_columns_inside(const nn_window *g, nn_m4_place at)
{
    return g->dilation_w == 1 && at.x >= 0 && at.x + g->taps_w <= g->in_w;
}

/* The taps of a window in one row of the image, behind each other: where they lie in x or, with
 * those in the padding, in `made`. */
const int8_t *nn_m4_row_of_taps(const nn_m4_source *s, nn_m4_place at, int32_t row, int8_t *made);

#endif
#endif
