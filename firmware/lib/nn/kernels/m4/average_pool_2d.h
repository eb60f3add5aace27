/* AVERAGE_POOL_2D of at most 255 taps, four channels at a time in two halfwords each. */
#ifndef NN_KERNELS_M4_AVERAGE_POOL_2D_H
#define NN_KERNELS_M4_AVERAGE_POOL_2D_H

#include "nn/kernels/m4/dsp.h"
#include "nn/kernels/pool_2d.h"

#if NN_M4

void nn_m4_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                           int8_t *y);

#endif
#endif
