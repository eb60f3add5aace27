#include "nn/kernels/float.h"

#include "nn/kernels/requantize.h"
#include <string.h>

/* Beyond this ratio to the scale every zero point saturates. */
#define RATIO_LIMIT 512.0f

static int32_t rounded(float ratio)
{
    if (!(ratio > -RATIO_LIMIT))
        return -(int32_t)RATIO_LIMIT;
    if (ratio > RATIO_LIMIT)
        return (int32_t)RATIO_LIMIT;
    const int32_t whole = (int32_t)ratio; /* towards zero; the rest is exact */
    const float rest = ratio - (float)whole;
    return whole + (rest >= 0.5f) - (rest <= -0.5f);
}

void nn_quantize(const nn_float_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_float_values *v = NN_TABLE(nn_float_values, constants, p->values);
    const nn_levels levels = {0, v->zero, INT8_MIN, INT8_MAX};

    for (uint32_t i = 0; i < p->count; i++) {
        float real;
        memcpy(&real, x + i * sizeof real, sizeof real);
        y[i] = nn_clamp(rounded(real / v->scale) + v->zero, &levels);
    }
}
