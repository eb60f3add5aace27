#include "nn/kernels/m55/fully_connected.h"

#include "nn/kernels/m55/place.h"
#include "nn/kernels/requantize.h"

#if defined(__ARM_FEATURE_MVE)

enum { VECTOR = 16 };

/* clang-format off */
/* Two of the eight sums: 16 products each. */
#define DOT_2(A, B, WEIGHTS)                 \
    "vldrw.32 " #WEIGHTS ", [r3], #16\n"     \
    "vldrw.32 q3, [r3], #16\n"               \
    "vmladava.s8 " #A ", q0, " #WEIGHTS "\n" \
    "vmladava.s8 " #B ", q0, q3\n"

/* One row, whole groups of outputs. Sums start at the biases and stay in the eight registers that VMLADAV can
 * add to; then they are scaled as in nn_m55_any. */
__attribute__((naked, noipa)) static void row(
    const int8_t *x NN_M55_UNUSED, const int8_t *w NN_M55_UNUSED,
    const nn_m55_scales *scales NN_M55_UNUSED, int8_t *y NN_M55_UNUSED,
    uint32_t vectors NN_M55_UNUSED, uint32_t groups NN_M55_UNUSED,
    const nn_levels *levels NN_M55_UNUSED)
{
    __asm__ volatile(
        "push {r0, r4-r11, lr}\n"
        "vpush {d8-d11}\n"
        "add r4, sp, #72\n" /* the arguments on the stack */
        "mov r7, r3\n"
        "mov r3, r1\n"
        "mov r5, r2\n"
        "ldm r4, {r0, r11, lr}\n"
        "ldm lr, {r1, r2, r4, r6}\n" /* input_zero, output_zero, low, high */
        "strd r0, r2, [sp, #72]\n"   /* vectors, output_zero */
        "vdup.16 q4, r4\n"
        "vdup.16 q5, r6\n"
        "1: ldm r5!, {r0, r2, r4, r6, r8, r10, r12, lr}\n"
        "ldr r1, [sp, #32]\n" /* x */
        "ldr r9, [sp, #72]\n"
        "2: vldrb.8 q0, [r1], #16\n"
        DOT_2(r0, r2, q1) DOT_2(r4, r6, q2)
        DOT_2(r8, r10, q1) DOT_2(r12, lr, q2)
        "subs r9, r9, #1\n"
        "bne 2b\n"
        "vmov q0[2], q0[0], r0, r8\n"
        "vmov q0[3], q0[1], r4, r12\n"
        "vmov q1[2], q1[0], r2, r10\n"
        "vmov q1[3], q1[1], r6, lr\n"
        "vldrw.32 q2, [r5], #16\n"
        "vldrw.32 q3, [r5], #16\n"
        "vqrdmulh.s32 q0, q0, q2\n"
        "vqrdmulh.s32 q1, q1, q3\n"
        "vshr.s32 q2, q0, #31\n"
        "vshr.s32 q3, q1, #31\n"
        "vadd.i32 q0, q0, q2\n"
        "vldrw.32 q2, [r5], #16\n"
        "vadd.i32 q1, q1, q3\n"
        "vldrw.32 q3, [r5], #16\n"
        "vrshl.s32 q0, q0, q2\n"
        "ldr r0, [sp, #76]\n"
        "vrshl.s32 q1, q1, q3\n"
        "vqmovnb.s32 q0, q0\n"
        "vqmovnt.s32 q0, q1\n"
        "vqadd.s16 q0, q0, r0\n"
        "vmax.s16 q0, q0, q4\n"
        "vmin.s16 q0, q0, q5\n"
        "vstrb.16 q0, [r7], #8\n"
        "subs r11, r11, #1\n"
        "bne 1b\n"
        "vpop {d8-d11}\n"
        "pop {r0, r4-r11, pc}\n");
}
/* clang-format on */

static void one_row(const nn_m55_fully_connected_params *p, const uint8_t *constants,
                    const int8_t *x, int8_t *y)
{
    row(x, NN_TABLE(int8_t, constants, p->weights), NN_TABLE(nn_m55_scales, constants, p->scales),
        y, p->vectors, p->groups, NN_TABLE(nn_levels, constants, p->levels));
}

void nn_m55_fully_connected(const nn_m55_fully_connected_params *p, const uint8_t *constants,
                            const int8_t *x, int8_t *y)
{
    one_row(p, constants, x, y);
}

void nn_m55_fully_connected_rows(const nn_m55_fully_connected_params *p, const uint8_t *constants,
                                 const int8_t *x, int8_t *y, int8_t *scratch)
{
    int8_t *const made = scratch + p->vectors * VECTOR;

    for (uint32_t left = p->rows; left > 0; left--, x += p->inputs, y += p->outputs) {
        nn_m55_move(scratch, x, p->inputs);
        one_row(p, constants, scratch, made);
        nn_m55_move(y, made, p->outputs);
    }
}

#endif
