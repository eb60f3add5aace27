/* From a window's int8 outputs to a fault class and an alarm: k of the last n windows, with
 * hysteresis.
 *
 * A decision part (decision.def) lists heads. fault_type: the class is the largest logit, the
 * lowest index among equals. fails_within: the alarm rises when at least raise_votes of the last n
 * windows reach threshold_on, and falls when fewer than clear_votes of them reach threshold_off. */
#ifndef AURORA_DECISION_H
#define AURORA_DECISION_H

#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
enum {
    DECISION_VERSION = 1,
    DECISION_MAX_HEADS = 2,
    DECISION_MAX_N = 32,
    DECISION_MAX_CLASSES = 64
};
enum { DECISION_FAULT_TYPE = 1, DECISION_FAILS_WITHIN = 2 }; /* kinds of head, each at most once */
enum {
    DECISION_E_VERSION = -1,   /* another version of the part */
    DECISION_E_LENGTH = -2,    /* the part's size is not that of its heads */
    DECISION_E_HEADS = -3,     /* no head, too many, an unknown kind or one kind twice */
    DECISION_E_OUTPUT = -4,    /* a head reads outside the outputs, or has a wrong number of them */
    DECISION_E_THRESHOLD = -5, /* threshold_off above threshold_on */
    DECISION_E_VOTES = -6      /* not 1 <= clear_votes <= raise_votes <= n <= 32 */
};

typedef struct {
    uint32_t output_bytes;                /* size of the output block the part was made for */
    uint32_t fault_classes;               /* 0: no fault_type head */
    uint32_t fails_within;                /* 1: has that head */
    uint32_t raise_votes, clear_votes, n; /* of the fails_within head; 0 without it */
} decision_info;

typedef struct {
    decision_info info;
    uint32_t fault_offset, score_offset;
    int32_t threshold_on, threshold_off;
    uint32_t history_on, history_off; /* bit 0: the latest window */
    uint32_t alarm;
} decision_state;

typedef struct {
    int32_t fault_class; /* -1: the model has no fault_type head */
    int32_t score;       /* the fails_within logit, int8; 0 without that head */
    uint32_t votes;      /* of the last n windows, by the threshold that applied to this one */
    uint32_t alarm;      /* 0 or 1 */
} decision_result;

/* Full validation: 0 or DECISION_E_*. */
int decision_check(const uint8_t *part, size_t bytes, decision_info *info);

/* Checks the part and clears the history. The part is not needed afterwards. */
int decision_init(decision_state *state, const uint8_t *part, size_t bytes);

/* Forgets past windows and the alarm: under another calibration. (A window that says nothing is not
 * stepped: one faulty window in n would otherwise keep the alarm from ever rising.) */
void decision_reset(decision_state *state);

/* One monitored window: `outputs` is the network's whole output block, info.output_bytes long. */
void decision_step(decision_state *state, const int8_t *outputs, decision_result *result);

/* Class and score of an injected window: no votes, no alarm, and the history stays as it is. */
void decision_peek(const decision_state *state, const int8_t *outputs, decision_result *result);

/* decision.def as a table, for the host. */
typedef struct {
    const char *record, *name;
    uint32_t at, bytes;
} decision_field;
extern const decision_field decision_fields[];
extern const uint32_t decision_fields_count;
/* aurora:end */

#endif
