/* CONV_2D: any stride, dilation and padding. */
#ifndef NN_KERNELS_CONV_2D_H
#define NN_KERNELS_CONV_2D_H

#include "nn/kernels/requantize.h"
#include "nn/kernels/window.h"

typedef struct {
    nn_window window;
    /* places in the constants: int8 [out_c][taps_h][taps_w][in_c], int32 [out_c] with the input's
     * zero point folded in over all taps, nn_requant [out_c], nn_levels */
    uint32_t weights, bias, requant, levels;
} nn_conv_2d_params;

void nn_conv_2d(const nn_conv_2d_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
