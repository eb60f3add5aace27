#include "nn/kernels/softmax.h"

#include "nn/kernels/requantize.h"

/* Qm.n below: m integer bits and n fractional bits beside the sign. Rounding follows gemmlowp's
 * fixedpoint.h. */

/* x * 2^n, saturated; n > 0. */
static int32_t saturated_left(int32_t x, int32_t n)
{
    const int32_t limit = INT32_MAX >> n;
    if (x > limit)
        return INT32_MAX;
    if (x < -limit - 1)
        return INT32_MIN;
    return (int32_t)((uint32_t)x << n);
}

/* exp(x) in Q0.31 for x in Q0.31, -1/4 <= x < 0: a Taylor series of degree 4 around -1/8. */
static int32_t exp_quarter(int32_t x)
{
    const int32_t exp_minus_eighth = 1895147668, one_third = 715827883;
    const int32_t d = x + (1 << 28);
    const int32_t d2 = nn_high_multiply(d, d);
    const int32_t d3 = nn_high_multiply(d2, d);
    const int32_t d4_over_4 = nn_round_shift(nn_high_multiply(d2, d2), 2);
    const int32_t tail = nn_round_shift(nn_high_multiply(d4_over_4 + d3, one_third) + d2, 1);
    return exp_minus_eighth + nn_high_multiply(exp_minus_eighth, d + tail);
}

/* exp(x) in Q0.31 for x <= 0 in Q5.26: the series on the remainder modulo 1/4, then a factor per
 * bit above. */
static int32_t exp_negative(int32_t x)
{
    static const int32_t factors[] = {/* exp(-2^k), k = -2..4 */
                                      1672461947, 1302514674, 790015084, 290630308,
                                      39332535,   720401,     242};
    const int32_t quarter = 1 << 24;
    if (x == 0)
        return INT32_MAX;
    const int32_t remainder = (x & (quarter - 1)) - quarter;
    const int32_t rest = remainder - x;
    int32_t result = exp_quarter(remainder * 32); /* Q5.26 to Q0.31; at least -1/4, so it fits */
    for (int32_t k = 0; k < 7; k++)
        if (rest & (quarter << k))
            result = nn_high_multiply(result, factors[k]);
    return result;
}

/* 1 / (1 + x) in Q0.31 for 0 <= x < 1 in Q0.31: three Newton-Raphson steps in Q2.29. */
static int32_t reciprocal(int32_t x)
{
    const int32_t half_denominator = (int32_t)(((int64_t)x + INT32_MAX + 1) / 2);
    int32_t estimate =
        1515870810 /* 48/17 */ + nn_high_multiply(half_denominator, -1010580540 /* -32/17 */);
    for (int32_t step = 0; step < 3; step++) {
        const int32_t error = (1 << 29) - nn_high_multiply(half_denominator, estimate);
        estimate = nn_wrapping_add(estimate, saturated_left(nn_high_multiply(estimate, error), 2));
    }
    return saturated_left(estimate, 1);
}

static int32_t scaled_exp(int32_t difference, const nn_softmax_values *v)
{
    const int32_t shifted = (int32_t)((uint32_t)difference << v->left_shift);
    return exp_negative(nn_high_multiply(shifted, v->multiplier));
}

static void softmax_row(const nn_softmax_values *v, uint32_t classes, const int8_t *x, int8_t *y)
{
    int32_t max = INT8_MIN;
    for (uint32_t i = 0; i < classes; i++)
        max = x[i] > max ? x[i] : max;

    int32_t sum = 0; /* Q12.19; the compiler bounds the number of classes */
    for (uint32_t i = 0; i < classes; i++)
        if (x[i] - max >= v->smallest)
            sum += nn_round_shift(scaled_exp(x[i] - max, v), 12);

    const int32_t headroom = __builtin_clz((uint32_t)sum); /* sum >= 1: the maximum itself counts */
    const int32_t inverse = reciprocal((int32_t)(((uint32_t)sum << headroom) - (1u << 31)));
    const int32_t exponent = 12 - headroom + 31 - 8;
    for (uint32_t i = 0; i < classes; i++) {
        int32_t level = INT8_MIN;
        if (x[i] - max >= v->smallest)
            level += nn_round_shift(nn_high_multiply(inverse, scaled_exp(x[i] - max, v)), exponent);
        y[i] = (int8_t)(level > INT8_MAX ? INT8_MAX : level);
    }
}

void nn_softmax(const nn_softmax_params *p, const uint8_t *constants, const int8_t *x, int8_t *y)
{
    const nn_softmax_values *v = NN_TABLE(nn_softmax_values, constants, p->values);
    for (uint32_t row = 0; row < p->rows; row++, x += p->classes, y += p->classes)
        softmax_row(v, p->classes, x, y);
}
