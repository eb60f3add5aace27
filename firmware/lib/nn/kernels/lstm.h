/* UNIDIRECTIONAL_SEQUENCE_LSTM: int8 in and out, gates and cell of 16 bits, state kept between
 * runs.
 */
#ifndef NN_KERNELS_LSTM_H
#define NN_KERNELS_LSTM_H

#include "nn/kernels/requantize.h"

enum { NN_LSTM_INPUT, NN_LSTM_FORGET, NN_LSTM_CELL, NN_LSTM_OUTPUT, NN_LSTM_GATES };

typedef struct {
    nn_requant input[NN_LSTM_GATES], recurrent[NN_LSTM_GATES]; /* sums to Q3.12 */
    nn_requant keep, update, output; /* forget x cell, input x cell gate, output x tanh(cell) */
    int32_t hidden_zero;
    int32_t cell_clip;                   /* 32768 where there is none */
    int32_t tanh_multiplier, tanh_shift; /* from the cell's scale to the table's */
} nn_lstm_values;

typedef struct {
    uint32_t steps, inputs, units;
    /* places in the constants, all by gate: int8 [units][inputs] and [units][units], int32 [units]
     * twice with the zero points folded in; uint16 [256] of a sigmoid; nn_lstm_values */
    uint32_t weights, recurrent, bias, recurrent_bias, sigmoid, values;
} nn_lstm_params;

/* scratch: int16 [NN_LSTM_GATES][units]. state: int32, 0 where it is fresh, then the cell, int16
 * [units], and the last output, int8 [units]. */
void nn_lstm(const nn_lstm_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
             int8_t *scratch, int8_t *state);

#endif
