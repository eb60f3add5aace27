/* Averaged spectra of overlapping segments (Welch 1967): band powers, and each segment's spectrum
   for the envelope. Internal to features/. */
#pragma once
#include "features/chain.h"

enum { WELCH_MAX_RANGES = 2 * (CHAIN_MAX_BANDS + 1) + 6 };

/* So many neighbouring outputs of each of the four streams of the last pass belong to these bands;
   the band after the last takes what lies in none. */
typedef struct {
    uint16_t count;
    uint8_t band[4];
} welch_range;

/* Bands as ranges for the last pass, of one window's rate. */
typedef struct {
    uint32_t count;
    welch_range range[WELCH_MAX_RANGES];
} welch_plan;

/* Edge in Hz to the nearest line; every band keeps at least one line, within 1 .. segment / 2 - 1.
 */
void welch_make_plan(const chain_view *chain, float rate_hz, welch_plan *plan);

/* Two segments, `hop` apart, as one complex transform of `segment` points: z = spectrum of a + i b
   in natural order; power[band] += 2 (|A|^2 + |B|^2) over the band's lines. */
void welch_pair(const chain_view *chain, const welch_plan *plan, const int16_t *x, float mean,
                float *z, float *power);

/* One segment as a complex transform of half its length: z = 2 conj(A) at the lines 0 .. segment /
   2 - 1; power[band] += 2 |A|^2. z needs one more complex number than segment / 2. */
void welch_single(const chain_view *chain, const welch_plan *plan, const int16_t *x, float mean,
                  float *z, float *power);

/* Factor from the accumulated power to a one-sided mean square in counts^2. */
float welch_power_gain(const chain_view *chain);
