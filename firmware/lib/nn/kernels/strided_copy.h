/* TRANSPOSE, SLICE, STRIDED_SLICE and SPLIT: bytes picked from the input at steps. */
#ifndef NN_KERNELS_STRIDED_COPY_H
#define NN_KERNELS_STRIDED_COPY_H

#include "nn/kernels/walk.h"

typedef struct {
    nn_extent out;
    nn_steps in;
    int32_t start; /* of the first byte in the input */
} nn_strided_copy_params;

void nn_strided_copy(const nn_strided_copy_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y);

#endif
