#include "nn/kernels/m3/block_tile.h"

#if NN_M3
#if NN_M3_ASM

__asm__(/* one tap: r0 its input of the first window, r10 from there to the second's; r1 weights;
           sums r2-r5 and r6-r9; 56 bytes */
        ".macro nn_m3_tap\n"
        "  ldrsb r12, [r0, r10]\n"
        "  ldrsb r11, [r0], #1\n"
        "  ldrsb lr, [r1], #1\n"
        "  mla r2, r11, lr, r2\n"
        "  mla r6, r12, lr, r6\n"
        "  ldrsb lr, [r1], #1\n"
        "  mla r3, r11, lr, r3\n"
        "  mla r7, r12, lr, r7\n"
        "  ldrsb lr, [r1], #1\n"
        "  mla r4, r11, lr, r4\n"
        "  mla r8, r12, lr, r8\n"
        "  ldrsb lr, [r1], #1\n"
        "  mla r5, r11, lr, r5\n"
        "  mla r9, r12, lr, r9\n"
        ".endm\n"
        ".macro nn_m3_finish_channel a, b, relu, max\n"
        "  ldm r1!, {r10-r12}\n"
        "  nn_m3_finish \\a, \\relu\n"
        ".if \\max == 0\n"
        "  nn_m3_finish \\b, \\relu\n"
        ".endif\n"
        ".endm\n"
        ".macro nn_m3_larger a, b\n"
        "  cmp \\a, \\b\n"
        "  it lt\n"
        "  movlt \\a, \\b\n"
        ".endm\n");

__asm__(/* Eight taps stand in line; the first turn of a row enters where its rest begins. Places on
           the stack, nn_m3_walk among them: */
        ".set walk_y, 0\n" /* out of these channels, y_step */
        ".set walk_x, 8\n" /* x of the block, x_step */
        ".set walk_w_end, 16\n"
        ".set walk_row_end, 20\n"
        ".set walk_entry, 24\n"
        ".set walk_row_bytes, 28\n" /* rows */
        ".set walk_rows_left, 36\n" /* skip */
        ".set walk_w_start, 44\n"
        ".set walk_y_start, 48\n" /* of the block */
        ".set walk_blocks, 52\n"  /* left, x_block, y_block */
        ".set walk_w_set, 64\n"   /* of these channels; the largest so far (4) */
        ".macro nn_m3_block name, rows, max, relu\n"
        "  nn_m3_function \\name\n"
        ".set walk_bytes, 64\n"
        ".if \\max > 2\n"
        ".set walk_bytes, 84\n"
        ".endif\n"
        "  push {r4-r11, lr}\n"
        "  sub sp, #walk_bytes\n"
        "  ldm r0, {r4-r12}\n"
        "  str r4, [sp, #walk_y + 4]\n"
        "  strd r1, r5, [sp, #walk_x]\n"
        "  str r6, [sp, #walk_w_end]\n"
        "  strd r7, r8, [sp, #walk_row_bytes]\n"
        "  str r9, [sp, #walk_rows_left + 4]\n"
        "  strd r2, r3, [sp, #walk_w_start]\n"
        "  strd r12, r10, [sp, #walk_blocks]\n"
        "  str r11, [sp, #walk_blocks + 8]\n"
        "  rsb r12, r7, #0\n"
        "  and r12, #7\n"
        "  mov lr, #56\n"
        "  mul r12, r12, lr\n"
        "  adr lr, 40f + 1\n"
        "  add r12, lr\n"
        "  str r12, [sp, #walk_entry]\n"
        "  mov r1, r2\n"
        "  mov r2, r3\n"
        "10: str r2, [sp, #walk_y]\n"
        "  ldrd r0, r10, [sp, #walk_x]\n"
        ".if \\rows == 0\n"
        "  ldr r12, [sp, #walk_row_bytes]\n"
        "  add r12, r0\n"
        "  str r12, [sp, #walk_row_end]\n"
        ".endif\n"
        "20:\n"
        ".if \\max > 2\n" /* two windows, then the other two */
        "  str r1, [sp, #walk_w_set]\n"
        "  mov lr, #0\n"
        "25: str lr, [sp, #walk_rows_left]\n"
        "  ldr r12, [sp, #walk_row_bytes]\n"
        "  add r12, r0\n"
        "  str r12, [sp, #walk_row_end]\n"
        ".endif\n"
        "  ldm r1!, {r2-r5}\n"
        "  mov r6, r2\n"
        "  mov r7, r3\n"
        "  mov r8, r4\n"
        "  mov r9, r5\n"
        ".if \\rows\n"
        "  ldr lr, [sp, #walk_row_bytes + 4]\n"
        "30: str lr, [sp, #walk_rows_left]\n"
        "  ldr r12, [sp, #walk_row_bytes]\n"
        "  add r12, r0\n"
        "  str r12, [sp, #walk_row_end]\n"
        ".endif\n"
        "  ldr pc, [sp, #walk_entry]\n"
        "  .balign 4\n"
        "40:\n"
        ".rept 8\n"
        "  nn_m3_tap\n"
        ".endr\n"
        "  ldr lr, [sp, #walk_row_end]\n"
        "  cmp r0, lr\n"
        "  bne 40b\n"
        ".if \\rows\n"
        "  ldrd lr, r12, [sp, #walk_rows_left]\n"
        "  add r0, r12\n"
        "  subs lr, #1\n"
        "  bne 30b\n"
        ".endif\n"
        ".if \\max\n"
        "  nn_m3_larger r2, r6\n"
        "  nn_m3_larger r3, r7\n"
        "  nn_m3_larger r4, r8\n"
        "  nn_m3_larger r5, r9\n"
        ".endif\n"
        ".if \\max > 2\n"
        "  ldr lr, [sp, #walk_rows_left]\n"
        "  add r12, sp, #walk_w_set + 4\n"
        "  cmp lr, #0\n"
        "  bne 50f\n"
        "  stm r12, {r2-r5}\n"
        "  ldr r0, [sp, #walk_x]\n"
        "  ldr r1, [sp, #walk_w_set]\n"
        "  add r0, r0, r10, lsl #1\n"
        "  mov lr, #1\n"
        "  b 25b\n"
        "50: ldm r12, {r6-r9}\n"
        "  nn_m3_larger r2, r6\n"
        "  nn_m3_larger r3, r7\n"
        "  nn_m3_larger r4, r8\n"
        "  nn_m3_larger r5, r9\n"
        ".endif\n"
        "  nn_m3_finish_channel r2, r6, \\relu, \\max\n"
        "  nn_m3_finish_channel r3, r7, \\relu, \\max\n"
        "  nn_m3_finish_channel r4, r8, \\relu, \\max\n"
        "  nn_m3_finish_channel r5, r9, \\relu, \\max\n"
        "  ldrd r12, lr, [sp, #walk_y]\n"
        "  nn_m3_word r2, r3, r4, r5\n"
        ".if \\max == 0\n"
        "  nn_m3_word r6, r7, r8, r9\n"
        "  str r6, [r12, lr]\n"
        ".endif\n"
        "  str r2, [r12], #4\n"
        "  str r12, [sp, #walk_y]\n"
        "  ldr lr, [sp, #walk_w_end]\n"
        "  ldrd r0, r10, [sp, #walk_x]\n"
        "  cmp r1, lr\n"
        "  bne 20b\n"
        "  ldrd r1, r2, [sp, #walk_w_start]\n"
        "  ldrd r3, r4, [sp, #walk_blocks]\n"
        "  ldr r5, [sp, #walk_blocks + 8]\n"
        "  add r0, r4\n"
        "  add r2, r5\n"
        "  str r0, [sp, #walk_x]\n"
        "  subs r3, #1\n"
        "  strd r2, r3, [sp, #walk_y_start]\n"
        "  bne 10b\n"
        "  add sp, #walk_bytes\n"
        "  pop {r4-r11, pc}\n"
        "  nn_m3_end \\name\n"
        ".endm\n"
        "nn_m3_block nn_m3_row, 0, 0, 0\n"
        "nn_m3_block nn_m3_row_relu, 0, 0, 1\n"
        "nn_m3_block nn_m3_rows, 1, 0, 0\n"
        "nn_m3_block nn_m3_rows_relu, 1, 0, 1\n"
        "nn_m3_block nn_m3_row_max2, 0, 2, 0\n"
        "nn_m3_block nn_m3_row_max2_relu, 0, 2, 1\n"
        "nn_m3_block nn_m3_row_max4, 0, 4, 0\n"
        "nn_m3_block nn_m3_row_max4_relu, 0, 4, 1\n");

#else

/* One channel of one window; w steps over the other three channels. */
static int32_t window_sum(const nn_m3_walk *f, int32_t rows, const int8_t *x, const int8_t *w,
                          int32_t bias)
{
    uint32_t sum = (uint32_t)bias;
    for (int32_t row = 0; row < rows; row++, x += f->skip)
        for (int32_t i = 0; i < f->row_bytes; i++, w += 4)
            sum += (uint32_t)(*x++ * *w);
    return (int32_t)sum;
}

/* One channel of a block. */
static void channel(const nn_m3_walk *f, int32_t rows, int32_t max, int relu, const int8_t *x,
                    const int8_t *w, int32_t bias, const nn_m3_requant *q, int8_t *y)
{
    int32_t largest = INT32_MIN;
    for (int32_t i = 0; i < (max > 0 ? max : 2); i++) {
        const int32_t sum = window_sum(f, rows, x + i * f->x_step, w, bias);
        largest = sum > largest ? sum : largest;
        if (max == 0)
            y[i * f->y_step] = nn_m3_output(sum, q, relu);
    }
    if (max > 0)
        *y = nn_m3_output(largest, q, relu);
}

static void block(const int8_t *x, const uint8_t *w, int8_t *y, const nn_m3_walk *f, int32_t rows,
                  int32_t max, int relu)
{
    for (; w != f->w_end; y += 4) {
        const int32_t *bias = (const int32_t *)(const void *)w;
        const int8_t *weights = (const int8_t *)(w + 16);
        const nn_m3_requant *q =
            (const nn_m3_requant *)(const void *)(weights + 4 * rows * f->row_bytes);
        for (int32_t c = 0; c < 4; c++)
            channel(f, rows, max, relu, x, weights + c, bias[c], &q[c], y + c);
        w = (const uint8_t *)(q + 4);
    }
}

#define BLOCK(name, single, max, relu)                                                             \
    void name(const nn_m3_walk *f, const int8_t *x, const uint8_t *w, int8_t *y)                   \
    {                                                                                              \
        for (int32_t i = 0; i < f->blocks; i++, x += f->x_block, y += f->y_block)                  \
            block(x, w, y, f, single ? 1 : f->rows, max, relu);                                    \
    }

BLOCK(nn_m3_row, 1, 0, 0)
BLOCK(nn_m3_row_relu, 1, 0, 1)
BLOCK(nn_m3_rows, 0, 0, 0)
BLOCK(nn_m3_rows_relu, 0, 0, 1)
BLOCK(nn_m3_row_max2, 1, 2, 0)
BLOCK(nn_m3_row_max2_relu, 1, 2, 1)
BLOCK(nn_m3_row_max4, 1, 4, 0)
BLOCK(nn_m3_row_max4_relu, 1, 4, 1)

#endif
#endif
