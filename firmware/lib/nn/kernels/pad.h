/* PAD: a border of one value around a tensor of up to 4 axes. */
#ifndef NN_KERNELS_PAD_H
#define NN_KERNELS_PAD_H

#include <stdint.h>

typedef struct {
    uint16_t in[4], before[4], out[4]; /* leading axes of 1 where the tensor has fewer */
    uint32_t value;                    /* place in the constants of the border value, one int32 */
} nn_pad_params;

void nn_pad(const nn_pad_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
