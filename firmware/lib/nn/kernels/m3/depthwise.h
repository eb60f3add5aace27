/* DEPTHWISE_CONV_2D, four channels at a time: their planes are laid out with the padding around
 * them, then a tile made for the window takes channel by channel. */
#ifndef NN_KERNELS_M3_DEPTHWISE_H
#define NN_KERNELS_M3_DEPTHWISE_H

#include "nn/kernels/m3/bytes.h"
#include "nn/kernels/m3/depthwise_tile.h"
#include "nn/kernels/window.h"

#if NN_M3

typedef struct {
    nn_m3_depthwise_tile *tile;
    nn_window window;
    int32_t high, wide; /* the planes with their padding */
    nn_m3_lane lane;
    uint32_t weight_bytes; /* of a channel's stream */
} nn_m3_planes;

typedef struct {
    nn_m3_planes planes;
    uint32_t weights, levels; /* streams of channels; nn_levels */
} nn_m3_depthwise_params;

/* Makes all of the planes padding; returns where the image in them begins. */
static inline int8_t *nn_m3_frame(const nn_m3_planes *p, int8_t *planes, uint32_t zeros)
{
    (void)nn_m3_fill(planes, zeros, NN_M3_LANES * p->high * p->wide);
    return planes + NN_M3_LANES * (p->window.pad_h * p->wide + p->window.pad_w);
}

/* The outputs of four channels from their planes. */
static inline void nn_m3_lanes(const nn_m3_planes *p, const uint8_t *w, const int8_t *planes,
                               int8_t *y)
{
    for (int32_t lane = 0; lane < NN_M3_LANES; lane++, w += p->weight_bytes)
        p->tile(&p->lane, planes + lane, w, y + lane);
}

/* scratch: 4 planes of high x wide bytes. y may be x. */
void nn_m3_depthwise(const nn_m3_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch);

#endif
#endif
