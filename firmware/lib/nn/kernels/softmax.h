/* SOFTMAX over the last axis, in the integer arithmetic of gemmlowp's fixed-point exponential. */
#ifndef NN_KERNELS_SOFTMAX_H
#define NN_KERNELS_SOFTMAX_H

#include <stdint.h>

/* A difference to the row's maximum becomes Q5.26 by (difference << left_shift) * multiplier /
 * 2^31; below smallest it counts as minus infinity. */
typedef struct {
    int32_t multiplier, left_shift, smallest;
} nn_softmax_values;

typedef struct {
    uint32_t rows, classes;
    uint32_t values; /* place of nn_softmax_values in the constants */
} nn_softmax_params;

void nn_softmax(const nn_softmax_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
