#include "nn/kernels/activation.h"

/* Input and output share scale and zero point (the compiler refuses others): only the clamp is
 * left. */
void nn_relu6(const nn_activation_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_activation_values *v = NN_TABLE(nn_activation_values, constants, p->values);

    for (uint32_t i = 0; i < p->count; i++)
        y[i] = nn_clamp(x[i], &v->levels);
}
