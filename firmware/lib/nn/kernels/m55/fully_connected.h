/* FULLY_CONNECTED on Cortex-M55, for factors below one half. */
#ifndef NN_KERNELS_M55_FULLY_CONNECTED_H
#define NN_KERNELS_M55_FULLY_CONNECTED_H

#include <stdint.h>

/* Of eight outputs. The multipliers and shifts (not positive) are those of outputs 0 2 4 6, then 1
 * 3 5 7. */
typedef struct {
    int32_t bias[8], multiplier[8], shift[8];
} nn_m55_scales;

typedef struct {
    uint32_t rows, inputs, outputs;
    uint32_t vectors, groups; /* of 16 inputs, of 8 outputs */
    /* places in the constants: int8 [groups][vectors][8][16] with zeros at the ends,
     * nn_m55_scales [groups], nn_levels */
    uint32_t weights, scales, levels;
} nn_m55_fully_connected_params;

/* A single row, whose input may be read and whose output may be written up to whole vectors and
 * groups. */
void nn_m55_fully_connected(const nn_m55_fully_connected_params *p, const uint8_t *constants,
                            const int8_t *x, int8_t *y);
/* Any rows, each by way of the scratch. */
void nn_m55_fully_connected_rows(const nn_m55_fully_connected_params *p, const uint8_t *constants,
                                 const int8_t *x, int8_t *y, int8_t *scratch);

#endif
