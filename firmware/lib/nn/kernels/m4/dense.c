#include "nn/kernels/m4/dense.h"

#if NN_M4

void nn_m4_dense(const nn_m4_dense_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
                 int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const int32_t groups = (p->inputs + 3) / 4;
    uint32_t *expanded = (uint32_t *)(void *)scratch;

    nn_m4_expand_row(expanded, x, 0, groups, p->inputs, 0, p->kind);
    const uint8_t *w = p->tile(expanded, constants + p->weights, y, groups, p->outputs / 4);
    if (p->outputs % 4 != 0)
        (void)p->tile(expanded, w, y + p->outputs - 4, groups, 1);
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, p->outputs, levels->low, levels->high);
}

#endif
