#include "nn/kernels/svdf.h"

#include <string.h>

static int32_t saturated(int32_t x, uint32_t narrow)
{
    const int32_t high = narrow ? INT8_MAX : INT16_MAX;
    if (x > high)
        return high;
    return x < -high - 1 ? -high - 1 : x;
}

/* Moves every filter's outputs one step back in time and puts the new ones last. As in TFLite
 * Micro, a narrow state gets its zero point after it was saturated, and wraps. */
static void push(const nn_svdf_params *p, const uint8_t *constants, const int8_t *x, int16_t *past)
{
    const nn_svdf_values *v = NN_TABLE(nn_svdf_values, constants, p->values);
    const int8_t *w = NN_TABLE(int8_t, constants, p->weights);
    const int32_t *bias = NN_TABLE(int32_t, constants, p->feature_bias);
    const uint32_t filters = p->units * p->rank;
    const int32_t inputs = (int32_t)p->inputs;

    memmove(past, past + 1, (filters * p->memory - 1) * sizeof *past);
    for (uint32_t f = 0; f < filters; f++, w += p->inputs) {
        const int32_t level =
            saturated(nn_scale(nn_dot(bias[f], w, x, inputs), &v->feature), p->narrow);
        past[(f + 1) * p->memory - 1] =
            p->narrow ? (int8_t)(level + v->state_zero) : (int16_t)level;
    }
}

void nn_svdf(const nn_svdf_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
             int8_t *state)
{
    const nn_svdf_values *v = NN_TABLE(nn_svdf_values, constants, p->values);
    const int16_t *w = NN_TABLE(int16_t, constants, p->time_weights);
    const int32_t *bias = NN_TABLE(int32_t, constants, p->bias);
    const nn_levels levels = {0, v->output_zero, INT8_MIN, INT8_MAX};
    const uint32_t length = p->rank * p->memory;
    int32_t *running = (int32_t *)(void *)state;
    int16_t *past = (int16_t *)(void *)(running + 1);

    if (!*running) {
        *running = 1;
        for (uint32_t i = 0; i < p->units * length; i++)
            past[i] = (int16_t)v->state_zero;
    }
    push(p, constants, x, past);
    for (uint32_t u = 0; u < p->units; u++, w += length, past += length) {
        uint32_t sum = (uint32_t)bias[u];
        for (uint32_t i = 0; i < length; i++)
            sum += (uint32_t)(w[i] * (past[i] - v->state_zero));
        y[u] = nn_output((int32_t)sum, &v->output, &levels);
    }
}
