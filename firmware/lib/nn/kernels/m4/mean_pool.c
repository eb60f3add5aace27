#include "nn/kernels/m4/mean_pool.h"

#if NN_M4

enum { TOGETHER = 4, SAFE = 255 }; /* channels; bytes whose sum surely fits a halfword */

void nn_m4_mean_pool(const nn_m4_mean_pool_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const int32_t channels = p->channels, count = p->positions;
    for (const int8_t *end = x + channels; x != end; x += TOGETHER) {
        int32_t sums[TOGETHER] = {0};
        const int8_t *from = x;
        for (int32_t left = count; left > 0; left -= SAFE) {
            uint32_t even = 0, odd = 0;
            const int8_t *stop = from + (left < SAFE ? left : SAFE) * channels;
            for (; from != stop; from += channels) {
                const uint32_t four = nn_load4(from);
                even = nn_sxtab16(even, four);
                odd = nn_sxtab16_odd(odd, four);
            }
            sums[0] += (int16_t)even;
            sums[1] += (int16_t)odd;
            sums[2] += (int16_t)(even >> 16);
            sums[3] += (int16_t)(odd >> 16);
        }
        for (int32_t i = 0; i < TOGETHER; i++) /* rounded half away from zero */
            *y++ = nn_clamp((sums[i] + (sums[i] > 0 ? count / 2 : -(count / 2))) / count, levels);
    }
}

#endif
