#include "nn/kernels/m3/depthwise.h"
#include "nn/kernels/m3/bytes.h"

#if NN_M3

static int32_t least(int32_t a, int32_t b)
{
    return a < b ? a : b;
}

/* Four channels of all rows and columns that a window reaches. */
static void lay_out(int8_t *to, const nn_m3_depthwise_params *p, const int8_t *x, uint32_t zeros)
{
    const nn_window *g = &p->window;
    const int32_t line = NN_M3_LANES * p->wide;
    const int32_t columns = least(g->in_w, p->wide - g->pad_w);
    const int32_t rows = least(g->in_h, p->high - g->pad_h);

    to = nn_m3_fill(to, zeros, g->pad_h * line);
    for (int32_t row = 0; row < rows; row++) {
        const int8_t *from = x + row * g->in_w * g->in_c;
        to = nn_m3_fill(to, zeros, NN_M3_LANES * g->pad_w);
        for (int32_t i = columns; i > 0; i--, from += g->in_c, to += NN_M3_LANES)
            nn_m3_store4(to, nn_m3_load4(from));
        to = nn_m3_fill(to, zeros, line - NN_M3_LANES * (g->pad_w + columns));
    }
    (void)nn_m3_fill(to, zeros, (p->high - g->pad_h - rows) * line);
}

void nn_m3_depthwise(const nn_m3_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const nn_window *g = &p->window;
    const uint8_t *w = constants + p->weights;
    const uint32_t zeros = nn_m3_four(levels->input_zero);

    for (int32_t c = 0; c < g->in_c; c += NN_M3_LANES) {
        lay_out(scratch, p, x + c, zeros);
        for (int32_t lane = 0; lane < NN_M3_LANES; lane++, w += p->weight_bytes)
            p->tile(&p->lane, scratch + lane, w, y + c + lane);
    }
    nn_m3_clamp(y, g->out_h * g->out_w * g->out_c, levels);
}

#endif
