#include "nn/kernels/lstm.h"

#include <string.h>

/* Qm.n: m integer and n fractional bits beside the sign. */

static int16_t saturated(int32_t x)
{
    if (x > INT16_MAX)
        return INT16_MAX;
    return (int16_t)(x < INT16_MIN ? INT16_MIN : x);
}

/* The table's sigmoid at magnitude / 2^(9 - bits), steps of 1/24, times 2^bits; 0 at and beyond its
 * end. */
static uint32_t interpolated(const uint16_t *table, uint32_t magnitude, uint32_t bits)
{
    const uint32_t index = magnitude >> bits, rest = magnitude & ((1u << bits) - 1);
    if (index >= 255)
        return 0;
    return ((uint32_t)table[index] << bits) + rest * (uint32_t)(table[index + 1] - table[index]);
}

/* Q3.12 to Q0.15 */
static int16_t sigmoid(const uint16_t *table, int32_t x)
{
    const int32_t scaled = 3 * x;
    uint32_t y = interpolated(table, (uint32_t)(scaled < 0 ? -scaled : scaled), 9);
    if (y == 0)
        y = 0x7FFF << 10;
    y = scaled >= 0 ? y + (1 << 9) : (1 << 25) - y + (1 << 9) - 1;
    return (int16_t)(y >> 10);
}

/* To Q0.15, by tanh x = 2 sigmoid(2x) - 1. */
static int16_t tanh_16(const uint16_t *table, int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t half = shift > 0 ? 1 << (shift - 1) : 0;
    const int32_t scaled = (x * multiplier + half) >> shift;
    int32_t y = (int32_t)interpolated(table, (uint32_t)(scaled < 0 ? -scaled : scaled), 8);
    if (y == 0)
        y = 0xFFFF << 8;
    y = scaled >= 0 ? y - (1 << 23) + (1 << 7) : -y + (1 << 23) + (1 << 7) - 1;
    return (int16_t)(y >> 8);
}

/* One gate of all units; activated. */
static void gate(const nn_lstm_params *p, const uint8_t *constants, uint32_t number,
                 const int8_t *x, const int8_t *hidden, int16_t *y)
{
    const nn_lstm_values *v = NN_TABLE(nn_lstm_values, constants, p->values);
    const uint16_t *table = NN_TABLE(uint16_t, constants, p->sigmoid);
    const int32_t inputs = (int32_t)p->inputs, units = (int32_t)p->units;
    const uint32_t first = number * p->units;
    const int8_t *w = NN_TABLE(int8_t, constants, p->weights) + first * p->inputs;
    const int8_t *r = NN_TABLE(int8_t, constants, p->recurrent) + first * p->units;
    const int32_t *bias = NN_TABLE(int32_t, constants, p->bias) + first;
    const int32_t *recurrent_bias = NN_TABLE(int32_t, constants, p->recurrent_bias) + first;

    for (int32_t u = 0; u < units; u++, w += inputs, r += units) {
        const int32_t a = nn_scale(nn_dot(bias[u], w, x, inputs), &v->input[number]);
        const int32_t b =
            nn_scale(nn_dot(recurrent_bias[u], r, hidden, units), &v->recurrent[number]);
        const int16_t sum = saturated(saturated(a) + saturated(b));
        y[u] = number == NN_LSTM_CELL ? tanh_16(table, sum, 3, 0) : sigmoid(table, sum);
    }
}

static void update(const nn_lstm_params *p, const uint8_t *constants, const int16_t *gates,
                   int16_t *cell, int8_t *hidden)
{
    const nn_lstm_values *v = NN_TABLE(nn_lstm_values, constants, p->values);
    const uint16_t *table = NN_TABLE(uint16_t, constants, p->sigmoid);
    const nn_levels levels = {0, v->hidden_zero, INT8_MIN, INT8_MAX};
    const uint32_t units = p->units;

    for (uint32_t u = 0; u < units; u++) {
        const int16_t kept =
            saturated(nn_scale(gates[NN_LSTM_FORGET * units + u] * cell[u], &v->keep));
        const int32_t fresh = gates[NN_LSTM_INPUT * units + u] * gates[NN_LSTM_CELL * units + u];
        int32_t sum = saturated(kept + saturated(nn_scale(fresh, &v->update)));
        if (sum > v->cell_clip)
            sum = v->cell_clip;
        if (sum < -v->cell_clip)
            sum = -v->cell_clip;
        cell[u] = (int16_t)sum;
        const int16_t shown = tanh_16(table, sum, v->tanh_multiplier, v->tanh_shift);
        hidden[u] = nn_output(gates[NN_LSTM_OUTPUT * units + u] * shown, &v->output, &levels);
    }
}

void nn_lstm(const nn_lstm_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
             int8_t *scratch, int8_t *state)
{
    int16_t *gates = (int16_t *)(void *)scratch;
    int32_t *running = (int32_t *)(void *)state;
    int16_t *cell = (int16_t *)(void *)(running + 1);
    int8_t *hidden = (int8_t *)(cell + p->units);

    if (!*running) {
        *running = 1;
        memset(cell, 0, p->units * sizeof *cell);
        memset(hidden, NN_TABLE(nn_lstm_values, constants, p->values)->hidden_zero, p->units);
    }
    for (uint32_t step = 0; step < p->steps; step++, x += p->inputs, y += p->units) {
        for (uint32_t number = 0; number < NN_LSTM_GATES; number++)
            gate(p, constants, number, x, hidden, gates + number * p->units);
        update(p, constants, gates, cell, hidden);
        memcpy(y, hidden, p->units);
    }
}
