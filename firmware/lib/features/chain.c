#include "features/chain.h"

#include "core/bytes.h"
#include "core/crc32.h"
#include "core/fmath.h"
#include "core/sha256.h"

enum { HEADER_BYTES = 24, STEP_BYTES = 4, CRC_BYTES = 4 };
enum {
    STEP_REMOVE_DC = 1,
    STEP_STATISTICS,
    STEP_WELCH,
    STEP_BANDS,
    STEP_ENVELOPE,
    STEP_CALIBRATION,
    STEP_NORMALISATION
};
enum { MAX_ENVELOPE_SEGMENT = 1024, MIN_TRANSFORM = 64 };

static int within(float v, float low, float high)
{
    return v >= low && v <= high; /* false for NaN */
}

static int is_power_of_two(uint32_t v, uint32_t low, uint32_t high)
{
    return v >= low && v <= high && (v & (v - 1)) == 0;
}

static int all_zero(const uint8_t *p, uint32_t bytes)
{
    uint8_t any = 0;
    while (bytes--) {
        any |= *p++;
    }
    return any == 0;
}

static int read_statistics(const uint8_t *p, uint32_t bytes, chain_view *v)
{
    if (bytes != 4) {
        return CHAIN_E_STEP;
    }
    v->statistics = p[0];
    v->log_statistics = p[1];
    if (p[0] == 0 || (p[0] & ~STATISTIC_ALL) != 0 || (p[1] & ~p[0]) != 0 || !all_zero(p + 2, 2)) {
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
        !all_zero(p + 5, 3)) {
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
    if (v->bands == 0 || v->bands > CHAIN_MAX_BANDS || !all_zero(p + 2, 2)) {
        return CHAIN_E_VALUE;
    }
    if (bytes != 4 + 4 * (v->bands + 1)) {
        return CHAIN_E_STEP;
    }
    v->edges = p + 4;
    float last = 0.0f;
    for (uint32_t i = 0; i <= v->bands; i++) {
        float edge = bytes_load_f32(v->edges + 4 * i);
        if (!within(edge, last, v->rate_hz * 0.501f) || !(edge > last)) {
            return CHAIN_E_VALUE;
        }
        last = edge;
    }
    v->per_axis += v->bands;
    return 0;
}

/* The overlap-add of half-overlapping Hann segments needs their hop; the workspace bounds the segment. */
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
    return within(e->low_hz, v->rate_hz * 1e-3f, v->rate_hz * 0.501f - width) ? 0 : CHAIN_E_VALUE;
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
        !all_zero(p + 9, 3)) {
        return CHAIN_E_VALUE;
    }
    if (bytes != 24 + 4 * e->count) {
        return CHAIN_E_STEP;
    }
    int ok = e->nominal_rpm == 0.0f || within(e->nominal_rpm, 0.01f, 1e6f);
    ok &= within(e->search, 0.0f, 0.5f) && within(e->search_nominal, 0.0f, 0.5f);
    for (uint32_t i = 0; i < e->count; i++) {
        ok &= within(bytes_load_f32(e->orders + 4 * i), 1e-3f, 1e4f);
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
    return v->calibration_windows != 0 && all_zero(p + 2, 2) ? 0 : CHAIN_E_VALUE;
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
        ok &= within(bytes_load_f32(v->center + 4 * i), -1e6f, 1e6f);
        ok &= within(bytes_load_f32(v->gain + 4 * i), -1e6f, 1e6f);
    }
    return ok ? 0 : CHAIN_E_VALUE;
}

static int read_step(uint8_t type, const uint8_t *p, uint32_t bytes, chain_view *v)
{
    switch (type) {
    case STEP_REMOVE_DC:
        v->remove_dc = 1;
        return bytes == 0 ? 0 : CHAIN_E_STEP;
    case STEP_STATISTICS:
        return read_statistics(p, bytes, v);
    case STEP_WELCH:
        return read_welch(p, bytes, v);
    case STEP_BANDS:
        return read_bands(p, bytes, v);
    case STEP_ENVELOPE:
        return read_envelope(p, bytes, v);
    case STEP_CALIBRATION:
        return read_calibration(p, bytes, v);
    case STEP_NORMALISATION:
        return read_normalisation(p, bytes, v);
    default:
        return CHAIN_E_STEP;
    }
}

static int read_header(const uint8_t *chain, size_t bytes, chain_view *v)
{
    if (bytes < HEADER_BYTES + CRC_BYTES || bytes > CHAIN_MAX_BYTES) {
        return CHAIN_E_LENGTH;
    }
    if (memcmp(chain, "ACHN", 4) != 0) {
        return CHAIN_E_MAGIC;
    }
    if (bytes_load_u16(chain + 4) != CHAIN_FORMAT ||
        bytes_load_u16(chain + 6) != FEATURES_LIBRARY_VERSION) {
        return CHAIN_E_VERSION;
    }
    if (bytes_load_u32(chain + 8) != bytes) {
        return CHAIN_E_LENGTH;
    }
    v->n = bytes_load_u16(chain + 12);
    v->axes = chain[14];
    v->rate_hz = bytes_load_f32(chain + 16);
    if (v->n < FEATURES_MIN_N || v->n > FEATURES_MAX_N || v->axes == 0 ||
        v->axes > FEATURES_MAX_AXES || !within(v->rate_hz, 1.0f, 1e7f) || !all_zero(chain + 22, 2)) {
        return CHAIN_E_SIGNAL;
    }
    return 0;
}

/* The network's arena may lie in the same memory, so the size has to be known before a window comes. */
static uint32_t workspace(const chain_view *v)
{
    if (v->segment == 0 || (v->bands == 0 && v->envelope.count == 0)) {
        return 0;
    }
    /* two segments as one complex transform; a single one as a complex transform of half the length,
       with one more number where its mirror image wraps around */
    uint32_t spectrum = v->segments > 1 ? 8 * v->segment : 4 * v->segment + 8;
    if (v->envelope.count == 0) {
        return spectrum;
    }
    const chain_envelope *e = &v->envelope;
    uint32_t signal = 8 * e->points > 4 * e->transform ? 8 * e->points : 4 * e->transform;
    spectrum = spectrum > 4 * e->transform + 8 ? spectrum : 4 * e->transform + 8;
    return spectrum + 8 * (v->segment / e->decimation) + signal;
}

int chain_read(const uint8_t *chain, size_t bytes, chain_view *v)
{
    memset(v, 0, sizeof *v);
    int error = read_header(chain, bytes, v);
    if (error != 0) {
        return error;
    }
    size_t at = HEADER_BYTES, end = bytes - CRC_BYTES;
    v->identity_bytes = end;
    uint8_t last_type = 0;
    for (uint32_t left = chain[15]; left > 0; left--) {
        if (end - at < STEP_BYTES) {
            return CHAIN_E_STEP;
        }
        const uint8_t *step = chain + at;
        uint32_t size = bytes_load_u16(step + 2);
        if (step[0] <= last_type || step[1] != 0 || size < STEP_BYTES || size > end - at) {
            return CHAIN_E_STEP;
        }
        error = read_step(step[0], step + STEP_BYTES, size - STEP_BYTES, v);
        if (error != 0) {
            return error;
        }
        if (step[0] == STEP_NORMALISATION) {
            v->identity_bytes = at;
        }
        last_type = step[0];
        at += size;
    }
    v->features = v->per_axis * v->axes;
    v->workspace_bytes = workspace(v);
    if (at != end) {
        return CHAIN_E_LENGTH;
    }
    if (v->features == 0 || v->features > FEATURES_MAX ||
        v->features != bytes_load_u16(chain + 20)) {
        return CHAIN_E_FEATURES;
    }
    return v->workspace_bytes <= FEATURES_WORKSPACE_MAX_BYTES ? 0 : CHAIN_E_VALUE;
}

int chain_check(const uint8_t *chain, size_t bytes, chain_info *info)
{
    chain_view v;
    const uint32_t saved = fm_enter();
    int error = chain_read(chain, bytes, &v);
    fm_leave(saved);
    /* an altered chain is called altered, whatever else is then wrong with it */
    if (error != CHAIN_E_LENGTH && error != CHAIN_E_MAGIC &&
        crc32_update(0, chain, bytes - CRC_BYTES) != bytes_load_u32(chain + bytes - CRC_BYTES)) {
        error = CHAIN_E_CRC;
    }
    if (error == 0 && info != NULL) {
        *info = (chain_info){.n = v.n,
                             .axes = v.axes,
                             .features = v.features,
                             .workspace_bytes = v.workspace_bytes,
                             .calibration_windows = v.calibration_windows,
                             .library_version = FEATURES_LIBRARY_VERSION,
                             .input_zero_point = v.zero_point,
                             .normalised = v.center != NULL,
                             .rate_hz = v.rate_hz};
    }
    return error;
}

/* Of the header only what a normalisation leaves alone: not length, number of steps, CRC. */
int chain_features_id(const uint8_t *chain, size_t bytes, uint8_t id[32])
{
    chain_view v;
    int error = chain_check(chain, bytes, NULL);
    if (error != 0) {
        return error;
    }
    (void)chain_read(chain, bytes, &v);
    sha256_state s;
    sha256_init(&s);
    sha256_update(&s, chain, 8);       /* magic, format, library version */
    sha256_update(&s, chain + 12, 3);  /* n, axes */
    sha256_update(&s, chain + 16, 6);  /* rate, features */
    sha256_update(&s, chain + HEADER_BYTES, v.identity_bytes - HEADER_BYTES);
    sha256_final(&s, id);
    return 0;
}
