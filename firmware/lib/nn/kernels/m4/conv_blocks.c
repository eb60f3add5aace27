#include "nn/kernels/m4/conv_blocks.h"

#if NN_M4

enum { TOGETHER = 3 };

/* Row and column of a window's first tap, negative in the padding. */
typedef struct {
    int32_t y, x;
} place;

/* The windows of three positions from `first` on, in reading order. */
static void places_of(place at[TOGETHER], const nn_window *g, int32_t first)
{
    int32_t y = first / g->out_w, x = first - y * g->out_w;
    for (int32_t i = 0; i < TOGETHER; i++, x++) {
        if (x == g->out_w) {
            x = 0;
            y++;
        }
        at[i].y = y * g->stride_h - g->pad_h;
        at[i].x = x * g->stride_w - g->pad_w;
    }
}

static int inside(int32_t at, int32_t size)
{
    return (uint32_t)at < (uint32_t)size;
}

/* True where the window's columns are neighbours in memory, none of them in the padding. */
static int columns_inside(const nn_window *g, place at)
{
    return g->dilation_w == 1 && at.x >= 0 && at.x + g->taps_w <= g->in_w;
}

static inline void copy(int8_t *to, const int8_t *from, int32_t bytes)
{
    for (; bytes >= 4; bytes -= 4, to += 4, from += 4)
        memcpy(to, from, 4);
    for (; bytes > 0; bytes--)
        *to++ = *from++;
}

/* The window's first tap where no tap is in the padding, else NULL. */
static const int8_t *whole_window(const nn_window *g, const int8_t *x, place at)
{
    const int32_t reach = (g->taps_h - 1) * g->dilation_h;
    if (at.y < 0 || at.y + reach >= g->in_h || !columns_inside(g, at))
        return NULL;
    return x + (at.y * g->in_w + at.x) * g->in_c;
}

/* Taps of one row of a window behind each other, in x or, with those in the padding, in `made`.
 */
typedef struct {
    const nn_window *g;
    const int8_t *x;
    const int8_t *border;
} source;

static const int8_t *row_of_taps(const source *s, place at, int32_t row, int8_t *made)
{
    const nn_window *g = s->g;
    const int32_t c = g->in_c, run = g->taps_w * c;
    if (!inside(row, g->in_h))
        return s->border;
    const int8_t *line = s->x + row * g->in_w * c;
    if (columns_inside(g, at))
        return line + at.x * c;
    copy(made, s->border, run);
    for (int32_t tx = 0; tx < g->taps_w; tx++) {
        const int32_t column = at.x + tx * g->dilation_w;
        if (inside(column, g->in_w))
            copy(made + tx * c, line + column * c, c);
    }
    return made;
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
    int8_t *border = (int8_t *)(dst + 2 * TOGETHER * p->groups);
    const source s = {g, x, border};
    place at[TOGETHER];
    places_of(at, g, position);
    const int8_t *src[TOGETHER];
    int whole = 1;
    for (int32_t i = 0; i < TOGETHER; i++) {
        src[i] = whole_window(g, x, at[i]);
        whole &= src[i] != NULL;
    }
    const int32_t line = g->dilation_h * g->in_w * g->in_c;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        for (int32_t i = 0; i < TOGETHER && !whole; i++)
            src[i] = row_of_taps(&s, at[i], at[i].y + ty * g->dilation_h, border + (i + 1) * run);
        dst = nn_m4_expand_3(dst, src, run / 4, p->kind);
        for (int32_t i = 0; i < TOGETHER; i++)
            src[i] = whole ? src[i] + line : NULL;
    }
}

void nn_m4_expand_gathered(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                           int32_t position)
{
    const nn_window *g = &p->window;
    const int32_t run = g->taps_w * g->in_c;
    int8_t *border = (int8_t *)(dst + 2 * TOGETHER * p->groups), *to = border + run + 3;
    const source s = {g, x, border};
    const int8_t *src[TOGETHER];
    place at[TOGETHER];
    places_of(at, g, position);
    const int32_t line = g->dilation_h * g->in_w * g->in_c;
    const int last = position + TOGETHER >= g->out_h * g->out_w; /* reading on would leave x */
    for (int32_t i = 0; i < TOGETHER; i++, to += 4 * p->groups) {
        const int8_t *from = last ? NULL : whole_window(g, x, at[i]);
        src[i] = to;
        for (int32_t ty = 0; ty < g->taps_h; ty++) {
            int8_t *here = to + ty * run;
            if (from != NULL) {
                for (int32_t k = 0; k < run; k += 4)
                    memcpy(here + k, from + ty * line + k, 4);
                continue;
            }
            const int8_t *made = row_of_taps(&s, at[i], at[i].y + ty * g->dilation_h, here);
            if (made != here)
                copy(here, made, run);
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

    memset(expanded + 2 * TOGETHER * p->groups, levels->input_zero, p->border);
    for (int32_t next = 0; next < positions; next += TOGETHER) {
        const int32_t first = next + TOGETHER > positions ? positions - TOGETHER : next;
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
