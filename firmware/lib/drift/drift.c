#include "drift/drift.h"

#include <string.h>

#include "core/bytes.h"
#include "core/fmath.h"
#include "drift/moments.h"

/* The offsets of baseline.def as names: PART_version_AT, CHANNEL_BYTES. */
enum {
#define DRIFT_FIELD(record, name, at, bytes)                                                       \
    record##_##name##_AT = (at), record##_##name##_END = (at) + (bytes),
#include "drift/baseline.def"
#undef DRIFT_FIELD
    PART_BYTES = PART_features_END,
    CHANNEL_BYTES = CHANNEL_edges_END
};

_Static_assert(CHANNEL_edges_END - CHANNEL_edges_AT == 4 * DRIFT_EDGES, "31 edges make 32 bins");
_Static_assert(sizeof(drift_channel) == 192, "the size that drift.h states");

/* Magnitudes that no feature has: beyond it the fourth power would leave float32. */
static const float largest_value = 1e8F;

static int is_usable(float value)
{
    return value >= -largest_value && value <= largest_value; /* false for NaN */
}

static int check_channel(const uint8_t *channel)
{
    float last = bytes_load_f32(channel + CHANNEL_edges_AT);
    if (!(bytes_load_f32(channel + CHANNEL_low_AT) <= bytes_load_f32(channel + CHANNEL_high_AT))) {
        return DRIFT_E_EDGES;
    }
    for (uint32_t i = 0; i < DRIFT_EDGES; i++) {
        float edge = bytes_load_f32(channel + CHANNEL_edges_AT + 4 * i);
        if (!is_usable(edge) || edge < last) {
            return DRIFT_E_EDGES;
        }
        last = edge;
    }
    return 0;
}

int drift_check(const uint8_t *baseline, size_t bytes, drift_info *info)
{
    memset(info, 0, sizeof *info);
    if (bytes < PART_BYTES) {
        return DRIFT_E_LENGTH;
    }
    if (bytes_load_u16(baseline + PART_version_AT) != DRIFT_VERSION) {
        return DRIFT_E_VERSION;
    }
    if (bytes_load_u16(baseline + PART_bins_AT) != DRIFT_BINS) {
        return DRIFT_E_BINS;
    }
    uint32_t channels = bytes_load_u16(baseline + PART_channels_AT);
    uint32_t features = bytes_load_u16(baseline + PART_features_AT);
    if (channels < 1 || channels > DRIFT_MAX_CHANNELS || features > channels) {
        return DRIFT_E_CHANNELS;
    }
    if (bytes != PART_BYTES + (size_t)channels * CHANNEL_BYTES) {
        return DRIFT_E_LENGTH;
    }
    for (uint32_t i = 0; i < channels; i++) {
        int error = check_channel(baseline + PART_BYTES + i * CHANNEL_BYTES);
        if (error) {
            return error;
        }
    }
    info->channels = channels;
    info->features = features;
    return 0;
}

int drift_init(drift_state *state, drift_channel *channels, uint32_t capacity,
               const uint8_t *baseline, size_t bytes)
{
    memset(state, 0, sizeof *state);
    int error = drift_check(baseline, bytes, &state->info);
    if (error) {
        return error;
    }
    if (capacity < state->info.channels) {
        memset(&state->info, 0, sizeof state->info); /* nothing can be pushed by mistake */
        return DRIFT_E_MEMORY;
    }
    state->channel = channels;
    state->baseline = baseline;
    memset(channels, 0, state->info.channels * sizeof *channels);
    return 0;
}

void drift_reset(drift_state *state)
{
    if (state->info.channels != 0) {
        memset(state->channel, 0, state->info.channels * sizeof *state->channel);
    }
    state->windows = 0;
    state->interval++;
}

/* How many of the 31 edges are <= value, always in five comparisons. */
static uint32_t bin_of(const uint8_t *edges, float value)
{
    uint32_t bin = 0;
    for (uint32_t step = DRIFT_BINS / 2; step > 0; step /= 2) {
        if (bytes_load_f32(edges + 4 * (bin + step - 1)) <= value) {
            bin += step;
        }
    }
    return bin;
}

static __attribute__((noinline)) void merge_block(const drift_channel *channel, uint32_t before,
                                                  uint32_t count, moments *sum)
{
    moments block;
    *sum = (moments){before, channel->mean, channel->m2, channel->m3, channel->m4};
    moments_block_read(channel, count, &block);
    moments_merge(sum, &block);
}

static void push_value(drift_channel *channel, const uint8_t *baseline, float value)
{
    if (!is_usable(value)) {
        channel->missing++;
        return;
    }
    channel->bins[bin_of(baseline + CHANNEL_edges_AT, value)]++;
    channel->saturated += value <= bytes_load_f32(baseline + CHANNEL_low_AT) ||
                          value >= bytes_load_f32(baseline + CHANNEL_high_AT);
    uint32_t seen = channel->n % DRIFT_BLOCK;
    moments_block_add(channel, seen, value);
    channel->n++;
    if (seen + 1 == DRIFT_BLOCK) {
        moments sum;
        merge_block(channel, channel->n - DRIFT_BLOCK, DRIFT_BLOCK, &sum);
        channel->mean = sum.mean;
        channel->m2 = sum.m2;
        channel->m3 = sum.m3;
        channel->m4 = sum.m4;
    }
}

/* Kept whole, so that no arithmetic moves across the change of floating-point mode. */
static __attribute__((noinline)) void push_values(drift_state *state, const float *values)
{
    for (uint32_t i = 0; i < state->info.channels; i++) {
        const uint8_t *baseline = state->baseline + PART_BYTES + i * CHANNEL_BYTES;
        push_value(&state->channel[i], baseline, values[i]);
    }
}

int drift_push(drift_state *state, const float *values)
{
    if (state->windows == UINT32_MAX) {
        return DRIFT_E_FULL;
    }
    state->windows++;
    uint32_t mode = fm_enter();
    push_values(state, values);
    fm_leave(mode);
    return 0;
}

int drift_push_missing(drift_state *state)
{
    if (state->windows == UINT32_MAX) {
        return DRIFT_E_FULL;
    }
    state->windows++;
    for (uint32_t i = 0; i < state->info.channels; i++) {
        state->channel[i].missing++;
    }
    return 0;
}

int drift_push_many(drift_state *state, const float *values, uint32_t windows)
{
    for (uint32_t w = 0; w < windows; w++) {
        int error = drift_push(state, values + (size_t)w * state->info.channels);
        if (error) {
            return error;
        }
    }
    return 0;
}

int drift_read(const drift_state *state, uint32_t channel, drift_stats *out)
{
    memset(out, 0, sizeof *out);
    if (channel >= state->info.channels) {
        return DRIFT_E_CHANNEL;
    }
    const drift_channel *from = &state->channel[channel];
    uint32_t begun = from->n % DRIFT_BLOCK;
    moments sum;
    uint32_t mode = fm_enter();
    merge_block(from, from->n - begun, begun, &sum);
    fm_leave(mode);
    out->mean = sum.mean;
    out->m2 = sum.m2;
    out->m3 = sum.m3;
    out->m4 = sum.m4;
    memcpy(out->bins, from->bins, sizeof out->bins);
    out->n = from->n;
    out->missing = from->missing;
    out->saturated = from->saturated;
    return 0;
}

const drift_field drift_fields[] = {
#define DRIFT_FIELD(record, name, at, bytes) {#record, #name, at, bytes},
#include "drift/baseline.def"
#undef DRIFT_FIELD
};
const uint32_t drift_fields_count = sizeof drift_fields / sizeof *drift_fields;
