/* The inner loops of nn_m4_dense and nn_m4_dense_pieces. One copy serves all sizes: eight groups
 * stand in line, and the first turn enters where the rest begins. */
#include "nn/kernels/m4/dense.h"
#include "nn/kernels/m4/dense_pieces.h"
#include "nn/kernels/m4/tile.h"

#if NN_M4
#if NN_M4_ASM

__asm__(/* x in r0, weights at r1, sums in r4-r7; 56 or 44 bytes */
        ".macro nn_dense_group kind\n"
        "  ldm r1!, {r8-r11}\n"
        "  ldrd r12, lr, [r0], #8\n"
        "  smlad r4, r8, r12, r4\n"
        "  smlad r5, r9, r12, r5\n"
        "  smlad r6, r10, r12, r6\n"
        "  smlad r7, r11, r12, r7\n"
        ".if \\kind\n"
        "  ldm r1!, {r8-r11}\n"
        ".else\n"
        "  sxtb16 r8, r8\n"
        "  sxtb16 r9, r9\n"
        "  sxtb16 r10, r10\n"
        "  sxtb16 r11, r11\n"
        ".endif\n"
        "  smlad r4, r8, lr, r4\n"
        "  smlad r5, r9, lr, r5\n"
        "  smlad r6, r10, lr, r6\n"
        "  smlad r7, r11, lr, r7\n"
        ".endm\n"
        /* r3: end of x. Stack: x, entry, (saved registers), fours */
        ".macro nn_dense_enter name, kind\n"
        "  .global \\name\n"
        "  nn_function \\name\n"
        "  push {r4-r11, lr}\n"
        "  sub sp, #8\n"
        "  rsb r12, r3, #0\n"
        "  and r12, #7\n"
        ".if \\kind\n"
        "  mov lr, #44\n"
        ".else\n"
        "  mov lr, #56\n"
        ".endif\n"
        "  mul r12, r12, lr\n"
        "  adr lr, 20f + 1\n"
        "  add r12, lr\n"
        "  add r3, r0, r3, lsl #3\n"
        "  strd r0, r12, [sp]\n"
        ".endm\n"
        ".macro nn_dense_groups kind\n"
        "  ldr pc, [sp, #4]\n"
        "  .balign 4\n"
        "20:\n"
        "  .rept 8\n"
        "  nn_dense_group \\kind\n"
        "  .endr\n"
        "  cmp r0, r3\n"
        "  bne 20b\n"
        ".endm\n"
        ".macro nn_dense_leave name\n"
        "  mov r0, r1\n"
        "  add sp, #8\n"
        "  pop {r4-r11, pc}\n"
        "  nn_end \\name\n"
        ".endm\n");

__asm__(".macro nn_dense name, kind, relu\n"
        "  nn_dense_enter \\name, \\kind\n"
        "10: ldm r1!, {r4-r7}\n"
        "  nn_dense_groups \\kind\n"
        "  .irp acc, r4, r5, r6, r7\n"
        "  ldm r1!, {r8-r10}\n"
        "  nn_requant \\acc, r12, \\kind, \\relu\n"
        "  .endr\n"
        "  ldr r12, [sp, #44]\n"
        "  ldr r0, [sp]\n"
        "  bfi r4, r5, #8, #8\n"
        "  bfi r4, r6, #16, #8\n"
        "  bfi r4, r7, #24, #8\n"
        "  str r4, [r2], #4\n"
        "  subs r12, #1\n"
        "  str r12, [sp, #44]\n"
        "  bne 10b\n"
        "  nn_dense_leave \\name\n"
        ".endm\n"
        /* sums from memory and back */
        ".macro nn_dense_piece name, kind\n"
        "  nn_dense_enter \\name, \\kind\n"
        "10: ldm r2, {r4-r7}\n"
        "  nn_dense_groups \\kind\n"
        "  ldr r12, [sp, #44]\n"
        "  ldr r0, [sp]\n"
        "  stm r2!, {r4-r7}\n"
        "  subs r12, #1\n"
        "  str r12, [sp, #44]\n"
        "  bne 10b\n"
        "  nn_dense_leave \\name\n"
        ".endm\n"
        "nn_dense_piece nn_m4_dense_piece_packed, 0\n"
        "nn_dense_piece nn_m4_dense_piece_wide, 1\n"
        "nn_dense nn_m4_dense_packed_relu, 0, 1\n"
        "nn_dense nn_m4_dense_packed, 0, 0\n"
        "nn_dense nn_m4_dense_wide_relu, 1, 1\n"
        "nn_dense nn_m4_dense_wide, 1, 0\n");

#else

/* Output i of four. */
static int32_t dense_sum(const uint32_t *x, const uint32_t *w, int32_t groups, int32_t i,
                         int32_t sum, int kind)
{
    for (; groups > 0; groups--, x += 2, w += kind ? 8 : 4) {
        sum = nn_smlad(w[i], x[0], sum);
        sum = nn_smlad(kind ? w[4 + i] : nn_sxtb16(w[i]), x[1], sum);
    }
    return sum;
}

static const uint8_t *dense_piece(const uint32_t *x, const uint8_t *stream, int32_t *sums,
                                  int32_t groups, int32_t fours, int kind)
{
    const uint32_t *w = (const uint32_t *)(const void *)stream;
    for (; fours > 0; fours--, sums += 4, w += (kind ? 8 : 4) * groups)
        for (int32_t i = 0; i < 4; i++)
            sums[i] = dense_sum(x, w, groups, i, sums[i], kind);
    return (const uint8_t *)w;
}

#define DENSE_PIECE(name, kind)                                                                    \
    const uint8_t *name(const uint32_t *x, const uint8_t *w, int32_t *sums, int32_t groups,        \
                        int32_t fours)                                                             \
    {                                                                                              \
        return dense_piece(x, w, sums, groups, fours, kind);                                       \
    }

DENSE_PIECE(nn_m4_dense_piece_packed, NN_M4_PACKED)
DENSE_PIECE(nn_m4_dense_piece_wide, NN_M4_WIDE)

static const uint8_t *dense(const uint32_t *x, const uint8_t *stream, int8_t *y, int32_t groups,
                            int32_t fours, int kind, int relu)
{
    const uint32_t *w = (const uint32_t *)(const void *)stream;
    for (; fours > 0; fours--, y += 4) {
        const nn_m4_requant *q =
            (const nn_m4_requant *)(const void *)(w + 4 + (kind ? 8 : 4) * groups);
        for (int32_t i = 0; i < 4; i++) {
            const int32_t sum = dense_sum(x, w + 4, groups, i, (int32_t)w[i], kind);
            y[i] = nn_m4_output(sum, &q[i], kind, relu);
        }
        w = (const uint32_t *)(const void *)(q + 4);
    }
    return (const uint8_t *)w;
}

#define DENSE(name, kind, relu)                                                                    \
    const uint8_t *name(const uint32_t *x, const uint8_t *w, int8_t *y, int32_t groups,            \
                        int32_t fours)                                                             \
    {                                                                                              \
        return dense(x, w, y, groups, fours, kind, relu);                                          \
    }

DENSE(nn_m4_dense_packed_relu, NN_M4_PACKED, 1)
DENSE(nn_m4_dense_packed, NN_M4_PACKED, 0)
DENSE(nn_m4_dense_wide_relu, NN_M4_WIDE, 1)
DENSE(nn_m4_dense_wide, NN_M4_WIDE, 0)

#endif
#endif
