#include "nn/kernels/m55/place.h"

#if defined(__ARM_FEATURE_MVE)

void nn_m55_fill(int8_t *y, int32_t value, uint32_t bytes)
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

void nn_m55_move(int8_t *y, const int8_t *x, uint32_t bytes)
{
    __asm__ volatile("wlstp.8 lr, %[bytes], 2f\n"
                     "1: vldrb.8 q0, [%[x]], #16\n"
                     "vstrb.8 q0, [%[y]], #16\n"
                     "letp lr, 1b\n"
                     "2:\n"
                     : [x] "+r"(x), [y] "+r"(y)
                     : [bytes] "r"(bytes)
                     : "q0", "lr", "memory");
}

void nn_m55_stage(const nn_m55_staging *s, int32_t zero, const int8_t *x, int8_t *buffer)
{
    const uint32_t line = (uint32_t)s->columns * s->channels;

    nn_m55_fill(buffer, zero, s->bytes);
    buffer += s->start;
    for (uint32_t row = 0; row < s->rows; row++, x += line, buffer += s->row) {
        if (s->column == s->channels) {
            nn_m55_move(buffer, x, line);
            continue;
        }
        for (uint32_t c = 0; c < s->channels; c++)
            for (uint32_t column = 0; column < s->columns; column++)
                buffer[c * s->channel + column * s->column] = x[column * s->channels + c];
    }
}

#endif
