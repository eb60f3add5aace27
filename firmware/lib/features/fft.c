#include "features/fft.h"

/* One radix-4 step: blocks lie in bit-reversed order, so the second block's factor is that of q
 * = 2. */
CF_INLINE void butterfly4(float **p0, float **p1, float **p2, float **p3, const float *w)
{
    cf a0 = cf_load(*p0), a2 = cf_load_mul(*p1, w + 2);
    cf a1 = cf_load_mul(*p2, w), a3 = cf_load_mul(*p3, w + 4);
    cf s0 = cf_add(a0, a2), d0 = cf_sub(a0, a2), s1 = cf_add(a1, a3), d1 = cf_sub(a1, a3);
    cf_push_sum(p0, s0, s1);
    cf_push_minus_i(p1, d0, d1);
    cf_push_difference(p2, s0, s1);
    cf_push_plus_i(p3, d0, d1);
}

static void pass4(float *x, uint32_t m, uint32_t n)
{
    const uint32_t block = 2 * m, step = 6 * (TWIDDLE4_M / m);
    for (float *group = x, *end = x + 2 * n; group < end; group += 4 * block) {
        float *p0 = group, *p1 = p0 + block, *p2 = p1 + block, *p3 = p2 + block;
        const float *w = twiddle4, *const stop = p1;
        do {
            butterfly4(&p0, &p1, &p2, &p3, w);
            w += step;
        } while (p0 < stop);
    }
}

CF_INLINE cf load_factor(const float *p, const float *w, int first)
{
    return first ? cf_load(p) : cf_load_mul(p, w);
}

/* One radix-8 step; `first` is a constant: its factors are 1. */
CF_INLINE void butterfly8(float *p[8], const float *w, const int first)
{
    cf a0 = cf_load(p[0]), a4 = load_factor(p[1], w + 6, first);
    cf s04 = cf_add(a0, a4), d04 = cf_sub(a0, a4);
    cf a2 = load_factor(p[2], w + 2, first), a6 = load_factor(p[3], w + 10, first);
    cf s26 = cf_add(a2, a6), d26 = cf_sub(a2, a6);
    cf a1 = load_factor(p[4], w, first), a5 = load_factor(p[5], w + 8, first);
    cf s15 = cf_add(a1, a5), d15 = cf_sub(a1, a5);
    cf a3 = load_factor(p[6], w + 4, first), a7 = load_factor(p[7], w + 12, first);
    cf s37 = cf_add(a3, a7), d37 = cf_sub(a3, a7);
    /* even outputs: four-point transform of the sums */
    cf e0 = cf_add(s04, s26), e1 = cf_sub(s04, s26), f0 = cf_add(s15, s37), f1 = cf_sub(s15, s37);
    cf_push_sum(&p[0], e0, f0);
    cf_push_difference(&p[4], e0, f0);
    cf_push_minus_i(&p[2], e1, f1);
    cf_push_plus_i(&p[6], e1, f1);
    /* odd outputs: d04 -+ i d26, and d15 -+ i d37 turned by an eighth of a circle */
    const float h = 0.70710678f, minus_h = -0.70710678f;
    cf c0 = {d04.re + d26.im, d04.im - d26.re}, c1 = {d04.re - d26.im, d04.im + d26.re};
    cf g0 = {d15.re + d37.im, d15.im - d37.re}, g1 = {d15.re - d37.im, d15.im + d37.re};
    cf t0 = {(g0.re + g0.im) * h, (g0.im - g0.re) * h};
    cf t1 = {(g1.im - g1.re) * h, (g1.im + g1.re) * minus_h};
    cf_push_sum(&p[1], c0, t0);
    cf_push_difference(&p[5], c0, t0);
    cf_push_sum(&p[3], c1, t1);
    cf_push_difference(&p[7], c1, t1);
}

static void pass8(float *x, uint32_t m, uint32_t n)
{
    const uint32_t block = 2 * m, step = 14 * (TWIDDLE8_M / m);
    for (float *group = x, *end = x + 2 * n; group < end; group += 8 * block) {
        float *p[8] = {group,
                       group + block,
                       group + 2 * block,
                       group + 3 * block,
                       group + 4 * block,
                       group + 5 * block,
                       group + 6 * block,
                       group + 7 * block};
        const float *w = twiddle8 + step, *const stop = twiddle8 + 14 * TWIDDLE8_M;
        butterfly8(p, w, 1);
        do {
            butterfly8(p, w, 0);
            w += step;
        } while (w < stop);
    }
}

void fft_passes(float *x, uint32_t to, uint32_t n)
{
    uint32_t m = 4;
    while (m < to) {
        /* the remaining factor as radices 8, if what is left is then a product of 4s and allowed 8s
         */
        uint32_t bits = 0;
        while (m << bits < to) {
            bits++;
        }
        int eight = m == 4 ? bits >= 3 && bits != 4 : m == TWIDDLE8_M && bits % 2 == 1;
        if (eight) {
            pass8(x, m, n);
            m *= 8;
        } else {
            pass4(x, m, n);
            m *= 4;
        }
    }
}
