#include "nn/kernels/m4/expand.h"

#if NN_M4

static inline void expand_group(uint32_t *dst, uint32_t x, int kind)
{
    dst[0] = kind == NN_M4_WIDE ? nn_sxtb16(x) : nn_sxtb16_odd(x);
    dst[1] = kind == NN_M4_WIDE ? nn_sxtb16_odd(x) : nn_even_less_odd(x);
}

#if !NN_M4_ASM

void nn_m4_expand(uint32_t *dst, const int8_t *src, int32_t groups, int kind)
{
    for (; groups > 0; groups--, dst += 2, src += 4)
        expand_group(dst, nn_load4(src), kind);
}

uint32_t *nn_m4_expand_3(uint32_t *dst, const int8_t *const src[3], int32_t groups, int kind,
                         int32_t rows, int32_t skip)
{
    for (int32_t row = 0; row < rows; row++)
        for (int32_t k = 0; k < groups; k++, dst += 6)
            for (int32_t i = 0; i < 3; i++) {
                uint32_t pair[2];
                expand_group(pair, nn_load4(src[i] + row * (4 * groups + skip) + 4 * k), kind);
                dst[i] = pair[0];
                dst[i + 3] = pair[1];
            }
    return dst;
}

#endif

/* Groups that the row's ends cut, byte by byte. */
static int32_t expand_ends(uint32_t *dst, const int8_t *row, int32_t at, int32_t groups,
                           int32_t size, int32_t zero, int kind)
{
    int32_t done = 0;
    for (; done < groups && (at < 0 || at + 4 > size); done++, dst += 2) {
        uint32_t x = 0;
        if (at <= -4 || at >= size) {
            x = ((uint32_t)zero & 0xFFu) * 0x01010101u;
            at += 4;
        } else {
            for (int32_t i = 0; i < 4; i++, at++) {
                const int32_t value = at >= 0 && at < size ? row[at] : zero;
                x |= ((uint32_t)value & 0xFFu) << (8 * i);
            }
        }
        expand_group(dst, x, kind);
    }
    return done;
}

void nn_m4_expand_row(uint32_t *dst, const int8_t *row, int32_t at, int32_t groups, int32_t size,
                      int32_t zero, int kind)
{
    const int32_t before = expand_ends(dst, row, at, groups, size, zero, kind);
    at += 4 * before;
    groups -= before;
    dst += 2 * before;
    int32_t inside = (size - at) >> 2;
    inside = inside < groups ? inside : groups;
    if (inside <= 0)
        return;
    nn_m4_expand(dst, row + at, inside, kind);
    (void)expand_ends(dst + 2 * inside, row, at + 4 * inside, groups - inside, size, zero, kind);
}

void nn_m4_clamp(int8_t *x, int32_t count, int32_t low, int32_t high)
{
    for (; count > 0; count--, x++)
        *x = (int8_t)(*x < low ? low : *x > high ? high : *x);
}

#endif
