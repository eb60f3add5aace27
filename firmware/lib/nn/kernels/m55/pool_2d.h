/* AVERAGE_POOL_2D and MAX_POOL_2D on Cortex-M55: channels side by side; see nn/kernels/pool_2d.h.
 */
#ifndef NN_KERNELS_M55_POOL_2D_H
#define NN_KERNELS_M55_POOL_2D_H

#include "nn/kernels/pool_2d.h"

/* At most 256 taps. */
void nn_m55_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                            int8_t *y);
void nn_m55_max_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                        int8_t *y);

#endif
