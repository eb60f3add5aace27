/* lib/nn over TFLite Micro: the interface of nn.h with a flatbuffer as the constants.
 *
 * Compiled only where a user has TFLite Micro's library and headers (TFLM_DIR). The tensors live in
 * an arena of the adapter's own, because what the caller gives may change between two runs. */
#ifndef NN_TFLM_ADAPTER_H
#define NN_TFLM_ADAPTER_H

#include "nn/nn.h"

#ifdef __cplusplus
extern "C" {
#endif

enum {
    NN_E_TFLM_MODEL = -16,  /* not a flatbuffer of the schema's version */
    NN_E_TFLM_ARENA = -17,  /* an operation or the arena does not do: AllocateTensors failed */
    NN_E_TFLM_TENSOR = -18, /* an input or output of another size */
    NN_E_TFLM_INVOKE = -19,
};

/* One input or output: its number in the flatbuffer and its place in our block, which is sorted by
 * name. */
typedef struct {
    uint32_t position, offset, bytes;
} nn_tflm_port;

/* Generated, as many as nn_model counts. */
extern const nn_tflm_port nn_tflm_inputs[], nn_tflm_outputs[];

/* nn_program's run: sets the interpreter up when `constants` is another one than last time (0.1 to
 * 1 million instructions), then runs it. arena and trace are not used. */
int nn_tflm_run(const void *constants, void *arena, const void *in, void *out,
                const nn_trace *trace);
void nn_tflm_reset(void *arena);

#ifdef __cplusplus
}
#endif

#endif
