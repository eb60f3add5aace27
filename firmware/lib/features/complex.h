/* Complex numbers in registers, and their way from and to memory. Internal to features/.

   On a Cortex-M with FPU a pair of floats moves by one 64-bit VLDR or VSTM, which GCC does not emit
   by itself; the two halves of a sum are formed in the neighbouring registers that the store wants.
   Each Arm variant rounds where the C beside it rounds (VMLA rounds product and sum), so the bits
   are equal: tests/parity. Pointers are 8-byte aligned. */
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

#if defined(__arm__) && defined(__ARM_FP) && defined(__ARM_FEATURE_DSP)

typedef double __attribute__((may_alias)) cf_word;

CF_INLINE double cf_load_word(const float *p)
{
    double d;
    __asm__("vldr.64 %P0,%1" : "=w"(d) : "Uv"(*(const cf_word *)p));
    return d;
}

CF_INLINE cf cf_load(const float *p)
{
    union {
        double d;
        cf c;
    } u = {.d = cf_load_word(p)};
    return u.c;
}

CF_INLINE cf cf_load_mul(const float *p, const float *w)
{
    cf r;
    __asm__("vmul.f32 %0,%2,%3\n\tvmul.f32 %1,%2,%p3\n\t"
            "vmls.f32 %0,%p2,%p3\n\tvmla.f32 %1,%p2,%3"
            : "=&t"(r.re), "=&t"(r.im)
            : "w"(cf_load_word(p)), "w"(cf_load_word(w)));
    return r;
}

#define CF_PUSH(NAME, RE_OP, IM_OP, B_RE, B_IM)                                                    \
    CF_INLINE void cf_push_##NAME(float **p, cf a, cf b)                                           \
    {                                                                                              \
        double d;                                                                                  \
        __asm__ volatile(#RE_OP ".f32 %0,%2,%3\n\t" #IM_OP ".f32 %p0,%4,%5\n\tvstmia %1!,{%P0}"    \
                         : "=&w"(d), "+r"(*p)                                                      \
                         : "t"(a.re), "t"(b.B_RE), "t"(a.im), "t"(b.B_IM)                          \
                         : "memory");                                                              \
    }                                                                                              \
    CF_INLINE void cf_push_power_##NAME(float **p, float *power, cf a, cf b)                       \
    {                                                                                              \
        double d;                                                                                  \
        __asm__ volatile(#RE_OP ".f32 %0,%3,%4\n\t" #IM_OP ".f32 %p0,%5,%6\n\t"                    \
                                "vmla.f32 %2,%0,%0\n\tvstmia %1!,{%P0}\n\tvmla.f32 %2,%p0,%p0"     \
                         : "=&w"(d), "+r"(*p), "+t"(*power)                                        \
                         : "t"(a.re), "t"(b.B_RE), "t"(a.im), "t"(b.B_IM)                          \
                         : "memory");                                                              \
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

/* *p * *w */
CF_INLINE cf cf_load_mul(const float *p, const float *w)
{
    return (cf){p[0] * w[0] - p[1] * w[1], p[0] * w[1] + p[1] * w[0]};
}

CF_INLINE void cf_push(float **p, cf v)
{
    (*p)[0] = v.re;
    (*p)[1] = v.im;
    *p += 2;
}

CF_INLINE void cf_push_power(float **p, float *power, cf v)
{
    cf_push(p, v);
    *power = (*power + v.re * v.re) + v.im * v.im;
}

/* *(*p)++ = a + b, a - b, a - i b, a + i b; "power" adds the squared magnitude of what is stored */
CF_INLINE void cf_push_sum(float **p, cf a, cf b)
{
    cf_push(p, cf_add(a, b));
}

CF_INLINE void cf_push_difference(float **p, cf a, cf b)
{
    cf_push(p, cf_sub(a, b));
}

CF_INLINE void cf_push_minus_i(float **p, cf a, cf b)
{
    cf_push(p, (cf){a.re + b.im, a.im - b.re});
}

CF_INLINE void cf_push_plus_i(float **p, cf a, cf b)
{
    cf_push(p, (cf){a.re - b.im, a.im + b.re});
}

CF_INLINE void cf_push_power_sum(float **p, float *power, cf a, cf b)
{
    cf_push_power(p, power, cf_add(a, b));
}

CF_INLINE void cf_push_power_difference(float **p, float *power, cf a, cf b)
{
    cf_push_power(p, power, cf_sub(a, b));
}

CF_INLINE void cf_push_power_minus_i(float **p, float *power, cf a, cf b)
{
    cf_push_power(p, power, (cf){a.re + b.im, a.im - b.re});
}

CF_INLINE void cf_push_power_plus_i(float **p, float *power, cf a, cf b)
{
    cf_push_power(p, power, (cf){a.re - b.im, a.im + b.re});
}

#endif
