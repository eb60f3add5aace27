#include "nn/kernels/transpose_conv.h"

/* The input position that tap `tap` brings to output position `out`; -1 where none does. */
static int32_t source(int32_t out, int32_t tap, int32_t stride, int32_t pad, int32_t size)
{
    const int32_t at = out + pad - tap;
    if (at < 0 || at % stride != 0 || at / stride >= size)
        return -1;
    return at / stride;
}

static int32_t tap_sum(int32_t sum, const int8_t *w, const int8_t *x, int32_t n, int32_t zero)
{
    uint32_t total = (uint32_t)sum;
    for (int32_t i = 0; i < n; i++)
        total += (uint32_t)(w[i] * (x[i] - zero));
    return (int32_t)total;
}

static int32_t position(int32_t sum, const nn_window *g, const int8_t *w, const int8_t *x,
                        int32_t out_y, int32_t out_x, int32_t zero)
{
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        const int32_t in_y = source(out_y, ty, g->stride_h, g->pad_h, g->in_h);
        if (in_y < 0)
            continue;
        for (int32_t tx = 0; tx < g->taps_w; tx++) {
            const int32_t in_x = source(out_x, tx, g->stride_w, g->pad_w, g->in_w);
            if (in_x >= 0)
                sum = tap_sum(sum, w + (ty * g->taps_w + tx) * g->in_c,
                              x + (in_y * g->in_w + in_x) * g->in_c, g->in_c, zero);
        }
    }
    return sum;
}

void nn_transpose_conv(const nn_transpose_conv_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y)
{
    const nn_window *g = &p->window;
    const int8_t *weights = NN_TABLE(int8_t, constants, p->weights);
    const int32_t *bias = NN_TABLE(int32_t, constants, p->bias);
    const nn_requant *requant = NN_TABLE(nn_requant, constants, p->requant);
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const int32_t filter = g->taps_h * g->taps_w * g->in_c;

    for (int32_t oy = 0; oy < g->out_h; oy++)
        for (int32_t ox = 0; ox < g->out_w; ox++)
            for (int32_t o = 0; o < g->out_c; o++) {
                const int8_t *w = weights + o * filter;
                const int32_t sum = position(bias[o], g, w, x, oy, ox, levels->input_zero);
                *y++ = nn_output(sum, &requant[o], levels);
            }
}
