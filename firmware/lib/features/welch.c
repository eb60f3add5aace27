#include "features/welch.h"

#include "features/fft.h"

/* w(k) = offset + slope * hann(k), and w(k + half) = top - w(k). */
typedef struct {
    float offset, slope, top;
} window_shape;

static window_shape shape_of(uint8_t window)
{
    static const window_shape shapes[] = {
        [CHAIN_RECTANGULAR] = {1.0f, 0.0f, 2.0f},
        [CHAIN_HANN] = {0.0f, 1.0f, 1.0f},
        [CHAIN_HAMMING] = {0.08f, 0.92f, 1.08f},
    };
    return shapes[window];
}

CF_INLINE float sample(const int16_t *x, float mean)
{
    return (float)*x - mean;
}

/* First pass over a + i b, b a hop after a. `half_hann` is a constant: a Hann window and a hop of
   half a segment, in which b's first half is a's second. */
CF_INLINE void pair_first_pass(float *z, const int16_t *x, const chain_view *chain, float mean,
                               const int half_hann)
{
    const uint32_t q = chain->segment / 4, hop = half_hann ? 2 * q : chain->hop;
    const uint32_t step = 2 * (TABLE_LONGEST / chain->segment);
    const uint32_t shift = fft_block_shift(chain->segment);
    const window_shape shape = half_hann ? (window_shape){0} : shape_of(chain->window);
    const float *h = hann_pairs;
    for (uint32_t r = 0; r < q; r++, x++, h += step) {
        cf w01 = cf_load(h);
        float top = 1.0f;
        if (!half_hann) {
            w01 = (cf){shape.offset + shape.slope * w01.re, shape.offset + shape.slope * w01.im};
            top = shape.top;
        }
        const float w2 = top - w01.re, w3 = top - w01.im;
        const float a0 = sample(x, mean), a1 = sample(x + q, mean);
        const float a2 = sample(x + 2 * q, mean), a3 = sample(x + 3 * q, mean);
        const float b0 = half_hann ? a2 : sample(x + hop, mean);
        const float b1 = half_hann ? a3 : sample(x + hop + q, mean);
        const float b2 = sample(x + hop + 2 * q, mean), b3 = sample(x + hop + 3 * q, mean);
        float *p = z + fft_block(r, shift);
        fft_push4(&p, (cf){a0 * w01.re, b0 * w01.re}, (cf){a1 * w01.im, b1 * w01.im},
                  (cf){a2 * w2, b2 * w2}, (cf){a3 * w3, b3 * w3});
    }
}

/* Last pass (radix 4): spectrum in natural order, powers summed over the plan's ranges. */
static void pair_last_pass(float *z, uint32_t segment, const welch_plan *plan, uint32_t bands,
                           float *power)
{
    const uint32_t quarter = segment / 2, step = 6 * (TWIDDLE4_M / (segment / 4));
    float *p0 = z, *p1 = z + quarter, *p2 = p1 + quarter, *p3 = p2 + quarter;
    const float *w = twiddle4;
    (void)bands;
    for (const welch_range *range = plan->range, *end = range + plan->count; range < end; range++) {
        float s0 = 0.0f, s1 = 0.0f, s2 = 0.0f, s3 = 0.0f;
        float *const stop = p0 + 2 * range->count;
        do {
            cf a0 = cf_load(p0), a2 = cf_load_mul(p1, w + 2);
            cf a1 = cf_load_mul(p2, w), a3 = cf_load_mul(p3, w + 4);
            cf t0 = cf_add(a0, a2), d0 = cf_sub(a0, a2), t1 = cf_add(a1, a3), d1 = cf_sub(a1, a3);
            w += step;
            s0 += cf_power(cf_push_sum(&p0, t0, t1));
            s1 += cf_power(cf_push_minus_i(&p1, d0, d1));
            s2 += cf_power(cf_push_difference(&p2, t0, t1));
            s3 += cf_power(cf_push_plus_i(&p3, d0, d1));
        } while (p0 < stop);
        power[range->band[0]] += s0;
        power[range->band[1]] += s1;
        power[range->band[2]] += s2;
        power[range->band[3]] += s3;
    }
}

void welch_pair(const chain_view *chain, const welch_plan *plan, const int16_t *x, float mean,
                float *z, float *power)
{
    if (chain->window == CHAIN_HANN && chain->hop * 2 == chain->segment) {
        pair_first_pass(z, x, chain, mean, 1);
    } else {
        pair_first_pass(z, x, chain, mean, 0);
    }
    fft_passes(z, chain->segment / 4, chain->segment);
    pair_last_pass(z, chain->segment, plan, chain->bands, power);
}

/* First pass over x[2k] + i x[2k + 1]; the transform has segment / 2 points. */
static void single_first_pass(float *z, const int16_t *x, const chain_view *chain, float mean)
{
    const uint32_t segment = chain->segment, q = segment / 4, step = 2 * (TABLE_LONGEST / segment);
    const uint32_t shift = fft_block_shift(segment / 2);
    const window_shape shape = shape_of(chain->window);
    const float *h = hann_pairs;
    for (uint32_t r = 0; r < q / 2; r++, x += 2, h += 2 * step) {
        cf even = cf_load(h),
           odd = cf_load(h + step); /* window at 2r, 2r + q; at 2r + 1, 2r + 1 + q */
        even = (cf){shape.offset + shape.slope * even.re, shape.offset + shape.slope * even.im};
        odd = (cf){shape.offset + shape.slope * odd.re, shape.offset + shape.slope * odd.im};
        cf a0 = {sample(x, mean) * even.re, sample(x + 1, mean) * odd.re};
        cf a1 = {sample(x + q, mean) * even.im, sample(x + q + 1, mean) * odd.im};
        cf a2 = {sample(x + 2 * q, mean) * (shape.top - even.re),
                 sample(x + 2 * q + 1, mean) * (shape.top - odd.re)};
        cf a3 = {sample(x + 3 * q, mean) * (shape.top - even.im),
                 sample(x + 3 * q + 1, mean) * (shape.top - odd.im)};
        float *p = z + fft_block(r, shift);
        fft_push4(&p, a0, a1, a2, a3);
    }
}

/* From the half-length transform to the segment's own lines, in place, line k beside line half - k.
 */
static void single_split(float *z, uint32_t segment, const welch_plan *plan, float *power)
{
    const uint32_t half = segment / 2, step = 2 * (TABLE_LONGEST / segment);
    float *p = z, *y = z + 2 * half, *const middle = z + half;
    const float *h = hann_pairs;
    y[0] = z[0];
    y[1] = z[1];
    power[plan->range[0].band[1]] += 2.0f * (middle[0] * middle[0] + middle[1] * middle[1]);
    for (const welch_range *range = plan->range, *end = range + plan->count; range < end; range++) {
        float s0 = 0.0f, s2 = 0.0f;
        float *const stop = p + 2 * range->count;
        do {
            cf a = cf_load(p), b = cf_load(y), hann = cf_load(h);
            const cf w = {1.0f - 2.0f * hann.re,
                          1.0f - 2.0f * hann.im}; /* exp(-2 pi i k / segment) */
            const cf e = {a.re + b.re, a.im - b.im}, d = {a.im + b.im, b.re - a.re};
            const cf t = {d.re * w.re - d.im * w.im, d.re * w.im + d.im * w.re};
            float *mirror = y;
            h += step;
            y -= 2;
            s0 += cf_power(cf_push_difference(&p, (cf){e.re, -e.im}, (cf){-t.re, t.im}));
            s2 += cf_power(cf_push_difference(&mirror, (cf){e.re, e.im}, t));
        } while (p < stop);
        power[range->band[0]] += 0.5f * s0;
        power[range->band[2]] += 0.5f * s2;
    }
    middle[0] *= 2.0f;
    middle[1] *= 2.0f;
}

void welch_single(const chain_view *chain, const welch_plan *plan, const int16_t *x, float mean,
                  float *z, float *power)
{
    single_first_pass(z, x, chain, mean);
    fft_passes(z, chain->segment / 2, chain->segment / 2);
    single_split(z, chain->segment, plan, power);
}
