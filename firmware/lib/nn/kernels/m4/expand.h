/* Activations from int8 to the halfword pairs that the m4 tiles multiply (see dsp.h). */
#ifndef NN_KERNELS_M4_EXPAND_H
#define NN_KERNELS_M4_EXPAND_H

#include "nn/kernels/m4/dsp.h"

#if NN_M4

/* `groups` times 4 bytes to 2 words. src needs no alignment. */
void nn_m4_expand(uint32_t *dst, const int8_t *src, int32_t groups, int kind);

/* The same of a row of `size` bytes that holds `zero` outside, from byte `at` on, which may be
 * negative. */
void nn_m4_expand_row(uint32_t *dst, const int8_t *row, int32_t at, int32_t groups, int32_t size,
                      int32_t zero, int kind);

/* Three sources, their words interleaved: 6 words per group. Each has `rows` of `groups` (both at
 * least 1) with `skip` bytes between. Returns the end of dst. */
uint32_t *nn_m4_expand_3(uint32_t *dst, const int8_t *const src[3], int32_t groups, int kind,
                         int32_t rows, int32_t skip);

/* Bytes below low or above high become those. */
void nn_m4_clamp(int8_t *x, int32_t count, int32_t low, int32_t high);

#endif
#endif
