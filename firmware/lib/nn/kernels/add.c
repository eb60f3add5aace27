#include "nn/kernels/add.h"

void nn_add(const nn_add_params *p, const uint8_t *constants, const int8_t *a, const int8_t *b,
            int8_t *y)
{
    const nn_add_values *v = NN_TABLE(nn_add_values, constants, p->values);

    for (uint32_t i = 0; i < p->count; i++) {
        const int32_t left = nn_scale((a[i] - v->a_zero) * (1 << NN_ADD_FRACTION_BITS), &v->a);
        const int32_t right = nn_scale((b[i] - v->b_zero) * (1 << NN_ADD_FRACTION_BITS), &v->b);
        y[i] = nn_output(nn_wrapping_add(left, right), &v->output, &v->levels);
    }
}
