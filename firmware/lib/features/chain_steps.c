#include "core/bytes.h"
#include "features/chain.h"

enum { MAX_ENVELOPE_SEGMENT = 1024, MIN_TRANSFORM = 64 };

static int is_power_of_two(uint32_t v, uint32_t low, uint32_t high)
{
    return v >= low && v <= high && (v & (v - 1)) == 0;
}

static int read_statistics(const uint8_t *p, uint32_t bytes, chain_view *v)
{
    if (bytes != 4) {
        return CHAIN_E_STEP;
    }
    v->statistics = p[0];
    v->log_statistics = p[1];
    if (p[0] == 0 || (p[0] & ~STATISTIC_ALL) != 0 || (p[1] & ~p[0]) != 0 ||
        !chain_all_zero(p + 2, 2)) {
        return CHAIN_E_VALUE;
    }
    for (uint32_t mask = p[0]; mask != 0; mask >>= 1) {
        v->per_axis += mask & 1u;
    }
    return 0;
}

static int read_welch(const uint8_t *p, uint32_t bytes, chain_view *v)
{
    if (bytes != 8) {
        return CHAIN_E_STEP;
    }
    v->segment = bytes_load_u16(p);
    v->hop = bytes_load_u16(p + 2);
    v->window = p[4];
    if (!is_power_of_two(v->segment, 256, 4096) || v->segment > v->n) {
        return CHAIN_E_VALUE;
    }
    if (v->hop < v->segment / 8 || v->hop > v->segment || v->window > CHAIN_HAMMING ||
        !chain_all_zero(p + 5, 3)) {
        return CHAIN_E_VALUE;
    }
    v->segments = (v->n - v->segment) / v->hop + 1;
    return 0;
}

static int read_bands(const uint8_t *p, uint32_t bytes, chain_view *v)
{
    if (bytes < 4 || v->segment == 0) {
        return CHAIN_E_STEP;
    }
    v->bands = bytes_load_u16(p);
    if (v->bands == 0 || v->bands > CHAIN_MAX_BANDS || !chain_all_zero(p + 2, 2)) {
        return CHAIN_E_VALUE;
    }
    if (bytes != 4 + 4 * (v->bands + 1)) {
        return CHAIN_E_STEP;
    }
    v->edges = p + 4;
    float last = 0.0f;
    for (uint32_t i = 0; i <= v->bands; i++) {
        float edge = bytes_load_f32(v->edges + 4 * i);
        if (!chain_within(edge, last, v->rate_hz * 0.501f) || !(edge > last)) {
            return CHAIN_E_VALUE;
        }
        last = edge;
    }
    v->per_axis += v->bands;
    return 0;
}

/* The overlap-add of half-overlapping Hann segments needs their hop; the workspace bounds the
 * segment. */
static int size_envelope(chain_view *v)
{
    chain_envelope *e = &v->envelope;
    if (v->window != CHAIN_HANN || v->hop * 2 != v->segment || v->segment > MAX_ENVELOPE_SEGMENT ||
        !is_power_of_two(e->decimation, 4, 16)) {
        return CHAIN_E_VALUE;
    }
    e->points = (v->segments + 1) * (v->hop / e->decimation);
    e->transform = MIN_TRANSFORM;
    while (e->transform < e->points) {
        e->transform *= 2;
    }
    float width = v->rate_hz / (2.0f * (float)e->decimation);
    return chain_within(e->low_hz, v->rate_hz * 1e-3f, v->rate_hz * 0.501f - width) ? 0
                                                                                    : CHAIN_E_VALUE;
}

static int read_envelope(const uint8_t *p, uint32_t bytes, chain_view *v)
{
    chain_envelope *e = &v->envelope;
    if (bytes < 24 || v->segment == 0) {
        return CHAIN_E_STEP;
    }
    e->low_hz = bytes_load_f32(p);
    e->decimation = p[4];
    e->mode = p[5];
    e->count = p[6];
    e->harmonics = p[7];
    e->log = p[8];
    e->nominal_rpm = bytes_load_f32(p + 12);
    e->search = bytes_load_f32(p + 16);
    e->search_nominal = bytes_load_f32(p + 20);
    e->orders = p + 24;
    if (e->count == 0 || e->count > CHAIN_MAX_ORDERS || e->harmonics == 0 ||
        e->harmonics > CHAIN_MAX_HARMONICS || e->mode > PEAKS_STRONGEST || e->log > 1 ||
        !chain_all_zero(p + 9, 3)) {
        return CHAIN_E_VALUE;
    }
    if (bytes != 24 + 4 * e->count) {
        return CHAIN_E_STEP;
    }
    int ok = e->nominal_rpm == 0.0f || chain_within(e->nominal_rpm, 0.01f, 1e6f);
    ok &= chain_within(e->search, 0.0f, 0.5f) && chain_within(e->search_nominal, 0.0f, 0.5f);
    for (uint32_t i = 0; i < e->count; i++) {
        ok &= chain_within(bytes_load_f32(e->orders + 4 * i), 1e-3f, 1e4f);
    }
    v->per_axis += e->count * e->harmonics;
    return ok ? size_envelope(v) : CHAIN_E_VALUE;
}

static int read_calibration(const uint8_t *p, uint32_t bytes, chain_view *v)
{
    if (bytes != 4) {
        return CHAIN_E_STEP;
    }
    v->calibration_windows = bytes_load_u16(p);
    return v->calibration_windows != 0 && chain_all_zero(p + 2, 2) ? 0 : CHAIN_E_VALUE;
}

static int read_normalisation(const uint8_t *p, uint32_t bytes, chain_view *v)
{
    const uint32_t features = v->per_axis * v->axes;
    if (features > FEATURES_MAX) {
        return CHAIN_E_FEATURES;
    }
    if (bytes != 4 + 8 * features) {
        return CHAIN_E_STEP;
    }
    v->zero_point = (int32_t)bytes_load_u32(p);
    v->center = p + 4;
    v->gain = v->center + 4 * features;
    int ok = v->zero_point >= -128 && v->zero_point <= 127;
    for (uint32_t i = 0; i < features; i++) {
        ok &= chain_within(bytes_load_f32(v->center + 4 * i), -1e6f, 1e6f);
        ok &= chain_within(bytes_load_f32(v->gain + 4 * i), -1e6f, 1e6f);
    }
    return ok ? 0 : CHAIN_E_VALUE;
}

int chain_read_step(uint8_t type, const uint8_t *p, uint32_t bytes, chain_view *v)
{
    switch (type) {
    case CHAIN_REMOVE_DC:
        v->remove_dc = 1;
        return bytes == 0 ? 0 : CHAIN_E_STEP;
    case CHAIN_STATISTICS:
        return read_statistics(p, bytes, v);
    case CHAIN_WELCH:
        return read_welch(p, bytes, v);
    case CHAIN_BANDS:
        return read_bands(p, bytes, v);
    case CHAIN_ENVELOPE:
        return read_envelope(p, bytes, v);
    case CHAIN_CALIBRATION:
        return read_calibration(p, bytes, v);
    case CHAIN_NORMALISATION:
        return read_normalisation(p, bytes, v);
    default:
        return CHAIN_E_STEP;
    }
}
