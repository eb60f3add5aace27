#include <string.h>

#include "core/bytes.h"
#include "core/fmath.h"
#include "features/envelope.h"
#include "features/fft.h"
#include "features/floors.h"

CF_INLINE float magnitude(const float *p)
{
    const cf v = cf_load(p);
    return fm_sqrt(v.re * v.re + v.im * v.im);
}

/* Magnitudes of `points` complex numbers (a multiple of 4), in place; returns their sum. */
static float magnitudes(float *signal, uint32_t points)
{
    float sum = 0.0f;
    const float *from = signal;
    for (float *to = signal, *end = to + points; to < end; to += 4, from += 8) {
        const float m0 = magnitude(from), m1 = magnitude(from + 2);
        const float m2 = magnitude(from + 4), m3 = magnitude(from + 6);
        sum = sum + m0 + m1 + m2 + m3;
        to[0] = m0;
        to[1] = m1;
        to[2] = m2;
        to[3] = m3;
    }
    return sum;
}

/* The mean, weighed as the envelope is: its outer half segments fade in and out with the Hann
   window. Instead of taking mean * weight off everywhere, mean * (1 - weight) is added where the
   weight is not 1: the same but for a constant, which only line 0 sees. Past the end, to the
   transform's length, the weight is 0. */
static void level_mean(const chain_view *chain, float *envelope, float sum)
{
    const chain_envelope *e = &chain->envelope;
    const uint32_t half = chain->hop / e->decimation, points = e->points;
    const uint32_t step = 2 * (TABLE_LONGEST / chain->segment) * e->decimation;
    const float mean = sum / (float)(points - half); /* the weights' sum */
    const float *h = hann_pairs;
    for (uint32_t i = 0; i < half / 2; i++, h += step) {
        float *tail = envelope + points - half + i;
        const float w0 = mean * h[0], w1 = mean * h[1];
        envelope[i] += mean - w0;
        envelope[i + half / 2] += mean - w1;
        tail[0] += w0;
        tail[half / 2] += w1;
    }
    for (uint32_t i = points; i < e->transform; i++) {
        envelope[i] = mean;
    }
}

/* z = transform of x's even samples + i odd samples, `count` complex numbers. */
static void transform_packed(float *z, const float *x, uint32_t count)
{
    const uint32_t q = count / 4, shift = fft_block_shift(count);
    for (uint32_t r = 0; r < q; r++, x += 2) {
        float *p = z + fft_block(r, shift);
        fft_push4(&p, cf_load(x), cf_load(x + 2 * q), cf_load(x + 4 * q), cf_load(x + 6 * q));
    }
    fft_passes(z, count, count);
}

/* power[k] = |2 X(k)|^2, k = 0 .. count - 1, of the real signal whose packed transform z is. */
static void split_power(const float *z, uint32_t count, float *power)
{
    const uint32_t step = 6 * (TWIDDLE4_M / (count / 2)); /* to exp(-2 pi i k / (2 count)) */
    const float *w = twiddle4, *u = z, *v = z + 2 * count;
    float *low = power, *high = power + count;
    power[0] = 0.0f; /* the mean: not a peak */
    power[count / 2] = 4.0f * (z[count] * z[count] + z[count + 1] * z[count + 1]);
    for (uint32_t k = 1; k < count / 2; k++) {
        w += step;
        u += 2;
        v -= 2;
        const cf a = cf_load(u), b = cf_load(v), f = cf_load(w);
        const cf e = {a.re + b.re, a.im - b.im}, d = {a.im + b.im, b.re - a.re};
        const cf t = {d.re * f.re - d.im * f.im, d.re * f.im + d.im * f.re};
        const cf p = cf_add(e, t), q = cf_sub(e, t);
        *++low = p.re * p.re + p.im * p.im;
        *--high = q.re * q.re + q.im * q.im;
    }
}

/* Largest line within +-(search * f + one line) of f; 0 outside the spectrum. */
static float largest_near(const float *power, uint32_t count, float line, float search)
{
    if (!(line < (float)count - 0.5f)) {
        return 0.0f;
    }
    const uint32_t center = (uint32_t)(line + 0.5f), reach = 1 + (uint32_t)(line * search);
    const uint32_t from = center > reach ? center - reach : 1;
    const uint32_t to = center + reach < count ? center + reach : count - 1;
    float best = 0.0f;
    for (uint32_t k = from; k <= to; k++) {
        best = power[k] > best ? power[k] : best;
    }
    return best;
}

static void peaks_at_orders(const chain_view *chain, const envelope_plan *plan, const float *power,
                            uint32_t lines, float *out)
{
    const chain_envelope *e = &chain->envelope;
    for (uint32_t o = 0; o < e->count; o++) {
        const float order = bytes_load_f32(e->orders + 4 * o);
        const float fundamental = order * plan->shaft_hz * plan->lines_per_hz;
        for (uint32_t h = 1; h <= e->harmonics; h++) {
            *out++ = largest_near(power, lines, fundamental * (float)h, plan->search);
        }
    }
}

/* Local maxima, largest first. */
static void strongest_peaks(const float *power, uint32_t lines, float *out, uint32_t wanted)
{
    for (uint32_t i = 0; i < wanted; i++) {
        out[i] = 0.0f;
    }
    for (uint32_t k = 1; k + 1 < lines; k++) {
        if (!(power[k] > out[wanted - 1] && power[k] > power[k - 1] && power[k] >= power[k + 1])) {
            continue;
        }
        uint32_t at = wanted - 1;
        for (; at > 0 && out[at - 1] < power[k]; at--) {
            out[at] = out[at - 1];
        }
        out[at] = power[k];
    }
}

void envelope_peaks(const chain_view *chain, const envelope_plan *plan, float *signal, float *z,
                    float scale_g, float *out)
{
    const chain_envelope *e = &chain->envelope;
    const uint32_t lines = e->transform / 2, peaks = e->count * e->harmonics;
    const uint32_t weight = e->points - chain->hop / e->decimation;
    level_mean(chain, signal, magnitudes(signal, e->points));
    transform_packed(z, signal, lines);
    split_power(z, lines, signal); /* the signal is no longer needed */
    if (e->mode == PEAKS_STRONGEST) {
        strongest_peaks(signal, lines, out, peaks);
    } else if (plan->shaft_hz > 0.0f) {
        peaks_at_orders(chain, plan, signal, lines, out);
    } else {
        memset(out, 0, peaks * sizeof *out);
    }
    /* power = |2 E|^2 of `segment` times the envelope; an amplitude is 2 |E| / sum of weights */
    const float gain = scale_g / ((float)chain->segment * (float)weight);
    const float log_gain = fm_log2(gain);
    for (uint32_t i = 0; i < peaks; i++) {
        out[i] = e->log ? log2_of_power(out[i], log_gain) : fm_sqrt(out[i]) * gain;
    }
}
