#include <string.h>

#include "core/fmath.h"
#include "features/chain.h"
#include "features/envelope.h"
#include "features/floors.h"
#include "features/moments.h"
#include "features/welch.h"

typedef struct {
    const chain_view *chain;
    welch_plan bands;
    envelope_plan envelope;
    float *work;
} extraction;

static int scale_is_sane(float scale)
{
    return scale >= 0x1p-40f && scale <= 0x1p20f;
}

static float statistic(const chain_view *chain, uint8_t which, float value, float log_of_zero)
{
    if ((chain->log_statistics & which) == 0) {
        return value;
    }
    const float v = value > 0.0f ? fm_log2(value) : log_of_zero;
    return v > log_of_zero ? v : log_of_zero;
}

static float *put_statistics(const chain_view *chain, const axis_moments *m, float scale,
                             float *out)
{
    if ((chain->statistics & STATISTIC_RMS) != 0) {
        *out++ = statistic(chain, STATISTIC_RMS, m->rms * scale, LOG_AMPLITUDE_FLOOR);
    }
    if ((chain->statistics & STATISTIC_CREST) != 0) {
        *out++ = statistic(chain, STATISTIC_CREST, m->crest, 0.0f);
    }
    if ((chain->statistics & STATISTIC_KURTOSIS) != 0) {
        *out++ = statistic(chain, STATISTIC_KURTOSIS, m->kurtosis, 0.0f);
    }
    return out;
}

/* The values of an axis without variation. */
static void put_spectral_floors(const chain_view *chain, float *out)
{
    const chain_envelope *e = &chain->envelope;
    for (uint32_t b = 0; b < chain->bands; b++) {
        *out++ = LOG_POWER_FLOOR;
    }
    for (uint32_t p = 0; p < e->count * e->harmonics; p++) {
        *out++ = e->log ? LOG_AMPLITUDE_FLOOR : 0.0f;
    }
}

static void put_spectral(const extraction *x, const int16_t *samples, float mean, float scale,
                         float *out)
{
    const chain_view *chain = x->chain;
    const chain_envelope *e = &chain->envelope;
    float power[CHAIN_MAX_BANDS + 1] = {0};
    float *z = x->work, *scratch = NULL, *signal = NULL;
    if (e->count != 0) { /* at the workspace's end, the scratch before it */
        uint32_t floats = 2 * e->points > e->transform ? 2 * e->points : e->transform;
        signal = x->work + chain->workspace_bytes / sizeof *signal - floats;
        scratch = signal - 2 * (chain->segment / e->decimation);
        memset(signal, 0, 2 * (chain->hop / e->decimation) * sizeof *signal);
    }
    uint32_t s = 0;
    for (; s + 1 < chain->segments; s += 2) {
        welch_pair(chain, &x->bands, samples + s * chain->hop, mean, z, power);
        if (e->count != 0) {
            envelope_add_pair(chain, &x->envelope, z, s, signal, scratch);
        }
    }
    if (s < chain->segments) {
        welch_single(chain, &x->bands, samples + s * chain->hop, mean, z, power);
        if (e->count != 0) {
            envelope_add_single(chain, &x->envelope, z, s, signal, scratch);
        }
    }
    const float log_gain = fm_log2(welch_power_gain(chain)) + 2.0f * fm_log2(scale);
    for (uint32_t b = 0; b < chain->bands; b++) {
        const float v = fm_log2(power[b]) + log_gain;
        *out++ = v > LOG_POWER_FLOOR ? v : LOG_POWER_FLOOR;
    }
    if (e->count != 0) {
        envelope_peaks(chain, &x->envelope, signal, z, scale, out);
    }
}

static uint32_t extract_axis(const extraction *x, const int16_t *samples, float scale, float *out)
{
    const chain_view *chain = x->chain;
    axis_moments m = moments_of(samples, chain->n, chain->remove_dc);
    if (!scale_is_sane(scale)) {
        m = (axis_moments){.flags = m.flags | FEATURES_FLAG_BAD_SCALE};
    }
    out = put_statistics(chain, &m, scale, out);
    if (chain->workspace_bytes == 0) {
        return m.flags;
    }
    if ((m.flags & (FEATURES_FLAG_CONSTANT | FEATURES_FLAG_BAD_SCALE)) != 0) {
        put_spectral_floors(chain, out);
    } else {
        put_spectral(x, samples, m.mean, scale, out);
    }
    return m.flags;
}

static int extract_window(extraction *x, const features_window *window, float *out, uint32_t *flags)
{
    const chain_view *chain = x->chain;
    const float rate = window->rate_hz;
    if (!(rate >= 0.5f * chain->rate_hz && rate <= 2.0f * chain->rate_hz)) {
        return FEATURES_E_RATE;
    }
    uint32_t seen = 0;
    if (chain->workspace_bytes != 0) {
        welch_make_plan(chain, rate, &x->bands);
    }
    if (chain->envelope.count != 0) {
        envelope_make_plan(chain, rate, window->rpm, &x->envelope);
        seen |= x->envelope.rpm_unknown ? FEATURES_FLAG_RPM_UNKNOWN : 0u;
    }
    for (uint32_t a = 0; a < chain->axes; a++) {
        const float scale = scale_is_sane(window->scale_g[a]) ? window->scale_g[a] : 0.0f;
        seen |= extract_axis(x, window->samples + a * chain->n, scale, out + a * chain->per_axis);
    }
    *flags = seen;
    return 0;
}

int features_extract_many(const uint8_t *chain, size_t bytes, uint32_t windows,
                          const int16_t *samples, const float *scale_g, const float *rate_hz,
                          const float *rpm, float *out, uint32_t *flags, void *work,
                          size_t work_bytes)
{
    chain_view view;
    const uint32_t saved = fm_enter();
    int error = chain_read(chain, bytes, &view);
    if (error == 0 && view.workspace_bytes != 0 &&
        (work_bytes < view.workspace_bytes || ((uintptr_t)work & 7u) != 0)) {
        error = FEATURES_E_WORK;
    }
    extraction x = {.chain = &view, .work = work};
    for (uint32_t w = 0; w < windows && error == 0; w++) {
        const features_window window = {samples + (size_t)w * view.axes * view.n,
                                        scale_g + (size_t)w * view.axes, rate_hz[w], rpm[w]};
        error = extract_window(&x, &window, out + (size_t)w * view.features, flags + w);
    }
    fm_leave(saved);
    return error;
}

int features_extract(const uint8_t *chain, size_t bytes, const features_window *window, float *out,
                     uint32_t *flags, void *work, size_t work_bytes)
{
    return features_extract_many(chain, bytes, 1, window->samples, window->scale_g,
                                 &window->rate_hz, &window->rpm, out, flags, work, work_bytes);
}
