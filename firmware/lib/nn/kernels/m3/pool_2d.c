#include "nn/kernels/m3/pool_2d.h"

#if NN_M3

enum { TOGETHER = 4 };

/* The sums or the largest of four channels over the taps inside the input; x at the first of them.
 */
static inline __attribute__((always_inline)) void gather(int32_t found[TOGETHER],
                                                         const nn_window *g, const int8_t *x,
                                                         int32_t rows, int32_t columns, int max)
{
    int32_t a = max ? INT8_MIN : 0, b = a, c = a, d = a;
    for (; rows > 0; rows--, x += (g->in_w - columns) * g->in_c) {
        for (int32_t i = columns; i > 0; i--, x += g->in_c) {
            a = !max ? a + x[0] : x[0] > a ? x[0] : a;
            b = !max ? b + x[1] : x[1] > b ? x[1] : b;
            c = !max ? c + x[2] : x[2] > c ? x[2] : c;
            d = !max ? d + x[3] : x[3] > d ? x[3] : d;
        }
    }
    found[0] = a;
    found[1] = b;
    found[2] = c;
    found[3] = d;
}

/* Rounded half away from zero: C division truncates. */
static inline int32_t mean(int32_t sum, int32_t count)
{
    return (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
}

static inline __attribute__((always_inline)) void
pool(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x, int8_t *y, int max)
{
    const nn_window *g = &p->window;
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);

    for (int32_t oy = 0; oy < g->out_h; oy++) {
        const nn_span down = nn_rows(g, oy);
        const int32_t rows = down.end - down.first;
        for (int32_t ox = 0; ox < g->out_w; ox++) {
            const nn_span along = nn_columns(g, ox);
            const int32_t columns = along.end - along.first;
            const int32_t at = (down.origin + down.first) * g->in_w + along.origin + along.first;
            for (int32_t c = 0; c < g->in_c; c += TOGETHER) {
                int32_t found[TOGETHER];
                gather(found, g, x + at * g->in_c + c, rows, columns, max);
                for (int32_t i = 0; i < TOGETHER; i++)
                    *y++ = nn_clamp(max ? found[i] : mean(found[i], rows * columns), levels);
            }
        }
    }
}

void nn_m3_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                           int8_t *y)
{
    pool(p, constants, x, y, 0);
}

void nn_m3_max_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y)
{
    pool(p, constants, x, y, 1);
}

#endif
