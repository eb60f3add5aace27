#include "nn/kernels/pool_2d.h"

static int32_t window_max(const nn_window *g, const int8_t *x, nn_span rows, nn_span columns)
{
    int32_t max = INT8_MIN;
    for (int32_t ty = rows.first; ty < rows.end; ty++) {
        const int8_t *tap =
            x + ((rows.origin + ty) * g->in_w + columns.origin + columns.first) * g->in_c;
        for (int32_t tx = columns.first; tx < columns.end; tx++, tap += g->in_c)
            max = *tap > max ? *tap : max;
    }
    return max;
}

void nn_max_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                    int8_t *y)
{
    const nn_window *g = &p->window;
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);

    for (int32_t oy = 0; oy < g->out_h; oy++) {
        const nn_span rows = nn_rows(g, oy);
        for (int32_t ox = 0; ox < g->out_w; ox++) {
            const nn_span columns = nn_columns(g, ox);
            for (int32_t c = 0; c < g->in_c; c++)
                *y++ = nn_clamp(window_max(g, x + c, rows, columns), levels);
        }
    }
}
