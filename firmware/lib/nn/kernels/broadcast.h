/* ADD, SUB and MUL of two tensors where one or both are repeated along some axes. */
#ifndef NN_KERNELS_BROADCAST_H
#define NN_KERNELS_BROADCAST_H

#include "nn/kernels/walk.h"

typedef struct {
    nn_extent out;
    nn_steps a, b;
    uint32_t values; /* place in the constants of nn_add_values, or nn_mul_values for MUL */
} nn_broadcast_params;

void nn_add_broadcast(const nn_broadcast_params *p, const uint8_t *constants, const int8_t *a,
                      const int8_t *b, int8_t *y);
void nn_sub(const nn_broadcast_params *p, const uint8_t *constants, const int8_t *a,
            const int8_t *b, int8_t *y);
void nn_mul(const nn_broadcast_params *p, const uint8_t *constants, const int8_t *a,
            const int8_t *b, int8_t *y);

#endif
