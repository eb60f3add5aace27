#include "nn/kernels/m4/conv_blocks.h"
#include "nn/kernels/m4/taps.h"

#if NN_M4

void nn_m4_block_points(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                        int32_t position)
{
    const int32_t c = p->window.in_c;
    const int8_t *const src[] = {x + position * c, x + (position + 1) * c, x + (position + 2) * c};
    (void)nn_m4_expand_3(dst, src, p->groups, p->kind, 1, 0);
}

/* Bytes of a row of taps that fill no word: they are put behind those of the rows before. */
static int8_t *leave(int8_t *over, const int8_t *from, int32_t bytes)
{
    for (; bytes > 0; bytes--)
        *over++ = *from++;
    return over;
}

/* Windows side by side that lie inside, the first at x. */
static uint32_t *expand_inside(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                               int8_t *over, int32_t pitch)
{
    const nn_window *g = &p->window;
    const int32_t whole = p->border & ~3, bytes = p->border & 3;
    const int32_t step = g->stride_w * g->in_c, line = g->dilation_h * g->in_w * g->in_c;
    const int8_t *const src[] = {x, x + step, x + 2 * step};
    if (whole > 0)
        dst = nn_m4_expand_3(dst, src, whole / 4, p->kind, g->taps_h, line - whole);
    for (int32_t i = 0; i < NN_M4_TOGETHER && bytes > 0; i++) {
        int8_t *to = over + i * pitch;
        for (int32_t ty = 0; ty < g->taps_h; ty++)
            to = leave(to, src[i] + whole + ty * line, bytes);
    }
    return dst;
}

/* Any windows: in the padding, or in several rows of the output. */
static uint32_t *expand_cut(uint32_t *dst, const nn_m4_conv_blocks_params *p, const nn_m4_source *s,
                            int32_t position, int8_t *over, int32_t pitch)
{
    const nn_window *g = s->g;
    const int32_t whole = p->border & ~3, bytes = p->border & 3;
    int8_t *made = over + pitch * NN_M4_TOGETHER;
    const int8_t *src[NN_M4_TOGETHER];
    nn_m4_place at[NN_M4_TOGETHER];
    for (int32_t i = 0; i < NN_M4_TOGETHER; i++) {
        const int32_t y = (position + i) / g->out_w, x = position + i - y * g->out_w;
        at[i] = (nn_m4_place){y * g->stride_h - g->pad_h, x * g->stride_w - g->pad_w};
    }
    for (int32_t ty = 0; ty < g->taps_h; ty++, over += bytes) {
        for (int32_t i = 0; i < NN_M4_TOGETHER; i++) {
            const int32_t row = at[i].y + ty * g->dilation_h;
            int8_t *left = over + i * pitch;
            src[i] = nn_m4_row_of_taps(s, at[i], row, whole > 0 ? made + i * p->border : left);
            if (src[i] != left)
                (void)leave(left, src[i] + whole, bytes);
        }
        if (whole > 0)
            dst = nn_m4_expand_3(dst, src, whole / 4, p->kind, 1, 0);
    }
    return dst;
}

void nn_m4_block_rows(uint32_t *dst, const nn_m4_conv_blocks_params *p, const int8_t *x,
                      int32_t position)
{
    const nn_window *g = &p->window;
    const int32_t pitch = ((p->border & 3) * g->taps_h + 3) & ~3, more = NN_M4_TOGETHER - 1;
    int8_t *border = (int8_t *)(dst + 2 * NN_M4_TOGETHER * p->groups), *over = border + p->border;
    const int32_t row = position / g->out_w, column = position - row * g->out_w;
    const int32_t top = row * g->stride_h - g->pad_h, left = column * g->stride_w - g->pad_w;
    if (column + more < g->out_w && g->dilation_w == 1 && top >= 0 && left >= 0 &&
        top + (g->taps_h - 1) * g->dilation_h < g->in_h &&
        left + more * g->stride_w + g->taps_w <= g->in_w) {
        dst = expand_inside(dst, p, x + (top * g->in_w + left) * g->in_c, over, pitch);
    } else {
        const nn_m4_source s = {g, x, border};
        dst = expand_cut(dst, p, &s, position, over, pitch);
    }
    const int8_t *const rest[] = {over, over + pitch, over + 2 * pitch};
    if (pitch > 0)
        (void)nn_m4_expand_3(dst, rest, pitch / 4, p->kind, 1, 0);
}

static const nn_m4_requant *requants(const nn_m4_conv_blocks_params *p, const uint8_t *w)
{
    return (const nn_m4_requant *)(const void *)(w + p->pair_bytes) - 2;
}

static int constant(const nn_m4_conv_blocks_params *p, const uint8_t *w)
{
    const nn_m4_requant *q = requants(p, w);
    return (q[0].multiplier | q[1].multiplier) == 0;
}

/* End of the pairs from w on that are to be multiplied. */
static const uint8_t *live_end(const nn_m4_conv_blocks_params *p, const uint8_t *w,
                               const uint8_t *end)
{
    while (w != end && !constant(p, w))
        w += p->pair_bytes;
    return w;
}

/* All pairs of [w, end), some of them constant. */
static void multiply_some(const nn_m4_conv_blocks_params *p, const uint32_t *x, const uint8_t *w,
                          int8_t *y, const uint8_t *end)
{
    const int32_t channels = p->window.out_c;
    while (w != end) {
        const uint8_t *live = live_end(p, w, end);
        if (live != w)
            p->block(x, w, y, live, p->groups, channels);
        for (; w != live; w += p->pair_bytes)
            y += 2;
        for (; w != end && constant(p, w); w += p->pair_bytes, y += 2) {
            const nn_m4_requant *q = requants(p, w);
            for (int32_t i = 0; i < NN_M4_TOGETHER; i++) {
                y[i * channels] = (int8_t)q[0].add;
                y[i * channels + 1] = (int8_t)q[1].add;
            }
        }
    }
}

void nn_m4_conv_blocks(const nn_m4_conv_blocks_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const uint8_t *w = constants + p->weights;
    const int32_t channels = p->window.out_c, positions = p->window.out_h * p->window.out_w;
    const int32_t last = positions - NN_M4_TOGETHER;
    const uint8_t *even = w + p->pair_bytes * (uint32_t)(channels / 2);
    const int all = live_end(p, w, even) == even;
    uint32_t *expanded = (uint32_t *)(void *)scratch;

    memset(expanded + 2 * NN_M4_TOGETHER * p->groups, levels->input_zero, p->border);
    for (int32_t next = 0; next < positions; next += NN_M4_TOGETHER) {
        const int32_t first = next < last ? next : last;
        int8_t *out = y + first * channels;
        p->windows(expanded, p, x, first);
        if (all)
            p->block(expanded, w, out, even, p->groups, channels);
        else
            multiply_some(p, expanded, w, out, even);
        if (channels % 2 != 0)
            p->block(expanded, even, out + channels - 2, even + p->pair_bytes, p->groups, channels);
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, positions * channels, levels->low, levels->high);
}

#endif
