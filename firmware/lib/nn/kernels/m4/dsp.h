/* What the kernels for the DSP extension (Cortex-M4, M7, M33) are made of, and the same in C for
 * the computer, where tests run every kernel under sanitizers. Only such cores see this: on others
 * NN_M4 is 0 and the kernels are not there. */
#ifndef NN_KERNELS_M4_DSP_H
#define NN_KERNELS_M4_DSP_H

#include <stdint.h>
#include <string.h>

#if defined(__ARM_FEATURE_DSP) || !defined(__arm__)
#define NN_M4 1
#else
#define NN_M4 0
#endif

#if NN_M4

#ifdef __arm__
#define NN_M4_ASM 1
#else
#define NN_M4_ASM 0
#endif

/* Four bytes from any address. */
static inline uint32_t nn_load4(const int8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

#if NN_M4_ASM

/* Bytes 0 and 2 as two signed halfwords. */
static inline uint32_t nn_sxtb16(uint32_t x)
{
    uint32_t y;
    __asm__("sxtb16 %0, %1" : "=r"(y) : "r"(x));
    return y;
}

/* Bytes 1 and 3. */
static inline uint32_t nn_sxtb16_odd(uint32_t x)
{
    uint32_t y;
    __asm__("sxtb16 %0, %1, ror #8" : "=r"(y) : "r"(x));
    return y;
}

static inline uint32_t nn_rev16(uint32_t x)
{
    uint32_t y;
    __asm__("rev16 %0, %1" : "=r"(y) : "r"(x));
    return y;
}

/* sum + both products of halfwords, modulo 2^32. */
static inline int32_t nn_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    int32_t y;
    __asm__("smlad %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(sum));
    return y;
}

/* add + the high word of a * b. */
static inline int32_t nn_smmla(int32_t a, int32_t b, int32_t add)
{
    int32_t y;
    __asm__("smmla %0, %1, %2, %3" : "=r"(y) : "r"(a), "r"(b), "r"(add));
    return y;
}

/* The low halfwords of a and b as a pair, and the high ones. */
static inline uint32_t nn_bottoms(uint32_t a, uint32_t b)
{
    uint32_t y;
    __asm__("pkhbt %0, %1, %2, lsl #16" : "=r"(y) : "r"(a), "r"(b));
    return y;
}

static inline uint32_t nn_tops(uint32_t a, uint32_t b)
{
    uint32_t y;
    __asm__("pkhtb %0, %1, %2, asr #16" : "=r"(y) : "r"(b), "r"(a));
    return y;
}

/* sums + bytes 0 and 2, or 1 and 3, by halfword. */
static inline uint32_t nn_sxtab16(uint32_t sums, uint32_t x)
{
    uint32_t y;
    __asm__("sxtab16 %0, %1, %2" : "=r"(y) : "r"(sums), "r"(x));
    return y;
}

static inline uint32_t nn_sxtab16_odd(uint32_t sums, uint32_t x)
{
    uint32_t y;
    __asm__("sxtab16 %0, %1, %2, ror #8" : "=r"(y) : "r"(sums), "r"(x));
    return y;
}

/* Saturated to int8. */
static inline int32_t nn_ssat8(int32_t x)
{
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return y;
}

#else

static inline uint32_t nn_pair(int32_t low, int32_t high)
{
    return ((uint32_t)low & 0xFFFFu) | (uint32_t)high << 16;
}

static inline uint32_t nn_sxtb16(uint32_t x)
{
    return nn_pair((int8_t)x, (int8_t)(x >> 16));
}

static inline uint32_t nn_sxtb16_odd(uint32_t x)
{
    return nn_pair((int8_t)(x >> 8), (int8_t)(x >> 24));
}

static inline uint32_t nn_rev16(uint32_t x)
{
    return (x >> 8 & 0x00FF00FFu) | (x & 0x00FF00FFu) << 8;
}

static inline int32_t nn_smlad(uint32_t a, uint32_t b, int32_t sum)
{
    const uint32_t low = (uint32_t)((int16_t)a * (int16_t)b);
    const uint32_t high = (uint32_t)((int16_t)(a >> 16) * (int16_t)(b >> 16));
    return (int32_t)((uint32_t)sum + low + high);
}

static inline int32_t nn_smmla(int32_t a, int32_t b, int32_t add)
{
    return (int32_t)((uint32_t)add + (uint32_t)((int64_t)a * b >> 32));
}

static inline uint32_t nn_bottoms(uint32_t a, uint32_t b)
{
    return (a & 0xFFFFu) | b << 16;
}

static inline uint32_t nn_tops(uint32_t a, uint32_t b)
{
    return a >> 16 | (b & 0xFFFF0000u);
}

static inline uint32_t nn_sxtab16(uint32_t sums, uint32_t x)
{
    return nn_pair((int16_t)sums + (int8_t)x, (int16_t)(sums >> 16) + (int8_t)(x >> 16));
}

static inline uint32_t nn_sxtab16_odd(uint32_t sums, uint32_t x)
{
    return nn_sxtab16(sums, x >> 8);
}

static inline int32_t nn_ssat8(int32_t x)
{
    return x < -128 ? -128 : x > 127 ? 127 : x;
}

#endif

/* 256 * byte 0 + 127 - byte 1, and the same of bytes 2 and 3: just fits int16. */
static inline uint32_t nn_even_less_odd(uint32_t x)
{
    return nn_rev16(x) ^ 0x007F007Fu;
}

/* How weights and activations are packed. NN_M4_PACKED: four weights b0..b3 are one word of
 * halfwords 256 b1 + b0, 256 b3 + b2; activations are (x1, x3), (256 x0 + 127 - x1,
 * 256 x2 + 127 - x3). SMLAD(word, first) + SMLAD(SXTB16(word), second) is 256 times the dot product
 * plus 127 (b0 + b2), a constant that the bias takes away. NN_M4_WIDE: weights times 4 and
 * activations as int16, (0, 2) (1, 3); sums are 4 times the true ones. The compiler proves that no
 * sum leaves 32 bits. */
enum { NN_M4_PACKED = 0, NN_M4_WIDE = 1 };

/* Sum to output byte: (sum * multiplier >> 32) + add, shifted right, saturated. `add` holds both
 * roundings and the output's zero point, exact where results below zero end at -128 (ReLU).
 * Otherwise negative sums lose one unit before the second rounding, which TFLite rounds away from
 * zero. */
typedef struct {
    int32_t multiplier, add, shift;
} nn_m4_requant;

static inline int32_t nn_m4_unit(int kind)
{
    return kind == NN_M4_PACKED ? 7 : 1; /* log2 of that unit: half the factor of the sums */
}

static inline int8_t nn_m4_output(int32_t sum, const nn_m4_requant *q, int kind, int relu)
{
    int32_t y = nn_smmla(sum, q->multiplier, q->add);
    if (!relu && sum < 0)
        y -= 1 << nn_m4_unit(kind);
    return (int8_t)nn_ssat8(y >> q->shift);
}

#endif /* NN_M4 */
#endif
