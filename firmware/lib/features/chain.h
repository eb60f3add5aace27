/* The chain's bytes, and what chain_read makes of them. Internal to features/.

   Little-endian. Header of 24 bytes: "ACHN", u16 format, u16 library version, u32 bytes in all, u16
   n, u8 axes, u8 steps, f32 rate in Hz, u16 features, u16 0. Then the steps, each u8 type, u8 0,
   u16 bytes (its 4 included), payload; types ascend, each at most once. Then the CRC-32 of all
   before it.

   1 remove DC      no payload: statistics and spectra of the window minus its mean
   2 statistics     u8 mask (1 rms, 2 crest, 4 kurtosis), u8 mask of those given as log2, u16 0
   3 Welch          u16 segment, u16 hop, u8 window (0 rectangular, 1 Hann, 2 Hamming), u8 0, u16 0
   4 bands          u16 count, u16 0, f32 edge in Hz [count + 1]
   5 envelope       f32 low edge in Hz, u8 decimation, u8 mode (0 orders, 1 strongest), u8 orders,
                    u8 harmonics, u8 log, 3 x u8 0, f32 nominal rpm, f32 search, f32 search at
   nominal rpm, f32 order [orders] 6 calibration    u16 windows, u16 0 7 normalisation  i32 zero
   point, f32 center [features], f32 gain [features] */
#pragma once
#include "features/features.h"

enum { CHAIN_MAX_BANDS = 32, CHAIN_MAX_ORDERS = 8, CHAIN_MAX_HARMONICS = 8 };
enum { CHAIN_RECTANGULAR, CHAIN_HANN, CHAIN_HAMMING };
enum { STATISTIC_RMS = 1, STATISTIC_CREST = 2, STATISTIC_KURTOSIS = 4, STATISTIC_ALL = 7 };
enum { PEAKS_AT_ORDERS, PEAKS_STRONGEST };

typedef struct {
    float low_hz, nominal_rpm, search, search_nominal;
    const uint8_t *orders; /* f32 [count], unaligned */
    uint32_t count, harmonics, decimation;
    uint32_t points;    /* envelope samples in a window, after decimation */
    uint32_t transform; /* power of two >= points */
    uint8_t mode, log;
} chain_envelope;

typedef struct {
    uint32_t n, axes, features, per_axis, workspace_bytes;
    float rate_hz;
    uint8_t remove_dc, statistics, log_statistics, window;
    uint32_t segment, hop, segments; /* segment 0: no spectrum */
    uint32_t bands;
    const uint8_t *edges;    /* f32 [bands + 1], unaligned */
    chain_envelope envelope; /* count 0: none */
    uint32_t calibration_windows;
    int32_t zero_point;
    const uint8_t *center, *gain; /* f32 [features], unaligned; NULL: not normalised */
    size_t identity_bytes;        /* length of the bytes before a normalisation step */
} chain_view;

enum {
    CHAIN_REMOVE_DC = 1,
    CHAIN_STATISTICS,
    CHAIN_WELCH,
    CHAIN_BANDS,
    CHAIN_ENVELOPE,
    CHAIN_CALIBRATION,
    CHAIN_NORMALISATION
};

/* False for NaN. */
static inline int chain_within(float v, float low, float high)
{
    return v >= low && v <= high;
}

static inline int chain_all_zero(const uint8_t *p, uint32_t bytes)
{
    uint8_t any = 0;
    while (bytes--) {
        any |= *p++;
    }
    return any == 0;
}

/* One step's payload into the view, which holds the steps before it: 0 or CHAIN_E_*. */
int chain_read_step(uint8_t type, const uint8_t *payload, uint32_t bytes, chain_view *view);

/* Everything chain_check does but the CRC: 0 or CHAIN_E_*. The view points into the chain. */
int chain_read(const uint8_t *chain, size_t bytes, chain_view *view);
