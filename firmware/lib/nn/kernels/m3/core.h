/* What the kernels for ARMv7-M without the DSP extension (Cortex-M3) are made of. Inner loops are
 * assembly there and plain C on the computer, where tests run every kernel under sanitizers. Other
 * small cores (ARMv6-M) do not see these kernels: there NN_M3 is 0. */
#ifndef NN_KERNELS_M3_CORE_H
#define NN_KERNELS_M3_CORE_H

#include <stdint.h>
#include <string.h>

#ifndef __arm__
#define NN_M3 1
#define NN_M3_ASM 0
#elif __ARM_ARCH >= 7
#define NN_M3 1
#define NN_M3_ASM 1
#else
#define NN_M3 0
#define NN_M3_ASM 0
#endif

#if NN_M3

/* Sum to output byte: (4 sum * multiplier >> 32) + add, shifted right, saturated. `add` holds both
 * of TFLite's roundings and the output's zero point; negative sums lose 2 before the shift, for
 * there TFLite rounds away from zero. The compiler has shown for the channel that this is TFLite's
 * result for every sum that can be (aurora/compile/m4/sums.py, "wide"). */
typedef struct {
    int32_t multiplier, add, shift;
} nn_m3_requant;

/* Saturated to int8. */
static inline int32_t nn_m3_saturate(int32_t x)
{
#if NN_M3_ASM
    int32_t y;
    __asm__("ssat %0, #8, %1" : "=r"(y) : "r"(x));
    return y;
#else
    return x < -128 ? -128 : x > 127 ? 127 : x;
#endif
}

/* `relu`: the output's zero point is -128 and nothing below it is told apart, so that negative sums
 * need no care. */
static inline int8_t nn_m3_output(int32_t sum, const nn_m3_requant *q, int relu)
{
    const int32_t scaled = (int32_t)((uint32_t)sum << 2);
    int32_t y = (int32_t)((int64_t)scaled * q->multiplier >> 32) + q->add;
    if (!relu)
        y += (scaled >> 31) * 2;
    return (int8_t)nn_m3_saturate(y >> q->shift);
}

/* Four bytes from and to any address. */
static inline uint32_t nn_m3_load4(const int8_t *p)
{
    uint32_t value;
    memcpy(&value, p, sizeof value);
    return value;
}

static inline void nn_m3_store4(int8_t *p, uint32_t value)
{
    memcpy(p, &value, sizeof value);
}

#if NN_M3_ASM

/* Macros of the inner loops in assembly. */
__asm__(".syntax unified\n"
        ".macro nn_m3_function name\n"
        "  .pushsection .text.\\name, \"ax\", %progbits\n"
        "  .balign 4\n"
        "  .thumb\n"
        "  .global \\name\n"
        "  .type \\name, %function\n"
        "  .thumb_func\n"
        "\\name:\n"
        ".endm\n"
        ".macro nn_m3_end name\n"
        "  .size \\name, . - \\name\n"
        "  .popsection\n"
        ".endm\n"
        /* nn_m3_output of acc; multiplier r10, add r11, shift r12; r0 and lr are lost */
        ".macro nn_m3_finish acc, relu\n"
        "  lsls \\acc, \\acc, #2\n"
        ".if \\relu\n"
        "  smull lr, \\acc, \\acc, r10\n"
        "  add \\acc, r11\n"
        ".else\n"
        "  smull lr, r0, \\acc, r10\n"
        "  asr lr, \\acc, #31\n"
        "  add r0, r11\n"
        "  add \\acc, r0, lr, lsl #1\n"
        ".endif\n"
        "  asr \\acc, r12\n"
        "  ssat \\acc, #8, \\acc\n"
        ".endm\n"
        /* four outputs to one word in the first */
        ".macro nn_m3_word a, b, c, d\n"
        "  bfi \\a, \\b, #8, #8\n"
        "  bfi \\a, \\c, #16, #8\n"
        "  bfi \\a, \\d, #24, #8\n"
        ".endm\n");

#endif

#endif /* NN_M3 */
#endif
