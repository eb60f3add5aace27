#include "nn/kernels/lookup.h"

#include "nn/kernels/requantize.h"

void nn_lookup(const nn_lookup_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const int8_t *table = NN_TABLE(int8_t, constants, p->table);

    for (uint32_t i = 0; i < p->count; i++)
        y[i] = table[(uint8_t)x[i]];
}
