/* SVDF: filters over the input whose last outputs are weighed over time, state kept between runs.
 */
#ifndef NN_KERNELS_SVDF_H
#define NN_KERNELS_SVDF_H

#include "nn/kernels/requantize.h"

typedef struct {
    nn_requant feature, output; /* sum over the input to the state, sum over time to the output */
    int32_t state_zero, output_zero;
} nn_svdf_values;

typedef struct {
    uint32_t inputs, units, rank, memory; /* units * rank filters of `memory` steps */
    uint32_t narrow;                      /* 1: the state is int8 in the model, 0: int16 */
    /* places in the constants: int8 [filters][inputs], int32 [filters] with the input's zero point
     * folded in, int16 [filters][memory], int32 [units], nn_svdf_values */
    uint32_t weights, feature_bias, time_weights, bias, values;
} nn_svdf_params;

/* state: int32, 0 where it is fresh, then int16 [filters][memory]. */
void nn_svdf(const nn_svdf_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
             int8_t *state);

#endif
