#include "nn/kernels/m4/depthwise.h"

#if NN_M4

enum { TOGETHER = 4 };

/* Padded rows [from, to) of the planes, `first` of which the input begins with. With a single strip
 * the rows of padding are as before. */
static void fill(uint32_t *planes, const nn_m4_depthwise_params *p, const nn_m4_rows *g,
                 const int8_t *x, int32_t first, int32_t from, int32_t to)
{
    int32_t inside = -first > from ? -first : from, end = p->in_h - first;
    end = end < to ? end : to;
    inside = inside < to ? inside : to;
    if (end > inside)
        nn_m4_planes(planes + inside * p->words + g->before,
                     x + (first + inside) * p->in_w * g->step, end - inside, g);
    end = end > inside ? end : inside;
    if (p->strip < p->out_h) {
        nn_m4_blank(planes + from * p->words, (inside - from) * p->words, g);
        nn_m4_blank(planes + end * p->words, (to - end) * p->words, g);
    }
}

/* Four channels. Rows that two strips share move up, for y may lie over x. */
static void run(const nn_m4_depthwise_params *p, const uint8_t *w, const nn_m4_rows *g,
                const int8_t *x, int8_t *y, uint32_t *planes)
{
    const int32_t plane = g->plane / 4, row = p->out_w * p->channels;
    const int32_t shared = p->taps_h > p->stride_h ? p->taps_h - p->stride_h : 0;
    for (int32_t first = 0; first < p->out_h; first += p->strip) {
        const int32_t rest = p->out_h - first, n = rest < p->strip ? rest : p->strip;
        const int32_t kept = first > 0 ? shared : 0;
        for (int32_t i = 0; i < TOGETHER && kept > 0; i++)
            memmove(planes + i * plane, planes + i * plane + p->strip * p->stride_h * p->words,
                    (size_t)(4 * kept * p->words));
        fill(planes, p, g, x, first * p->stride_h - p->pad_h, kept,
             (n - 1) * p->stride_h + p->taps_h);
        for (int32_t i = 0; i < TOGETHER; i++)
            p->tile(planes + i * plane,
                    (const uint32_t *)(const void *)(w + (uint32_t)i * p->weight_bytes),
                    y + first * row + i, n);
    }
}

void nn_m4_depthwise(const nn_m4_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    nn_m4_rows rows = p->rows;
    rows.zeros = (uint32_t)(uint8_t)levels->input_zero * 0x01010101u;
    nn_m4_blank((uint32_t *)(void *)scratch, rows.plane / 4, &rows);

    for (int32_t c = 0; c < p->channels; c += TOGETHER)
        run(p, constants + p->weights + (uint32_t)c * p->weight_bytes, &rows, x + c, y + c,
            (uint32_t *)(void *)scratch);
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, p->out_h * p->out_w * p->channels, levels->low, levels->high);
}

#endif
