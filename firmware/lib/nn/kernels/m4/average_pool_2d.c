#include "nn/kernels/m4/average_pool_2d.h"

#if NN_M4

/* Rounded half away from zero: C division truncates. */
static int8_t mean(int32_t sum, int32_t count, const nn_levels *levels)
{
    return nn_clamp((sum > 0 ? sum + count / 2 : sum - count / 2) / count, levels);
}

/* Channels 0 and 2, 1 and 3 of `count` columns, added to sums[0] and sums[1]. */
static inline void add_columns(uint32_t sums[2], const int8_t *x, int32_t step, int32_t count)
{
    uint32_t even = sums[0], odd = sums[1];
#pragma GCC unroll 4
    for (; count > 0; count--, x += step) {
        const uint32_t bytes = nn_load4(x);
        even = nn_sxtab16(even, bytes);
        odd = nn_sxtab16_odd(odd, bytes);
    }
    sums[0] = even;
    sums[1] = odd;
}

static void four_means(const nn_window *g, const int8_t *x, int8_t *y, int32_t rows,
                       int32_t columns, const nn_levels *levels)
{
    uint32_t sums[2] = {0, 0};
    const int32_t count = rows * columns, whole = columns == g->in_w;
    const int32_t runs = whole ? 1 : rows, length = whole ? count : columns;
    for (int32_t i = 0; i < runs; i++, x += g->in_w * g->in_c)
        add_columns(sums, x, g->in_c, length);
    for (int32_t c = 0; c < 4; c++)
        y[c] = mean((int16_t)(sums[c % 2] >> 8 * (c & 2)), count, levels);
}

void nn_m4_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                           int8_t *y)
{
    const nn_window *g = &p->window;
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);

    for (int32_t oy = 0; oy < g->out_h; oy++) {
        const nn_span rows = nn_rows(g, oy);
        for (int32_t ox = 0; ox < g->out_w; ox++) {
            const nn_span columns = nn_columns(g, ox);
            const int32_t top = rows.origin + rows.first, left = columns.origin + columns.first;
            const int8_t *first = x + (top * g->in_w + left) * g->in_c;
            for (int32_t c = 0; c < g->in_c; c += 4, y += 4)
                four_means(g, first + c, y, rows.end - rows.first, columns.end - columns.first,
                           levels);
        }
    }
}

#endif
