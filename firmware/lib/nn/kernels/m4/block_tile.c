/* The inner loops of nn_m4_conv_blocks and nn_m4_conv_strips. One copy serves all sizes: eight
 * groups stand in line, and the first turn, behind the group that the biases enter, begins where
 * the rest does. */
#include "nn/kernels/m4/conv_blocks.h"
#include "nn/kernels/m4/tile.h"

#if NN_M4
#if NN_M4_ASM

__asm__(/* 2 of 4 taps: three windows r9 r11 r12, two channels r8 r10, sums r2-r4 and r5-r7 */
        ".macro nn_block_mac a=r3, b=r6, c=r4, d=r7\n"
        "  ldm r0!, {r9, r11, r12}\n"
        "  smlad r3, r8, r11, \\a\n"
        "  smlad r6, r10, r11, \\b\n"
        "  smlad r4, r8, r12, \\c\n"
        "  smlad r7, r10, r12, \\d\n"
        "  smlad r2, r8, r9, r2\n"
        "  smlad r5, r10, r9, r5\n"
        ".endm\n"
        /* the second half of a group's weights */
        ".macro nn_block_next kind\n"
        ".if \\kind\n"
        "  ldrd r8, r10, [r1], #8\n"
        ".else\n"
        "  sxtb16 r8, r8\n"
        "  sxtb16 r10, r10\n"
        ".endif\n"
        ".endm\n"
        /* lr: end of x. Stack: x, row, end of w, out of the pair, entry; saved registers; groups,
           row. A group is 68 or, wide, 64 bytes of code */
        ".macro nn_block name, kind, relu\n"
        "  .global \\name\n"
        "  nn_function \\name\n"
        "  push {r4-r11, lr}\n"
        "  sub sp, #20\n"
        "  ldrd r4, r5, [sp, #56]\n"
        "  strd r0, r5, [sp]\n"
        "  strd r3, r2, [sp, #8]\n"
        "  mov r5, #24\n"
        "  mla lr, r4, r5, r0\n"
        "  rsbs r4, r4, #1\n"
        "  ite eq\n"
        "  moveq r4, #8\n"
        "  andne r4, #7\n"
        "  mov r5, #68-4*\\kind\n"
        "  adr r6, 20f + 1\n"
        "  mla r4, r4, r5, r6\n"
        "  str r4, [sp, #16]\n"
        "  b 10f\n"
        "  .balign 4\n"
        "20:\n"
        "  .rept 8\n"
        "  ldrd r8, r10, [r1], #8\n"
        "  nn_block_mac\n"
        "  nn_block_next \\kind\n"
        "  nn_block_mac\n"
        "  .endr\n"
        "  cmp r0, lr\n"
        "  bne 20b\n"
        ".if \\relu\n"
        "  ldm r1!, {r0, r8-r12}\n"
        "  .irp acc, r2, r3, r4\n"
        "  nn_requant \\acc, r12, \\kind, 1, r0, r8, r9\n"
        "  .endr\n"
        "  .irp acc, r5, r6, r7\n"
        "  nn_requant \\acc, r12, \\kind, 1, r10, r11, r12\n"
        "  .endr\n"
        ".else\n"
        "  ldm r1!, {r8-r10}\n"
        "  .irp acc, r2, r3, r4\n"
        "  nn_requant \\acc, r12, \\kind, 0\n"
        "  .endr\n"
        "  ldm r1!, {r8-r10}\n"
        "  .irp acc, r5, r6, r7\n"
        "  nn_requant \\acc, r12, \\kind, 0\n"
        "  .endr\n"
        ".endif\n"
        "  ldm sp, {r0, r10-r12}\n"
        "  bfi r3, r6, #8, #8\n"
        "  bfi r4, r7, #8, #8\n"
        "  bfi r2, r5, #8, #8\n"
        "  strh r3, [r12, r10]\n"
        "  strh r4, [r12, r10, lsl #1]\n"
        "  strh r2, [r12], #2\n"
        "  cmp r1, r11\n"
        "  str r12, [sp, #12]\n"
        "  beq 40f\n"
        "10: ldm r1!, {r2, r5, r8, r10}\n"
        "  nn_block_mac r2, r5, r2, r5\n"
        "  nn_block_next \\kind\n"
        "  nn_block_mac\n"
        "  ldr pc, [sp, #16]\n"
        "40: add sp, #20\n"
        "  pop {r4-r11, pc}\n"
        "  nn_end \\name\n"
        ".endm\n"
        "nn_block nn_m4_block_packed_relu, 0, 1\n"
        "nn_block nn_m4_block_packed, 0, 0\n"
        "nn_block nn_m4_block_wide_relu, 1, 1\n"
        "nn_block nn_m4_block_wide, 1, 0\n");

#else

static int32_t block_sum(const uint32_t *x, const uint32_t *w, int32_t groups, int kind,
                         int32_t sum)
{
    const int32_t second = kind ? 2 : 0, step = kind ? 4 : 2;
    for (; groups > 0; groups--, w += step, x += 6) {
        sum = nn_smlad(w[0], x[0], sum);
        sum = nn_smlad(kind ? w[second] : nn_sxtb16(w[0]), x[3], sum);
    }
    return sum;
}

static void block(const uint32_t *x, const uint8_t *stream, int8_t *y, const uint8_t *end,
                  int32_t groups, int32_t row, int kind, int relu)
{
    for (; stream != end; y += 2) {
        const uint32_t *w = (const uint32_t *)(const void *)stream;
        const nn_m4_requant *q =
            (const nn_m4_requant *)(const void *)(w + 2 + (kind ? 4 : 2) * groups);
        for (int32_t c = 0; c < 2; c++)
            for (int32_t i = 0; i < 3; i++) {
                const int32_t sum = block_sum(x + i, w + 2 + c, groups, kind, (int32_t)w[c]);
                y[i * row + c] = nn_m4_output(sum, &q[c], kind, relu);
            }
        stream = (const uint8_t *)(q + 2);
    }
}

#define BLOCK(name, kind, relu)                                                                    \
    void name(const uint32_t *x, const uint8_t *w, int8_t *y, const uint8_t *end, int32_t groups,  \
              int32_t row)                                                                         \
    {                                                                                              \
        block(x, w, y, end, groups, row, kind, relu);                                              \
    }

BLOCK(nn_m4_block_packed_relu, NN_M4_PACKED, 1)
BLOCK(nn_m4_block_packed, NN_M4_PACKED, 0)
BLOCK(nn_m4_block_wide_relu, NN_M4_WIDE, 1)
BLOCK(nn_m4_block_wide, NN_M4_WIDE, 0)

#endif
#endif
