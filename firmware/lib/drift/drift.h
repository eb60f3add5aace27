/* Statistics of one reporting interval, per channel: histogram on the training quantiles and
 * moments.
 *
 * Channels are the calibrated features, then the model's outputs (as float). Counts are exact.
 * Moments: blocks of 64 values in float32 around the block's first value, merged in double with the
 * formulas of Chan et al. (1979) and Pebay (SAND2008-6212); host and board agree bit for bit.
 * Time per push is bounded: 163 instructions a channel on a Cortex-M4F, 3,400 where a block ends.
 * Memory is the caller's: sizeof(drift_channel) = 192 bytes per channel, 2.3 kB for 12. */
#ifndef AURORA_DRIFT_H
#define AURORA_DRIFT_H

#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
enum {
    DRIFT_VERSION = 1,
    DRIFT_BINS = 32,
    DRIFT_EDGES = 31,
    DRIFT_MAX_CHANNELS = 128,
    DRIFT_BLOCK = 64
};
enum {
    DRIFT_E_VERSION = -1,  /* another version of the baseline part */
    DRIFT_E_LENGTH = -2,   /* the part's size is not that of its channels */
    DRIFT_E_CHANNELS = -3, /* no channel, more than 128, or more features than channels */
    DRIFT_E_BINS = -4,     /* another number of bins */
    DRIFT_E_EDGES = -5,    /* an edge is not finite or they descend */
    DRIFT_E_MEMORY = -6,   /* the caller's memory holds fewer channels */
    DRIFT_E_FULL = -7,     /* the interval holds 2^32 - 1 windows */
    DRIFT_E_CHANNEL = -8   /* no such channel */
};

typedef struct {
    uint32_t channels, features; /* channels - features are model outputs */
} drift_info;

/* One channel of an interval: state, 192 bytes. Read it with drift_read. */
typedef struct {
    double mean, m2, m3, m4; /* whole blocks so far */
    uint32_t bins[32];
    uint32_t n, missing, saturated;
    float pivot, block_mean, block_m2, block_m3, block_m4; /* the block begun: n % 64 values */
} drift_channel;

typedef struct {
    drift_channel *channel;  /* [info.channels], the caller's */
    const uint8_t *baseline; /* the pack's part: must stay where it is */
    drift_info info;
    uint32_t interval; /* id of the interval: 0 at drift_init, +1 at each drift_reset */
    uint32_t windows;  /* pushed in this interval, missing ones included */
} drift_state;

typedef struct {
    double mean, m2, m3, m4; /* m2 = sum (x - mean)^2, and so on; all 0 where n == 0 */
    uint32_t bins[32];       /* sum of bins == n */
    uint32_t n;              /* values counted */
    uint32_t missing;        /* windows lost, or value not finite or beyond 1e8 */
    uint32_t saturated;      /* of n: at or beyond the channel's limits in the baseline */
    uint32_t reserved;
} drift_stats;

/* Full validation of a baseline part (baseline.def): 0 or DRIFT_E_*. */
int drift_check(const uint8_t *baseline, size_t bytes, drift_info *info);

/* Checks the part and starts interval 0. `channels` holds `capacity` channels. */
int drift_init(drift_state *state, drift_channel *channels, uint32_t capacity,
               const uint8_t *baseline, size_t bytes);

/* One window: info.features calibrated features, then the outputs. A value that is not finite
 * counts as missing in its channel. A window without usable data: drift_push_missing. 0 or
 * DRIFT_E_FULL. */
int drift_push(drift_state *state, const float *values);
int drift_push_missing(drift_state *state);

/* Next interval, all counts zero. */
void drift_reset(drift_state *state);

/* A channel's statistics, the block begun included; the state does not change. */
int drift_read(const drift_state *state, uint32_t channel, drift_stats *out);

/* Many windows at once, [windows][channels]: the host's way in. Same result as drift_push in turn.
 */
int drift_push_many(drift_state *state, const float *values, uint32_t windows);

/* baseline.def as a table, for the host. */
typedef struct {
    const char *record, *name;
    uint32_t at, bytes;
} drift_field;
extern const drift_field drift_fields[];
extern const uint32_t drift_fields_count;
/* aurora:end */

#endif
