#include "nn/kernels/copy.h"

#include <string.h>

void nn_copy(const nn_copy_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    (void)constants;
    y += p->offset;
    for (uint32_t row = 0; row < p->rows; row++, x += p->bytes, y += p->pitch)
        memcpy(y, x, p->bytes);
}
