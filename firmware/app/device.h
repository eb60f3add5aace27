/* The board as its link sees it: the model's walk, the sensor, transfers under way, the last
 * answer. */
#ifndef APP_DEVICE_H
#define APP_DEVICE_H

#include "link/link.h"
#include "transfer.h"
#include "walk.h"

enum {
    DEVICE_WINDOW_SAMPLES = 16384, /* longest window that may come over the link, over all axes */
    DEVICE_TESTS_PACK = 1 /* bit of health's selftest_failed: golden vectors gave other outputs */
};

/* An injected window on its way. */
typedef struct {
    transfer samples;
    uint32_t id; /* request_id of the window_begin */
    uint32_t crc32;
    uint32_t with_vectors;
    port_window window;
} injection;

/* The last prediction, kept so that a repeated request does not run again. */
typedef struct {
    uint32_t is_valid;
    uint32_t request_id;
    uint32_t sequence;
    uint32_t with_vectors;
    walk_result result;
} answer;

typedef struct {
    walk walk;
    uint32_t state;    /* LINK_STATE_*: after the last window of the sensor */
    uint32_t windows;  /* run since start, injected ones included */
    uint32_t sequence; /* of the next prediction */
    answer last;
    injection injection;
    transfer calibration;
    double calibration_sums[FEATURES_MAX];
    link_frame_decoder decoder;
} device;

/* Opens the model and starts in "no model" or, until a window has come, in "no sensor". */
void device_start(device *d);

/* Takes the sensor's next window through the model, into d->last. Returns 0, or
 * LINK_ERROR_NO_WINDOW when the sensor has none for now: then nothing but the state changes. */
int device_acquire(device *d, uint32_t request_id, uint32_t with_vectors);

/* Opens an injection; d->walk's model must run. Returns 0 or LINK_ERROR_BAD_WINDOW. */
int device_inject_begin(device *d, const struct link_window_begin *begin);

/* Runs the completed injection into d->last. Returns 0 or LINK_ERROR_BAD_WINDOW_CRC; *crc is
 * computed. */
int device_inject_run(device *d, uint32_t request_id, uint32_t *crc);

#endif
