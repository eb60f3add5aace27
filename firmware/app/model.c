#include "model.h"

#include <string.h>

#include "board.h"
#include "drift/drift.h"
#include "program.h"

enum {
    STATEFUL = NN_MODEL_STATE_BYTES > 0,
    SHARED_BYTES = !STATEFUL && NN_MODEL_ARENA_BYTES > 0 ? NN_MODEL_ARENA_BYTES : 1,
    OWN_BYTES = STATEFUL ? NN_MODEL_ARENA_BYTES : 1,
};

/* Features are finished with their workspace before the network starts, so both share this memory.
 */
static union {
    double alignment;
    uint8_t workspace[MODEL_SCRATCH_BYTES];
    _Alignas(NN_MODEL_ARENA_ALIGNMENT) uint8_t arena[SHARED_BYTES];
} scratch;

/* A network that keeps state between windows has an arena of its own. */
static _Alignas(NN_MODEL_ARENA_ALIGNMENT) uint8_t own_arena[OWN_BYTES];

static void *arena(void)
{
    return STATEFUL ? own_arena : scratch.arena;
}

const pack_blob *model_part(const model *m, uint32_t part)
{
    return &m->pack.parts[part];
}

static int check_chain(model *m)
{
    const pack_blob *chain = model_part(m, PACK_PART_CHAIN);
    uint8_t id[32];
    if (chain_check(chain->data, chain->bytes, &m->chain) != 0 || !m->chain.normalised ||
        m->chain.workspace_bytes > MODEL_SCRATCH_BYTES) {
        return PACK_E_CHAIN;
    }
    if (chain_features_id(chain->data, chain->bytes, id) != 0 ||
        memcmp(id, m->pack.features_id, sizeof id) != 0) {
        return PACK_E_FEATURES;
    }
    return 0;
}

/* The siblings each check their part; that the parts fit each other, the pack library checks. */
static int check_parts(model *m)
{
    const pack_blob *decision = model_part(m, PACK_PART_DECISION);
    const pack_blob *baseline = model_part(m, PACK_PART_DRIFT);
    drift_info drift;
    if (decision_check(decision->data, decision->bytes, &m->decision) != 0) {
        return PACK_E_DECISION;
    }
    if (drift_check(baseline->data, baseline->bytes, &drift) != 0) {
        return PACK_E_DRIFT;
    }
    pack_counts counts = {
        .features = m->chain.features,
        .input_bytes = nn_model.input_bytes,
        .output_bytes = nn_model.output_bytes,
        .decision_output_bytes = m->decision.output_bytes,
        .fault_classes = m->decision.fault_classes,
        .drift_channels = drift.channels,
        .drift_features = drift.features,
    };
    if (nn_model.output_bytes > MODEL_MAX_OUTPUTS) {
        return PACK_E_COUNT_OUTPUTS;
    }
    return pack_check_counts(&m->pack, &counts);
}

/* The outputs that the host's reference interpreter gave must come out of this silicon, this
 * compiler. */
static int check_golden(model *m)
{
    const pack_blob *part = model_part(m, PACK_PART_GOLDEN);
    pack_golden golden;
    int8_t output[MODEL_MAX_OUTPUTS];
    if (part->data == NULL) {
        return 0;
    }
    int error = pack_golden_open(part, &golden);
    if (error) {
        return error;
    }
    for (uint32_t i = 0; i < golden.count; i++) {
        const int8_t *input = (const int8_t *)golden.inputs + (size_t)i * golden.input_bytes;
        const uint8_t *expected = golden.outputs + (size_t)i * golden.output_bytes;
        if (model_infer(m, input, output) != 0 ||
            memcmp(output, expected, golden.output_bytes) != 0) {
            m->golden_failed++;
        }
    }
    return m->golden_failed ? PACK_E_SELFTEST : 0;
}

int model_open(model *m, const uint8_t *base, size_t bytes)
{
    pack_firmware firmware = {
        .board_class = BOARD_CLASS_ID,
        .constants_bytes = nn_model.constants_bytes,
        .constants_alignment = nn_model.constants_alignment,
    };
    memcpy(firmware.layout_id, nn_model.layout_id, sizeof firmware.layout_id);
    memset(m, 0, sizeof *m);
    m->refusal = pack_open(base, bytes, &firmware, &m->pack);
    if (!m->refusal) {
        m->refusal = check_chain(m);
    }
    if (!m->refusal) {
        m->refusal = check_parts(m);
    }
    if (!m->refusal) {
        nn_model.reset(arena());
        m->refusal = check_golden(m);
        nn_model.reset(arena()); /* the golden inputs are no past of this machine */
    }
    return m->refusal;
}

int model_infer(const model *m, const int8_t *in, int8_t *out)
{
    return nn_model.run(model_part(m, PACK_PART_CONSTANTS)->data, arena(), in, out, NULL);
}

int model_features(const model *m, const features_window *window, float *features, uint32_t *flags)
{
    const pack_blob *chain = model_part(m, PACK_PART_CHAIN);
    return features_extract(chain->data, chain->bytes, window, features, flags, scratch.workspace,
                            sizeof scratch.workspace);
}
