#include "nn/kernels/strided_copy.h"

#include <string.h>

void nn_strided_copy(const nn_strided_copy_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y)
{
    const uint32_t rows = nn_row_count(&p->out), length = p->out.size[NN_LAST_AXIS];
    const int32_t step = p->in.step[NN_LAST_AXIS];

    (void)constants;
    for (uint32_t row = 0; row < rows; row++, y += length) {
        const int32_t start = p->start + nn_row_offset(&p->out, &p->in, row);
        if (step == 1) {
            memcpy(y, x + start, length);
            continue;
        }
        for (uint32_t i = 0; i < length; i++)
            y[i] = x[start + (int32_t)i * step];
    }
}
