/* MEAN over any axes. */
#ifndef NN_KERNELS_MEAN_H
#define NN_KERNELS_MEAN_H

#include "nn/kernels/requantize.h"

enum { NN_MEAN_AXES = 3 }; /* kept, and averaged: neighbours of a kind are one axis */

typedef struct {
    int32_t offset;   /* added to a sum: minus the input's zero point for each value */
    nn_requant scale; /* divides by the number of values as well */
    nn_levels levels;
} nn_mean_values;

typedef struct {
    uint32_t kept[NN_MEAN_AXES], kept_step[NN_MEAN_AXES];
    uint32_t over[NN_MEAN_AXES], over_step[NN_MEAN_AXES];
    uint32_t values; /* place of nn_mean_values in the constants */
} nn_mean_params;

void nn_mean(const nn_mean_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
