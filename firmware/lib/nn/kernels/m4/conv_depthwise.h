/* CONV_2D along one row and the DEPTHWISE_CONV_2D that alone reads it: the convolution writes some
 * columns of planes, one per channel, from which the depthwise makes its next outputs; columns that
 * these share with the outputs after them stay. */
#ifndef NN_KERNELS_M4_CONV_DEPTHWISE_H
#define NN_KERNELS_M4_CONV_DEPTHWISE_H

#include "nn/kernels/m4/depthwise_chunk.h"
#include "nn/kernels/m4/expand.h"
#include "nn/kernels/m4/tile.h"
#include "nn/kernels/requantize.h"

#if NN_M4

typedef struct {
    nn_m4_tile *tile; /* three windows to the planes */
    nn_m4_depthwise_chunk *depthwise;
    int32_t size, before;          /* bytes of the input row; of padding left of it */
    uint16_t step, groups;         /* bytes from one window to the next; groups of 4 in a window */
    uint16_t windows, at_once;     /* of the convolution: how many; expanded at once, by threes */
    uint16_t channels, plane;      /* planes, and bytes of one */
    uint16_t pad, need;            /* columns of padding to the left; columns that a chunk reads */
    uint16_t outputs, chunk, move; /* of the depthwise: in all, of a chunk; columns from chunk to
                                      chunk */
    uint8_t kind;
    uint32_t weights, pair_bytes, levels; /* of the convolution, as in conv_rows.h */
    uint32_t depthwise_weights, depthwise_bytes, depthwise_levels; /* its streams, their size */
} nn_m4_conv_depthwise_params;

/* scratch: the planes, then expanded windows. The convolution's windows are computed by threes, up
 * to two beyond the last; y takes whole chunks of outputs. y may be written over x at the distance
 * that the compiler has proved. */
void nn_m4_conv_depthwise(const nn_m4_conv_depthwise_params *p, const uint8_t *constants,
                          const int8_t *x, int8_t *y, int8_t *scratch);

#endif
#endif
