/* Runs the program under sanitizers: file argv[1] holds the constants, then `rows` inputs; outputs
 * go to stdout. Every block is a heap allocation of its exact size, so that one byte too far is
 * seen. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "nn/nn.h"

static void *block(size_t size, size_t alignment)
{
    void *data = NULL;
    if (posix_memalign(&data, alignment < sizeof(void *) ? sizeof(void *) : alignment,
                       size ? size : 1) != 0)
        exit(2);
    memset(data, 0xA5, size);
    return data;
}

/* Nothing may carry over from run to run, but the state that a reset has cleared. */
static void forget(uint8_t *arena, const uint8_t *after_reset, size_t size)
{
    for (size_t i = 0; i < size; i++)
        if (after_reset[i] != 0)
            arena[i] = 0x5A;
}

int main(int argc, char **argv)
{
    const nn_program *p = &nn_model;
    FILE *file = argc == 2 ? fopen(argv[1], "rb") : NULL;
    void *constants = block(p->constants_bytes, p->constants_alignment);
    void *arena = block(p->arena_bytes, p->arena_alignment);
    void *in = block(p->input_bytes, 1), *out = block(p->output_bytes, 1);

    if (file == NULL || fread(constants, 1, p->constants_bytes, file) != p->constants_bytes)
        return 2;
    uint8_t *after_reset = block(p->arena_bytes, 1);
    p->reset(arena);
    memcpy(after_reset, arena, p->arena_bytes);
    while (fread(in, 1, p->input_bytes, file) == p->input_bytes) {
        forget(arena, after_reset, p->arena_bytes);
        if (p->run(constants, arena, in, out, NULL) != 0)
            return 3;
        fwrite(out, 1, p->output_bytes, stdout);
    }
    fclose(file);
    free(constants), free(arena), free(after_reset), free(in), free(out);
    return 0;
}
