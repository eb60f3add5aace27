/* The tile of depthwise_tile.h in C, for the computer: same stream, same bytes. */
#ifndef NN_KERNELS_M4_DEPTHWISE_MODEL_H
#define NN_KERNELS_M4_DEPTHWISE_MODEL_H

#include "nn/kernels/m4/dsp.h"

/* `weights` words per part of a row of taps. */
typedef struct {
    int taps_h, taps, stride, n, step, blocks, pitch, down, width, channels, weights, relu, shift;
    int parts;
} nn_m4_depthwise_shape;

static inline int32_t nn_m4_half(uint32_t word, int top)
{
    return (int16_t)(top ? word >> 16 : word);
}

/* Weight `tap` of a row: from the pairs that begin at even taps, but for the last of an odd number
 * at stride 1. */
static inline int32_t nn_m4_depthwise_weight(const nn_m4_depthwise_shape *s, const uint32_t *w,
                                             int tap)
{
    if (s->stride == 1 && tap == s->taps - 1 && s->taps % 2 == 1)
        return nn_m4_half(w[s->taps - 2], 1);
    return nn_m4_half(w[tap / 2], tap % 2);
}

static inline int32_t nn_m4_depthwise_sum(const nn_m4_depthwise_shape *s, const uint32_t *x,
                                          const uint32_t *w, int column)
{
    uint32_t sum = w[0];
    for (int part = 0; part < s->taps_h * s->parts; part++)
        for (int tap = 0; tap < s->taps; tap++) {
            const int at = column * s->stride + part % s->parts * s->taps + tap;
            const int32_t value = nn_m4_half(x[part / s->parts * s->pitch / 4 + at / 2], at % 2);
            const uint32_t *line = w + 1 + part * s->weights;
            sum += (uint32_t)(value * nn_m4_depthwise_weight(s, line, tap));
        }
    return (int32_t)sum;
}

static inline void nn_m4_depthwise_model(nn_m4_depthwise_shape s, const uint32_t *x,
                                         const uint32_t *w, int8_t *y, int32_t rows)
{
    const int32_t *q = (const int32_t *)(w + 1 + s.taps_h * s.parts * s.weights);
    for (; rows > 0; rows--, x += s.down * s.pitch / 4, y += s.width * s.channels)
        for (int column = 0; column < (s.blocks - 1) * s.step + s.n; column++) {
            const int32_t sum = nn_m4_depthwise_sum(&s, x, w, column);
            int32_t out = nn_smmla(sum, q[0], q[1]);
            if (!s.relu && sum < 0)
                out -= s.shift != 0 ? q[2] : 2;
            y[column * s.channels] = (int8_t)nn_ssat8(out >> (s.shift != 0 ? s.shift : q[2]));
        }
}

#define NN_M4_DEPTHWISE(name, ...)                                                                 \
    static void name(const uint32_t *x, const uint32_t *w, int8_t *y, int32_t rows)                \
    {                                                                                              \
        const nn_m4_depthwise_shape shape = {__VA_ARGS__};                                         \
        nn_m4_depthwise_model(shape, x, w, y, rows);                                               \
    }

#endif
