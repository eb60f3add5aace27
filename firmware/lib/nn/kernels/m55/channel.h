/* Sums of one output channel to bytes, eight at a time (Helium). */
#ifndef NN_KERNELS_M55_CHANNEL_H
#define NN_KERNELS_M55_CHANNEL_H

#include "nn/kernels/requantize.h"

/* Where the outputs of one chunk of positions go: byte offsets of `groups` * 8 outputs, each eight
 * in the order 0 4 1 5 2 6 3 7 in which two narrowed vectors hold them; and the layer's levels. */
typedef struct {
    const uint16_t *places;
    uint32_t groups;
    const nn_levels *levels;
} nn_m55_targets;

/* One output channel: the bias with the input's zero point folded in, and its scale. */
typedef struct {
    int32_t bias;
    nn_requant scale;
} nn_m55_channel;

/* The sums may be overwritten. */
typedef void nn_m55_finish(int32_t *sums, const nn_m55_channel *c, int8_t *y,
                           const nn_m55_targets *t);

/* For a clamp to [-128, 127] at the zero point -128: a ReLU. Fast for shifts from -24 to 0, which
 * is nearly every channel. The numbers take the maximum over as many neighbouring sums first;
 * scaling never decreases as a sum grows. */
nn_m55_finish nn_m55_relu, nn_m55_relu_max2, nn_m55_relu_max4;

/* Any shift, zero point and clamp; after the same maxima. */
nn_m55_finish nn_m55_any, nn_m55_any_max2, nn_m55_any_max4;

#endif
