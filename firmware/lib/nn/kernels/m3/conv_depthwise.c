#include "nn/kernels/m3/conv_depthwise.h"

#if NN_M3

void nn_m3_conv_depthwise(const nn_m3_conv_depthwise_params *p, const uint8_t *constants,
                          const int8_t *x, int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const nn_levels *then_levels = NN_TABLE(nn_levels, constants, p->then_levels);
    const nn_m3_planes *planes = &p->planes;
    const nn_window *g = &planes->window;
    const uint8_t *w = constants + p->weights, *then = constants + p->then;
    const uint32_t zeros = nn_m3_four(levels->input_zero);
    const nn_m3_image image = {nn_m3_frame(planes, scratch, nn_m3_four(then_levels->input_zero)),
                               NN_M3_LANES * planes->wide, NN_M3_LANES, 1, 0};

    for (int32_t c = 0; c < g->in_c; c += NN_M3_LANES, w += p->windows.set_bytes) {
        nn_m3_convolve(&p->windows, w, x, &image, scratch + p->gather, zeros);
        /* the padding is inside every activation's range */
        nn_m3_clamp(scratch, NN_M3_LANES * planes->high * planes->wide, levels);
        nn_m3_lanes(planes, then + (uint32_t)c * planes->weight_bytes, scratch, y + c);
    }
    nn_m3_clamp(y, g->out_h * g->out_w * g->out_c, then_levels);
}

#endif
