#include "nn/kernels/m4/conv_rows.h"

#if NN_M4

/* `n` windows from expanded x, the channels of [w, end); the last block overlaps the one before
 * where n is not a multiple. */
static __attribute__((noinline)) void run(const nn_m4_conv_rows_params *p, const uint32_t *x,
                                          const uint8_t *w, const uint8_t *end, int8_t *y,
                                          int32_t n)
{
    const int32_t first = n - p->together;
    p->tile(x, w, y, n / p->together, end);
    if (n % p->together != 0)
        p->tile(x + first * p->step / 2, w, y + first * p->channels, 1, end);
}

void nn_m4_conv_rows(const nn_m4_conv_rows_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    uint32_t *expanded = (uint32_t *)(void *)scratch;
    const uint8_t *w = constants + p->weights;
    const uint8_t *even = w + p->pair_bytes * (uint32_t)(p->channels / 2);
    int8_t *out = y;

    for (int32_t at = 0, n; at < p->windows; at += n) {
        n = p->windows - at;
        if (n >= p->chunk + p->together) /* else a rest too small for a block would be left */
            n = p->chunk;
        const int32_t from = at * p->step - p->before, last = p->apart == 0 ? n - 1 : n - 2;
        const int32_t groups = last * p->step / 4 + p->groups, zero = levels->input_zero;
        nn_m4_expand_row(expanded, x, from, groups, p->size, zero, p->kind);
        if (p->apart != 0)
            nn_m4_expand_row(expanded + p->apart, x, from + p->step, groups, p->size, zero,
                             p->kind);
        run(p, expanded, w, even, out, n);
        if (p->channels % 2 != 0)
            run(p, expanded, even, even + p->pair_bytes, out + p->channels - 2, n);
        out += n / p->pool * p->channels;
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, (int32_t)(out - y), levels->low, levels->high);
}

#endif
