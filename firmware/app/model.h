/* The model that this board runs: opened from slot A once per start, refused whole or not at all.
 */
#ifndef APP_MODEL_H
#define APP_MODEL_H

#include "features/features.h"
#include "nn/decision.h"
#include "nn/nn.h"
#include "pack/pack.h"

enum {
    MODEL_MAX_OUTPUTS = 64, /* a prediction carries them all in one frame */
    MODEL_SCRATCH_BYTES =
        FEATURES_WORKSPACE_MAX_BYTES /* any chain that passes its check finds room */
};

typedef struct {
    int refusal; /* 0: the model runs; else PACK_E_*: why nothing runs */
    pack_view pack;
    chain_info chain;
    decision_info decision;
    uint32_t golden_failed; /* golden vectors whose outputs differ on this board */
} model;

/* Opens the pack at `base` and holds every check against it that lies between bytes and a first
 * window, the golden vectors included. Returns model->refusal. `bytes` is the slot's size. */
int model_open(model *m, const uint8_t *base, size_t bytes);

/* One inference: in[nn_model.input_bytes] to out[nn_model.output_bytes]. 0 or NN_E_*. */
int model_infer(const model *m, const int8_t *in, int8_t *out);

/* Features of a window: 0, CHAIN_E_* or FEATURES_E_*. */
int model_features(const model *m, const features_window *window, float *features, uint32_t *flags);

/* A part of the pack, by PACK_PART_*. */
const pack_blob *model_part(const model *m, uint32_t part);

#endif
