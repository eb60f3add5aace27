/* Inner loops of nn_m3_depthwise, made per window: the compiler writes one NN_M3_DEPTHWISE line for
 * each into program.c. The planes hold four channels side by side with the padding around them, so
 * that a column's offset is a constant; a row of taps is held in registers over a block of outputs,
 * and each input byte serves all outputs of the block that it is a tap of. */
#ifndef NN_KERNELS_M3_DEPTHWISE_TILE_H
#define NN_KERNELS_M3_DEPTHWISE_TILE_H

#include "nn/kernels/m3/core.h"

#if NN_M3

enum { NN_M3_LANES = 4, NN_M3_MOST_TAPS = 16, NN_M3_MOST_BLOCK = 6 };

/* Offsets in bytes: x_row from an output row to the next, pitch from a row of taps to the next. */
typedef struct {
    int32_t rows, taps_h, pitch, x_row;
    int32_t blocks, x_block, y_block; /* along a row; blocks may overlap */
    int32_t channels, y_row;
} nn_m3_lane;

/* The outputs of one channel: x at its lane of the planes, y at its first output. Stream: bias,
 * weights by tap to a whole word, nn_m3_requant. */
typedef void nn_m3_depthwise_tile(const nn_m3_lane *g, const int8_t *x, const uint8_t *w,
                                  int8_t *y);

/* A row of taps for a block of outputs; all but the pointers are constants of the window. */
static inline __attribute__((always_inline)) void nn_m3_taps_of_row(int32_t sum[NN_M3_MOST_BLOCK],
                                                                    const int8_t *x,
                                                                    const int32_t *w, int32_t taps,
                                                                    int32_t stride, int32_t block)
{
#pragma GCC unroll 32
    for (int32_t i = 0; i < (block - 1) * stride + taps; i++) {
        const int32_t in = x[NN_M3_LANES * i];
#pragma GCC unroll 8
        for (int32_t o = 0; o < block; o++)
            if (i >= o * stride && i - o * stride < taps)
                sum[o] += w[i - o * stride] * in;
    }
}

static inline __attribute__((always_inline)) void nn_m3_weights(int32_t *to, const int8_t *from,
                                                                int32_t taps)
{
#pragma GCC unroll 16
    for (int32_t i = 0; i < taps; i++)
        to[i] = from[i];
}

static inline __attribute__((always_inline)) void
nn_m3_depthwise_lane(const nn_m3_lane *g, const int8_t *x, const uint8_t *stream, int8_t *y,
                     int32_t single, int32_t taps, int32_t stride, int32_t block, int relu)
{
    const int32_t bias = *(const int32_t *)(const void *)stream;
    const int8_t *weights = (const int8_t *)(stream + 4);
    const int32_t taps_h = single ? 1 : g->taps_h, pitch = g->pitch, channels = g->channels;
    const int32_t x_block = g->x_block, y_block = g->y_block; /* stores of bytes may alias all */
    const nn_m3_requant q =
        *(const nn_m3_requant *)(const void *)(weights + ((taps_h * taps + 3) & ~3));
    int32_t w[NN_M3_MOST_TAPS];

    if (single)
        nn_m3_weights(w, weights, taps);
    for (int32_t row = g->rows; row > 0; row--, x += g->x_row, y += g->y_row) {
        const int8_t *from = x;
        int8_t *to = y;
        for (int32_t at = g->blocks; at > 0; at--, from += x_block, to += y_block) {
            int32_t sum[NN_M3_MOST_BLOCK];
#pragma GCC unroll 8
            for (int32_t o = 0; o < block; o++)
                sum[o] = bias;
            if (single) {
                nn_m3_taps_of_row(sum, from, w, taps, stride, block);
            } else {
                const int8_t *tap = from, *next = weights;
                for (int32_t ty = taps_h; ty > 0; ty--, tap += pitch, next += taps) {
                    nn_m3_weights(w, next, taps);
                    nn_m3_taps_of_row(sum, tap, w, taps, stride, block);
                }
            }
            int8_t *out = to;
#pragma GCC unroll 8
            for (int32_t o = 0; o < block; o++, out += channels)
                *out = nn_m3_output(sum[o], &q, relu);
        }
    }
}

#define NN_M3_DEPTHWISE(name, single, taps, stride, block, relu)                                   \
    static void name(const nn_m3_lane *g, const int8_t *x, const uint8_t *w, int8_t *y)            \
    {                                                                                              \
        nn_m3_depthwise_lane(g, x, w, y, single, taps, stride, block, relu);                       \
    }

#endif
#endif
