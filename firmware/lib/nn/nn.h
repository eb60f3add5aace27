/* lib/nn: runs one compiled int8 network; the program is generated C, its constants come from a
 * pack.
 *
 * `aurora compile` writes program.c, which defines nn_model below. The program holds shapes and
 * places; every value that training can change (weights, biases, multipliers, shifts, zero points,
 * clamps) lies in the constants, so a retrained network of the same layout_id needs new constants
 * and no new program. No heap, no start-up work, no state outside the arena. */
#ifndef NN_NN_H
#define NN_NN_H

#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
enum {
    NN_KERNEL_ABI =
        1, /* raised when a kernel's parameters or the meaning of its constants change */
    NN_E_POINTER = -1,   /* constants, arena, in or out is NULL */
    NN_E_ALIGNMENT = -2, /* constants or arena is not aligned as nn_program says */
};

/* One input or output: its place in the concatenated input or output block. */
typedef struct {
    const char *name;
    uint32_t offset, bytes;
} nn_tensor;

/* Called after each step with the tensor it wrote, in programs built with NN_TRACE only. `tensor`
 * counts the program's materialised tensors; report.json maps it to the index in the .tflite. */
typedef struct {
    void (*tensor)(void *context, uint32_t tensor, const void *data, uint32_t bytes);
    void *context;
} nn_trace;

typedef struct {
    uint8_t layout_id[32];
    uint32_t constants_bytes, constants_alignment;
    uint32_t arena_bytes, arena_alignment;
    uint32_t input_bytes, output_bytes;
    uint32_t input_count, output_count;
    const nn_tensor *inputs, *outputs; /* sorted by name */
    /* One inference. `in` and `out` are the int8 blocks described by inputs and outputs; they
     * overlap neither each other nor the arena and need no alignment. trace may be NULL. Returns 0
     * or NN_E_*. */
    int (*run)(const void *constants, void *arena, const void *in, void *out,
               const nn_trace *trace);
    /* Clears what stateful operations keep in the arena; to be called once before the first run. */
    void (*reset)(void *arena);
} nn_program;
/* aurora:end */

extern const nn_program nn_model; /* defined by the generated program.c */

#ifdef NN_TRACE
#define NN_TRACED(trace, number, data, size)                                                       \
    do {                                                                                           \
        if ((trace) != NULL)                                                                       \
            (trace)->tensor((trace)->context, (number), (data), (size));                           \
    } while (0)
#else
#define NN_TRACED(trace, number, data, size) ((void)(trace))
#endif

/* The check every program starts with. */
static inline int nn_check(const nn_program *program, const void *constants, const void *arena,
                           const void *in, const void *out)
{
    if (constants == NULL || arena == NULL || in == NULL || out == NULL)
        return NN_E_POINTER;
    if ((uintptr_t)constants % program->constants_alignment != 0 ||
        (uintptr_t)arena % program->arena_alignment != 0)
        return NN_E_ALIGNMENT;
    return 0;
}

#endif
