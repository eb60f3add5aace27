/* Copies, fills and clamps of bytes, word by word: the C library's small ones go byte by byte. */
#ifndef NN_KERNELS_M3_BYTES_H
#define NN_KERNELS_M3_BYTES_H

#include "nn/kernels/m3/core.h"
#include "nn/kernels/requantize.h"

#if NN_M3

/* Both return the end of what they wrote. */
int8_t *nn_m3_copy(int8_t *to, const int8_t *from, int32_t bytes);
int8_t *nn_m3_fill(int8_t *to, uint32_t four, int32_t bytes);

/* Four times the byte. */
static inline uint32_t nn_m3_four(int32_t byte)
{
    return (uint32_t)(uint8_t)byte * 0x01010101u;
}

/* A fused activation's clamp over finished outputs, where it is narrower than int8. */
void nn_m3_clamp(int8_t *y, int32_t bytes, const nn_levels *levels);

#endif
#endif
