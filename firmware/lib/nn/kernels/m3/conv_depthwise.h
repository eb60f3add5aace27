/* A convolution and the DEPTHWISE_CONV_2D that alone reads it: four channels at a time the first
 * writes the planes that the second takes, so that the image between them never exists. */
#ifndef NN_KERNELS_M3_CONV_DEPTHWISE_H
#define NN_KERNELS_M3_CONV_DEPTHWISE_H

#include "nn/kernels/m3/conv.h"
#include "nn/kernels/m3/depthwise.h"

#if NN_M3

typedef struct {
    nn_m3_windows windows;
    nn_m3_planes planes;
    int32_t gather;             /* place in the scratch, behind the planes */
    uint32_t weights, levels;   /* of the convolution */
    uint32_t then, then_levels; /* of the depthwise one: weights and nn_levels */
} nn_m3_conv_depthwise_params;

/* scratch: 4 planes, then the taps of two windows. y shares nothing with x. */
void nn_m3_conv_depthwise(const nn_m3_conv_depthwise_params *p, const uint8_t *constants,
                          const int8_t *x, int8_t *y, int8_t *scratch);

#endif
#endif
