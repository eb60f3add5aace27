/* AVERAGE_POOL_2D over the whole input: one output position. */
#ifndef NN_KERNELS_M4_MEAN_POOL_H
#define NN_KERNELS_M4_MEAN_POOL_H

#include "nn/kernels/m4/dsp.h"
#include "nn/kernels/requantize.h"

#if NN_M4

typedef struct {
    int32_t positions, channels; /* channels: a multiple of 4 */
    uint32_t levels;             /* place of nn_levels in the constants: the clamp */
} nn_m4_mean_pool_params;

/* y may lie over the start of x. */
void nn_m4_mean_pool(const nn_m4_mean_pool_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y);

#endif
#endif
