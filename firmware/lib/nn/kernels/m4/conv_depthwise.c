#include "nn/kernels/m4/conv_depthwise.h"

#if NN_M4

enum { TOGETHER = 3 }; /* windows of a tile */

/* Columns [from, to) of all planes are padding. */
static void pad(const nn_m4_conv_depthwise_params *p, int16_t *planes, int32_t from, int32_t to,
                int32_t zero)
{
    for (int32_t c = 0; c < p->channels; c++, planes += p->plane / 2)
        for (int32_t i = from; i < to; i++)
            planes[i] = (int16_t)zero;
}

/* A clamp that saturation to int8 does not do. */
static void clamp(const nn_m4_conv_depthwise_params *p, int16_t *planes, int32_t from, int32_t to,
                  const nn_levels *levels)
{
    for (int32_t c = 0; c < p->channels; c++, planes += p->plane / 2)
        for (int32_t i = from; i < to; i++)
            planes[i] = nn_clamp(planes[i], levels);
}

/* The `n` windows from `at` on to columns `to` and after. */
static void windows(const nn_m4_conv_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                    int8_t *planes, int32_t at, int32_t n, int32_t to)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    uint32_t *expanded = (uint32_t *)(void *)(planes + p->channels * p->plane);
    const uint8_t *w = constants + p->weights;
    const uint8_t *even = w + p->pair_bytes * (uint32_t)(p->channels / 2);

    nn_m4_expand_row(expanded, x, at * p->step - p->before, (n - 1) * p->step / 4 + p->groups,
                     p->size, levels->input_zero, p->kind);
    p->tile(expanded, w, planes + 2 * to, n / TOGETHER, even);
    if (p->channels % 2 != 0)
        p->tile(expanded, even, planes + 2 * to + (p->channels - 2) * p->plane, n / TOGETHER,
                even + p->pair_bytes);
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        clamp(p, (int16_t *)(void *)planes, to, to + n, levels);
}

void nn_m4_conv_depthwise(const nn_m4_conv_depthwise_params *p, const uint8_t *constants,
                          const int8_t *x, int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->depthwise_levels);
    const uint8_t *w = constants + p->depthwise_weights;
    int16_t *planes = (int16_t *)(void *)scratch;
    int8_t *out = y;
    int32_t made = 0, ready = p->pad; /* windows so far; columns that the planes hold */

    pad(p, planes, 0, ready, levels->input_zero);
    for (int32_t at = 0; at < p->outputs; at += p->chunk, out += p->chunk * p->channels) {
        while (ready < p->need && made < p->windows) {
            int32_t n = p->need - ready < p->windows - made ? p->need - ready : p->windows - made;
            n = (n + TOGETHER - 1) / TOGETHER * TOGETHER;
            n = n < p->at_once ? n : p->at_once;
            windows(p, constants, x, scratch, made, n, ready);
            made += n;
            ready += n;
        }
        const int32_t end = made > p->windows ? ready - (made - p->windows) : ready;
        if (end < p->need) /* the row ends here */
            pad(p, planes, end > 0 ? end : 0, p->need, levels->input_zero);
        p->depthwise((uint32_t *)(void *)planes, w, out, w + p->depthwise_bytes);
        ready -= p->move;
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, p->outputs * p->channels, levels->low, levels->high);
}

#endif
