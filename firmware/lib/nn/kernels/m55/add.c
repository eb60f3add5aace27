#include "nn/kernels/m55/add.h"

#include "nn/kernels/m55/place.h"
#include "nn/kernels/requantize.h"

#if defined(__ARM_FEATURE_MVE)

/* The order in which narrowing leaves 16 bytes of four vectors. */
static const uint8_t order[16] = {0, 8, 4, 12, 1, 9, 5, 13, 2, 10, 6, 14, 3, 11, 7, 15};

/* `vectors` times 16 elements; not VQSHRN, which GNU as 2.40 encodes as VQRSHRN. */
static void whole_vectors(const nn_m55_add_values *v, uint32_t vectors, const int8_t *a,
                          const int8_t *b, int8_t *y)
{
    __asm__ volatile("vdup.32 q7, %[fa]\n"
                     "vldrb.u8 q6, [%[order]]\n"
                     "wls lr, %[vectors], 2f\n"
                     "1:\n"
                     "vldrb.s32 q0, [%[a]], #4\n"
                     "vldrb.s32 q1, [%[a]], #4\n"
                     "vldrb.s32 q2, [%[a]], #4\n"
                     "vldrb.s32 q3, [%[a]], #4\n"
                     "vldrb.s32 q4, [%[b]], #4\n"
                     "vmlas.s32 q0, q7, %[offset]\n"
                     "vldrb.s32 q5, [%[b]], #4\n"
                     "vmla.s32 q0, q4, %[fb]\n"
                     "vmlas.s32 q1, q7, %[offset]\n"
                     "vldrb.s32 q4, [%[b]], #4\n"
                     "vmla.s32 q1, q5, %[fb]\n"
                     "vmlas.s32 q2, q7, %[offset]\n"
                     "vldrb.s32 q5, [%[b]], #4\n"
                     "vmla.s32 q2, q4, %[fb]\n"
                     "vmlas.s32 q3, q7, %[offset]\n"
                     "vmla.s32 q3, q5, %[fb]\n"
                     "vqrshrnb.s32 q0, q0, #16\n"
                     "vqrshrnt.s32 q0, q1, #16\n"
                     "vqrshrnb.s32 q2, q2, #16\n"
                     "vqrshrnt.s32 q2, q3, #16\n"
                     "vqrshrnb.s16 q0, q0, #5\n"
                     "vqrshrnt.s16 q0, q2, #5\n"
                     "vstrb.8 q0, [%[y], q6]\n"
                     "adds %[y], #16\n"
                     "le lr, 1b\n"
                     "2:\n"
                     : [a] "+l"(a), [b] "+l"(b), [y] "+l"(y)
                     : [vectors] "r"(vectors), [order] "r"(order), [fa] "r"(v->a_factor),
                       [fb] "r"(v->b_factor), [offset] "r"(v->offset)
                     : "q0", "q1", "q2", "q3", "q4", "q5", "q6", "q7", "lr", "cc", "memory");
}

static int8_t one(const nn_m55_add_values *v, int32_t a, int32_t b)
{
    const int32_t rounded = (a * v->a_factor + b * v->b_factor + v->offset + (1 << 15)) >> 16;
    const int32_t sum = (rounded + (1 << 4)) >> 5;

    return (int8_t)(sum < INT8_MIN ? INT8_MIN : sum > INT8_MAX ? INT8_MAX : sum);
}

static void affine_row(const nn_m55_add_values *v, uint32_t width, const int8_t *a, const int8_t *b,
                       int8_t *y)
{
    const uint32_t vectors = width / 16;

    whole_vectors(v, vectors, a, b, y);
    for (uint32_t i = vectors * 16; i < width; i++)
        y[i] = one(v, a[i], b[i]);
}

void nn_m55_add(const nn_m55_add_params *p, const uint8_t *constants, const int8_t *a,
                const int8_t *b, int8_t *y)
{
    const nn_m55_add_values *v = NN_TABLE(nn_m55_add_values, constants, p->values);
    const nn_add_params exact = {p->width, p->exact};

    nn_m55_border(&p->y_border, NN_TABLE(nn_add_values, constants, p->exact)->levels.output_zero,
                  y);
    a += p->start[0];
    b += p->start[1];
    y += p->start[2];
    for (uint32_t row = p->rows; row > 0; row--, a += p->row[0], b += p->row[1], y += p->row[2]) {
        if (v->is_affine)
            affine_row(v, p->width, a, b, y);
        else
            nn_add(&exact, constants, a, b, y);
    }
}

#endif
