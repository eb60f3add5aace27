#include "nn/kernels/m3/dense.h"
#include "nn/kernels/m3/bytes.h"

#if NN_M3

enum { TOGETHER = 8 };

void nn_m3_dense(const nn_m3_dense_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const uint8_t *w = p->tile(x, constants + p->weights, y, p->inputs, p->outputs / TOGETHER);
    if (p->outputs % TOGETHER != 0)
        (void)p->tile(x, w, y + p->outputs - TOGETHER, p->inputs, 1);
    nn_m3_clamp(y, p->outputs, levels);
}

#endif
