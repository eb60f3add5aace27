#include "nn/kernels/m4/depthwise.h"

#if NN_M4

enum { TOGETHER = 4 };

/* Channels 0 to 3 at two columns, as a pair for each plane. */
static inline void spread(uint32_t *dst, int32_t plane, uint32_t a, uint32_t b)
{
    const uint32_t even_a = nn_sxtb16(a), odd_a = nn_sxtb16_odd(a);
    const uint32_t even_b = nn_sxtb16(b), odd_b = nn_sxtb16_odd(b);
    dst[0] = nn_bottoms(even_a, even_b);
    dst[plane] = nn_bottoms(odd_a, odd_b);
    dst[2 * plane] = nn_tops(even_a, even_b);
    dst[3 * plane] = nn_tops(odd_a, odd_b);
}

/* The same at four columns, as two pairs for each plane. */
static inline void spread_2(uint32_t *const dst[TOGETHER], const int8_t *src, int32_t step)
{
    const uint32_t a = nn_load4(src), b = nn_load4(src + step);
    const uint32_t c = nn_load4(src + 2 * step), d = nn_load4(src + 3 * step);
    const uint32_t even_a = nn_sxtb16(a), even_b = nn_sxtb16(b);
    const uint32_t even_c = nn_sxtb16(c), even_d = nn_sxtb16(d);
    dst[0][0] = nn_bottoms(even_a, even_b);
    dst[0][1] = nn_bottoms(even_c, even_d);
    dst[2][0] = nn_tops(even_a, even_b);
    dst[2][1] = nn_tops(even_c, even_d);
    const uint32_t odd_a = nn_sxtb16_odd(a), odd_b = nn_sxtb16_odd(b);
    const uint32_t odd_c = nn_sxtb16_odd(c), odd_d = nn_sxtb16_odd(d);
    dst[1][0] = nn_bottoms(odd_a, odd_b);
    dst[1][1] = nn_bottoms(odd_c, odd_d);
    dst[3][0] = nn_tops(odd_a, odd_b);
    dst[3][1] = nn_tops(odd_c, odd_d);
}

static uint32_t *blank(uint32_t *dst, int32_t plane, int32_t words, uint32_t pair)
{
    for (; words > 0; words--, dst++)
        dst[0] = dst[plane] = dst[2 * plane] = dst[3 * plane] = pair;
    return dst;
}

/* One padded row of four planes. */
static void expand(uint32_t *dst, const nn_m4_depthwise_params *p, int32_t plane, const int8_t *src,
                   uint32_t zeros)
{
    const int32_t step = p->channels;
    dst = blank(dst, plane, p->before / 2, nn_sxtb16(zeros));
    if (p->before % 2 != 0) {
        spread(dst++, plane, zeros, nn_load4(src));
        src += step;
    }
    uint32_t *to[TOGETHER] = {dst, dst + plane, dst + 2 * plane, dst + 3 * plane};
    for (int32_t n = p->pairs / 2; n > 0; n--, src += 4 * step) {
        spread_2(to, src, step);
        for (int32_t i = 0; i < TOGETHER; i++)
            to[i] += 2;
    }
    dst = to[0];
    if (p->pairs % 2 != 0) {
        spread(dst++, plane, nn_load4(src), nn_load4(src + step));
        src += 2 * step;
    }
    if (p->last != 0)
        spread(dst++, plane, nn_load4(src), zeros);
    (void)blank(dst, plane, p->after, nn_sxtb16(zeros));
}

/* The padded rows of a strip from `first` on; those that the strip before has expanded move up. */
static void fill(uint32_t *planes, const nn_m4_depthwise_params *p, int32_t plane, const int8_t *x,
                 int32_t first, int32_t rows, uint32_t zeros)
{
    const int32_t kept = first > 0 && p->taps_h > p->stride_h ? p->taps_h - p->stride_h : 0;
    for (int32_t i = 0; i < TOGETHER && kept > 0; i++)
        memmove(planes + i * plane, planes + i * plane + p->strip * p->stride_h * p->words,
                (size_t)(4 * kept * p->words));
    for (int32_t i = kept; i < rows; i++) {
        const int32_t y = first * p->stride_h + i - p->pad_h;
        if (y >= 0 && y < p->in_h)
            expand(planes + i * p->words, p, plane, x + y * p->in_w * p->channels, zeros);
        else
            (void)blank(planes + i * p->words, plane, p->words, nn_sxtb16(zeros));
    }
}

void nn_m4_depthwise(const nn_m4_depthwise_params *p, const uint8_t *constants, const int8_t *x,
                     int8_t *y, int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const uint32_t zeros = (uint32_t)(uint8_t)levels->input_zero * 0x01010101u;
    const int32_t plane = ((p->strip - 1) * p->stride_h + p->taps_h) * p->words;
    const int32_t row = p->out_w * p->channels;
    uint32_t *planes = (uint32_t *)(void *)scratch;

    for (int32_t c = 0; c < p->channels; c += TOGETHER)
        for (int32_t first = 0; first < p->out_h; first += p->strip) {
            const int32_t rest = p->out_h - first, n = rest < p->strip ? rest : p->strip;
            fill(planes, p, plane, x + c, first, (n - 1) * p->stride_h + p->taps_h, zeros);
            const uint8_t *w = constants + p->weights + (uint32_t)c * p->weight_bytes;
            for (int32_t i = 0; i < TOGETHER; i++, w += p->weight_bytes)
                p->tile(planes + i * plane, (const uint32_t *)(const void *)w,
                        y + first * row + c + i, n);
        }
    if (levels->low > INT8_MIN || levels->high < INT8_MAX)
        nn_m4_clamp(y, p->out_h * row, levels->low, levels->high);
}

#endif
