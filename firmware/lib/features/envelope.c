#include "features/envelope.h"

#include <string.h>

#include "core/fmath.h"
#include "features/fft.h"

/* The analytic signal of a band is the sum of the segments' own: half-overlapping Hann windows add
   up to 1, so inverse transforms of each segment's band, of length segment / decimation, overlap
   and add to the whole window's, without one transform as long as the window. An even first line
   keeps their phases equal. Half of each inverse transform's input is zero: the magnitude needs
   twice the band's width as its rate. */

void envelope_make_plan(const chain_view *chain, float rate_hz, float rpm, envelope_plan *plan)
{
    const chain_envelope *e = &chain->envelope;
    const uint32_t width = chain->segment / (2 * e->decimation);
    const uint32_t most = chain->segment / 2 - width - 2;
    uint32_t line = (uint32_t)(e->low_hz * ((float)chain->segment / rate_hz) + 0.5f) & ~1u;
    line = line < 2 ? 2 : line;
    plan->first_line = line > most ? most : line;
    plan->lines_per_hz = (float)(e->transform * e->decimation) / rate_hz;
    const int known = rpm >= 0.01f && rpm <= 1e6f;
    plan->rpm_unknown = e->mode == PEAKS_AT_ORDERS && !known;
    plan->shaft_hz = (known ? rpm : e->nominal_rpm) * (1.0f / 60.0f);
    plan->search = known ? e->search : e->search_nominal;
}

/* Inverse transforms as conjugated forward ones: the magnitude does not see the conjugation. */
static void pair_first_pass(float *a, float *b, const float *z, uint32_t line, uint32_t segment,
                            uint32_t length)
{
    const uint32_t q = length / 4, shift = fft_block_shift(length);
    const float *u = z + 2 * line, *v = z + 2 * (segment - line);
    for (uint32_t r = 0; r < q; r++, u += 2, v -= 2) {
        /* separation of a + i b: 2 conj(A) and 2 conj(B) at lines r and r + q of the band */
        const cf z0 = cf_load(u), y0 = cf_load(v), z1 = cf_load(u + 2 * q), y1 = cf_load(v - 2 * q);
        const uint32_t block = fft_block(r, shift);
        float *pa = a + block, *pb = b + block;
        fft_push4_half(&pa, (cf){z0.re + y0.re, y0.im - z0.im}, (cf){z1.re + y1.re, y1.im - z1.im});
        fft_push4_half(&pb, (cf){z0.im + y0.im, z0.re - y0.re}, (cf){z1.im + y1.im, z1.re - y1.re});
    }
}

static void add(float *to, const float *from, uint32_t numbers)
{
    for (float *end = to + 2 * numbers; to < end;) { /* at least 4, a multiple of 4 */
        cf_push_sum(&to, cf_load(to), cf_load(from));
        cf_push_sum(&to, cf_load(to), cf_load(from + 2));
        cf_push_sum(&to, cf_load(to), cf_load(from + 4));
        cf_push_sum(&to, cf_load(to), cf_load(from + 6));
        from += 8;
    }
}

void envelope_add_pair(const chain_view *chain, const envelope_plan *plan, const float *z,
                       uint32_t index, float *signal, float *scratch)
{
    const uint32_t length = chain->segment / chain->envelope.decimation;
    float *first = signal + index * length, *second = first + length; /* half a segment later */
    pair_first_pass(scratch, second, z, plan->first_line, chain->segment, length);
    fft_passes(scratch, length, length);
    fft_passes(second, length, length);
    add(first, scratch, length);
}

void envelope_add_single(const chain_view *chain, const envelope_plan *plan, const float *z,
                         uint32_t index, float *signal, float *scratch)
{
    const uint32_t length = chain->segment / chain->envelope.decimation, q = length / 4;
    const uint32_t shift = fft_block_shift(length);
    const float *u = z + 2 * plan->first_line;
    for (uint32_t r = 0; r < q; r++, u += 2) {
        float *p = scratch + fft_block(r, shift);
        fft_push4_half(&p, cf_load(u), cf_load(u + 2 * q));
    }
    fft_passes(scratch, length, length);
    float *first = signal + index * length;
    add(first, scratch, length / 2);
    memcpy(first + length, scratch + length, length * sizeof *first);
}
