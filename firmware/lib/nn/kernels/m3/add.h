/* ADD of two tensors of one shape as (a ka + b kb + kc) >> 21, saturated, where the compiler has
 * shown that this is TFLite's sum for each of the 65,536 pairs of bytes; otherwise as it is. */
#ifndef NN_KERNELS_M3_ADD_H
#define NN_KERNELS_M3_ADD_H

#include "nn/kernels/add.h"
#include "nn/kernels/m3/core.h"

#if NN_M3

enum { NN_M3_ADD_SHIFT = 21 };

typedef struct {
    int32_t ka, kb, kc, proved;
} nn_m3_add_values;

typedef struct {
    uint32_t count;
    uint32_t values, exact; /* nn_m3_add_values; nn_add_values */
} nn_m3_add_params;

/* y may start at or before a or b. */
void nn_m3_add(const nn_m3_add_params *p, const uint8_t *constants, const int8_t *a,
               const int8_t *b, int8_t *y);

#endif
#endif
