/* One window's way through the board: features, calibration, network, decision, drift. */
#ifndef APP_WALK_H
#define APP_WALK_H

#include "drift/drift.h"
#include "model.h"
#include "port/port.h"

/* What is odd about a window. The low bits are the feature library's FEATURES_FLAG_*. */
enum {
#define LINK_FLAG(name, bit, words) WALK_FLAG_##name = 1 << (bit),
#include "link/flags.def"
#undef LINK_FLAG
};

/* Everything that outlives a window. */
typedef struct {
    model model;
    features_calibration calibration;
    decision_state decision;
    drift_state drift;
    drift_channel channels[DRIFT_MAX_CHANNELS];
} walk;

/* What came of a window. Vectors beyond the counts are not part of the answer. */
typedef struct {
    uint32_t state;           /* LINK_STATE_* */
    uint32_t source;          /* LINK_SOURCE_* */
    uint32_t flags;           /* WALK_FLAG_* */
    uint32_t window_sequence; /* the window's number at its source */
    uint32_t features_count;  /* 0: no features were computed */
    uint32_t output_bytes;    /* 0: the network did not run */
    decision_result decision;
    float features[FEATURES_MAX], calibrated[FEATURES_MAX];
    int8_t input[FEATURES_MAX], output[MODEL_MAX_OUTPUTS];
} walk_result;

/* Opens the model in slot A and starts calibration, decision and drift afresh. */
void walk_open(walk *w);

/* Self-calibration is finished, or the chain asks for none: the network may run. */
int walk_is_calibrated(const walk *w);

/* Takes over a calibration (features_calibration_restore): decision and drift start afresh, because
 * what they have seen was measured against another. 0 or FEATURES_E_COUNT, then nothing changed. */
int walk_restore_calibration(walk *w, uint32_t windows, const double *sum, uint32_t count);

/* A window of the sensor: it teaches calibration, then votes, and counts in drift. */
void walk_sensor(walk *w, const port_window *window, walk_result *result);

/* The sensor gave something that is no window: it counts as missing, and nothing is concluded. */
void walk_damaged(walk *w, walk_result *result);

/* A window that came over the link: run with the calibration as it is, and remembered nowhere. */
void walk_injected(const walk *w, const port_window *window, walk_result *result);

#endif
