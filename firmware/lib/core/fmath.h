/* float32 mathematics whose bits do not depend on the machine: no libm but the correctly rounded
 * sqrt. */
#pragma once
#include <stdint.h>
#include <string.h>
#if defined(__SSE__)
#include <xmmintrin.h>
#elif !defined(__ARM_FP) || !defined(__arm__)
#include <math.h>
#endif

/* aurora:cdef */
/* log2 of a normal positive float. Absolute error below 1e-7 + 6.1e-8 |log2 v|
   (tests/host/test_fmath.py). Anything else (0, negative, denormal, NaN) gives log2 of the smallest
   normal float, -126. */
float fm_log2(float v);
/* aurora:end */

static inline uint32_t fm_bits(float v)
{
    uint32_t u;
    memcpy(&u, &v, sizeof u);
    return u;
}

static inline int fm_is_finite(float v)
{
    return (fm_bits(v) & 0x7f800000u) != 0x7f800000u;
}

static inline float fm_sqrt(float v)
{
#if defined(__ARM_FP) && defined(__arm__)
    float r; /* one instruction; sqrtf would bring errno and a branch */
    __asm__("vsqrt.f32 %0,%1" : "=t"(r) : "t"(v));
    return r;
#elif defined(__SSE__)
    return _mm_cvtss_f32(_mm_sqrt_ss(_mm_set_ss(v)));
#else
    return sqrtf(v);
#endif
}

/* FPSCR of fm_enter. Where Helium is, a field of it sizes the predicated tail of a loop: 4 is
   "none", and with anything else the first LE of a plain low-overhead loop faults. */
#if defined(__ARM_FEATURE_MVE)
#define FM_FPSCR (4u << 16)
#else
#define FM_FPSCR 0u
#endif

/* The floating-point modes of the caller, replaced by IEEE defaults: round to nearest, no flush to
   zero. A host thread may run in flush-to-zero mode (TensorFlow sets it), and so may an Arm
   application. */
static inline uint32_t fm_enter(void)
{
#if defined(__SSE__)
    uint32_t saved = _mm_getcsr();
    _mm_setcsr(0x1f80u);
    return saved;
#elif defined(__ARM_FP) && defined(__arm__)
    uint32_t saved;
    __asm__ volatile("vmrs %0, fpscr\n\tvmsr fpscr, %1" : "=&r"(saved) : "r"(FM_FPSCR) : "memory");
    return saved;
#elif defined(__aarch64__)
    uint64_t saved;
    __asm__ volatile("mrs %0, fpcr\n\tmsr fpcr, xzr" : "=r"(saved) : : "memory");
    return (uint32_t)saved;
#else
    return 0;
#endif
}

static inline void fm_leave(uint32_t saved)
{
#if defined(__SSE__)
    _mm_setcsr(saved);
#elif defined(__ARM_FP) && defined(__arm__)
    __asm__ volatile("vmsr fpscr, %0" : : "r"(saved) : "memory");
#elif defined(__aarch64__)
    __asm__ volatile("msr fpcr, %0" : : "r"((uint64_t)saved) : "memory");
#else
    (void)saved;
#endif
}
