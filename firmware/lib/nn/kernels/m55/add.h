/* ADD on Cortex-M55 as an affine form of the two bytes, which the compiler has tried on all 65,536
 * pairs; where it found none, as on any core. */
#ifndef NN_KERNELS_M55_ADD_H
#define NN_KERNELS_M55_ADD_H

#include "nn/kernels/add.h"
#include "nn/kernels/m55/place.h"

/* (a * a_factor + b * b_factor + offset), shifted right by 16 and by 5, rounding half up both
 * times. */
typedef struct {
    int32_t a_factor, b_factor, offset;
    int32_t is_affine; /* 0: the form above is not to be used */
} nn_m55_add_values;

/* start and row: bytes to the first element and from row to row, of a and b and the output. */
typedef struct {
    uint32_t rows, width;
    uint32_t start[3], row[3];
    nn_m55_border_bytes y_border;
    uint32_t values; /* places in the constants: nn_m55_add_values, */
    uint32_t exact;  /* nn_add_values */
} nn_m55_add_params;

void nn_m55_add(const nn_m55_add_params *p, const uint8_t *constants, const int8_t *a,
                const int8_t *b, int8_t *y);

#endif
