/* QUANTIZE from float32 and DEQUANTIZE to it: the edges of a model that takes or gives floats. The
 * floats lie in the input and output blocks, which need no alignment. */
#ifndef NN_KERNELS_FLOAT_H
#define NN_KERNELS_FLOAT_H

#include <stdint.h>

/* real = scale * (stored - zero) */
typedef struct {
    float scale;
    int32_t zero;
} nn_float_values;

typedef struct {
    uint32_t count;
    uint32_t values; /* place of nn_float_values in the constants */
} nn_float_params;

/* x holds float32. Rounds half away from zero and saturates; not-a-number becomes the smallest. */
void nn_quantize(const nn_float_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);
/* y holds float32. */
void nn_dequantize(const nn_float_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
