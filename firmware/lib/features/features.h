/* Features of a vibration window, computed by a chain that is data: checked once, then interpreted.
 */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
enum {
    FEATURES_LIBRARY_VERSION =
        1,            /* part of features_id: a change of any feature's value raises it */
    CHAIN_FORMAT = 1, /* layout of the chain's bytes, see chain.h */
    FEATURES_MIN_N = 16,
    FEATURES_MAX_N = 4096,
    FEATURES_MAX_AXES = 8,
    FEATURES_MAX = 128,
    FEATURES_WORKSPACE_MAX_BYTES = 20480,
    CHAIN_MAX_BYTES = 4096
};

enum {
    CHAIN_E_LENGTH = -1,    /* truncated, or longer than it says */
    CHAIN_E_MAGIC = -2,     /* not a chain */
    CHAIN_E_VERSION = -3,   /* format or library version that this build does not run */
    CHAIN_E_CRC = -4,       /* altered */
    CHAIN_E_SIGNAL = -5,    /* n, axes or rate out of bounds */
    CHAIN_E_STEP = -6,      /* unknown step, wrong order, twice, or wrong size */
    CHAIN_E_VALUE = -7,     /* a field of a step is out of bounds */
    CHAIN_E_FEATURES = -8,  /* no feature, too many, or not the number it says */
    FEATURES_E_WORK = -20,  /* workspace too small or not 8-byte aligned */
    FEATURES_E_RATE = -21,  /* the window's rate is not within half and twice the chain's */
    FEATURES_E_COUNT = -22, /* values of another number of features, or not finite */
    FEATURES_E_NO_NORMALISATION = -23
};

/* What happened to a window; any axis may raise a flag. Values stay defined under every flag. */
enum {
    FEATURES_FLAG_SILENT = 1,      /* every sample 0 */
    FEATURES_FLAG_CONSTANT = 2,    /* every sample equal; set for silence too */
    FEATURES_FLAG_CLIPPED = 4,     /* at least 4 samples at a rail (32767, -32767 or -32768) */
    FEATURES_FLAG_RPM_UNKNOWN = 8, /* peaks were sought at the nominal speed, or not at all */
    FEATURES_FLAG_BAD_SCALE = 16,  /* scale_g not within 2^-40 .. 2^20: the axis counts as silent */
    /* SILENT, CONSTANT, BAD_SCALE: nothing of the machine is in the window; no model is asked. */
    FEATURES_FLAGS_NO_SIGNAL = 19,
    /* Those and CLIPPED, which may be a machine beyond the sensor's range: the model is asked and
       may raise an alarm; calibration and drift do not take the window. */
    FEATURES_FLAGS_FAULTY = 23
};

typedef struct {
    uint32_t n, axes, features, workspace_bytes, calibration_windows, library_version;
    int32_t input_zero_point;
    uint32_t
        normalised; /* 1 when the chain holds the normalisation that features_normalise needs */
    float rate_hz;
} chain_info;

typedef struct {
    const int16_t *samples; /* [axes][n], 2-byte aligned */
    const float *scale_g;   /* [axes], g per count */
    float rate_hz;
    float rpm; /* not within 0.01 .. 1e6 (0, NaN): unknown */
} features_window;

/* Mean of the unit's own first windows; frozen once count == target. */
typedef struct {
    uint32_t target, count;
    double sum[128];
    float mean[128];
} features_calibration;

/* Full validation, CRC included; info may be NULL. Returns 0 or CHAIN_E_*. */
int chain_check(const uint8_t *chain, size_t bytes, chain_info *info);

/* SHA-256 over the signal and steps without normalisation, and the library version. 0 or CHAIN_E_*.
 */
int chain_features_id(const uint8_t *chain, size_t bytes, uint8_t id[32]);

/* out[features]: per axis statistics, bands, envelope peaks. work: info.workspace_bytes, 8-byte
   aligned. Every bound is checked again (only the CRC is not), so a chain that skipped chain_check
   is harmless. Returns 0, CHAIN_E_* or FEATURES_E_*. */
int features_extract(const uint8_t *chain, size_t bytes, const features_window *window, float *out,
                     uint32_t *flags, void *work, size_t work_bytes);

/* The same for many windows: samples [windows][axes][n], scale_g [windows][axes], rate_hz and rpm
   [windows], out [windows][features], flags [windows]. Stops at the first error. */
int features_extract_many(const uint8_t *chain, size_t bytes, uint32_t windows,
                          const int16_t *samples, const float *scale_g, const float *rate_hz,
                          const float *rpm, float *out, uint32_t *flags, void *work,
                          size_t work_bytes);

void features_calibration_init(features_calibration *calibration, uint32_t target);

/* Adds one window unless frozen. Returns 1 when frozen (now or before), 0 while learning,
 * FEATURES_E_COUNT. */
int features_calibrate(features_calibration *calibration, const float *features, uint32_t count);

/* A calibration carried over from the store or the host, exactly as it stood: sum[count] over
   `windows` of the `target` windows; frozen when they are equal. FEATURES_E_COUNT if windows >
   target, or not finite. (Sums and not means, so that a calibration cut in two gives the same bits
   as one that was not.) */
int features_calibration_restore(features_calibration *calibration, uint32_t target,
                                 uint32_t windows, const double *sum, uint32_t count);

/* calibrated = features - mean (what drift sees); input = the quantised network input. mean NULL:
   zeros. Returns 0, CHAIN_E_* or FEATURES_E_NO_NORMALISATION (then only calibrated is written). */
int features_normalise(const uint8_t *chain, size_t bytes, const float *features, const float *mean,
                       float *calibrated, int8_t *input);
/* aurora:end */
