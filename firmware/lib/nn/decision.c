#include "nn/decision.h"

#include <string.h>

#include "core/bytes.h"

/* The offsets of decision.def as names: PART_version_AT, HEAD_BYTES. */
enum {
#define DECISION_FIELD(record, name, at, bytes)                                                    \
    record##_##name##_AT = (at), record##_##name##_END = (at) + (bytes),
#include "nn/decision.def"
#undef DECISION_FIELD
    PART_BYTES = PART_output_bytes_END,
    HEAD_BYTES = HEAD_offset_END
};

static int32_t s8_at(const uint8_t *at)
{
    return at[0] < 128 ? (int32_t)at[0] : (int32_t)at[0] - 256;
}

static int read_fault_type(decision_state *state, const uint8_t *head)
{
    uint32_t count = bytes_load_u16(head + HEAD_count_AT);
    if (state->info.fault_classes != 0) {
        return DECISION_E_HEADS;
    }
    if (count < 2 || count > DECISION_MAX_CLASSES) {
        return DECISION_E_OUTPUT;
    }
    if (head[HEAD_threshold_on_AT] != 0 || head[HEAD_threshold_off_AT] != 0) {
        return DECISION_E_THRESHOLD;
    }
    if (head[HEAD_raise_votes_AT] != 0 || head[HEAD_clear_votes_AT] != 0 || head[HEAD_n_AT] != 0) {
        return DECISION_E_VOTES;
    }
    state->info.fault_classes = count;
    state->fault_offset = bytes_load_u32(head + HEAD_offset_AT);
    return 0;
}

static int read_fails_within(decision_state *state, const uint8_t *head)
{
    decision_info *info = &state->info;
    if (info->fails_within != 0) {
        return DECISION_E_HEADS;
    }
    if (bytes_load_u16(head + HEAD_count_AT) != 1) {
        return DECISION_E_OUTPUT;
    }
    state->threshold_on = s8_at(head + HEAD_threshold_on_AT);
    state->threshold_off = s8_at(head + HEAD_threshold_off_AT);
    if (state->threshold_off > state->threshold_on) {
        return DECISION_E_THRESHOLD;
    }
    info->raise_votes = head[HEAD_raise_votes_AT];
    info->clear_votes = head[HEAD_clear_votes_AT];
    info->n = head[HEAD_n_AT];
    if (info->clear_votes < 1 || info->clear_votes > info->raise_votes ||
        info->raise_votes > info->n || info->n > DECISION_MAX_N) {
        return DECISION_E_VOTES;
    }
    info->fails_within = 1;
    state->score_offset = bytes_load_u32(head + HEAD_offset_AT);
    return 0;
}

static int read_head(decision_state *state, const uint8_t *head)
{
    uint32_t count = bytes_load_u16(head + HEAD_count_AT),
             offset = bytes_load_u32(head + HEAD_offset_AT);
    if (offset > state->info.output_bytes || count > state->info.output_bytes - offset) {
        return DECISION_E_OUTPUT;
    }
    switch (head[HEAD_kind_AT]) {
    case DECISION_FAULT_TYPE:
        return read_fault_type(state, head);
    case DECISION_FAILS_WITHIN:
        return read_fails_within(state, head);
    default:
        return DECISION_E_HEADS;
    }
}

int decision_init(decision_state *state, const uint8_t *part, size_t bytes)
{
    memset(state, 0, sizeof *state);
    if (bytes < PART_BYTES) {
        return DECISION_E_LENGTH;
    }
    if (bytes_load_u16(part + PART_version_AT) != DECISION_VERSION) {
        return DECISION_E_VERSION;
    }
    uint32_t heads = bytes_load_u16(part + PART_heads_AT);
    if (heads < 1 || heads > DECISION_MAX_HEADS) {
        return DECISION_E_HEADS;
    }
    if (bytes != PART_BYTES + (size_t)heads * HEAD_BYTES) {
        return DECISION_E_LENGTH;
    }
    state->info.output_bytes = bytes_load_u32(part + PART_output_bytes_AT);
    for (uint32_t i = 0; i < heads; i++) {
        int error = read_head(state, part + PART_BYTES + i * HEAD_BYTES);
        if (error) {
            return error;
        }
    }
    return 0;
}

int decision_check(const uint8_t *part, size_t bytes, decision_info *info)
{
    decision_state state;
    int error = decision_init(&state, part, bytes);
    *info = state.info;
    return error;
}

void decision_reset(decision_state *state)
{
    state->history_on = 0;
    state->history_off = 0;
    state->alarm = 0;
}

static uint32_t votes_of(uint32_t history, uint32_t n)
{
    uint32_t votes = 0;
    for (uint32_t i = 0; i < n; i++) {
        votes += history >> i & 1;
    }
    return votes;
}

void decision_peek(const decision_state *state, const int8_t *outputs, decision_result *result)
{
    const int8_t *logits = outputs + state->fault_offset;
    int32_t best = -1;
    for (uint32_t i = 0; i < state->info.fault_classes; i++) {
        if (best < 0 || logits[i] > logits[best]) {
            best = (int32_t)i;
        }
    }
    result->fault_class = best;
    result->score = state->info.fails_within ? outputs[state->score_offset] : 0;
    result->votes = 0;
    result->alarm = 0;
}

void decision_step(decision_state *state, const int8_t *outputs, decision_result *result)
{
    const decision_info *info = &state->info;
    decision_peek(state, outputs, result);
    if (!info->fails_within) {
        return;
    }
    state->history_on = state->history_on << 1 | (result->score >= state->threshold_on);
    state->history_off = state->history_off << 1 | (result->score >= state->threshold_off);
    if (state->alarm) {
        result->votes = votes_of(state->history_off, info->n);
        state->alarm = result->votes >= info->clear_votes;
    } else {
        result->votes = votes_of(state->history_on, info->n);
        state->alarm = result->votes >= info->raise_votes;
    }
    result->alarm = state->alarm;
}

const decision_field decision_fields[] = {
#define DECISION_FIELD(record, name, at, bytes) {#record, #name, at, bytes},
#include "nn/decision.def"
#undef DECISION_FIELD
};
const uint32_t decision_fields_count = sizeof decision_fields / sizeof *decision_fields;
