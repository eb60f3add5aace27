#include "nn/kernels/pad.h"

#include "nn/kernels/requantize.h"
#include <string.h>

void nn_pad(const nn_pad_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const int32_t value = *NN_TABLE(int32_t, constants, p->value);
    const uint32_t row = p->out[3], plane = row * p->out[2], block = plane * p->out[1];

    memset(y, value, block * p->out[0]);
    y += p->before[0] * block + p->before[1] * plane + p->before[2] * row + p->before[3];
    for (uint32_t a = 0; a < p->in[0]; a++)
        for (uint32_t b = 0; b < p->in[1]; b++)
            for (uint32_t c = 0; c < p->in[2]; c++, x += p->in[3])
                memcpy(y + a * block + b * plane + c * row, x, p->in[3]);
}
