#include "features/moments.h"

#include "core/fmath.h"
#include "features/features.h"
#include "features/packed.h"

enum { RAIL = 32767, CLIPPED_SAMPLES = 4 };

/* Sums of powers over the window, exact: s4 = high * 2^32 + low. */
typedef struct {
    int32_t s1;
    int64_t s2, s3, s4_high;
    uint64_t s4_low;
    int lowest, highest;
} power_sums;

static void add_one(power_sums *s, int32_t v)
{
    const int32_t square = v * v;
    s->s1 += v;
    s->s2 += square;
    s->s3 += (int64_t)square * v;
    const uint64_t fourth = (uint64_t)square * (uint64_t)square + s->s4_low;
    s->s4_high += (int64_t)(fourth >> 32);
    s->s4_low = (uint32_t)fourth;
    s->lowest = v < s->lowest ? v : s->lowest;
    s->highest = v > s->highest ? v : s->highest;
}

typedef struct {
    int32_t s1;
    int64_t s2;
    uint32_t high, low; /* largest and smallest in each half */
} low_powers;

static inline void add_four(low_powers *l, const int16_t *x)
{
    uint32_t a = packed_load(x), b = packed_load(x + 2);
    l->s1 = packed_sum(b, packed_sum(a, l->s1));
    l->s2 = packed_square_sum(b, packed_square_sum(a, l->s2));
    packed_sort(&a, &b);
    l->high = packed_max(l->high, a);
    l->low = packed_min(l->low, b);
}

/* Sum, sum of squares, extremes; eight samples a step. */
static void sum_low_powers(const int16_t *x, uint32_t n, power_sums *s)
{
    low_powers l = {0, 0, 0x80008000u, 0x7fff7fffu};
    for (const int16_t *end = x + n; x < end; x += 8) {
        add_four(&l, x);
        add_four(&l, x + 4);
    }
    s->s1 = l.s1;
    s->s2 = l.s2;
    const int32_t high0 = packed_low(l.high), high1 = packed_high(l.high);
    const int32_t low0 = packed_low(l.low), low1 = packed_high(l.low);
    s->highest = high0 > high1 ? high0 : high1;
    s->lowest = low0 < low1 ? low0 : low1;
}

static inline void add_two(const int16_t *x, int64_t *s3, uint64_t *s4)
{
    const uint32_t pair = packed_load(x);
    const int32_t a = packed_low(pair), b = packed_high(pair), aa = a * a, bb = b * b;
    *s3 += (int64_t)aa * a;
    *s3 += (int64_t)bb * b;
    *s4 = packed_add_square(packed_add_square(*s4, (uint32_t)aa), (uint32_t)bb);
}

/* Third and fourth powers; eight samples a step: as many fourth powers fit in 2^63 + 2^32. */
static void sum_high_powers(const int16_t *x, uint32_t n, power_sums *s)
{
    int64_t s3 = 0, high = 0;
    uint64_t low = 0;
    for (const int16_t *end = x + n; x < end; x += 8) {
        add_two(x, &s3, &low);
        add_two(x + 2, &s3, &low);
        add_two(x + 4, &s3, &low);
        add_two(x + 6, &s3, &low);
        high += (int64_t)(low >> 32);
        low = (uint32_t)low;
    }
    s->s3 = s3;
    s->s4_high = high;
    s->s4_low = low;
}

/* Central sums about the integer m nearest to the mean are exact too: what is left for float32 to
   correct is at most half a count. */
static void central_sums(const power_sums *s, int32_t n, int32_t m, float t[4])
{
    const int64_t nm = (int64_t)n * m;
    const int64_t c2 = 6 * s->s2 + m * (nm - 4 * (int64_t)s->s1); /* sum of 6 v^2 - 4 v m + m^2 */
    const int64_t c3 = m * c2 - 4 * s->s3;
    int64_t high = s->s4_high + m * (c3 >> 32);
    int64_t low = (int64_t)s->s4_low + m * (int64_t)(uint32_t)c3;
    high += low >> 32;
    low = (int64_t)(uint32_t)low;
    t[0] = (float)(s->s1 - (int32_t)nm);
    t[1] = (float)(s->s2 + m * (nm - 2 * (int64_t)s->s1));
    t[2] = (float)(s->s3 - 3 * m * s->s2 + 3 * (int64_t)m * m * s->s1 - m * (int64_t)m * nm);
    t[3] = (float)high * 4294967296.0f + (float)low;
}

static int is_clipped(const int16_t *x, uint32_t n)
{
    uint32_t pairs = 0;
    for (const int16_t *p = x, *end = x + (n & ~7u); p < end; p += 8) {
        pairs += packed_rails(packed_load(p)) + packed_rails(packed_load(p + 2));
        pairs += packed_rails(packed_load(p + 4)) + packed_rails(packed_load(p + 6));
    }
    uint32_t count = (pairs & 0xffffu) + (pairs >> 16);
    for (uint32_t i = n & ~7u; i < n; i++) {
        count += x[i] >= RAIL || x[i] <= -RAIL;
    }
    return count >= CLIPPED_SAMPLES;
}

static uint32_t flags_of(const power_sums *s, const int16_t *x, uint32_t n)
{
    uint32_t flags = 0;
    if (s->lowest == s->highest) {
        flags |= FEATURES_FLAG_CONSTANT;
        flags |= s->highest == 0 ? FEATURES_FLAG_SILENT : 0u;
    }
    /* one sample at the rail is what a recording scaled to its own maximum has */
    if ((s->highest >= RAIL || s->lowest <= -RAIL) && is_clipped(x, n)) {
        flags |= FEATURES_FLAG_CLIPPED;
    }
    return flags;
}

axis_moments moments_of(const int16_t *x, uint32_t n, int remove_dc)
{
    power_sums s;
    const uint32_t whole = n & ~7u;
    sum_low_powers(x, whole, &s);
    sum_high_powers(x, whole, &s);
    for (uint32_t i = whole; i < n; i++) {
        add_one(&s, x[i]);
    }
    const int32_t count = (int32_t)n;
    const int32_t m = remove_dc ? (2 * s.s1 + (s.s1 < 0 ? -count : count)) / (2 * count) : 0;
    const float inverse = 1.0f / (float)count;
    float t[4];
    central_sums(&s, count, m, t);
    const float d = remove_dc ? t[0] * inverse : 0.0f; /* mean = m + d */
    const float m2 = t[1] - t[0] * d;
    const float m4 = t[3] - 4.0f * d * t[2] + 6.0f * d * d * t[1] - 3.0f * t[0] * d * d * d;
    axis_moments r = {.mean = (float)m + d, .flags = flags_of(&s, x, n)};
    if (!(m2 > 0.0f) || (remove_dc && (r.flags & FEATURES_FLAG_CONSTANT) != 0)) {
        return r;
    }
    const float up = (float)(s.highest - m) - d, down = d - (float)(s.lowest - m);
    r.rms = fm_sqrt(m2 * inverse);
    r.crest = (up > down ? up : down) / r.rms;
    r.kurtosis = (float)count * (m4 / m2) / m2;
    return r;
}
