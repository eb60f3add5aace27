#include "nn/kernels/pool_2d.h"

static int32_t window_sum(const nn_window *g, const int8_t *x, nn_span rows, nn_span columns)
{
    int32_t sum = 0;
    for (int32_t ty = rows.first; ty < rows.end; ty++) {
        const int8_t *tap =
            x + ((rows.origin + ty) * g->in_w + columns.origin + columns.first) * g->in_c;
        for (int32_t tx = columns.first; tx < columns.end; tx++, tap += g->in_c)
            sum += *tap;
    }
    return sum;
}

void nn_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                        int8_t *y)
{
    const nn_window *g = &p->window;
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);

    for (int32_t oy = 0; oy < g->out_h; oy++) {
        const nn_span rows = nn_rows(g, oy);
        for (int32_t ox = 0; ox < g->out_w; ox++) {
            const nn_span columns = nn_columns(g, ox);
            const int32_t count = (rows.end - rows.first) * (columns.end - columns.first);
            for (int32_t c = 0; c < g->in_c; c++) {
                const int32_t sum = window_sum(g, x + c, rows, columns);
                /* rounded half away from zero: C division truncates */
                *y++ = nn_clamp((sum > 0 ? sum + count / 2 : sum - count / 2) / count, levels);
            }
        }
    }
}
