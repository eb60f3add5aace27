#include "nn/kernels/fully_connected.h"

void nn_fully_connected(const nn_fully_connected_params *p, const uint8_t *constants,
                        const int8_t *x, int8_t *y)
{
    const int8_t *weights = NN_TABLE(int8_t, constants, p->weights);
    const int32_t *bias = NN_TABLE(int32_t, constants, p->bias);
    const nn_requant *requant = NN_TABLE(nn_requant, constants, p->requant);
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const int32_t inputs = (int32_t)p->inputs;

    for (uint32_t row = 0; row < p->rows; row++, x += inputs) {
        const int8_t *w = weights;
        for (uint32_t o = 0; o < p->outputs; o++, w += inputs)
            *y++ = nn_output(nn_dot(bias[o], w, x, inputs), &requant[o * p->requant_step], levels);
    }
}
