/* Inner loops of a depthwise convolution along a row, chunk by chunk, made per shape: the compiler
 * writes one NN_M4_DEPTHWISE_CHUNK line per layer shape into program.c.
 *
 * A tile takes every channel's plane of halfwords, `plane` bytes apart, to a fixed number of
 * outputs, and moves the columns that the next chunk reads as well to the plane's start. Stream per
 * channel: bias, multiplier, add, pairs of weights and, without ReLU or where shift is 0, one word
 * more, all as in depthwise_tile.h. */
#ifndef NN_KERNELS_M4_DEPTHWISE_CHUNK_H
#define NN_KERNELS_M4_DEPTHWISE_CHUNK_H

#include "nn/kernels/m4/depthwise_tile.h"

#if NN_M4

/* Channels up to w_end; y: NHWC. */
typedef void nn_m4_depthwise_chunk(uint32_t *planes, const uint8_t *w, int8_t *y,
                                   const uint8_t *w_end);

#if NN_M4_ASM

__asm__(/* n sums from word nn_base of the plane on; the last is the bias until its first product.
           Weights in r10-r12, multiplier r8, add r9 */
        ".macro nn_dwc_sums n, taps, stride\n"
        "  .set nn_row, 0\n"
        ".if \\n == 4\n"
        "  nn_dw_row \\taps, \\stride, 4, r7, 0\n"
        ".elseif \\n == 3\n"
        "  nn_dw_row \\taps, \\stride, 3, r6, 0\n"
        ".else\n"
        "  nn_dw_row \\taps, \\stride, 2, r5, 0\n"
        ".endif\n"
        ".endm\n"
        ".macro nn_dwc_bias n, offset\n"
        ".if \\n == 4\n"
        "  ldr r7, [r1, #\\offset]\n"
        ".elseif \\n == 3\n"
        "  ldr r6, [r1, #\\offset]\n"
        ".else\n"
        "  ldr r5, [r1, #\\offset]\n"
        ".endif\n"
        ".endm\n"
        ".macro nn_dwc_load n, words\n"
        ".if \\n == 4\n"
        "  ldm r1!, {r7, \\words}\n"
        ".elseif \\n == 3\n"
        "  ldm r1!, {r6, \\words}\n"
        ".else\n"
        "  ldm r1!, {r5, \\words}\n"
        ".endif\n"
        ".endm\n"
        /* acc to the byte at y + to; r3 is the word more */
        ".macro nn_dwc_put acc, to, relu, shift\n"
        ".if !\\relu\n"
        "  asr r2, \\acc, #31\n"
        ".endif\n"
        "  smmla \\acc, \\acc, r8, r9\n"
        ".if !\\relu && !\\shift\n"
        "  add \\acc, \\acc, r2, lsl #1\n"
        ".elseif !\\relu\n"
        "  mla \\acc, r2, r3, \\acc\n"
        ".endif\n"
        ".if \\shift\n"
        "  ssat \\acc, #8, \\acc, asr #\\shift\n"
        ".else\n"
        "  asr \\acc, \\acc, r3\n"
        "  ssat \\acc, #8, \\acc\n"
        ".endif\n"
        "  strb \\acc, [lr, #\\to]\n"
        ".endm\n");

__asm__(/* Blocks of n outputs, `step` apart; `carry` words move from word `move` to the start.
           Stack: end of w */
        ".macro nn_depthwise_chunk name, taps, stride, n, step, blocks, plane, move, carry, "
        "channels, weights, relu, shift\n"
        "  nn_function \\name\n"
        ".set nn_kept, 1\n"
        ".set nn_on, 0\n"
        ".set nn_rows, 1\n"
        ".set nn_pitch, 0\n"
        ".set nn_parts, 1\n"
        ".set nn_part, 0\n"
        ".set nn_words, (\\n*\\stride-\\stride+\\taps-1)/2+1\n"
        "  push {r3-r11, lr}\n"
        "  mov lr, r2\n"
        "10:\n"
        ".if \\weights == 3\n"
        "  nn_dwc_load \\n, \"r8-r12\"\n"
        ".elseif \\weights == 2\n"
        "  nn_dwc_load \\n, \"r8-r11\"\n"
        ".else\n"
        "  nn_dwc_load \\n, \"r8-r10\"\n"
        ".endif\n"
        ".set nn_block, 0\n"
        ".rept \\blocks\n"
        "  .if nn_block\n"
        "  nn_dwc_bias \\n, -12-4*\\weights\n"
        "  .endif\n"
        "  .set nn_base, -2*nn_block*\\step*\\stride\n"
        "  nn_dwc_sums \\n, \\taps, \\stride\n"
        "  .if !\\relu || !\\shift\n"
        "  ldr r3, [r1]\n"
        "  .endif\n"
        "  .set nn_i, 0\n"
        "  .irp acc, r4, r5, r6, r7\n"
        "  .if nn_i < \\n\n"
        "    nn_dwc_put \\acc, (nn_i+nn_block*\\step)*\\channels, \\relu, \\shift\n"
        "  .endif\n"
        "  .set nn_i, nn_i+1\n"
        "  .endr\n"
        "  .set nn_block, nn_block+1\n"
        ".endr\n"
        ".if !\\relu || !\\shift\n"
        "  add r1, #4\n"
        ".endif\n"
        ".set nn_k, 0\n"
        ".rept \\carry/2\n"
        "  ldrd r4, r5, [r0, #4*(\\move+nn_k)]\n"
        "  strd r4, r5, [r0, #4*nn_k]\n"
        "  .set nn_k, nn_k+2\n"
        ".endr\n"
        ".if \\carry%2\n"
        "  ldr r4, [r0, #4*(\\move+nn_k)]\n"
        "  str r4, [r0, #4*nn_k]\n"
        ".endif\n"
        "  ldr r2, [sp]\n"
        "  addw r0, r0, #\\plane\n"
        "  add lr, #1\n"
        "  cmp r1, r2\n"
        "  bne 10b\n"
        "  pop {r3-r11, pc}\n"
        "  nn_end \\name\n"
        ".endm\n");

#define NN_M4_DEPTHWISE_CHUNK(name, ...)                                                           \
    nn_m4_depthwise_chunk name;                                                                    \
    __asm__("nn_depthwise_chunk " NN_M4_TEXT(name, __VA_ARGS__))

#else

/* The same in C: one row of taps, sums of depthwise_model.h on that file's order of words. */
typedef struct {
    int taps, stride, n, step, blocks, plane, move, carry, channels, weights, relu, shift;
} nn_m4_chunk_shape;

static inline void nn_m4_chunk_model(const nn_m4_chunk_shape *s, uint32_t *planes,
                                     const uint8_t *stream, int8_t *y, const uint8_t *w_end)
{
    const int more = !s->relu || s->shift == 0;
    const uint8_t *from = stream;
    for (; from != w_end; from += 4 * (3 + s->weights + more), planes += s->plane / 4, y++) {
        const uint32_t *w = (const uint32_t *)(const void *)from;
        uint32_t moved[7] = {w[0]}; /* bias, weights, multiplier, add, word more */
        memcpy(moved + 1, w + 3, (size_t)(4 * s->weights));
        memcpy(moved + 1 + s->weights, w + 1, 8);
        moved[3 + s->weights] = more ? w[3 + s->weights] : 0;
        const nn_m4_depthwise_shape row = {
            1, s->taps,     s->stride,   s->n,       s->step, s->blocks, s->plane,
            1, s->channels, s->channels, s->weights, s->relu, s->shift,  1};
        nn_m4_depthwise_model(row, planes, moved, y, 1);
        memmove(planes, planes + s->move, (size_t)(4 * s->carry));
    }
}

#define NN_M4_DEPTHWISE_CHUNK(name, ...)                                                           \
    static void name(uint32_t *planes, const uint8_t *w, int8_t *y, const uint8_t *w_end)          \
    {                                                                                              \
        const nn_m4_chunk_shape shape = {__VA_ARGS__};                                             \
        nn_m4_chunk_model(&shape, planes, w, y, w_end);                                            \
    }

#endif

#endif /* NN_M4 */
#endif
