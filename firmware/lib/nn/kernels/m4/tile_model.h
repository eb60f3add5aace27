/* The tiles of tile.h in C, for the computer: same streams, same bytes. */
#ifndef NN_KERNELS_M4_TILE_MODEL_H
#define NN_KERNELS_M4_TILE_MODEL_H

#include "nn/kernels/m4/dsp.h"

/* The shape of a tile; the largest of `pool` windows where pool > 1, then window i lies
 * i / 2 * pair + i % 2 * row bytes from the first. Where `plane` is not 0, results are halfwords of
 * planes as far apart. */
typedef struct {
    int kind, groups, loops, row, pair, out_row, relu, pool, plane;
} nn_m4_shape;

static inline void nn_m4_put(const nn_m4_shape *s, int8_t *to, int32_t window, int32_t c,
                             int8_t value)
{
    if (s->plane == 0)
        to[window * s->out_row + c] = value;
    else
        *(int16_t *)(void *)(to + window * s->out_row + c * s->plane) = value;
}

/* 4 weights at w (1 or 2 words) against 4 expanded activations. */
static inline int32_t nn_m4_group(int kind, const uint32_t *w, const uint32_t *x, int32_t sum)
{
    return nn_smlad(kind ? w[1] : nn_sxtb16(w[0]), x[1], nn_smlad(w[0], x[0], sum));
}

static inline int32_t nn_m4_sum(const nn_m4_shape *s, const uint32_t *w, const uint32_t *x,
                                int32_t bias)
{
    const int32_t words = s->kind ? 2 : 1;
    for (int32_t i = 0; i < s->groups * s->loops; i++, w += 2 * words, x += 2)
        bias = nn_m4_group(s->kind, w, x, bias);
    return bias;
}

static inline void nn_m4_model(nn_m4_shape s, const uint32_t *x, const uint8_t *w_start,
                               int8_t *out, int32_t blocks, const uint8_t *w_end)
{
    const int32_t windows = s.pool > 1 ? s.pool : 3, words = s.kind ? 2 : 1;
    const int32_t copies = s.pool == 1 && s.loops > 1 ? 3 : 1;
    const int32_t advance = s.pool > 1 ? s.pool / 2 * s.pair / 4 : 3 * s.row / 4;
    const int32_t positions = s.pool > 1 ? 1 : 3;
    for (; blocks > 0; blocks--, x += advance, out += positions * s.out_row) {
        const uint32_t *w = (const uint32_t *)(const void *)w_start;
        for (int8_t *to = out; (const uint8_t *)w != w_end; to += s.plane == 0 ? 2 : 2 * s.plane) {
            const uint32_t *weights = w + 2 * copies;
            const nn_m4_requant *q =
                (const nn_m4_requant *)(weights + 2 * words * s.groups * s.loops);
            for (int32_t c = 0; c < 2; c++) {
                int32_t largest = INT32_MIN;
                for (int32_t i = 0; i < windows; i++) {
                    const int32_t at = s.pool > 1 ? i / 2 * s.pair + i % 2 * s.row : i * s.row;
                    const int32_t sum =
                        nn_m4_sum(&s, weights + c * words, x + at / 4, (int32_t)w[c * copies]);
                    largest = sum > largest ? sum : largest;
                    if (s.pool == 1)
                        nn_m4_put(&s, to, i, c, nn_m4_output(sum, &q[c], s.kind, s.relu));
                }
                if (s.pool > 1)
                    to[c] = nn_m4_output(largest, &q[c], s.kind, s.relu);
            }
            w = (const uint32_t *)(q + 2);
        }
    }
}

#define NN_M4_MODEL(name, ...)                                                                     \
    static void name(const uint32_t *x, const uint8_t *w, int8_t *out, int32_t blocks,             \
                     const uint8_t *w_end)                                                         \
    {                                                                                              \
        const nn_m4_shape shape = {__VA_ARGS__};                                                   \
        nn_m4_model(shape, x, w, out, blocks, w_end);                                              \
    }
#define NN_M4_ROWS(name, kind, groups, loops, row, out_row, relu)                                  \
    NN_M4_MODEL(name, kind, groups, loops, row, 0, out_row, relu, 1, 0)
#define NN_M4_ROWS_PLANES(name, kind, groups, loops, row, relu, plane)                             \
    NN_M4_MODEL(name, kind, groups, loops, row, 0, 2, relu, 1, plane)
#define NN_M4_ROWS_MAX(name, groups, loops, row, pair, out_row, relu, pool)                        \
    NN_M4_MODEL(name, NN_M4_WIDE, groups, loops, row, pair, out_row, relu, pool, 0)

#endif
