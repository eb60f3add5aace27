#include "nn/kernels/activation.h"

void nn_relu(const nn_activation_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_activation_values *v = NN_TABLE(nn_activation_values, constants, p->values);

    for (uint32_t i = 0; i < p->count; i++)
        y[i] = nn_output(x[i] - v->levels.input_zero, &v->scale, &v->levels);
}
