/* DEPTHWISE_CONV_2D, four channels at a time: their planes are expanded strip by strip, padding
 * included, and a tile made for the shape reads them. */
#ifndef NN_KERNELS_M4_DEPTHWISE_H
#define NN_KERNELS_M4_DEPTHWISE_H

#include "nn/kernels/m4/depthwise_tile.h"
#include "nn/kernels/m4/expand.h"
#include "nn/kernels/m4/planes.h"
#include "nn/kernels/requantize.h"

#if NN_M4

typedef struct {
    nn_m4_depthwise_tile *tile;
    int32_t in_h, in_w, out_h, out_w, channels;
    int32_t taps_h, stride_h, pad_h;
    int32_t words, strip;                   /* of an expanded row; output rows at once */
    nn_m4_rows rows;                        /* zeros are filled in */
    uint32_t weights, weight_bytes, levels; /* streams of channels, their size; nn_levels */
} nn_m4_depthwise_params;

/* scratch: 4 planes of (strip - 1) stride_h + taps_h rows of `words` words. y may be x. */
void nn_m4_depthwise(const nn_m4_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch);

#endif
#endif
