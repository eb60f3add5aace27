#include "nn/kernels/mean.h"

static int32_t sum_over(const nn_mean_params *p, const int8_t *x)
{
    int32_t sum = 0;
    for (uint32_t a = 0; a < p->over[0]; a++)
        for (uint32_t b = 0; b < p->over[1]; b++) {
            const int8_t *row = x + a * p->over_step[0] + b * p->over_step[1];
            for (uint32_t c = 0; c < p->over[2]; c++)
                sum += row[c * p->over_step[2]];
        }
    return sum;
}

void nn_mean(const nn_mean_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_mean_values *v = NN_TABLE(nn_mean_values, constants, p->values);

    for (uint32_t a = 0; a < p->kept[0]; a++)
        for (uint32_t b = 0; b < p->kept[1]; b++) {
            const int8_t *row = x + a * p->kept_step[0] + b * p->kept_step[1];
            for (uint32_t c = 0; c < p->kept[2]; c++) {
                const int32_t sum = sum_over(p, row + c * p->kept_step[2]);
                *y++ = nn_output(nn_wrapping_add(sum, v->offset), &v->scale, &v->levels);
            }
        }
}
