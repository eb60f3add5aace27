#include "nn/kernels/m55/place.h"

#if defined(__ARM_FEATURE_MVE)

static void fill(int8_t *y, int32_t value, uint32_t bytes)
{
    __asm__ volatile("vdup.8 q0, %[value]\n"
                     "wlstp.8 lr, %[bytes], 2f\n"
                     "1: vstrb.8 q0, [%[y]], #16\n"
                     "letp lr, 1b\n"
                     "2:\n"
                     : [y] "+r"(y)
                     : [value] "r"(value), [bytes] "r"(bytes)
                     : "q0", "lr", "memory");
}

void nn_m55_border(const nn_m55_border_bytes *b, int32_t zero, int8_t *buffer)
{
    fill(buffer, zero, b->before);
    fill(buffer + b->end, zero, b->after);
}

void nn_m55_move(int8_t *y, const int8_t *x, uint32_t bytes)
{
    __asm__ volatile("wls lr, %[blocks], 2f\n"
                     "1: vldrb.8 q0, [%[x]], #16\n"
                     "vldrb.8 q1, [%[x]], #16\n"
                     "vldrb.8 q2, [%[x]], #16\n"
                     "vldrb.8 q3, [%[x]], #16\n"
                     "vstrb.8 q0, [%[y]], #16\n"
                     "vstrb.8 q1, [%[y]], #16\n"
                     "vstrb.8 q2, [%[y]], #16\n"
                     "vstrb.8 q3, [%[y]], #16\n"
                     "le lr, 1b\n"
                     "2: wlstp.8 lr, %[rest], 4f\n"
                     "3: vldrb.8 q0, [%[x]], #16\n"
                     "vstrb.8 q0, [%[y]], #16\n"
                     "letp lr, 3b\n"
                     "4:\n"
                     : [x] "+r"(x), [y] "+r"(y)
                     : [blocks] "r"(bytes / 64), [rest] "r"(bytes % 64)
                     : "q0", "q1", "q2", "q3", "lr", "memory");
}

/* One channel of a row, of which `channels` stand side by side, to neighbouring bytes. */
static void gather(int8_t *y, const int8_t *x, uint32_t columns, uint32_t channels)
{
    uint32_t step = 0; /* VIDUP counts on in an even register */
    __asm__ volatile("vidup.u16 q1, %[step], #1\n"
                     "vmul.i16 q1, q1, %[channels]\n"
                     "lsl %[step], %[channels], #3\n"
                     "wlstp.16 lr, %[columns], 2f\n"
                     "1: vldrb.u16 q0, [%[x], q1]\n"
                     "add %[x], %[x], %[step]\n"
                     "vstrb.16 q0, [%[y]], #8\n"
                     "letp lr, 1b\n"
                     "2:\n"
                     : [x] "+r"(x), [y] "+l"(y), [step] "+Te"(step)
                     : [columns] "r"(columns), [channels] "r"(channels)
                     : "q0", "q1", "lr", "memory");
}

void nn_m55_stage(const nn_m55_staging *s, const int8_t *x, int8_t *buffer)
{
    const uint32_t line = (uint32_t)s->columns * s->channels;

    buffer += s->start;
    for (uint32_t row = 0; row < s->rows; row++, x += line, buffer += s->row) {
        if (s->column == s->channels) {
            nn_m55_move(buffer, x, line);
            continue;
        }
        for (uint32_t c = 0; c < s->channels; c++) /* planes: the columns are neighbours */
            gather(buffer + c * s->channel, x + c, s->columns, s->channels);
    }
}

#endif
