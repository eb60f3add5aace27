/* Envelope of one band, its spectrum, and the peaks in it. Internal to features/. */
#pragma once
#include "features/chain.h"

/* Where the window's band and lines lie, of its rate and speed. */
typedef struct {
    uint32_t first_line; /* of the band, in a segment's spectrum; even */
    float lines_per_hz;  /* of the envelope's spectrum */
    float shaft_hz;      /* 0: unknown */
    float search;        /* half width of the search, relative to the frequency */
    int rpm_unknown;     /* the window brought no rpm and the peaks depend on it */
} envelope_plan;

void envelope_make_plan(const chain_view *chain, float rate_hz, float rpm, envelope_plan *plan);

/* Segments are added in their order: `pair` takes welch_pair's spectrum of segments index and index
   + 1, `single` takes welch_single's. signal: 2 * envelope.points floats, zeroed before the first;
   scratch: 2 * segment / decimation floats. The signal is `segment` times the band's analytic
   signal. */
void envelope_add_pair(const chain_view *chain, const envelope_plan *plan, const float *z,
                       uint32_t index, float *signal, float *scratch);
void envelope_add_single(const chain_view *chain, const envelope_plan *plan, const float *z,
                         uint32_t index, float *signal, float *scratch);

/* Amplitudes in g (or their log2) at out[count * harmonics]. */
void envelope_peaks(const chain_view *chain, const envelope_plan *plan, float *signal, float *z,
                    float scale_g, float *out);
