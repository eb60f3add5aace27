#include "nn/kernels/m4/conv_blocks.h"
#include "nn/kernels/m4/taps.h"

#if NN_M4

/* The windows of three positions from `first` on, in reading order. */
static void places_of(nn_m4_place at[NN_M4_TOGETHER], const nn_window *g, int32_t first)
{
    int32_t y = first / g->out_w, x = first - y * g->out_w;
    for (int32_t i = 0; i < NN_M4_TOGETHER; i++, x++) {
        if (x == g->out_w) {
            x = 0;
            y++;
        }
        at[i].y = y * g->stride_h - g->pad_h;
        at[i].x = x * g->stride_w - g->pad_w;
    }
}

/* The window's first tap where no tap is in the padding, else NULL. */
static const int8_t *whole_window(const nn_window *g, const int8_t *x, nn_m4_place at)
{
    const int32_t reach = (g->taps_h - 1) * g->dilation_h;
    if (at.y < 0 || at.y + reach >= g->in_h || !nn_m4_columns_inside(g, at))
        return NULL;
    return x + (at.y * g->in_w + at.x) * g->in_c;
}

void nn_m4_expand_points(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                         int32_t position)
{
    const int32_t c = p->window.in_c;
    const int8_t *const src[] = {x + position * c, x + (position + 1) * c, x + (position + 2) * c};
    (void)nn_m4_expand_3(dst, src, p->groups, p->kind);
}

void nn_m4_expand_rows(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                       int32_t position)
{
    const nn_window *g = &p->window;
    const int32_t run = g->taps_w * g->in_c;
    int8_t *border = (int8_t *)(dst + 2 * NN_M4_TOGETHER * p->groups);
    const nn_m4_source s = {g, x, border};
    nn_m4_place at[NN_M4_TOGETHER];
    places_of(at, g, position);
    const int8_t *src[NN_M4_TOGETHER];
    int whole = 1;
    for (int32_t i = 0; i < NN_M4_TOGETHER; i++) {
        src[i] = whole_window(g, x, at[i]);
        whole &= src[i] != NULL;
    }
    const int32_t line = g->dilation_h * g->in_w * g->in_c;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        for (int32_t i = 0; i < NN_M4_TOGETHER && !whole; i++)
            src[i] =
                nn_m4_row_of_taps(&s, at[i], at[i].y + ty * g->dilation_h, border + (i + 1) * run);
        dst = nn_m4_expand_3(dst, src, run / 4, p->kind);
        for (int32_t i = 0; i < NN_M4_TOGETHER; i++)
            src[i] = whole ? src[i] + line : NULL;
    }
}

void nn_m4_expand_gathered(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                           int32_t position)
{
    const nn_window *g = &p->window;
    const int32_t run = g->taps_w * g->in_c;
    int8_t *border = (int8_t *)(dst + 2 * NN_M4_TOGETHER * p->groups), *to = border + run + 3;
    const nn_m4_source s = {g, x, border};
    const int8_t *src[NN_M4_TOGETHER];
    nn_m4_place at[NN_M4_TOGETHER];
    places_of(at, g, position);
    const int32_t line = g->dilation_h * g->in_w * g->in_c;
    const int8_t *end = x + g->in_h * g->in_w * g->in_c;
    for (int32_t i = 0; i < NN_M4_TOGETHER; i++, to += 4 * p->groups) {
        const int8_t *from = whole_window(g, x, at[i]);
        if (from != NULL && end - from < (g->taps_h - 1) * line + run + 3)
            from = NULL; /* reading by fours would leave x */
        src[i] = to;
        for (int32_t ty = 0; ty < g->taps_h; ty++) {
            int8_t *here = to + ty * run;
            if (from != NULL) {
                for (int32_t k = 0; k < run; k += 4)
                    memcpy(here + k, from + ty * line + k, 4);
                continue;
            }
            const int8_t *made = nn_m4_row_of_taps(&s, at[i], at[i].y + ty * g->dilation_h, here);
            if (made != here)
                nn_m4_copy(here, made, run);
        }
    }
    (void)nn_m4_expand_3(dst, src, p->groups, p->kind);
}

void nn_m4_conv_blocks(const nn_m4_conv_blocks_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const uint8_t *w = constants + p->weights;
    const int32_t channels = p->window.out_c, positions = p->window.out_h * p->window.out_w;
    const uint8_t *even = w + p->pair_bytes * (uint32_t)(channels / 2);
    uint32_t *expanded = (uint32_t *)(void *)scratch;

    memset(expanded + 2 * NN_M4_TOGETHER * p->groups, levels->input_zero, p->border);
    for (int32_t next = 0; next < positions; next += NN_M4_TOGETHER) {
        const int32_t first = next + NN_M4_TOGETHER > positions ? positions - NN_M4_TOGETHER : next;
        int8_t *out = y + first * channels;
        p->expand(expanded, p, x, first);
        p->block(expanded, w, out, even, p->groups, channels);
        if (channels % 2 != 0)
            p->block(expanded, even, out + channels - 2, even + p->pair_bytes, p->groups, channels);
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, positions * channels, levels->low, levels->high);
}

#endif
