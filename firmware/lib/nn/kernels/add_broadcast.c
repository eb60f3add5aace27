#include "nn/kernels/broadcast.h"

#include "nn/kernels/add.h"

static int8_t value(int32_t a, int32_t b, const nn_add_values *v)
{
    const int32_t left = nn_scale((a - v->a_zero) * (1 << NN_ADD_FRACTION_BITS), &v->a);
    const int32_t right = nn_scale((b - v->b_zero) * (1 << NN_ADD_FRACTION_BITS), &v->b);
    return nn_output(nn_wrapping_add(left, right), &v->output, &v->levels);
}

void nn_add_broadcast(const nn_broadcast_params *p, const uint8_t *constants, const int8_t *a,
                      const int8_t *b, int8_t *y)
{
    const nn_add_values *v = NN_TABLE(nn_add_values, constants, p->values);
    const uint32_t rows = nn_row_count(&p->out), length = p->out.size[NN_LAST_AXIS];
    const int32_t a_step = p->a.step[NN_LAST_AXIS], b_step = p->b.step[NN_LAST_AXIS];

    for (uint32_t row = 0; row < rows; row++) {
        const int8_t *left = a + nn_row_offset(&p->out, &p->a, row);
        const int8_t *right = b + nn_row_offset(&p->out, &p->b, row);
        for (uint32_t i = 0; i < length; i++, left += a_step, right += b_step)
            *y++ = value(*left, *right, v);
    }
}
