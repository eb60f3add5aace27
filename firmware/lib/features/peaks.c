#include <string.h>

#include "core/bytes.h"
#include "core/fmath.h"
#include "features/envelope.h"
#include "features/fft.h"
#include "features/floors.h"

/* Magnitudes of `points` complex numbers, in place; returns their sum. */
static float magnitudes(float *signal, uint32_t points)
{
    float sum = 0.0f;
    const float *from = signal;
    for (float *to = signal, *end = to + points; to < end; to++, from += 2) {
        const cf v = cf_load(from);
        const float magnitude = fm_sqrt(v.re * v.re + v.im * v.im);
        *to = magnitude;
        sum += magnitude;
    }
    return sum;
}

/* Takes the mean off, weighed as the envelope is: its outer half segments fade in and out with the
   Hann window. Fills up with zeros to the transform's length. */
static void remove_mean(const chain_view *chain, float *envelope, float sum)
{
    const chain_envelope *e = &chain->envelope;
    const uint32_t half = chain->hop / e->decimation, points = e->points;
    const uint32_t step = 2 * (TABLE_LONGEST / chain->segment) * e->decimation;
    const float mean = sum / (float)(points - half); /* the weights' sum */
    const float *h = hann_pairs;
    for (uint32_t i = 0; i < half / 2; i++, h += step) {
        float *tail = envelope + points - half + i;
        const float w0 = mean * h[0], w1 = mean * h[1];
        envelope[i] -= w0;
        envelope[i + half / 2] -= w1;
        tail[0] -= mean - w0;
        tail[half / 2] -= mean - w1;
    }
    for (float *p = envelope + half, *end = envelope + points - half; p < end; p += 4) {
        p[0] -= mean;
        p[1] -= mean;
        p[2] -= mean;
        p[3] -= mean;
    }
    memset(envelope + points, 0, (e->transform - points) * sizeof *envelope);
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
static void split_power(float *z, uint32_t count, float *power)
{
    const uint32_t step = 2 * (TABLE_LONGEST / (2 * count));
    const float *h = hann_pairs, *u = z, *v = z + 2 * count;
    float *mirror = power + count - 1;
    z[2 * count] = z[0];
    z[2 * count + 1] = z[1];
    power[0] = 0.0f; /* the mean is gone: not a peak */
    power[count / 2] = 4.0f * (z[count] * z[count] + z[count + 1] * z[count + 1]);
    for (uint32_t k = 1; k < count / 2; k++) {
        h += step;
        u += 2;
        v -= 2;
        const cf a = cf_load(u), b = cf_load(v), hann = cf_load(h);
        const cf w = {1.0f - 2.0f * hann.re, 1.0f - 2.0f * hann.im};
        const cf e = {a.re + b.re, a.im - b.im}, d = {a.im + b.im, b.re - a.re};
        const cf t = {d.re * w.re - d.im * w.im, d.re * w.im + d.im * w.re};
        const cf low = cf_add(e, t), high = cf_sub(e, t);
        power[k] = low.re * low.re + low.im * low.im;
        *mirror-- = high.re * high.re + high.im * high.im;
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
    remove_mean(chain, signal, magnitudes(signal, e->points));
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
