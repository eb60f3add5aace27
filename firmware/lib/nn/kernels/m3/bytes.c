#include "nn/kernels/m3/bytes.h"

#if NN_M3

int8_t *nn_m3_copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4)
        nn_m3_store4(to, nn_m3_load4(from));
    for (; bytes > 0; bytes--)
        *to++ = *from++;
    return to;
}

int8_t *nn_m3_fill(int8_t *to, uint32_t four, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4, to += 4)
        nn_m3_store4(to, four);
    for (; bytes > 0; bytes--)
        *to++ = (int8_t)four;
    return to;
}

void nn_m3_clamp(int8_t *y, int32_t bytes, const nn_levels *levels)
{
    if (levels->low <= INT8_MIN && levels->high >= INT8_MAX)
        return;
    for (; bytes > 0; bytes--, y++)
        *y = nn_clamp(*y, levels);
}

#endif
