/* FULLY_CONNECTED of one row, and what else is one: all outputs read all inputs. Four outputs at a
 * time; weights packed or wide (dsp.h). */
#ifndef NN_KERNELS_M4_DENSE_H
#define NN_KERNELS_M4_DENSE_H

#include "nn/kernels/m4/expand.h"
#include "nn/kernels/requantize.h"

#if NN_M4

/* `fours` times 4 outputs from `groups` groups of expanded x. Stream per four: biases, weights by
 * group, nn_m4_requant of each. Returns the end of the stream that it read. */
typedef const uint8_t *nn_m4_dense_tile(const uint32_t *x, const uint8_t *w, int8_t *y,
                                        int32_t groups, int32_t fours);

/* By packing of the weights; "relu" where nn_m4_output needs no care for negative sums. */
nn_m4_dense_tile nn_m4_dense_packed_relu, nn_m4_dense_packed, nn_m4_dense_wide_relu,
    nn_m4_dense_wide;

typedef struct {
    nn_m4_dense_tile *tile;
    int32_t kind, inputs, outputs;
    uint32_t weights, levels; /* streams of four outputs, the last overlapping; nn_levels */
} nn_m4_dense_params;

/* scratch: the expanded input, 8 bytes for each 4 begun. y may lie anywhere over x. */
void nn_m4_dense(const nn_m4_dense_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
                 int8_t *scratch);

#endif
#endif
