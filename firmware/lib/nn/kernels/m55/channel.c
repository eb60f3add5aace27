#include "nn/kernels/m55/channel.h"

#if defined(__ARM_FEATURE_MVE)

/* VQRDMULH and VQRDMLASH round as nn_high_multiply does. VRSHL rounds halves up where
 * nn_round_shift rounds them away from zero; they differ below zero only, and a ReLU clamps that.
 * The zero point is added shifted left by what VRSHL shifts right, so that one instruction
 * multiplies and adds it. */
#define RELU_2(A, B)                                                                               \
    "vadd.i32 " #A ", " #A ", %[bias]\n"                                                           \
    "vadd.i32 " #B ", " #B ", %[bias]\n"                                                           \
    "vqrdmlash.s32 " #A ", q7, %[zero]\n"                                                          \
    "vqrdmlash.s32 " #B ", q7, %[zero]\n"                                                          \
    "vrshl.s32 " #A ", %[shift]\n"                                                                 \
    "vrshl.s32 " #B ", %[shift]\n"                                                                 \
    "vqmovnb.s32 " #A ", " #A "\n"                                                                 \
    "vqmovnt.s32 " #A ", " #B "\n"                                                                 \
    "vldrh.u16 q6, [%[places]], #16\n"                                                             \
    "vqmovnb.s16 " #A ", " #A "\n"                                                                 \
    "vstrb.16 " #A ", [%[y], q6]\n"

#define RELU_FINISH(NAME, LOADS)                                                                   \
    void NAME(const int32_t *sums, const nn_m55_channel *c, int8_t *y, const nn_m55_targets *t)    \
    {                                                                                              \
        const uint16_t *places = t->places;                                                        \
        const int32_t shift = c->scale.shift;                                                      \
        const int32_t zero = (int32_t)((uint32_t)INT8_MIN << -shift);                              \
        __asm__ volatile(                                                                          \
            "vdup.32 q7, %[multiplier]\n"                                                          \
            "dls lr, %[groups]\n"                                                                  \
            "1:\n" LOADS "le lr, 1b\n"                                                             \
            : [sums] "+r"(sums), [places] "+r"(places)                                             \
            : [y] "r"(y), [groups] "r"(t->groups), [bias] "r"(c->bias),                            \
              [multiplier] "r"(c->scale.multiplier), [shift] "r"(shift), [zero] "r"(zero)          \
            : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "lr", "memory");                     \
    }

/* clang-format off */
RELU_FINISH(nn_m55_relu,
            "vldrw.32 q0, [%[sums]], #16\n"
            "vldrw.32 q1, [%[sums]], #16\n"
            RELU_2(q0, q1))

RELU_FINISH(nn_m55_relu_max2,
            "vld20.32 {q0, q1}, [%[sums]]\n"
            "vld21.32 {q0, q1}, [%[sums]]!\n"
            "vld20.32 {q2, q3}, [%[sums]]\n"
            "vld21.32 {q2, q3}, [%[sums]]!\n"
            "vmax.s32 q0, q0, q1\n"
            "vmax.s32 q2, q2, q3\n"
            RELU_2(q0, q2))

#define LARGEST_OF_4(TO)                      \
    "vld40.32 {q0, q1, q2, q3}, [%[sums]]\n"  \
    "vld41.32 {q0, q1, q2, q3}, [%[sums]]\n"  \
    "vld42.32 {q0, q1, q2, q3}, [%[sums]]\n"  \
    "vld43.32 {q0, q1, q2, q3}, [%[sums]]!\n" \
    "vmax.s32 q0, q0, q1\n"                   \
    "vmax.s32 q2, q2, q3\n"                   \
    "vmax.s32 " #TO ", q0, q2\n"

RELU_FINISH(nn_m55_relu_max4, LARGEST_OF_4(q4) LARGEST_OF_4(q5) RELU_2(q4, q5))
/* clang-format on */

/* Halves away from zero: one less below zero before VRSHL, by the high half of x * 1, unless
 * nothing is shifted. */
void nn_m55_any(const int32_t *sums, const nn_m55_channel *c, int8_t *y, const nn_m55_targets *t)
{
    const uint16_t *places = t->places;
    const int32_t shift = c->scale.shift;
    const int32_t spread[] = {c->scale.multiplier, shift < 0, t->levels->low, t->levels->high};
    __asm__ volatile("ldr lr, [%[spread]]\n"
                     "vdup.32 q7, lr\n"
                     "ldr lr, [%[spread], #4]\n"
                     "vdup.32 q3, lr\n"
                     "ldr lr, [%[spread], #8]\n"
                     "vdup.16 q4, lr\n"
                     "ldr lr, [%[spread], #12]\n"
                     "vdup.16 q5, lr\n"
                     "dls lr, %[groups]\n"
                     "1:\n"
                     "vldrw.32 q0, [%[sums]], #16\n"
                     "vldrw.32 q1, [%[sums]], #16\n"
                     "vadd.i32 q0, q0, %[bias]\n"
                     "vadd.i32 q1, q1, %[bias]\n"
                     "vshl.s32 q0, %[left]\n"
                     "vshl.s32 q1, %[left]\n"
                     "vqrdmulh.s32 q0, q0, q7\n"
                     "vqrdmulh.s32 q1, q1, q7\n"
                     "vmulh.s32 q2, q0, q3\n"
                     "vadd.i32 q0, q0, q2\n"
                     "vmulh.s32 q2, q1, q3\n"
                     "vadd.i32 q1, q1, q2\n"
                     "vrshl.s32 q0, %[right]\n"
                     "vrshl.s32 q1, %[right]\n"
                     "vadd.i32 q0, q0, %[zero]\n"
                     "vadd.i32 q1, q1, %[zero]\n"
                     "vqmovnb.s32 q0, q0\n"
                     "vqmovnt.s32 q0, q1\n"
                     "vldrh.u16 q6, [%[places]], #16\n"
                     "vmax.s16 q0, q0, q4\n"
                     "vmin.s16 q0, q0, q5\n"
                     "vstrb.16 q0, [%[y], q6]\n"
                     "le lr, 1b\n"
                     : [sums] "+r"(sums), [places] "+r"(places)
                     : [y] "r"(y), [groups] "r"(t->groups), [bias] "r"(c->bias),
                       [spread] "r"(spread), [left] "r"(shift > 0 ? shift : 0),
                       [right] "r"(shift > 0 ? 0 : shift), [zero] "r"(t->levels->output_zero)
                     : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "lr", "memory");
}

#endif
