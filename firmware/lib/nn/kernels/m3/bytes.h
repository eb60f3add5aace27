/* Copies, fills and clamps of bytes, word by word: the C library's small ones go byte by byte. */
#ifndef NN_KERNELS_M3_BYTES_H
#define NN_KERNELS_M3_BYTES_H

#include "nn/kernels/m3/core.h"
#include "nn/kernels/requantize.h"

#if NN_M3

static inline int8_t *nn_m3_copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4)
        nn_m3_store4(to, nn_m3_load4(from));
    for (; bytes > 0; bytes--)
        *to++ = *from++;
    return to;
}

static inline int8_t *nn_m3_fill(int8_t *to, uint32_t four, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4, to += 4)
        nn_m3_store4(to, four);
    for (; bytes > 0; bytes--)
        *to++ = (int8_t)four;
    return to;
}

/* Four times the byte. */
static inline uint32_t nn_m3_four(int32_t byte)
{
    return (uint32_t)(uint8_t)byte * 0x01010101u;
}

/* A fused activation's clamp over finished outputs, where it is narrower than int8. */
void nn_m3_clamp(int8_t *y, int32_t bytes, const nn_levels *levels);

#endif
#endif
