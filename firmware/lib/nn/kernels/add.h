/* ADD of two tensors of one shape, each with its own scale. */
#ifndef NN_KERNELS_ADD_H
#define NN_KERNELS_ADD_H

#include "nn/kernels/requantize.h"

enum { NN_ADD_FRACTION_BITS = 20 };

/* Both inputs are brought to twice the larger scale with 20 fractional bits, added, and scaled to
 * the output. */
typedef struct {
    int32_t a_zero, b_zero;
    nn_requant a, b, output;
    nn_levels levels;
} nn_add_values;

typedef struct {
    uint32_t count;
    uint32_t values; /* place of nn_add_values in the constants */
} nn_add_params;

void nn_add(const nn_add_params *p, const uint8_t *constants, const int8_t *a, const int8_t *b,
            int8_t *y);

#endif
