/* Operations on single values: LOGISTIC, TANH, LEAKY_RELU, HARD_SWISH, QUANTIZE from int8. The
 * compiler fills the table, so no such arithmetic is left here. */
#ifndef NN_KERNELS_LOOKUP_H
#define NN_KERNELS_LOOKUP_H

#include <stdint.h>

typedef struct {
    uint32_t count;
    uint32_t table; /* place in the constants: int8 [256], by the input's byte */
} nn_lookup_params;

void nn_lookup(const nn_lookup_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
