#include "nn/kernels/m4/conv_blocks.h"

#if NN_M4

enum { TOGETHER = 3 };

/* Row and column of a window's first tap, negative in the padding. */
typedef struct {
    int32_t y, x;
} place;

static place place_of(const nn_window *g, int32_t position)
{
    const int32_t y = position / g->out_w, x = position - y * g->out_w;
    const place at = {y * g->stride_h - g->pad_h, x * g->stride_w - g->pad_w};
    return at;
}

static int inside(int32_t at, int32_t size)
{
    return (uint32_t)at < (uint32_t)size;
}

/* Runs of taps that lie in memory as the tile wants them. `border` stands for taps in the padding.
 */
static void expand_taps(uint32_t *dst, const nn_window *g, const int8_t *x,
                        const place at[TOGETHER], const int8_t *border, int kind)
{
    const int32_t line = g->in_w * g->in_c;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        const int8_t *src[TOGETHER];
        int32_t row[TOGETHER];
        int whole = g->dilation_w == 1;
        for (int32_t i = 0; i < TOGETHER; i++) {
            row[i] = at[i].y + ty * g->dilation_h;
            whole &= inside(row[i], g->in_h) && at[i].x >= 0 && at[i].x + g->taps_w <= g->in_w;
            src[i] = whole ? x + row[i] * line + at[i].x * g->in_c : border;
        }
        if (whole) {
            dst = nn_m4_expand_3(dst, src, g->taps_w * g->in_c / 4, kind);
            continue;
        }
        for (int32_t tx = 0; tx < g->taps_w; tx++) {
            for (int32_t i = 0; i < TOGETHER; i++) {
                const int32_t column = at[i].x + tx * g->dilation_w;
                const int there = inside(row[i], g->in_h) && inside(column, g->in_w);
                src[i] = there ? x + row[i] * line + column * g->in_c : border;
            }
            dst = nn_m4_expand_3(dst, src, g->in_c / 4, kind);
        }
    }
}

/* `count` bytes, by fours where `room` bytes may be read. dst has room for 3 bytes more. */
static void copy(int8_t *dst, const int8_t *src, int32_t count, int32_t room)
{
    if (room >= count + 3) {
        for (int32_t i = 0; i < count; i += 4)
            memcpy(dst + i, src + i, 4);
    } else {
        for (int32_t i = 0; i < count; i++)
            dst[i] = src[i];
    }
}

/* The taps of one window behind each other. */
static void gather(int8_t *dst, const nn_window *g, const int8_t *x, place at, int8_t border)
{
    const int32_t c = g->in_c, line = g->in_w * c, size = g->in_h * line;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        const int32_t y = at.y + ty * g->dilation_h;
        const int whole = g->dilation_w == 1 && at.x >= 0 && at.x + g->taps_w <= g->in_w;
        if (whole && inside(y, g->in_h)) {
            const int32_t from = y * line + at.x * c;
            copy(dst, x + from, g->taps_w * c, size - from);
            dst += g->taps_w * c;
            continue;
        }
        for (int32_t tx = 0; tx < g->taps_w; tx++) {
            const int32_t column = at.x + tx * g->dilation_w;
            const int there = inside(y, g->in_h) && inside(column, g->in_w);
            for (int32_t i = 0; i < c; i++)
                *dst++ = there ? x[y * line + column * c + i] : border;
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
    for (int32_t i = 0; i < TOGETHER; i++)
        at[i] = place_of(g, position + i);
    if (g->in_c % 4 == 0) {
        expand_taps(dst, g, x, at, behind, p->kind);
        return;
    }
    const int8_t *src[TOGETHER];
    for (int32_t i = 0; i < TOGETHER; i++, behind += 4 * p->groups) {
        gather(behind, g, x, at[i], zero);
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

    memset(expanded + 2 * TOGETHER * p->groups, levels->input_zero, p->window.in_c);
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
