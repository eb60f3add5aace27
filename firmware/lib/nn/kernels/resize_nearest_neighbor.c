#include "nn/kernels/resize_nearest_neighbor.h"

#include "nn/kernels/requantize.h"
#include <string.h>

void nn_resize_nearest_neighbor(const nn_resize_nearest_neighbor_params *p,
                                const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const uint16_t *rows = NN_TABLE(uint16_t, constants, p->rows);
    const uint16_t *columns = NN_TABLE(uint16_t, constants, p->columns);

    for (uint32_t oy = 0; oy < p->out_h; oy++)
        for (uint32_t ox = 0; ox < p->out_w; ox++, y += p->channels)
            memcpy(y, x + ((uint32_t)rows[oy] * p->in_w + columns[ox]) * p->channels, p->channels);
}
