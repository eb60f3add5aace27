#include "nn/kernels/float.h"

#include "nn/kernels/requantize.h"
#include <string.h>

void nn_dequantize(const nn_float_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_float_values *v = NN_TABLE(nn_float_values, constants, p->values);

    for (uint32_t i = 0; i < p->count; i++) {
        const float real = v->scale * (float)(x[i] - v->zero);
        memcpy(y + i * sizeof real, &real, sizeof real);
    }
}
