/* Moves bytes: rows of a concatenation, padded copies, and outputs that are another tensor's bytes.
 */
#ifndef NN_KERNELS_COPY_H
#define NN_KERNELS_COPY_H

#include <stdint.h>

/* `rows` runs of `bytes`; the output's rows are `pitch` bytes apart, the first `offset` bytes in.
 */
typedef struct {
    uint32_t rows, bytes, pitch, offset;
} nn_copy_params;

void nn_copy(const nn_copy_params *p, const uint8_t *constants, const int8_t *x, int8_t *y);

#endif
