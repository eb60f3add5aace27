/* RELU and its bounded forms on their own: rescale, then clamp. A clamp without rescaling has
 * factor 1. */
#ifndef NN_KERNELS_ACTIVATION_H
#define NN_KERNELS_ACTIVATION_H

#include "nn/kernels/requantize.h"

typedef struct {
    nn_requant scale;
    nn_levels levels;
} nn_activation_values;

typedef struct {
    uint32_t count;
    uint32_t values; /* place of nn_activation_values in the constants */
} nn_activation_params;

void nn_relu(const nn_activation_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);
void nn_relu6(const nn_activation_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
