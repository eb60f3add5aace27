#include "nn/kernels/m4/conv_blocks.h"
#include "nn/kernels/m4/taps.h"

#if NN_M4

enum { MOST = 4 }; /* positions of a block */

void nn_m4_block_points(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                        int32_t position)
{
    const int32_t c = p->window.in_c;
    const int8_t *src[MOST];
    for (int32_t i = 0; i < MOST; i++)
        src[i] = x + (position + i) * c;
    (void)p->expand(dst, src, p->groups, p->kind, 1, 0);
}

/* What a window's rows of taps leave over: `bytes` of each of `rows` that lie `line` apart. */
static void leave(int8_t *over, const int8_t *from, int32_t rows, int32_t line, int32_t bytes)
{
    for (; rows > 0; rows--, from += line)
        for (int32_t k = 0; k < bytes; k++)
            *over++ = from[k];
}

/* Windows side by side that lie inside, the first tap at x: rows of taps as they are. */
static uint32_t *expand_inside(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                               int8_t *over, int32_t pitch)
{
    const nn_window *g = &p->window;
    const int32_t line = g->dilation_h * g->in_w * g->in_c, step = g->stride_w * g->in_c;
    const int32_t whole = p->border & ~3, bytes = p->border & 3, together = p->together;
    const int8_t *src[MOST] = {x, x, x, x};
    for (int32_t i = 1; i < together; i++)
        src[i] = x + i * step;
    if (whole > 0)
        dst = p->expand(dst, src, whole / 4, p->kind, g->taps_h, line - whole);
    for (int32_t i = 0; i < together && bytes > 0; i++, over += pitch)
        leave(over, src[i] + whole, g->taps_h, line, bytes);
    return dst;
}

/* Any windows: in the padding, or in several rows of the output. */
static uint32_t *expand_cut(uint32_t *dst, const nn_m4_conv_blocks_params *p, const nn_m4_source *s,
                            int32_t position, int8_t *over, int32_t pitch)
{
    const nn_window *g = s->g;
    const int32_t whole = p->border & ~3, bytes = p->border & 3;
    int8_t *made = over + pitch * p->together;
    const int8_t *src[MOST] = {made, made, made, made};
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        for (int32_t i = 0; i < p->together; i++) {
            const int32_t y = (position + i) / g->out_w, x = position + i - y * g->out_w;
            const nn_m4_place at = {y * g->stride_h - g->pad_h, x * g->stride_w - g->pad_w};
            src[i] = nn_m4_row_of_taps(s, at, at.y + ty * g->dilation_h, made + i * p->border);
            leave(over + i * pitch + ty * bytes, src[i] + whole, 1, 0, bytes);
        }
        if (whole > 0)
            dst = p->expand(dst, src, whole / 4, p->kind, 1, 0);
    }
    return dst;
}

static int inside(const nn_window *g, int32_t y, int32_t x)
{
    return y >= 0 && x >= 0 && y + (g->taps_h - 1) * g->dilation_h < g->in_h &&
           x + g->taps_w <= g->in_w && g->dilation_w == 1;
}

void nn_m4_block_rows(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                      int32_t position)
{
    const nn_window *g = &p->window;
    const int32_t pitch = ((p->border & 3) * g->taps_h + 3) & ~3;
    int8_t *border = (int8_t *)(dst + 2 * p->together * p->groups), *over = border + p->border;
    const int32_t row = position / g->out_w, column = position - row * g->out_w;
    const int32_t top = row * g->stride_h - g->pad_h, left = column * g->stride_w - g->pad_w;
    const int32_t more = p->together - 1;
    if (column + more < g->out_w && inside(g, top, left) &&
        inside(g, top, left + more * g->stride_w)) {
        dst = expand_inside(dst, p, x + (top * g->in_w + left) * g->in_c, over, pitch);
    } else {
        const nn_m4_source s = {g, x, border};
        dst = expand_cut(dst, p, &s, position, over, pitch);
    }
    const int8_t *const rest[MOST] = {over, over + pitch, over + 2 * pitch, over + more * pitch};
    if (pitch > 0)
        (void)p->expand(dst, rest, pitch / 4, p->kind, 1, 0);
}

void nn_m4_conv_blocks(const nn_m4_conv_blocks_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const uint8_t *w = constants + p->weights;
    const int32_t channels = p->window.out_c, positions = p->window.out_h * p->window.out_w;
    const uint8_t *even = w + p->pair_bytes * (uint32_t)(channels / 2);
    uint32_t *expanded = (uint32_t *)(void *)scratch;

    memset(expanded + 2 * p->together * p->groups, levels->input_zero, p->border);
    for (int32_t next = 0; next < positions; next += p->together) {
        const int32_t last = positions - p->together, first = next < last ? next : last;
        int8_t *out = y + first * channels;
        p->windows(expanded, p, x, first);
        p->block(expanded, w, out, even, p->groups, channels);
        if (channels % 2 != 0)
            p->block(expanded, even, out + channels - 2, even + p->pair_bytes, p->groups, channels);
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, positions * channels, levels->low, levels->high);
}

#endif
