#include "nn/kernels/m3/depthwise.h"

#if NN_M3

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* The rows and columns of four channels that a window reaches; `to` in the planes' frame of
 * padding, which is the same for all channels. */
static void lay_out(int8_t *to, const nn_m3_planes *p, const int8_t *x)
{
    const nn_window *g = &p->window;
    const int32_t step = g->in_c, columns = least(g->in_w, p->wide - g->pad_w);
    const int32_t skip_from = (g->in_w - columns) * step,
                  skip_to = NN_M3_LANES * (p->wide - columns);
    for (int32_t rows = least(g->in_h, p->high - g->pad_h); rows > 0; rows--) {
#pragma GCC unroll 4
        for (int32_t i = columns; i > 0; i--, x += step, to += NN_M3_LANES)
            nn_m3_store4(to, nn_m3_load4(x));
        x += skip_from;
        to += skip_to;
    }
}

void nn_m3_depthwise(const nn_m3_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const nn_window *g = &p->planes.window;
    const uint8_t *w = constants + p->weights;
    int8_t *image = nn_m3_frame(&p->planes, scratch, nn_m3_four(levels->input_zero));

    for (int32_t c = 0; c < g->in_c; c += NN_M3_LANES) {
        lay_out(image, &p->planes, x + c);
        nn_m3_lanes(&p->planes, w + (uint32_t)c * p->planes.weight_bytes, scratch, y + c);
    }
    nn_m3_clamp(y, g->out_h * g->out_w * g->out_c, levels);
}

#endif
