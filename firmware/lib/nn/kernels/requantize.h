/* The arithmetic that every kernel shares, bit for bit that of TFLite Micro's reference kernels. */
#ifndef NN_KERNELS_REQUANTIZE_H
#define NN_KERNELS_REQUANTIZE_H

#include <stdint.h>

/* Scale of one output channel: multiplier in Q31, shift > 0 to the left before it, < 0 to the right
 * after. */
typedef struct {
    int32_t multiplier, shift;
} nn_requant;

/* Zero points and the clamp of a fused activation. */
typedef struct {
    int32_t input_zero, output_zero, low, high;
} nn_levels;

/* Sums wrap as TFLite Micro's do on every target; unsigned keeps that defined. */
static inline int32_t nn_wrapping_add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* High half of 2ab, rounded half up. a and b are not both INT32_MIN: multipliers are never
 * negative. */
static inline int32_t nn_high_multiply(int32_t a, int32_t b)
{
    return (int32_t)(((int64_t)a * b + (1 << 30)) >> 31);
}

/* x / 2^n rounded half away from zero, 0 <= n <= 31. */
static inline int32_t nn_round_shift(int32_t x, int32_t n)
{
    const int32_t mask = (int32_t)((1u << n) - 1u);
    const int32_t threshold = (mask >> 1) + (x < 0 ? 1 : 0);
    return (x >> n) + ((x & mask) > threshold ? 1 : 0);
}

static inline int32_t nn_scale(int32_t x, const nn_requant *q)
{
    const int32_t left = q->shift > 0 ? q->shift : 0;
    const int32_t right = q->shift > 0 ? 0 : -q->shift;
    return nn_round_shift(nn_high_multiply((int32_t)((uint32_t)x << left), q->multiplier), right);
}

static inline int8_t nn_clamp(int32_t x, const nn_levels *levels)
{
    if (x < levels->low)
        x = levels->low;
    if (x > levels->high)
        x = levels->high;
    return (int8_t)x;
}

/* Accumulator to output byte. */
static inline int8_t nn_output(int32_t sum, const nn_requant *q, const nn_levels *levels)
{
    return nn_clamp(nn_wrapping_add(nn_scale(sum, q), levels->output_zero), levels);
}

/* sum + the dot product of n weights and inputs, four at a time: compilers do not unroll at -O2. */
static inline int32_t nn_dot(int32_t sum, const int8_t *w, const int8_t *x, int32_t n)
{
    uint32_t total = (uint32_t)sum;
    for (; n >= 4; n -= 4, w += 4, x += 4)
        total += (uint32_t)(w[0] * x[0] + w[1] * x[1] + w[2] * x[2] + w[3] * x[3]);
    for (; n > 0; n--)
        total += (uint32_t)(*w++ * *x++);
    return (int32_t)total;
}

/* A table at a byte offset of the constants; the compiler aligns it. */
#define NN_TABLE(type, constants, offset) ((const type *)(const void *)((constants) + (offset)))

#endif
