#include "walk.h"

#include <string.h>

#include "link/link.h"

_Static_assert((int)WALK_FLAG_SILENT == (int)FEATURES_FLAG_SILENT &&
                   (int)WALK_FLAG_CONSTANT == (int)FEATURES_FLAG_CONSTANT &&
                   (int)WALK_FLAG_CLIPPED == (int)FEATURES_FLAG_CLIPPED &&
                   (int)WALK_FLAG_RPM_UNKNOWN == (int)FEATURES_FLAG_RPM_UNKNOWN &&
                   (int)WALK_FLAG_BAD_SCALE == (int)FEATURES_FLAG_BAD_SCALE,
               "flags.def repeats the feature library's flags");

_Static_assert(FEATURES_FLAGS_NO_SIGNAL ==
                       (FEATURES_FLAG_SILENT | FEATURES_FLAG_CONSTANT | FEATURES_FLAG_BAD_SCALE) &&
                   FEATURES_FLAGS_FAULTY == (FEATURES_FLAGS_NO_SIGNAL | FEATURES_FLAG_CLIPPED),
               "the sums in features.h");

enum {
    NO_WINDOW = WALK_FLAG_DAMAGED | WALK_FLAG_WRONG_SHAPE | WALK_FLAG_WRONG_RATE,
    UNUSABLE = FEATURES_FLAGS_NO_SIGNAL | NO_WINDOW,
    FAULTY = FEATURES_FLAGS_FAULTY | NO_WINDOW
};

void walk_open(walk *w)
{
    size_t bytes;
    const uint8_t *slot = port_slot_a(&bytes);
    if (model_open(&w->model, slot, bytes) != 0) {
        return;
    }
    const pack_blob *decision = model_part(&w->model, PACK_PART_DECISION);
    const pack_blob *baseline = model_part(&w->model, PACK_PART_DRIFT);
    features_calibration_init(&w->calibration, w->model.chain.calibration_windows);
    /* both parts were checked by model_open */
    (void)decision_init(&w->decision, decision->data, decision->bytes);
    (void)drift_init(&w->drift, w->channels, DRIFT_MAX_CHANNELS, baseline->data, baseline->bytes);
}

int walk_is_calibrated(const walk *w)
{
    return w->calibration.count == w->calibration.target;
}

int walk_restore_calibration(walk *w, uint32_t windows, const double *sum, uint32_t count)
{
    int error =
        features_calibration_restore(&w->calibration, w->calibration.target, windows, sum, count);
    if (!error) {
        decision_reset(&w->decision);
        drift_reset(&w->drift);
    }
    return error;
}

/* Features and what is odd about the window, into `result`. */
static void look(const walk *w, const port_window *window, walk_result *result)
{
    const chain_info *chain = &w->model.chain;
    result->window_sequence = window->sequence;
    if (window->n != chain->n || window->axes != chain->axes) {
        result->flags = WALK_FLAG_WRONG_SHAPE;
        return;
    }
    features_window view = {
        .samples = window->samples,
        .scale_g = window->scale_g,
        .rate_hz = window->rate_hz,
        .rpm = window->rpm,
    };
    int error = model_features(&w->model, &view, result->features, &result->flags);
    if (error == FEATURES_E_RATE) {
        result->flags = WALK_FLAG_WRONG_RATE;
    } else if (error) {
        result->flags =
            WALK_FLAG_DAMAGED; /* model_open checked chain and workspace: not expected */
    } else {
        result->features_count = chain->features;
    }
}

/* Calibrated features, the network's input and its output. */
static void think(const walk *w, walk_result *result)
{
    const pack_blob *chain = model_part(&w->model, PACK_PART_CHAIN);
    if (features_normalise(chain->data, chain->bytes, result->features, w->calibration.mean,
                           result->calibrated, result->input) != 0 ||
        model_infer(&w->model, result->input, result->output) != 0) {
        result->flags |= WALK_FLAG_DAMAGED; /* model_open ran both before: not expected */
        return;
    }
    result->output_bytes = nn_model.output_bytes;
}

static void count_in_drift(walk *w, const walk_result *result)
{
    float values[DRIFT_MAX_CHANNELS];
    uint32_t features = result->features_count;
    if (result->state != LINK_STATE_MONITORING) {
        (void)drift_push_missing(
            &w->drift); /* a full interval keeps its counts: the host must reset it */
        return;
    }
    memcpy(values, result->calibrated, features * sizeof *values);
    for (uint32_t i = 0; i < result->output_bytes; i++) {
        values[features + i] = (float)result->output[i];
    }
    (void)drift_push(&w->drift, values);
}

static void begin(walk_result *result, uint32_t source)
{
    memset(result, 0, sizeof *result);
    result->source = source;
    result->decision.fault_class = -1;
}

static uint32_t state_of(const walk *w, uint32_t flags)
{
    if (flags & FAULTY) {
        return LINK_STATE_SENSOR_FAULT;
    }
    return walk_is_calibrated(w) ? LINK_STATE_MONITORING : LINK_STATE_CALIBRATING;
}

void walk_sensor(walk *w, const port_window *window, walk_result *result)
{
    begin(result, LINK_SOURCE_SENSOR);
    look(w, window, result);
    int calibrated = walk_is_calibrated(w);
    if (calibrated && !(result->flags & UNUSABLE)) {
        think(w, result);
    }
    result->state = state_of(w, result->flags);
    if (!calibrated) {
        if (result->state == LINK_STATE_CALIBRATING) {
            (void)features_calibrate(&w->calibration, result->features, result->features_count);
        }
        return;
    }
    if (result->output_bytes != 0) {
        decision_step(&w->decision, result->output, &result->decision);
    } else {
        result->decision.alarm =
            w->decision.alarm; /* an alarm outlives the sensor that raised it */
    }
    count_in_drift(w, result);
}

void walk_damaged(walk *w, walk_result *result)
{
    begin(result, LINK_SOURCE_SENSOR);
    result->flags = WALK_FLAG_DAMAGED;
    result->state = LINK_STATE_SENSOR_FAULT;
    result->decision.alarm = w->decision.alarm;
    if (walk_is_calibrated(w)) {
        count_in_drift(w, result);
    }
}

void walk_injected(const walk *w, const port_window *window, walk_result *result)
{
    begin(result, LINK_SOURCE_INJECTED);
    look(w, window, result);
    if (walk_is_calibrated(w) && !(result->flags & UNUSABLE)) {
        think(w, result);
    }
    result->state = state_of(w, result->flags);
    if (result->output_bytes != 0) {
        decision_peek(&w->decision, result->output, &result->decision);
    }
}
