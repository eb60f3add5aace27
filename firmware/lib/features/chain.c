#include "features/chain.h"

#include "core/bytes.h"
#include "core/crc32.h"
#include "core/fmath.h"
#include "core/sha256.h"

enum { HEADER_BYTES = 24, STEP_BYTES = 4, CRC_BYTES = 4 };

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
        v->axes > FEATURES_MAX_AXES || !chain_within(v->rate_hz, 1.0f, 1e7f) ||
        !chain_all_zero(chain + 22, 2)) {
        return CHAIN_E_SIGNAL;
    }
    return 0;
}

/* The network's arena may lie in the same memory, so the size has to be known before a window
 * comes. */
static uint32_t workspace(const chain_view *v)
{
    if (v->segment == 0 || (v->bands == 0 && v->envelope.count == 0)) {
        return 0;
    }
    /* two segments as one complex transform; a single one as a complex transform of half the
       length, with one more number where its mirror image wraps around */
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
        error = chain_read_step(step[0], step + STEP_BYTES, size - STEP_BYTES, v);
        if (error != 0) {
            return error;
        }
        if (step[0] == CHAIN_NORMALISATION) {
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
    sha256_update(&s, chain, 8);      /* magic, format, library version */
    sha256_update(&s, chain + 12, 3); /* n, axes */
    sha256_update(&s, chain + 16, 6); /* rate, features */
    sha256_update(&s, chain + HEADER_BYTES, v.identity_bytes - HEADER_BYTES);
    sha256_final(&s, id);
    return 0;
}
