/* AVERAGE_POOL_2D and MAX_POOL_2D of any window, four channels at a time. */
#ifndef NN_KERNELS_M3_POOL_2D_H
#define NN_KERNELS_M3_POOL_2D_H

#include "nn/kernels/m3/core.h"
#include "nn/kernels/pool_2d.h"

#if NN_M3

void nn_m3_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                           int8_t *y);
void nn_m3_max_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y);

#endif
#endif
