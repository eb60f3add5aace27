#include "nn/kernels/m55/pool_2d.h"

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

/* The taps of one output that lie inside the input. */
typedef struct {
    const int8_t *first;
    uint32_t rows, columns;
    uint32_t row; /* bytes from the last tap of a row to the first of the next */
} taps;

static taps taps_of(const nn_window *g, nn_span rows, nn_span columns, const int8_t *x)
{
    const uint32_t wide = (uint32_t)(columns.end - columns.first);
    const int32_t at = (rows.origin + rows.first) * g->in_w + columns.origin + columns.first;

    return (taps){x + at * g->in_c, (uint32_t)(rows.end - rows.first), wide,
                  (g->in_w - wide) * g->in_c};
}

/* Sums of 16 channels from `tap` on, in 16 bits, which hold 256 bytes. */
static void add_taps(const taps *t, const int8_t *tap, uint32_t channels, int16_t *sums)
{
    int16x8_t low = vdupq_n_s16(0), high = vdupq_n_s16(0);

    for (uint32_t y = t->rows; y > 0; y--, tap += t->row)
        __asm__("dls lr, %[columns]\n"
                "1: vldrb.s16 q0, [%[tap]]\n"
                "vldrb.s16 q1, [%[tap], #8]\n"
                "add %[tap], %[tap], %[channels]\n"
                "vadd.i16 %q[low], %q[low], q0\n"
                "vadd.i16 %q[high], %q[high], q1\n"
                "le lr, 1b\n"
                : [tap] "+r"(tap), [low] "+w"(low), [high] "+w"(high)
                : [columns] "r"(t->columns), [channels] "r"(channels)
                : "q0", "q1", "lr", "memory");
    vst1q_s16(sums, low);
    vst1q_s16(sums + 8, high);
}

/* The same of up to 8 channels, the last ones. */
static void add_some_taps(const taps *t, const int8_t *tap, uint32_t channels, uint32_t some,
                          int16_t *sums)
{
    const mve_pred16_t wanted = vctp16q(some);
    int16x8_t sum = vdupq_n_s16(0);

    for (uint32_t y = t->rows; y > 0; y--, tap += t->row)
        for (uint32_t x = t->columns; x > 0; x--, tap += channels)
            sum = vaddq_s16(sum, vldrbq_z_s16(tap, wanted));
    vst1q_s16(sums, sum);
}

static void averages(const taps *t, uint32_t channels, const nn_levels *levels, int8_t *y)
{
    const int32_t count = (int32_t)(t->rows * t->columns), half = count / 2;
    const int16x8_t low = vdupq_n_s16((int16_t)levels->low);
    const int16x8_t high = vdupq_n_s16((int16_t)levels->high);

    for (uint32_t c = 0, some; c < channels; c += some) {
        const uint32_t left = channels - c;
        int16_t sums[16];
        some = left >= 16 ? 16 : left < 8 ? left : 8;
        if (some == 16)
            add_taps(t, t->first + c, channels, sums);
        else
            add_some_taps(t, t->first + c, channels, some, sums);
        for (uint32_t i = 0; i < some; i++) {
            const int32_t sum = sums[i];
            /* rounded half away from zero: C division truncates */
            sums[i] = (int16_t)((sum > 0 ? sum + half : sum - half) / count);
        }
        for (uint32_t i = 0; i < some; i += 8) {
            const int16x8_t mean = vminq_s16(vmaxq_s16(vld1q_s16(sums + i), low), high);
            vstrbq_p_s16(y + c + i, mean, vctp16q(some - i));
        }
    }
}

static void largest(const taps *t, uint32_t channels, const nn_levels *levels, int8_t *y)
{
    for (uint32_t c = 0; c < channels; c += 16) {
        const mve_pred16_t wanted = vctp8q(channels - c);
        const int8_t *tap = t->first + c;
        int8x16_t max = vdupq_n_s8((int8_t)levels->low);
        for (uint32_t rows = t->rows; rows > 0; rows--, tap += t->row)
            for (uint32_t x = t->columns; x > 0; x--, tap += channels)
                max = vmaxq_s8(max, vldrbq_z_s8(tap, wanted));
        vstrbq_p_s8(y + c, vminq_s8(max, vdupq_n_s8((int8_t)levels->high)), wanted);
    }
}

typedef void pool(const taps *t, uint32_t channels, const nn_levels *levels, int8_t *y);

static void all_outputs(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                        int8_t *y, pool *of)
{
    const nn_window *g = &p->window;
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);

    for (int32_t oy = 0; oy < g->out_h; oy++) {
        const nn_span rows = nn_rows(g, oy);
        for (int32_t ox = 0; ox < g->out_w; ox++, y += g->in_c) {
            const taps t = taps_of(g, rows, nn_columns(g, ox), x);
            of(&t, g->in_c, levels, y);
        }
    }
}

void nn_m55_average_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                            int8_t *y)
{
    all_outputs(p, constants, x, y, averages);
}

void nn_m55_max_pool_2d(const nn_pool_2d_params *p, const uint8_t *constants, const int8_t *x,
                        int8_t *y)
{
    all_outputs(p, constants, x, y, largest);
}

#endif
