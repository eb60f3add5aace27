/* DEPTHWISE_CONV_2D: any multiplier, stride, dilation and padding. */
#ifndef NN_KERNELS_DEPTHWISE_CONV_2D_H
#define NN_KERNELS_DEPTHWISE_CONV_2D_H

#include "nn/kernels/requantize.h"
#include "nn/kernels/window.h"

typedef struct {
    nn_window window;
    uint16_t multiplier; /* outputs per input channel: out_c = in_c * multiplier */
    /* places in the constants: int8 [taps_h][taps_w][out_c], int32 [out_c] with the input's zero
     * point folded in over all taps, nn_requant [out_c], nn_levels */
    uint32_t weights, bias, requant, levels;
} nn_depthwise_conv_2d_params;

void nn_depthwise_conv_2d(const nn_depthwise_conv_2d_params *p, const uint8_t *constants,
                          const int8_t *x, int8_t *y);

#endif
