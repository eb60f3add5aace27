#include "nn/kernels/m3/dense.h"

#if NN_M3
#if NN_M3_ASM

__asm__(/* one input of eight outputs, r2-r9; 68 bytes */
        ".macro nn_m3_dense_input\n"
        "  ldrsb r10, [r0], #1\n"
        "  .irp sum, r2, r3, r4, r5, r6, r7, r8, r9\n"
        "  ldrsb r11, [r1], #1\n"
        "  mla \\sum, r10, r11, \\sum\n"
        "  .endr\n"
        ".endm\n"
        /* Four inputs stand in line; the first turn enters where the rest begins. Stack: x, its
           end, y, entry, (saved registers), eights left */
        ".macro nn_m3_dense name, relu\n"
        "  nn_m3_function \\name\n"
        "  push {r4-r11, lr}\n"
        "  sub sp, #16\n"
        "  rsb r12, r3, #0\n"
        "  and r12, #3\n"
        "  mov lr, #68\n"
        "  mul r12, r12, lr\n"
        "  adr lr, 20f + 1\n"
        "  add r12, lr\n"
        "  add r3, r0\n"
        "  strd r0, r3, [sp]\n"
        "  strd r2, r12, [sp, #8]\n"
        "10: ldm r1!, {r2-r9}\n"
        "  ldrd r0, r12, [sp]\n"
        "  ldr pc, [sp, #12]\n"
        "  .balign 4\n"
        "20:\n"
        "  .rept 4\n"
        "  nn_m3_dense_input\n"
        "  .endr\n"
        "  cmp r0, r12\n"
        "  bne 20b\n"
        "  .irp sum, r2, r3, r4, r5, r6, r7, r8, r9\n"
        "  ldm r1!, {r10-r12}\n"
        "  nn_m3_finish \\sum, \\relu\n"
        "  .endr\n"
        "  nn_m3_word r2, r3, r4, r5\n"
        "  nn_m3_word r6, r7, r8, r9\n"
        "  ldr r12, [sp, #8]\n"
        "  ldr lr, [sp, #52]\n"
        "  str r2, [r12], #4\n"
        "  str r6, [r12], #4\n"
        "  str r12, [sp, #8]\n"
        "  subs lr, #1\n"
        "  str lr, [sp, #52]\n"
        "  bne 10b\n"
        "  mov r0, r1\n"
        "  add sp, #16\n"
        "  pop {r4-r11, pc}\n"
        "  nn_m3_end \\name\n"
        ".endm\n"
        "nn_m3_dense nn_m3_dense_any, 0\n"
        "nn_m3_dense nn_m3_dense_relu, 1\n");

#else

static const uint8_t *dense(const int8_t *x, const uint8_t *w, int8_t *y, int32_t inputs,
                            int32_t eights, int relu)
{
    for (; eights > 0; eights--, y += 8) {
        const int32_t *bias = (const int32_t *)(const void *)w;
        const int8_t *weights = (const int8_t *)(w + 32);
        const nn_m3_requant *q = (const nn_m3_requant *)(const void *)(w + 32 + 8 * inputs);
        for (int32_t c = 0; c < 8; c++) {
            uint32_t sum = (uint32_t)bias[c];
            for (int32_t i = 0; i < inputs; i++)
                sum += (uint32_t)(x[i] * weights[8 * i + c]);
            y[c] = nn_m3_output((int32_t)sum, &q[c], relu);
        }
        w = (const uint8_t *)(q + 8);
    }
    return w;
}

const uint8_t *nn_m3_dense_any(const int8_t *x, const uint8_t *w, int8_t *y, int32_t inputs,
                               int32_t eights)
{
    return dense(x, w, y, inputs, eights, 0);
}

const uint8_t *nn_m3_dense_relu(const int8_t *x, const uint8_t *w, int8_t *y, int32_t inputs,
                                int32_t eights)
{
    return dense(x, w, y, inputs, eights, 1);
}

#endif
#endif
