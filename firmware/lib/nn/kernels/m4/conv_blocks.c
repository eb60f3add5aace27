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

/* True where it has no tap in the padding at all. */
static int all_inside(const nn_window *g, place at)
{
    const int32_t reach = (g->taps_h - 1) * g->dilation_h;
    return at.y >= 0 && at.y + reach < g->in_h && columns_inside(g, at);
}

/* Taps as the tile wants them, a row at a time. */
static void expand_inside(uint32_t *dst, const nn_window *g, const int8_t *x,
                          const place at[TOGETHER], int kind)
{
    const int32_t line = g->in_w * g->in_c, groups = g->taps_w * g->in_c / 4;
    const int8_t *src[TOGETHER];
    for (int32_t i = 0; i < TOGETHER; i++)
        src[i] = x + at[i].y * line + at[i].x * g->in_c;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        dst = nn_m4_expand_3(dst, src, groups, kind);
        for (int32_t i = 0; i < TOGETHER; i++)
            src[i] += g->dilation_h * line;
    }
}

/* The same with taps in the padding, for which `border` stands. */
static void expand_taps(uint32_t *dst, const nn_window *g, const int8_t *x,
                        const place at[TOGETHER], const int8_t *border, int kind)
{
    const int c = g->in_c, line = g->in_w * c;
    int whole = 1;
    for (int32_t i = 0; i < TOGETHER; i++)
        whole &= columns_inside(g, at[i]);
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        const int8_t *src[TOGETHER], *rows[TOGETHER];
        for (int32_t i = 0; i < TOGETHER; i++) {
            const int32_t row = at[i].y + ty * g->dilation_h;
            rows[i] = inside(row, g->in_h) ? x + row * line : NULL;
            src[i] = rows[i] != NULL && whole ? rows[i] + at[i].x * c : border;
        }
        if (whole) {
            dst = nn_m4_expand_3(dst, src, g->taps_w * c / 4, kind);
            continue;
        }
        for (int32_t tx = 0; tx < g->taps_w; tx++) {
            for (int32_t i = 0; i < TOGETHER; i++) {
                const int32_t column = at[i].x + tx * g->dilation_w;
                const int there = rows[i] != NULL && inside(column, g->in_w);
                src[i] = there ? rows[i] + column * c : border;
            }
            dst = nn_m4_expand_3(dst, src, c / 4, kind);
        }
    }
}

/* The taps of one window behind each other; up to 3 bytes more may be read and written. */
static void gather_inside(int8_t *dst, const nn_window *g, const int8_t *x, place at)
{
    const int32_t line = g->in_w * g->in_c, run = g->taps_w * g->in_c;
    const int8_t *src = x + at.y * line + at.x * g->in_c;
    for (int32_t ty = 0; ty < g->taps_h; ty++, src += g->dilation_h * line, dst += run) {
        for (int32_t i = 0; i < run; i += 4)
            memcpy(dst + i, src + i, 4);
    }
}

/* The same with `border` for taps in the padding. */
static void gather_taps(int8_t *dst, const nn_window *g, const int8_t *x, place at, int8_t border)
{
    const int32_t c = g->in_c, run = g->taps_w * c;
    for (int32_t ty = 0; ty < g->taps_h; ty++, dst += run) {
        const int32_t row = at.y + ty * g->dilation_h;
        const int there = inside(row, g->in_h);
        const int8_t *src = there ? x + row * g->in_w * c : x;
        for (int32_t i = 0; i < run; i++)
            dst[i] = border;
        for (int32_t tx = 0; there && tx < g->taps_w; tx++) {
            const int32_t column = at.x + tx * g->dilation_w;
            for (int32_t i = 0; i < c && inside(column, g->in_w); i++)
                dst[tx * c + i] = src[column * c + i];
        }
    }
}

/* Three windows, interleaved; behind them in scratch is room for what that takes. */
static void expand(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                   int32_t position, int8_t zero)
{
    const nn_window *g = &p->window;
    int8_t *behind = (int8_t *)(dst + 2 * TOGETHER * p->groups);
    place at[TOGETHER];
    if (p->neighbours) {
        const int8_t *const src[] = {x + position * g->in_c, x + (position + 1) * g->in_c,
                                     x + (position + 2) * g->in_c};
        (void)nn_m4_expand_3(dst, src, p->groups, p->kind);
        return;
    }
    places_of(at, g, position);
    if (g->in_c % 4 == 0) {
        if (all_inside(g, at[0]) && all_inside(g, at[1]) && all_inside(g, at[2]))
            expand_inside(dst, g, x, at, p->kind);
        else
            expand_taps(dst, g, x, at, behind, p->kind);
        return;
    }
    /* not where reading by fours would pass the input's end */
    const int last = position + TOGETHER >= g->out_h * g->out_w;
    const int8_t *src[TOGETHER];
    for (int32_t i = 0; i < TOGETHER; i++, behind += 4 * p->groups) {
        if (!last && all_inside(g, at[i]))
            gather_inside(behind, g, x, at[i]);
        else
            gather_taps(behind, g, x, at[i], zero);
        src[i] = behind;
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

    memset(expanded + 2 * TOGETHER * p->groups, levels->input_zero,
           p->window.taps_w * p->window.in_c);
    for (int32_t next = 0; next < positions; next += TOGETHER) {
        const int32_t first = next + TOGETHER > positions ? positions - TOGETHER : next;
        int8_t *out = y + first * channels;
        expand(expanded, p, x, first, (int8_t)levels->input_zero);
        p->block(expanded, w, out, even, p->groups, channels);
        if (channels % 2 != 0)
            p->block(expanded, even, out + channels - 2, even + p->pair_bytes, p->groups, channels);
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, positions * channels, levels->low, levels->high);
}

#endif
