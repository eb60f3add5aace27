/* Inner loops of depthwise convolutions on the DSP extension, made per shape: the compiler writes
 * one NN_M4_DEPTHWISE line per layer shape into program.c.
 *
 * A tile reads one channel's plane of column pairs (X0, X1), (X2, X3), ... as halfwords, `pitch`
 * bytes per row, and writes its bytes of NHWC. Stream: bias, weights by row of taps, multiplier,
 * add and, without ReLU, what negative sums lose before the second rounding (dsp.h), or, where
 * shift is 0, the channel's own shift of sums at four times the true ones. A row's weights are its
 * pairs (w0, w1), (w2, w3), ... and, where the stride is 1 and windows begin at odd columns as
 * well, (w1, w2), ...: two taps per SMLAD in either case. Otherwise sums are 2^d times the true
 * ones with the d that gives every channel the same `shift`, an immediate of SSAT. */
#ifndef NN_KERNELS_M4_DEPTHWISE_TILE_H
#define NN_KERNELS_M4_DEPTHWISE_TILE_H

#include "nn/kernels/m4/tile.h"

#if NN_M4

/* `rows` output rows of one channel. */
typedef void nn_m4_depthwise_tile(const uint32_t *x, const uint32_t *w, int8_t *y, int32_t rows);

#if NN_M4_ASM

__asm__(".syntax unified\n"
        /* weights in r10-r12 */
        ".macro nn_dw_mac op, acc, x, index, from\n"
        ".if (\\index) == 0\n"
        "  \\op \\acc, \\x, r10, \\from\n"
        ".elseif (\\index) == 1\n"
        "  \\op \\acc, \\x, r11, \\from\n"
        ".else\n"
        "  \\op \\acc, \\x, r12, \\from\n"
        ".endif\n"
        ".endm\n"
        /* word nn_k of the row against output nn_i, which begins at word nn_k - nn_j */
        ".macro nn_dw_tap acc, x, taps, stride, from\n"
        ".if \\stride == 1\n"
        "  .set nn_j, nn_k-nn_i/2\n"
        ".else\n"
        "  .set nn_j, nn_k-nn_i\n"
        ".endif\n"
        ".if \\stride == 1 && nn_i%2 == 1\n"
        "  .if nn_j == 0\n"
        "    nn_dw_mac smlatb, \\acc, \\x, 0, \\from\n"
        "  .elseif nn_j > 0 && 2*nn_j < \\taps\n"
        "    nn_dw_mac smlad, \\acc, \\x, (\\taps/2+nn_j-1), \\acc\n"
        "  .elseif nn_j > 0 && 2*nn_j == \\taps\n"
        "    nn_dw_mac smlabt, \\acc, \\x, (\\taps/2-1), \\acc\n"
        "  .endif\n"
        ".elseif nn_j == 0 && \\taps > 1\n"
        "  nn_dw_mac smlad, \\acc, \\x, 0, \\from\n"
        ".elseif nn_j == 0\n"
        "  nn_dw_mac smlabb, \\acc, \\x, 0, \\from\n"
        ".elseif nn_j > 0 && 2*nn_j+1 < \\taps\n"
        "  nn_dw_mac smlad, \\acc, \\x, nn_j, \\acc\n"
        ".elseif nn_j > 0 && 2*nn_j+1 == \\taps\n"
        "  .if \\stride == 1\n"
        "    nn_dw_mac smlabt, \\acc, \\x, (\\taps-2), \\acc\n"
        "  .else\n"
        "    nn_dw_mac smlabb, \\acc, \\x, nn_j, \\acc\n"
        "  .endif\n"
        ".endif\n"
        ".endm\n"
        ".macro nn_dw_word x, taps, stride, n, bias\n"
        "  .set nn_i, 0\n"
        "  .irp acc, r4, r5, r6, r7, r8, r9\n"
        "  .if nn_i < \\n\n"
        "    .if nn_row == 0\n"
        "      nn_dw_tap \\acc, \\x, \\taps, \\stride, \\bias\n"
        "    .else\n"
        "      nn_dw_tap \\acc, \\x, \\taps, \\stride, \\acc\n"
        "    .endif\n"
        "  .endif\n"
        "  .set nn_i, nn_i+1\n"
        "  .endr\n"
        "  .set nn_k, nn_k+1\n"
        ".endm\n"
        ".macro nn_dw_weights weights\n"
        ".set nn_w, 4+4*\\weights*nn_row\n"
        ".if \\weights == 1\n"
        "  ldr r10, [r1, #nn_w]\n"
        ".else\n"
        "  ldrd r10, r11, [r1, #nn_w]\n"
        "  .if \\weights == 3\n"
        "    ldr r12, [r1, #nn_w+8]\n"
        "  .endif\n"
        ".endif\n"
        ".endm\n"
        ".macro nn_dw_row taps, stride, n, bias, pitch, words, weights\n"
        ".if !nn_kept\n"
        "  nn_dw_weights \\weights\n"
        ".endif\n"
        "  .set nn_k, 0\n"
        "  .rept \\words/2\n"
        "  ldrd r2, r3, [r0, #nn_row*\\pitch+4*nn_k]\n"
        "  nn_dw_word r2, \\taps, \\stride, \\n, \\bias\n"
        "  nn_dw_word r3, \\taps, \\stride, \\n, \\bias\n"
        "  .endr\n"
        "  .if \\words%2\n"
        "  ldr r2, [r0, #nn_row*\\pitch+4*nn_k]\n"
        "  nn_dw_word r2, \\taps, \\stride, \\n, \\bias\n"
        "  .endif\n"
        "  .set nn_row, nn_row+1\n"
        ".endm\n"
        ".macro nn_dw_add reg, value\n"
        ".if (\\value) > 4095\n"
        "  movw r2, #(\\value)\n"
        "  add \\reg, r2\n"
        ".elseif (\\value) > 0\n"
        "  addw \\reg, \\reg, #(\\value)\n"
        ".endif\n"
        ".endm\n");

__asm__(/* Blocks of n outputs, `step` apart, in sums r4-r9. One row of taps and few sums leave room
           to keep the weights, and multiplier and add in r8 and r9; r12 counts where it is free.
           Stack: end of x in the row, rows left */
        ".macro nn_depthwise name, taps_h, taps, stride, n, step, blocks, pitch, down, width, "
        "channels, weights, relu, shift\n"
        "  nn_function \\name\n"
        ".set nn_kept, \\taps_h == 1 && \\n <= 4 && \\relu && \\shift\n"
        ".set nn_spare, \\weights <= 2 && \\relu && \\shift\n"
        ".set nn_last, 4+4*\\weights*\\taps_h\n"
        "  push {r2-r11, lr}\n"
        "  mov lr, r2\n"
        ".if nn_kept\n"
        "  .set nn_row, 0\n"
        "  nn_dw_weights \\weights\n"
        "  ldrd r8, r9, [r1, #nn_last]\n"
        ".endif\n"
        ".if nn_spare && \\blocks == 1\n"
        "  mov r12, r3\n"
        ".endif\n"
        "10:\n"
        ".if \\blocks > 1 && nn_spare\n"
        "  addw r12, r0, #\\blocks*2*\\step*\\stride\n"
        ".elseif \\blocks > 1\n"
        "  addw r2, r0, #\\blocks*2*\\step*\\stride\n"
        "  str r2, [sp]\n"
        ".endif\n"
        "20:\n"
        "  .set nn_row, 0\n"
        ".if \\n == 6\n"
        "  ldr r9, [r1]\n"
        "  .rept \\taps_h\n"
        "  nn_dw_row \\taps, \\stride, 6, r9, \\pitch, ((6*\\stride-\\stride+\\taps-1)/2+1), "
        "\\weights\n"
        "  .endr\n"
        ".elseif \\n == 5\n"
        "  ldr r8, [r1]\n"
        "  .rept \\taps_h\n"
        "  nn_dw_row \\taps, \\stride, 5, r8, \\pitch, ((5*\\stride-\\stride+\\taps-1)/2+1), "
        "\\weights\n"
        "  .endr\n"
        ".elseif \\n == 4\n"
        "  ldr r7, [r1]\n"
        "  .rept \\taps_h\n"
        "  nn_dw_row \\taps, \\stride, 4, r7, \\pitch, ((4*\\stride-\\stride+\\taps-1)/2+1), "
        "\\weights\n"
        "  .endr\n"
        ".elseif \\n == 3\n"
        "  ldr r6, [r1]\n"
        "  .rept \\taps_h\n"
        "  nn_dw_row \\taps, \\stride, 3, r6, \\pitch, ((3*\\stride-\\stride+\\taps-1)/2+1), "
        "\\weights\n"
        "  .endr\n"
        ".else\n"
        "  ldr r5, [r1]\n"
        "  .rept \\taps_h\n"
        "  nn_dw_row \\taps, \\stride, 2, r5, \\pitch, ((2*\\stride-\\stride+\\taps-1)/2+1), "
        "\\weights\n"
        "  .endr\n"
        ".endif\n"
        ".if !nn_kept\n"
        "  ldrd r10, r11, [r1, #nn_last]\n"
        "  .if !\\relu || !\\shift\n"
        "  ldr r12, [r1, #nn_last+8]\n"
        "  .endif\n"
        ".endif\n"
        "  .set nn_i, 0\n"
        "  .irp acc, r4, r5, r6, r7, r8, r9\n"
        "  .if nn_i < \\n\n"
        "    .if !\\relu\n"
        "    asr r2, \\acc, #31\n"
        "    .endif\n"
        "    .if nn_kept\n"
        "    smmla \\acc, \\acc, r8, r9\n"
        "    .else\n"
        "    smmla \\acc, \\acc, r10, r11\n"
        "    .endif\n"
        "    .if !\\relu && !\\shift\n"
        "    add \\acc, \\acc, r2, lsl #1\n"
        "    .elseif !\\relu\n"
        "    mla \\acc, r2, r12, \\acc\n"
        "    .endif\n"
        "    .if \\shift\n"
        "    ssat \\acc, #8, \\acc, asr #\\shift\n"
        "    .else\n"
        "    asr \\acc, \\acc, r12\n"
        "    ssat \\acc, #8, \\acc\n"
        "    .endif\n"
        "    strb \\acc, [lr, #nn_i*\\channels]\n"
        "  .endif\n"
        "  .set nn_i, nn_i+1\n"
        "  .endr\n"
        ".if \\blocks > 1\n"
        "  add r0, #2*\\step*\\stride\n"
        "  nn_dw_add lr, (\\step*\\channels)\n"
        "  .if nn_spare\n"
        "  cmp r0, r12\n"
        "  .else\n"
        "  ldr r3, [sp]\n"
        "  cmp r0, r3\n"
        "  .endif\n"
        "  bne 20b\n"
        "  nn_dw_add r0, (\\down*\\pitch-\\blocks*2*\\step*\\stride)\n"
        "  nn_dw_add lr, ((\\width-\\blocks*\\step)*\\channels)\n"
        ".else\n"
        "  nn_dw_add r0, (\\down*\\pitch)\n"
        "  nn_dw_add lr, (\\width*\\channels)\n"
        ".endif\n"
        ".if nn_spare && \\blocks == 1\n"
        "  subs r12, #1\n"
        ".else\n"
        "  ldr r3, [sp, #4]\n"
        "  subs r3, #1\n"
        "  str r3, [sp, #4]\n"
        ".endif\n"
        "  bne 10b\n"
        "  pop {r2-r11, pc}\n"
        "  nn_end \\name\n"
        ".endm\n");

#define NN_M4_DEPTHWISE(name, ...)                                                                 \
    nn_m4_depthwise_tile name;                                                                     \
    __asm__("nn_depthwise " NN_M4_TEXT(name, __VA_ARGS__))

#else

/* The tile in C, for the computer: same stream, same bytes. `weights` words per row of taps. */
typedef struct {
    int taps_h, taps, stride, n, step, blocks, pitch, down, width, channels, weights, relu, shift;
} nn_m4_depthwise_shape;

static inline int32_t nn_m4_half(uint32_t word, int top)
{
    return (int16_t)(top ? word >> 16 : word);
}

/* Weight `tap` of a row: from the pairs that begin at even taps, but for the last of an odd number
 * at stride 1. */
static inline int32_t nn_m4_depthwise_weight(const nn_m4_depthwise_shape *s, const uint32_t *w,
                                             int tap)
{
    if (s->stride == 1 && tap == s->taps - 1 && s->taps % 2 == 1)
        return nn_m4_half(w[s->taps - 2], 1);
    return nn_m4_half(w[tap / 2], tap % 2);
}

static inline int32_t nn_m4_depthwise_sum(const nn_m4_depthwise_shape *s, const uint32_t *x,
                                          const uint32_t *w, int column)
{
    uint32_t sum = w[0];
    for (int row = 0; row < s->taps_h; row++)
        for (int tap = 0; tap < s->taps; tap++) {
            const int at = column * s->stride + tap;
            const int32_t value = nn_m4_half(x[row * s->pitch / 4 + at / 2], at % 2);
            const uint32_t *line = w + 1 + row * s->weights;
            sum += (uint32_t)(value * nn_m4_depthwise_weight(s, line, tap));
        }
    return (int32_t)sum;
}

static inline void nn_m4_depthwise_model(nn_m4_depthwise_shape s, const uint32_t *x,
                                         const uint32_t *w, int8_t *y, int32_t rows)
{
    const int32_t *q = (const int32_t *)(w + 1 + s.taps_h * s.weights);
    for (; rows > 0; rows--, x += s.down * s.pitch / 4, y += s.width * s.channels)
        for (int column = 0; column < (s.blocks - 1) * s.step + s.n; column++) {
            const int32_t sum = nn_m4_depthwise_sum(&s, x, w, column);
            int32_t out = nn_smmla(sum, q[0], q[1]);
            if (!s.relu && sum < 0)
                out -= s.shift != 0 ? q[2] : 2;
            y[column * s.channels] = (int8_t)nn_ssat8(out >> (s.shift != 0 ? s.shift : q[2]));
        }
}

#define NN_M4_DEPTHWISE(name, ...)                                                                 \
    static void name(const uint32_t *x, const uint32_t *w, int8_t *y, int32_t rows)                \
    {                                                                                              \
        const nn_m4_depthwise_shape shape = {__VA_ARGS__};                                         \
        nn_m4_depthwise_model(shape, x, w, y, rows);                                               \
    }

#endif

#endif /* NN_M4 */
#endif
