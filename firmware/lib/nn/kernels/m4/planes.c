#include "nn/kernels/m4/planes.h"

#include "nn/kernels/m4/tile.h"

#if NN_M4

void nn_m4_blank(uint32_t *dst, int32_t words, const nn_m4_rows *g)
{
    const uint32_t pair = nn_sxtb16(g->zeros);
    const int32_t plane = g->plane / 4;
    for (; words > 0; words--, dst++)
        dst[0] = dst[plane] = dst[2 * plane] = dst[3 * plane] = pair;
}

#if NN_M4_ASM

__asm__(/* channels 0-3 at two columns, r8 and r9; planes r4 bytes apart, r5 = 3 r4 */
        ".macro nn_spread\n"
        "  sxtb16 r10, r8, ror #8\n"
        "  sxtb16 r8, r8\n"
        "  sxtb16 r11, r9, ror #8\n"
        "  sxtb16 r9, r9\n"
        "  pkhbt r12, r8, r9, lsl #16\n"
        "  pkhtb r8, r9, r8, asr #16\n"
        "  pkhbt r9, r10, r11, lsl #16\n"
        "  pkhtb r10, r11, r10, asr #16\n"
        "  str r9, [r0, r4]\n"
        "  str r8, [r0, r4, lsl #1]\n"
        "  str r10, [r0, r5]\n"
        "  str r12, [r0], #4\n"
        ".endm\n"
        "  .global nn_m4_planes\n"
        "  nn_function nn_m4_planes\n"
        "  push {r4-r11, lr}\n"
        "  mov r6, r2\n"
        "  ldrd r7, r4, [r3]\n"
        "  ldr r2, [r3, #28]\n"
        "  add r5, r4, r4, lsl #1\n"
        "10: ldrd r10, lr, [r3, #8]\n"
        "  cmp r10, #0\n"
        "  beq 20f\n"
        "  mov r8, r2\n"
        "  ldr r9, [r1]\n"
        "  add r1, r7\n"
        "  nn_spread\n"
        "20: cmp lr, #0\n"
        "  beq 40f\n"
        "30: ldr r8, [r1]\n"
        "  ldr r9, [r1, r7]\n"
        "  add r1, r1, r7, lsl #1\n"
        "  nn_spread\n"
        "  subs lr, #1\n"
        "  bne 30b\n"
        "40: ldrd r10, lr, [r3, #16]\n"
        "  cmp r10, #0\n"
        "  beq 50f\n"
        "  ldr r8, [r1]\n"
        "  mov r9, r2\n"
        "  add r1, r7\n"
        "  nn_spread\n"
        "50: ldr r12, [r3, #24]\n"
        "  add r0, lr\n"
        "  add r1, r12\n"
        "  subs r6, #1\n"
        "  bne 10b\n"
        "  pop {r4-r11, pc}\n"
        "  nn_end nn_m4_planes\n");

#else

static uint32_t *spread(uint32_t *dst, int32_t plane, uint32_t a, uint32_t b)
{
    dst[0] = nn_bottoms(nn_sxtb16(a), nn_sxtb16(b));
    dst[plane] = nn_bottoms(nn_sxtb16_odd(a), nn_sxtb16_odd(b));
    dst[2 * plane] = nn_tops(nn_sxtb16(a), nn_sxtb16(b));
    dst[3 * plane] = nn_tops(nn_sxtb16_odd(a), nn_sxtb16_odd(b));
    return dst + 1;
}

void nn_m4_planes(uint32_t *dst, const int8_t *src, int32_t rows, const nn_m4_rows *g)
{
    const int32_t plane = g->plane / 4;
    for (; rows > 0; rows--, src += g->skip, dst += g->rest / 4) {
        if (g->odd != 0) {
            dst = spread(dst, plane, g->zeros, nn_load4(src));
            src += g->step;
        }
        for (int32_t i = 0; i < g->pairs; i++, src += 2 * g->step)
            dst = spread(dst, plane, nn_load4(src), nn_load4(src + g->step));
        if (g->last != 0) {
            dst = spread(dst, plane, nn_load4(src), g->zeros);
            src += g->step;
        }
    }
}

#endif
#endif
