#include "nn/kernels/conv_2d.h"

/* Sum of n weights. */
static int32_t weight_sum(const int8_t *w, int32_t n)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++)
        sum += w[i];
    return sum;
}

/* The bias took the zero point away for every tap; outside the input the tap reads the zero point
 * itself, so that share is added back. */
static int32_t padded(int32_t sum, const nn_window *g, const int8_t *w, nn_span rows,
                      nn_span columns, int32_t zero)
{
    const int32_t row_weights = g->taps_w * g->in_c;
    int32_t missing = 0;
    for (int32_t ty = 0; ty < g->taps_h; ty++, w += row_weights) {
        if (ty < rows.first || ty >= rows.end) {
            missing += weight_sum(w, row_weights);
            continue;
        }
        missing += weight_sum(w, columns.first * g->in_c);
        missing += weight_sum(w + columns.end * g->in_c, (g->taps_w - columns.end) * g->in_c);
    }
    return (int32_t)((uint32_t)sum + (uint32_t)missing * (uint32_t)zero);
}

/* The taps inside the input. Undilated taps of a row are neighbours in both operands: one dot
 * product. */
static int32_t inside(int32_t sum, const nn_window *g, const int8_t *w, const int8_t *x,
                      nn_span rows, nn_span columns)
{
    const int32_t together = g->dilation_w == 1 ? columns.end - columns.first : 1;
    for (int32_t ty = rows.first; ty < rows.end; ty++) {
        const int32_t in_y = rows.origin + ty * g->dilation_h;
        for (int32_t tx = columns.first; tx < columns.end; tx += together) {
            const int32_t in_x = columns.origin + tx * g->dilation_w;
            sum = nn_dot(sum, w + (ty * g->taps_w + tx) * g->in_c,
                         x + (in_y * g->in_w + in_x) * g->in_c, together * g->in_c);
        }
    }
    return sum;
}

void nn_conv_2d(const nn_conv_2d_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_window *g = &p->window;
    const int32_t *bias = NN_TABLE(int32_t, constants, p->bias);
    const nn_requant *requant = NN_TABLE(nn_requant, constants, p->requant);
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const int32_t filter = g->taps_h * g->taps_w * g->in_c;

    for (int32_t oy = 0; oy < g->out_h; oy++) {
        const nn_span rows = nn_rows(g, oy);
        for (int32_t ox = 0; ox < g->out_w; ox++) {
            const nn_span columns = nn_columns(g, ox);
            const int whole = nn_is_whole(g, rows, columns);
            const int8_t *w = NN_TABLE(int8_t, constants, p->weights);
            for (int32_t o = 0; o < g->out_c; o++, w += filter) {
                int32_t sum = inside(bias[o], g, w, x, rows, columns);
                if (!whole)
                    sum = padded(sum, g, w, rows, columns, levels->input_zero);
                *y++ = nn_output(sum, &requant[o], levels);
            }
        }
    }
}
