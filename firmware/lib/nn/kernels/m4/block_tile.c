/* The inner loops of nn_m4_conv_blocks and nn_m4_conv_strips. One copy serves all sizes: eight
 * groups stand in line, and the first turn, behind the group that the biases enter, begins where
 * the rest does. */
#include "nn/kernels/m4/conv_blocks.h"
#include "nn/kernels/m4/tile.h"

#if NN_M4
#if NN_M4_ASM

__asm__(/* the second half of a group's weights */
        ".macro nn_block_next a, b, kind\n"
        ".if \\kind\n"
        "  ldrd \\a, \\b, [r1], #8\n"
        ".else\n"
        "  sxtb16 \\a, \\a\n"
        "  sxtb16 \\b, \\b\n"
        ".endif\n"
        ".endm\n"
        /* stack: x, row, end of w, out of the pair, entry, end of x (lr as well); saved registers;
           groups, row. `bytes`: code of a group, `words` of x in one */
        ".macro nn_block_begin name, bytes, words\n"
        "  .global \\name\n"
        "  nn_function \\name\n"
        "  push {r4-r11, lr}\n"
        "  sub sp, #28\n"
        "  ldrd r4, r5, [sp, #64]\n"
        "  strd r0, r5, [sp]\n"
        "  strd r3, r2, [sp, #8]\n"
        "  mov r5, #4*\\words\n"
        "  mla lr, r4, r5, r0\n"
        "  rsbs r4, r4, #1\n"
        "  ite eq\n"
        "  moveq r4, #8\n"
        "  andne r4, #7\n"
        "  mov r5, #\\bytes\n"
        "  adr r6, 20f + 1\n"
        "  mla r4, r4, r5, r6\n"
        "  strd r4, lr, [sp, #16]\n"
        "  b 10f\n"
        "  .balign 4\n"
        ".endm\n"
        /* the pair's outputs are written, r12: out of the next, r11: end of w */
        ".macro nn_block_on\n"
        "  cmp r1, r11\n"
        "  str r12, [sp, #12]\n"
        "  beq 40f\n"
        ".endm\n"
        ".macro nn_block_return name\n"
        "  ldr pc, [sp, #16]\n"
        "40: add sp, #28\n"
        "  pop {r4-r11, pc}\n"
        "  nn_end \\name\n"
        ".endm\n");

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
        ".macro nn_block name, kind, relu\n"
        "  nn_block_begin \\name, 68-4*\\kind, 6\n"
        "20:\n"
        "  .rept 8\n"
        "  ldrd r8, r10, [r1], #8\n"
        "  nn_block_mac\n"
        "  nn_block_next r8, r10, \\kind\n"
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
        "  nn_block_on\n"
        "10: ldrd r2, r5, [r1], #8\n"
        "  ldrd r8, r10, [r1], #8\n"
        "  nn_block_mac r2, r5, r2, r5\n"
        "  nn_block_next r8, r10, \\kind\n"
        "  nn_block_mac\n"
        "  nn_block_return \\name\n"
        ".endm\n"
        "nn_block nn_m4_block_packed_relu, 0, 1\n"
        "nn_block nn_m4_block_packed, 0, 0\n"
        "nn_block nn_m4_block_wide_relu, 1, 1\n"
        "nn_block nn_m4_block_wide, 1, 0\n");

__asm__(/* the same for four windows, two at a time in r10 r11; channels r12 lr; sums r3-r5 r2 and
           r7-r9 r6 in the windows' order */
        ".macro nn_block4_mac\n"
        "  ldrd r10, r11, [r0], #8\n"
        "  smlad r3, r12, r10, r3\n"
        "  smlad r7, lr, r10, r7\n"
        "  smlad r4, r12, r11, r4\n"
        "  smlad r8, lr, r11, r8\n"
        "  ldrd r10, r11, [r0], #8\n"
        "  smlad r5, r12, r10, r5\n"
        "  smlad r9, lr, r10, r9\n"
        "  smlad r2, r12, r11, r2\n"
        "  smlad r6, lr, r11, r6\n"
        ".endm\n"
        ".macro nn_block4 name, kind, relu\n"
        "  nn_block_begin \\name, 92-4*\\kind, 8\n"
        "20:\n"
        "  .rept 8\n"
        "  ldrd r12, lr, [r1], #8\n"
        "  nn_block4_mac\n"
        "  nn_block_next r12, lr, \\kind\n"
        "  nn_block4_mac\n"
        "  .endr\n"
        "  ldr r12, [sp, #20]\n"
        "  cmp r0, r12\n"
        "  bne 20b\n"
        "  ldm r1!, {r10-r12}\n"
        "  .irp acc, r2, r3, r4, r5\n"
        "  nn_requant \\acc, lr, \\kind, \\relu, r10, r11, r12\n"
        "  .endr\n"
        "  ldm r1!, {r10-r12}\n"
        "  .irp acc, r6, r7, r8, r9\n"
        "  nn_requant \\acc, lr, \\kind, \\relu, r10, r11, r12\n"
        "  .endr\n"
        "  ldm sp, {r0, r10-r12}\n"
        "  bfi r3, r7, #8, #8\n"
        "  bfi r4, r8, #8, #8\n"
        "  bfi r5, r9, #8, #8\n"
        "  bfi r2, r6, #8, #8\n"
        "  add lr, r12, r10, lsl #1\n"
        "  strh r4, [r12, r10]\n"
        "  strh r5, [lr]\n"
        "  strh r2, [lr, r10]\n"
        "  strh r3, [r12], #2\n"
        "  nn_block_on\n"
        "10: ldrd r2, r6, [r1], #8\n"
        "  ldrd r12, lr, [r1], #8\n"
        "  ldm r0!, {r3, r4, r10, r11}\n"
        "  smlad r9, lr, r10, r6\n"
        "  smlad r5, r12, r10, r2\n"
        "  smlad r7, lr, r3, r6\n"
        "  smlad r3, r12, r3, r2\n"
        "  smlad r8, lr, r4, r6\n"
        "  smlad r4, r12, r4, r2\n"
        "  smlad r6, lr, r11, r6\n"
        "  smlad r2, r12, r11, r2\n"
        "  nn_block_next r12, lr, \\kind\n"
        "  nn_block4_mac\n"
        "  nn_block_return \\name\n"
        ".endm\n"
        "nn_block4 nn_m4_block4_packed_relu, 0, 1\n"
        "nn_block4 nn_m4_block4_packed, 0, 0\n"
        "nn_block4 nn_m4_block4_wide_relu, 1, 1\n"
        "nn_block4 nn_m4_block4_wide, 1, 0\n");

#else

typedef struct {
    int32_t windows, groups, row;
    int kind, relu;
} block_form;

static int32_t block_sum(const uint32_t *x, const uint32_t *w, const block_form *f, int32_t sum)
{
    const int32_t second = f->kind ? 2 : 0, step = f->kind ? 4 : 2;
    for (int32_t left = f->groups; left > 0; left--, w += step, x += 2 * f->windows) {
        sum = nn_smlad(w[0], x[0], sum);
        sum = nn_smlad(f->kind ? w[second] : nn_sxtb16(w[0]), x[f->windows], sum);
    }
    return sum;
}

static void block(const block_form *f, const uint32_t *x, const uint8_t *stream, int8_t *y,
                  const uint8_t *end)
{
    for (; stream != end; y += 2) {
        const uint32_t *w = (const uint32_t *)(const void *)stream;
        const nn_m4_requant *q =
            (const nn_m4_requant *)(const void *)(w + 2 + (f->kind ? 4 : 2) * f->groups);
        for (int32_t c = 0; c < 2; c++)
            for (int32_t i = 0; i < f->windows; i++) {
                const int32_t sum = block_sum(x + i, w + 2 + c, f, (int32_t)w[c]);
                y[i * f->row + c] = nn_m4_output(sum, &q[c], f->kind, f->relu);
            }
        stream = (const uint8_t *)(q + 2);
    }
}

#define BLOCK(name, windows, kind, relu)                                                           \
    void name(const uint32_t *x, const uint8_t *w, int8_t *y, const uint8_t *end, int32_t groups,  \
              int32_t row)                                                                         \
    {                                                                                              \
        const block_form form = {windows, groups, row, kind, relu};                                \
        block(&form, x, w, y, end);                                                                \
    }

BLOCK(nn_m4_block_packed_relu, 3, NN_M4_PACKED, 1)
BLOCK(nn_m4_block_packed, 3, NN_M4_PACKED, 0)
BLOCK(nn_m4_block_wide_relu, 3, NN_M4_WIDE, 1)
BLOCK(nn_m4_block_wide, 3, NN_M4_WIDE, 0)
BLOCK(nn_m4_block4_packed_relu, 4, NN_M4_PACKED, 1)
BLOCK(nn_m4_block4_packed, 4, NN_M4_PACKED, 0)
BLOCK(nn_m4_block4_wide_relu, 4, NN_M4_WIDE, 1)
BLOCK(nn_m4_block4_wide, 4, NN_M4_WIDE, 0)

#endif
#endif
