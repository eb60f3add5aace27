#include "nn/kernels/m3/bytes.h"

#if NN_M3

void nn_m3_clamp(int8_t *y, int32_t bytes, const nn_levels *levels)
{
    if (levels->low <= INT8_MIN && levels->high >= INT8_MAX)
        return;
    for (; bytes > 0; bytes--, y++)
        *y = nn_clamp(*y, levels);
}

#endif
