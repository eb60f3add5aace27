/* Complex forward transforms of 16 to 2048 points (powers of two), decimation in time. Internal to
   features/.

   A transform is a first radix-4 pass, which the caller fuses with making its input (sub-transform
   of points r, r + n/4, r + n/2, r + 3n/4 to block fft_block(r, n)), then fft_passes in place. */
#pragma once
#include "features/complex.h"
#include "features/tables.h"

/* Index in floats of the four results for inputs r, r + n/4, ...; shift = fft_block_shift(n). */
CF_INLINE uint32_t fft_block(uint32_t r, uint32_t shift)
{
    return (uint32_t)(bit_reversal[r] >> shift) * 8;
}

CF_INLINE uint32_t fft_block_shift(uint32_t n)
{
    uint32_t shift = 0;
    for (; n < TABLE_LONGEST / 2; n *= 2) {
        shift++;
    }
    return shift;
}

/* Four-point transform in natural order to *(*p)++ ... */
CF_INLINE void fft_push4(float **p, cf a0, cf a1, cf a2, cf a3)
{
    cf s0 = cf_add(a0, a2), d0 = cf_sub(a0, a2), s1 = cf_add(a1, a3), d1 = cf_sub(a1, a3);
    cf_push_sum(p, s0, s1);
    cf_push_minus_i(p, d0, d1);
    cf_push_difference(p, s0, s1);
    cf_push_plus_i(p, d0, d1);
}

/* ... and of a0, a1, 0, 0. */
CF_INLINE void fft_push4_half(float **p, cf a0, cf a1)
{
    cf_push_sum(p, a0, a1);
    cf_push_minus_i(p, a0, a1);
    cf_push_difference(p, a0, a1);
    cf_push_plus_i(p, a0, a1);
}

/* All passes from sub-transforms of 4 points to sub-transforms of `to` points, over n points of x.
 */
void fft_passes(float *x, uint32_t to, uint32_t n);
