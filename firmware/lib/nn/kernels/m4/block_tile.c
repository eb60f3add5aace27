/* The inner loops of nn_m4_conv_blocks. One copy serves all sizes: eight groups stand in line, and
 * the first turn enters where the rest begins. */
#include "nn/kernels/m4/conv_blocks.h"
#include "nn/kernels/m4/tile.h"

#if NN_M4
#if NN_M4_ASM

__asm__(/* 2 of 4 taps: three windows r9 r11 r12, two channels r8 r10, sums r2-r4 and r5-r7 */
        ".macro nn_block_mac\n"
        "  ldm r0!, {r9, r11, r12}\n"
        "  smlad r2, r8, r9, r2\n"
        "  smlad r5, r10, r9, r5\n"
        "  smlad r3, r8, r11, r3\n"
        "  smlad r6, r10, r11, r6\n"
        "  smlad r4, r8, r12, r4\n"
        "  smlad r7, r10, r12, r7\n"
        ".endm\n"
        /* lr: end of x. Stack: out of the pair, end of w, x, entry, (saved), groups, row */
        ".macro nn_block name, kind, relu\n"
        "  .global \\name\n"
        "  nn_function \\name\n"
        "  push {r4-r11, lr}\n"
        "  sub sp, #16\n"
        "  ldr r12, [sp, #52]\n"
        "  add r4, r12, r12, lsl #1\n"
        "  add lr, r0, r4, lsl #3\n"
        "  rsb r4, r12, #0\n"
        "  and r4, #7\n"
        ".if \\kind\n"
        "  lsl r4, #6\n"
        ".else\n"
        "  add r4, r4, r4, lsl #4\n"
        "  lsl r4, #2\n"
        ".endif\n"
        "  adr r5, 20f + 1\n"
        "  add r4, r5\n"
        "  strd r2, r3, [sp]\n"
        "  strd r0, r4, [sp, #8]\n"
        "10: ldm r1!, {r2-r7}\n"
        "  ldr pc, [sp, #12]\n"
        "  .balign 4\n"
        "20:\n"
        "  .rept 8\n"
        "  ldrd r8, r10, [r1], #8\n"
        "  nn_block_mac\n"
        ".if \\kind\n"
        "  ldrd r8, r10, [r1], #8\n"
        ".else\n"
        "  sxtb16 r8, r8\n"
        "  sxtb16 r10, r10\n"
        ".endif\n"
        "  nn_block_mac\n"
        "  .endr\n"
        "  cmp r0, lr\n"
        "  bne 20b\n"
        "  ldm r1!, {r8-r10}\n"
        "  nn_requant r2, r12, \\kind, \\relu\n"
        "  nn_requant r3, r12, \\kind, \\relu\n"
        "  nn_requant r4, r12, \\kind, \\relu\n"
        "  ldm r1!, {r8-r10}\n"
        "  nn_requant r5, r12, \\kind, \\relu\n"
        "  nn_requant r6, r12, \\kind, \\relu\n"
        "  nn_requant r7, r12, \\kind, \\relu\n"
        "  ldrd r12, r11, [sp]\n"
        "  ldr r10, [sp, #56]\n"
        "  bfi r3, r6, #8, #8\n"
        "  bfi r4, r7, #8, #8\n"
        "  bfi r2, r5, #8, #8\n"
        "  strh r3, [r12, r10]\n"
        "  strh r4, [r12, r10, lsl #1]\n"
        "  strh r2, [r12], #2\n"
        "  ldr r0, [sp, #8]\n"
        "  cmp r1, r11\n"
        "  str r12, [sp]\n"
        "  bne 10b\n"
        "  add sp, #16\n"
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
            (const nn_m4_requant *)(const void *)(w + 6 + (kind ? 4 : 2) * groups);
        for (int32_t c = 0; c < 2; c++)
            for (int32_t i = 0; i < 3; i++) {
                const int32_t bias = (int32_t)w[3 * c];
                const int32_t sum = block_sum(x + i, w + 6 + c, groups, kind, bias);
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
