/* Complex numbers in registers, and their way from and to memory. Internal to features/.

   On a Cortex-M with FPU a pair of floats moves by one 64-bit VLDR or VSTM, which GCC does not emit
   by itself; the two halves of a sum are formed in the neighbouring registers that the store wants.
   Everything else is C. Products are rounded before they are added (two instructions that take
   fewer cycles than one VMLA), so the bits equal those of the C beside it: tests/parity. Pointers
   are 8-byte aligned. */
#pragma once

typedef struct {
    float re, im;
} cf;

#define CF_INLINE static inline __attribute__((always_inline))

CF_INLINE cf cf_add(cf a, cf b)
{
    return (cf){a.re + b.re, a.im + b.im};
}

CF_INLINE cf cf_sub(cf a, cf b)
{
    return (cf){a.re - b.re, a.im - b.im};
}

CF_INLINE cf cf_mul(cf a, cf b)
{
    return (cf){a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

CF_INLINE float cf_power(cf a)
{
    return a.re * a.re + a.im * a.im;
}

/* cf_push_...: *(*p)++ = a + b, a - b, a - i b or a + i b; returns what was stored. */

#if defined(__arm__) && defined(__ARM_FP) && defined(__ARM_FEATURE_DSP)

typedef double __attribute__((may_alias)) cf_word;

typedef union {
    double word;
    cf value;
} cf_pair;

CF_INLINE cf cf_load(const float *p)
{
    cf_pair u;
    __asm__("vldr.64 %P0,%1" : "=w"(u.word) : "Uv"(*(const cf_word *)p));
    return u.value;
}

#define CF_PUSH(NAME, RE_OP, IM_OP, B_RE, B_IM)                                                    \
    CF_INLINE cf cf_push_##NAME(float **p, cf a, cf b)                                             \
    {                                                                                              \
        cf_pair u;                                                                                 \
        __asm__ volatile(#RE_OP ".f32 %0,%2,%3\n\t" #IM_OP ".f32 %p0,%4,%5\n\tvstmia %1!,{%P0}"    \
                         : "=&w"(u.word), "+r"(*p)                                                 \
                         : "t"(a.re), "t"(b.B_RE), "t"(a.im), "t"(b.B_IM)                          \
                         : "memory");                                                              \
        return u.value;                                                                            \
    }
CF_PUSH(sum, vadd, vadd, re, im)
CF_PUSH(difference, vsub, vsub, re, im)
CF_PUSH(minus_i, vadd, vsub, im, re)
CF_PUSH(plus_i, vsub, vadd, im, re)
#undef CF_PUSH

#else

CF_INLINE cf cf_load(const float *p)
{
    return (cf){p[0], p[1]};
}

CF_INLINE cf cf_push(float **p, cf v)
{
    (*p)[0] = v.re;
    (*p)[1] = v.im;
    *p += 2;
    return v;
}

CF_INLINE cf cf_push_sum(float **p, cf a, cf b)
{
    return cf_push(p, cf_add(a, b));
}

CF_INLINE cf cf_push_difference(float **p, cf a, cf b)
{
    return cf_push(p, cf_sub(a, b));
}

CF_INLINE cf cf_push_minus_i(float **p, cf a, cf b)
{
    return cf_push(p, (cf){a.re + b.im, a.im - b.re});
}

CF_INLINE cf cf_push_plus_i(float **p, cf a, cf b)
{
    return cf_push(p, (cf){a.re - b.im, a.im + b.re});
}

#endif

/* *p * *w */
CF_INLINE cf cf_load_mul(const float *p, const float *w)
{
    return cf_mul(cf_load(p), cf_load(w));
}
