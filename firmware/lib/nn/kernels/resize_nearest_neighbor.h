/* RESIZE_NEAREST_NEIGHBOR: the compiler works out which row and column each output position shows.
 */
#ifndef NN_KERNELS_RESIZE_NEAREST_NEIGHBOR_H
#define NN_KERNELS_RESIZE_NEAREST_NEIGHBOR_H

#include <stdint.h>

typedef struct {
    uint16_t in_w, out_h, out_w, channels;
    uint32_t rows, columns; /* places in the constants: uint16 [out_h] and [out_w], of the input */
} nn_resize_nearest_neighbor_params;

void nn_resize_nearest_neighbor(const nn_resize_nearest_neighbor_params *p,
                                const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
