/* DEPTHWISE_CONV_2D, four channels at a time: their planes are laid out with the padding around
 * them, then a tile made for the window takes channel by channel. */
#ifndef NN_KERNELS_M3_DEPTHWISE_H
#define NN_KERNELS_M3_DEPTHWISE_H

#include "nn/kernels/m3/depthwise_tile.h"
#include "nn/kernels/window.h"

#if NN_M3

typedef struct {
    nn_m3_depthwise_tile *tile;
    nn_window window;
    int32_t high, wide; /* the planes with their padding */
    nn_m3_lane lane;
    uint32_t weights, weight_bytes, levels; /* streams of channels, their size; nn_levels */
} nn_m3_depthwise_params;

/* scratch: 4 planes of high x wide bytes. y may be x. */
void nn_m3_depthwise(const nn_m3_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch);

#endif
#endif
