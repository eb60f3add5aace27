/* AVERAGE_POOL_2D and MAX_POOL_2D: taps outside the input do not count. */
#ifndef NN_KERNELS_POOL_2D_H
#define NN_KERNELS_POOL_2D_H

#include "nn/kernels/requantize.h"
#include "nn/kernels/window.h"

typedef struct {
    nn_window window; /* dilation 1, out_c = in_c */
    uint32_t levels;  /* place of nn_levels in the constants: the clamp; zero points are equal and
                         cancel */
} nn_pool_2d_params;

void nn_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                        int8_t *y);
void nn_max_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                    int8_t *y);

#endif
