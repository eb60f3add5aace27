#include "nn/kernels/m4/taps.h"

#if NN_M4

static int inside(int32_t at, int32_t size)
{
    return (uint32_t)at < (uint32_t)size;
}

const int8_t *nn_m4_row_of_taps(const nn_m4_source *s, nn_m4_place at, int32_t row, int8_t *made)
{
    const nn_window *g = s->g;
    const int32_t c = g->in_c, run = g->taps_w * c;
    if (!inside(row, g->in_h))
        return s->border;
    const int8_t *line = s->x + row * g->in_w * c;
    if (nn_m4_columns_inside(g, at))
        return line + at.x * c;
    nn_m4_copy(made, s->border, run);
    if (g->dilation_w == 1) {
        const int32_t first = at.x < 0 ? -at.x : 0, room = g->in_w - at.x;
        const int32_t end = room < g->taps_w ? room : g->taps_w;
        nn_m4_copy(made + first * c, line + (at.x + first) * c, (end - first) * c);
        return made;
    }
    for (int32_t tx = 0; tx < g->taps_w; tx++) {
        const int32_t column = at.x + tx * g->dilation_w;
        if (inside(column, g->in_w))
            nn_m4_copy(made + tx * c, line + column * c, c);
    }
    return made;
}

#endif
