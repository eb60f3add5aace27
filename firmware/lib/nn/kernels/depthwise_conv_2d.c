#include "nn/kernels/depthwise_conv_2d.h"

/* One output channel at one position: the taps inside the input. x and w point at its channel. */
static int32_t inside(int32_t sum, const nn_window *g, const int8_t *w, const int8_t *x,
                      nn_span rows, nn_span columns)
{
    const int32_t tap_step = g->dilation_w * g->in_c;
    uint32_t total = (uint32_t)sum;
    for (int32_t ty = rows.first; ty < rows.end; ty++) {
        const int32_t in_y = rows.origin + ty * g->dilation_h;
        const int32_t in_x = columns.origin + columns.first * g->dilation_w;
        const int8_t *tap = x + (in_y * g->in_w + in_x) * g->in_c;
        const int8_t *weight = w + (ty * g->taps_w + columns.first) * g->out_c;
        for (int32_t tx = columns.first; tx < columns.end; tx++) {
            total += (uint32_t)(*weight * *tap);
            weight += g->out_c;
            tap += tap_step;
        }
    }
    return (int32_t)total;
}

/* Taps outside the input read its zero point, which the bias has taken away for every tap. */
static int32_t padded(int32_t sum, const nn_window *g, const int8_t *w, nn_span rows,
                      nn_span columns, int32_t zero)
{
    int32_t missing = 0;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        const int row_inside = ty >= rows.first && ty < rows.end;
        for (int32_t tx = 0; tx < g->taps_w; tx++, w += g->out_c)
            if (!row_inside || tx < columns.first || tx >= columns.end)
                missing += *w;
    }
    return (int32_t)((uint32_t)sum + (uint32_t)missing * (uint32_t)zero);
}

void nn_depthwise_conv_2d(const nn_depthwise_conv_2d_params *p, const uint8_t *constants,
                          const int8_t *x, int8_t *y)
{
    const nn_window *g = &p->window;
    const int8_t *weights = NN_TABLE(int8_t, constants, p->weights);
    const int32_t *bias = NN_TABLE(int32_t, constants, p->bias);
    const nn_requant *requant = NN_TABLE(nn_requant, constants, p->requant);
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);

    for (int32_t oy = 0; oy < g->out_h; oy++) {
        const nn_span rows = nn_rows(g, oy);
        for (int32_t ox = 0; ox < g->out_w; ox++) {
            const nn_span columns = nn_columns(g, ox);
            const int whole = nn_is_whole(g, rows, columns);
            for (int32_t o = 0; o < g->out_c; o++) {
                const int8_t *w = weights + o;
                int32_t sum = inside(bias[o], g, w, x + o / p->multiplier, rows, columns);
                if (!whole)
                    sum = padded(sum, g, w, rows, columns, levels->input_zero);
                *y++ = nn_output(sum, &requant[o], levels);
            }
        }
    }
}
