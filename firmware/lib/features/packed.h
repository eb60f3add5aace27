/* Two int16 samples in one 32-bit word: Cortex-M DSP instructions, and the same in C. Internal to
 * features/. */
#pragma once
#include <stdint.h>
#include <string.h>
#if defined(__ARM_FEATURE_SIMD32)
#include <arm_acle.h>
#endif

static inline uint32_t packed_load(const int16_t *p)
{
    uint32_t v;
    memcpy(&v, p, sizeof v); /* any alignment: n may be odd */
    return v;
}

static inline int32_t packed_low(uint32_t v)
{
    return (int16_t)(v & 0xffffu);
}

static inline int32_t packed_high(uint32_t v)
{
    return (int16_t)(v >> 16);
}

#if defined(__ARM_FEATURE_SIMD32)

static inline int32_t packed_sum(uint32_t v, int32_t sum)
{
    return __smlad((int16x2_t)v, 0x00010001, sum);
}

static inline int64_t packed_square_sum(uint32_t v, int64_t sum)
{
    return __smlald((int16x2_t)v, (int16x2_t)v, sum);
}

static inline uint32_t packed_max(uint32_t a, uint32_t b)
{
    (void)__ssub16((int16x2_t)a, (int16x2_t)b);
    return (uint32_t)__sel((uint8x4_t)a, (uint8x4_t)b);
}

static inline uint32_t packed_min(uint32_t a, uint32_t b)
{
    (void)__ssub16((int16x2_t)a, (int16x2_t)b);
    return (uint32_t)__sel((uint8x4_t)b, (uint8x4_t)a);
}

/* a = the larger, b = the smaller, in each half */
static inline void packed_sort(uint32_t *a, uint32_t *b)
{
    (void)__ssub16((int16x2_t)*a, (int16x2_t)*b);
    const uint32_t larger = (uint32_t)__sel((uint8x4_t)*a, (uint8x4_t)*b);
    *b = (uint32_t)__sel((uint8x4_t)*b, (uint8x4_t)*a);
    *a = larger;
}

/* 1 in each half that is 32767, -32768 or -32767: neighbours modulo 2^16 */
static inline uint32_t packed_rails(uint32_t v)
{
    (void)__usub16((uint16x2_t)__uadd16((uint16x2_t)v, (uint16x2_t)0x80018001u),
                   (uint16x2_t)0x00030003u);
    return (uint32_t)__sel((uint8x4_t)0u, (uint8x4_t)0x00010001u);
}

static inline uint64_t packed_add_square(uint64_t sum, uint32_t v)
{
    __asm__("umlal %Q0,%R0,%1,%1" : "+r"(sum) : "r"(v));
    return sum;
}

#else

static inline uint32_t packed_join(int32_t low, int32_t high)
{
    return (uint16_t)low | (uint32_t)(uint16_t)high << 16;
}

static inline int32_t packed_sum(uint32_t v, int32_t sum)
{
    return sum + packed_low(v) + packed_high(v);
}

static inline int64_t packed_square_sum(uint32_t v, int64_t sum)
{
    return sum + packed_low(v) * packed_low(v) + (int64_t)packed_high(v) * packed_high(v);
}

static inline uint32_t packed_max(uint32_t a, uint32_t b)
{
    const int32_t al = packed_low(a), ah = packed_high(a), bl = packed_low(b), bh = packed_high(b);
    return packed_join(al > bl ? al : bl, ah > bh ? ah : bh);
}

static inline uint32_t packed_min(uint32_t a, uint32_t b)
{
    const int32_t al = packed_low(a), ah = packed_high(a), bl = packed_low(b), bh = packed_high(b);
    return packed_join(al < bl ? al : bl, ah < bh ? ah : bh);
}

static inline void packed_sort(uint32_t *a, uint32_t *b)
{
    const uint32_t larger = packed_max(*a, *b);
    *b = packed_min(*a, *b);
    *a = larger;
}

static inline uint32_t packed_rails(uint32_t v)
{
    const int32_t low = packed_low(v), high = packed_high(v);
    return packed_join(low >= 32767 || low <= -32767, high >= 32767 || high <= -32767);
}

static inline uint64_t packed_add_square(uint64_t sum, uint32_t v)
{
    return sum + (uint64_t)v * v;
}

#endif
