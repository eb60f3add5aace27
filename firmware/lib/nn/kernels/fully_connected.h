/* FULLY_CONNECTED: y[r][o] = clamp(scale(bias[o] + sum_i w[o][i] x[r][i]) + output zero). */
#ifndef NN_KERNELS_FULLY_CONNECTED_H
#define NN_KERNELS_FULLY_CONNECTED_H

#include "nn/kernels/requantize.h"

typedef struct {
    uint32_t rows, inputs, outputs;
    uint32_t requant_step; /* 1: one nn_requant per output, 0: one for all */
    /* places in the constants: int8 [outputs][inputs], int32 [outputs] with the input's zero point
     * folded in, nn_requant, nn_levels */
    uint32_t weights, bias, requant, levels;
} nn_fully_connected_params;

void nn_fully_connected(const nn_fully_connected_params *p, const uint8_t *constants,
                        const int8_t *x, int8_t *y);

#endif
