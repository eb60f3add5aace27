#include "nn/kernels/m4/dense_pieces.h"

#if NN_M4

enum { FOUR = 4 }; /* outputs of a tile */

void nn_m4_dense_pieces(const nn_m4_dense_pieces_params *p, const uint8_t *constants,
                        const int8_t *x, int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const int32_t groups = p->inputs / 4, last = p->outputs - FOUR;
    const uint8_t *w = constants + p->weights;
    int32_t *sums = (int32_t *)(void *)scratch;
    uint32_t *expanded = (uint32_t *)(void *)(sums + FOUR * p->fours);

    for (int32_t first = 0; first < p->outputs; first += FOUR * p->fours) {
        const int32_t rest = (p->outputs - first + FOUR - 1) / FOUR;
        const int32_t fours = rest < p->fours ? rest : p->fours;
        memcpy(sums, w, (size_t)(4 * FOUR * fours));
        w += 4 * FOUR * fours;
        for (int32_t at = 0; at < groups; at += p->piece) {
            const int32_t n = groups - at < p->piece ? groups - at : p->piece;
            nn_m4_expand(expanded, x + 4 * at, n, p->kind);
            w = p->tile(expanded, w, sums, n, fours);
        }
        const nn_m4_requant *q = (const nn_m4_requant *)(const void *)w;
        for (int32_t i = 0; i < FOUR * fours; i += FOUR) {
            int8_t *out = y + (first + i < last ? first + i : last);
            for (int32_t k = 0; k < FOUR; k++)
                *out++ = nn_m4_output(sums[i + k], q++, p->kind, 0);
        }
        w = (const uint8_t *)q;
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, p->outputs, levels->low, levels->high);
}

#endif
