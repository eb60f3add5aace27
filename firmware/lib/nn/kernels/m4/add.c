#include "nn/kernels/m4/add.h"

#if NN_M4

static inline int32_t sum(const nn_m4_add_values *v, int8_t a, int8_t b)
{
    return nn_ssat8((a * v->ka + b * v->kb + v->kc) >> NN_M4_ADD_SHIFT);
}

static inline uint32_t byte_of(int32_t x)
{
    return (uint32_t)x & 0xFFu;
}

void nn_m4_add(const nn_m4_add_params *p, const uint8_t *constants, const int8_t *a,
               const int8_t *b, int8_t *y)
{
    const nn_m4_add_values v = *NN_TABLE(nn_m4_add_values, constants, p->values);
    const int8_t *end = y + p->count;

    if (v.proved == 0) {
        const nn_add_params exact = {p->count, p->exact};
        nn_add(&exact, constants, a, b, y);
        return;
    }
    for (; end - y >= 4; a += 4, b += 4, y += 4) {
        const uint32_t x = nn_load4(a), z = nn_load4(b);
        uint32_t out = byte_of(sum(&v, (int8_t)x, (int8_t)z));
        out |= byte_of(sum(&v, (int8_t)(x >> 8), (int8_t)(z >> 8))) << 8;
        out |= byte_of(sum(&v, (int8_t)(x >> 16), (int8_t)(z >> 16))) << 16;
        out |= (uint32_t)sum(&v, (int8_t)(x >> 24), (int8_t)(z >> 24)) << 24;
        memcpy(y, &out, sizeof out);
    }
    for (; y < end; y++)
        *y = (int8_t)sum(&v, *a++, *b++);
}

#endif
