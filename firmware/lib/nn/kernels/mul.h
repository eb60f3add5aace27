/* MUL: y = clamp(scale((a - a_zero) (b - b_zero)) + output zero); the shapes are in broadcast.h. */
#ifndef NN_KERNELS_MUL_H
#define NN_KERNELS_MUL_H

#include "nn/kernels/requantize.h"

typedef struct {
    int32_t a_zero, b_zero;
    nn_requant output;
    nn_levels levels;
} nn_mul_values;

#endif
