#include "nn/kernels/m4/conv_strips.h"
#include "nn/kernels/m4/taps.h"

#if NN_M4

/* What all strips share. */
typedef struct {
    const nn_m4_conv_strips_params *p;
    nn_m4_source source;
    const uint8_t *w;
    uint32_t *words;
    int8_t *made;
} strips;

/* One row of taps for each of three windows, `row` of them below the first. */
static uint32_t *expand(const strips *s, uint32_t *dst, const nn_m4_place at[NN_M4_TOGETHER],
                        int32_t row)
{
    const int8_t *src[NN_M4_TOGETHER];
    for (int32_t i = 0; i < NN_M4_TOGETHER; i++)
        src[i] = nn_m4_row_of_taps(&s->source, at[i], at[i].y + row, s->made + i * s->p->border);
    return nn_m4_expand_3(dst, src, s->p->border / 4, s->p->kind, 1, 0);
}

/* Three windows, all channels; their outputs lie `pitch` bytes apart. */
static void multiply(const strips *s, const uint32_t *x, int8_t *y, int32_t pitch)
{
    const nn_m4_conv_strips_params *p = s->p;
    const int32_t channels = p->window.out_c;
    const uint8_t *even = s->w + p->pair_bytes * (uint32_t)(channels / 2);
    p->block(x, s->w, y, even, p->groups, pitch);
    if (channels % 2 != 0)
        p->block(x, even, y + channels - 2, even + p->pair_bytes, p->groups, pitch);
}

/* `rows` output rows from `top` on, at columns `left` to left + 2. */
static void strip(const strips *s, int8_t *y, int32_t top, int32_t rows, int32_t left)
{
    const nn_window *g = &s->p->window;
    const int32_t words = 2 * NN_M4_TOGETHER * s->p->border / 4;
    nn_m4_place at[NN_M4_TOGETHER];
    for (int32_t i = 0; i < NN_M4_TOGETHER; i++) {
        at[i].y = top * g->stride_h - g->pad_h;
        at[i].x = (left + i) * g->stride_w - g->pad_w;
    }
    uint32_t *end = s->words;
    int32_t ready = 0;
    for (int32_t row = 0; row < rows; row++) {
        for (; ready < row * g->stride_h + g->taps_h; ready++)
            end = expand(s, end, at, ready);
        multiply(s, s->words + row * g->stride_h * words,
                 y + ((top + row) * g->out_w + left) * g->out_c, g->out_c);
    }
}

/* The same rows at one column, three at a time; the last three overlap those before. */
static void column(const strips *s, int8_t *y, int32_t top, int32_t rows, int32_t left)
{
    const nn_window *g = &s->p->window;
    for (int32_t next = 0; next < rows; next += NN_M4_TOGETHER) {
        const int32_t last = rows - NN_M4_TOGETHER, first = top + (next < last ? next : last);
        nn_m4_place at[NN_M4_TOGETHER];
        for (int32_t i = 0; i < NN_M4_TOGETHER; i++) {
            at[i].y = (first + i) * g->stride_h - g->pad_h;
            at[i].x = left * g->stride_w - g->pad_w;
        }
        uint32_t *end = s->words;
        for (int32_t row = 0; row < g->taps_h; row++)
            end = expand(s, end, at, row);
        multiply(s, s->words, y + (first * g->out_w + left) * g->out_c, g->out_w * g->out_c);
    }
}

void nn_m4_conv_strips(const nn_m4_conv_strips_params *p, const uint8_t *constants, const int8_t *x,
                       int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const nn_window *g = &p->window;
    int8_t *border = scratch + 2 * NN_M4_TOGETHER * p->border * p->expanded;
    const strips s = {
        p, {g, x, border}, constants + p->weights, (uint32_t *)(void *)scratch, border + p->border};

    memset(border, levels->input_zero, p->border);
    for (int32_t top = 0; top < g->out_h; top += p->rows) {
        const int32_t rows = g->out_h - top < p->rows ? g->out_h - top : p->rows;
        int32_t left = 0;
        for (; left + NN_M4_TOGETHER <= g->out_w; left += NN_M4_TOGETHER)
            strip(&s, y, top, rows, left);
        for (; left < g->out_w; left++)
            column(&s, y, top, rows, left);
    }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, g->out_h * g->out_w * g->out_c, levels->low, levels->high);
}

#endif
