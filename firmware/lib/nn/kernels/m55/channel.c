#include "nn/kernels/m55/channel.h"

#include "nn/kernels/m55/place.h"

#if defined(__ARM_FEATURE_MVE)

/* VQRDMULH and VQRDMLASH round as nn_high_multiply does. VRSHL rounds halves up where
 * nn_round_shift rounds them away from zero; they differ below zero only, and a ReLU clamps that.
 * The zero point is added shifted left by what VRSHL shifts right, so that one instruction
 * multiplies and adds it. */
#define RELU_2(A, B, MULTIPLIER, PLACES)                                                           \
    "vadd.i32 " #A ", " #A ", r4\n"                                                                \
    "vadd.i32 " #B ", " #B ", r4\n"                                                                \
    "vqrdmlash.s32 " #A ", " #MULTIPLIER ", r3\n"                                                  \
    "vqrdmlash.s32 " #B ", " #MULTIPLIER ", r3\n"                                                  \
    "vrshl.s32 " #A ", r6\n"                                                                       \
    "vrshl.s32 " #B ", r6\n"                                                                       \
    "vqmovnb.s32 " #A ", " #A "\n"                                                                 \
    "vqmovnt.s32 " #A ", " #B "\n"                                                                 \
    "vldrh.u16 " #PLACES ", [r1], #16\n"                                                           \
    "vqmovnb.s16 " #A ", " #A "\n"                                                                 \
    "vstrb.16 " #A ", [r2, " #PLACES "]\n"

/* A whole nn_m55_finish: r0 sums, r1 channel (bias, multiplier, shift), r2 output, r3 targets
 * (places, groups). Shifts from -24 to 0 are taken, for which -128 shifted left by the negative
 * fits 32 bits. */
#define RELU_FINISH(NAME, SAVE, MULTIPLIER, LOADS, RESTORE, OTHERS)                                \
    __attribute__((naked)) void NAME(                                                              \
        int32_t *sums NN_M55_UNUSED, const nn_m55_channel *c NN_M55_UNUSED,                        \
        int8_t *y NN_M55_UNUSED, const nn_m55_targets *t NN_M55_UNUSED)                            \
    {                                                                                              \
        __asm__ volatile("push {r4-r6, lr}\n"                                                      \
                         "ldr r6, [r1, #8]\n"                                                      \
                         "rsb r12, r6, #0\n"                                                       \
                         "cmp r12, #24\n"                                                          \
                         "bhi 2f\n" SAVE "ldrd r4, r5, [r1]\n"                                     \
                         "ldrd r1, lr, [r3]\n"                                                     \
                         "mvn r3, #127\n"                                                          \
                         "lsl r3, r3, r12\n"                                                       \
                         "vdup.32 " #MULTIPLIER ", r5\n"                                           \
                         "dls lr, lr\n"                                                            \
                         "1:\n" LOADS "le lr, 1b\n" RESTORE "pop {r4-r6, pc}\n"                    \
                         "2: pop {r4-r6, lr}\n"                                                    \
                         "b " #OTHERS "\n");                                                       \
    }

/* clang-format off */
RELU_FINISH(nn_m55_relu, "", q3,
            "vldrw.32 q0, [r0], #16\n"
            "vldrw.32 q1, [r0], #16\n"
            RELU_2(q0, q1, q3, q2),
            "", nn_m55_any)

RELU_FINISH(nn_m55_relu_max2, "vpush {d8-d11}\n", q5,
            "vld20.32 {q0, q1}, [r0]\n"
            "vld21.32 {q0, q1}, [r0]!\n"
            "vld20.32 {q2, q3}, [r0]\n"
            "vld21.32 {q2, q3}, [r0]!\n"
            "vmax.s32 q0, q0, q1\n"
            "vmax.s32 q2, q2, q3\n"
            RELU_2(q0, q2, q5, q4),
            "vpop {d8-d11}\n", nn_m55_any_max2)

#define LARGEST_OF_4(TO)                \
    "vld40.32 {q0, q1, q2, q3}, [r0]\n"  \
    "vld41.32 {q0, q1, q2, q3}, [r0]\n"  \
    "vld42.32 {q0, q1, q2, q3}, [r0]\n"  \
    "vld43.32 {q0, q1, q2, q3}, [r0]!\n" \
    "vmax.s32 q0, q0, q1\n"             \
    "vmax.s32 q2, q2, q3\n"             \
    "vmax.s32 " #TO ", q0, q2\n"

RELU_FINISH(nn_m55_relu_max4, "vpush {d8-d15}\n", q7,
            LARGEST_OF_4(q4) LARGEST_OF_4(q5) RELU_2(q4, q5, q7, q6),
            "vpop {d8-d15}\n", nn_m55_any_max4)
/* clang-format on */

/* Halves away from zero: one less below zero before VRSHL, by the high half of x * 1, unless
 * nothing is shifted. */
void nn_m55_any(int32_t *sums, const nn_m55_channel *c, int8_t *y, const nn_m55_targets *t)
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

/* The maxima over `pool` neighbours take the place of the sums. */
static void any_largest(int32_t *sums, const nn_m55_channel *c, int8_t *y, const nn_m55_targets *t,
                        uint32_t pool)
{
    for (uint32_t i = 0; i < t->groups * 8; i++) {
        int32_t largest = sums[i * pool];
        for (uint32_t k = 1; k < pool; k++)
            largest = sums[i * pool + k] > largest ? sums[i * pool + k] : largest;
        sums[i] = largest;
    }
    nn_m55_any(sums, c, y, t);
}

void nn_m55_any_max2(int32_t *sums, const nn_m55_channel *c, int8_t *y, const nn_m55_targets *t)
{
    any_largest(sums, c, y, t, 2);
}

void nn_m55_any_max4(int32_t *sums, const nn_m55_channel *c, int8_t *y, const nn_m55_targets *t)
{
    any_largest(sums, c, y, t, 4);
}

#endif
