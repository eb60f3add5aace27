#include "nn/kernels/depthwise_conv_2d.h"

/* One output channel at one position; x and w point at its channel. Taps outside the input read its
 * zero point, which the bias has taken away for every tap. */
static int32_t channel_sum(int32_t sum, const nn_window *g, const int8_t *w, const int8_t *x,
                           nn_span rows, nn_span columns, int32_t zero)
{
    uint32_t total = (uint32_t)sum;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        const int32_t in_y = rows.origin + ty * g->dilation_h;
        const int row_inside = ty >= rows.first && ty < rows.end;
        for (int32_t tx = 0; tx < g->taps_w; tx++, w += g->out_c) {
            const int32_t in_x = columns.origin + tx * g->dilation_w;
            const int in = row_inside && tx >= columns.first && tx < columns.end;
            total += (uint32_t)(*w * (in ? x[(in_y * g->in_w + in_x) * g->in_c] : zero));
        }
    }
    return (int32_t)total;
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
            for (int32_t o = 0; o < g->out_c; o++) {
                const int32_t sum = channel_sum(bias[o], g, weights + o, x + o / p->multiplier,
                                                rows, columns, levels->input_zero);
                *y++ = nn_output(sum, &requant[o], levels);
            }
        }
    }
}
