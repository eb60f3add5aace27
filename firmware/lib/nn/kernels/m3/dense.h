/* FULLY_CONNECTED of one row, and what else is one: all outputs read all inputs. Eight outputs at a
 * time. */
#ifndef NN_KERNELS_M3_DENSE_H
#define NN_KERNELS_M3_DENSE_H

#include "nn/kernels/m3/core.h"

#if NN_M3

/* `eights` > 0 times 8 outputs from x. Stream per eight: biases, weights of each input,
 * nn_m3_requant of each. Returns the end of the stream that it read. */
typedef const uint8_t *nn_m3_dense_tile(const int8_t *x, const uint8_t *w, int8_t *y,
                                        int32_t inputs, int32_t eights);

nn_m3_dense_tile nn_m3_dense_any, nn_m3_dense_relu; /* "relu": see core.h */

typedef struct {
    nn_m3_dense_tile *tile;
    int32_t inputs, outputs;
    uint32_t weights, levels; /* streams of eight outputs, the last overlapping; nn_levels */
} nn_m3_dense_params;

void nn_m3_dense(const nn_m3_dense_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
#endif
