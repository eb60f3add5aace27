/* TRANSPOSE_CONV: the convolution whose output is larger than its input. */
#ifndef NN_KERNELS_TRANSPOSE_CONV_H
#define NN_KERNELS_TRANSPOSE_CONV_H

#include "nn/kernels/requantize.h"
#include "nn/kernels/window.h"

typedef struct {
    nn_window window; /* dilation 1; pads are cut from the output */
    /* places in the constants: int8 [out_c][taps_h][taps_w][in_c], int32 [out_c], nn_requant
     * [out_c], nn_levels */
    uint32_t weights, bias, requant, levels;
} nn_transpose_conv_params;

void nn_transpose_conv(const nn_transpose_conv_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y);

#endif
