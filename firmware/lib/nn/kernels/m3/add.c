#include "nn/kernels/m3/add.h"

#if NN_M3

void nn_m3_add(const nn_m3_add_params *p, const uint8_t *constants, const int8_t *a,
               const int8_t *b, int8_t *y)
{
    const nn_m3_add_values v = *NN_TABLE(nn_m3_add_values, constants, p->values);
    const int8_t *end = y + p->count;

    if (v.proved == 0) {
        const nn_add_params exact = {p->count, p->exact};
        nn_add(&exact, constants, a, b, y);
        return;
    }
#pragma GCC unroll 4
    while (y < end)
        *y++ = (int8_t)nn_m3_saturate((*a++ * v.ka + v.kc + *b++ * v.kb) >> NN_M3_ADD_SHIFT);
}

#endif
