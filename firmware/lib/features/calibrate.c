#include <string.h>

#include "core/bytes.h"
#include "core/fmath.h"
#include "features/chain.h"

void features_calibration_init(features_calibration *calibration, uint32_t target)
{
    memset(calibration, 0, sizeof *calibration);
    calibration->target = target;
}

static int all_finite(const float *values, uint32_t count)
{
    if (count > FEATURES_MAX) {
        return 0;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!fm_is_finite(values[i])) {
            return 0;
        }
    }
    return 1;
}

int features_calibrate(features_calibration *c, const float *features, uint32_t count)
{
    if (!all_finite(features, count)) {
        return FEATURES_E_COUNT;
    }
    if (c->count >= c->target) {
        return 1;
    }
    const uint32_t saved = fm_enter();
    c->count++;
    for (uint32_t i = 0; i < count; i++) {
        c->sum[i] +=
            (double)features[i]; /* double: the order of 20 or 2,000 windows costs no digits */
        c->mean[i] = (float)(c->sum[i] / (double)c->count);
    }
    fm_leave(saved);
    return c->count >= c->target;
}

int features_calibration_restore(features_calibration *c, uint32_t target, uint32_t windows,
                                 const double *sum, uint32_t count)
{
    if (count > FEATURES_MAX || windows > target) {
        return FEATURES_E_COUNT;
    }
    for (uint32_t i = 0; i < count; i++) {
        if (!(sum[i] >= -1e30 && sum[i] <= 1e30)) { /* NaN and infinity too; a mean stays a float */
            return FEATURES_E_COUNT;
        }
    }
    features_calibration_init(c, target);
    c->count = windows;
    const uint32_t saved = fm_enter();
    for (uint32_t i = 0; i < count && windows > 0; i++) {
        c->sum[i] = sum[i];
        c->mean[i] = (float)(sum[i] / (double)windows);
    }
    fm_leave(saved);
    return 0;
}

/* Half away from zero; clamped before the conversion, which NaN and large values would make
 * undefined. */
static int8_t quantise(float v, int32_t zero_point)
{
    v = v > -512.0f ? v : -512.0f; /* NaN goes to the lower end */
    v = v < 512.0f ? v : 512.0f;
    int32_t q = (int32_t)(v < 0.0f ? v - 0.5f : v + 0.5f) + zero_point;
    q = q < -128 ? -128 : q;
    return (int8_t)(q > 127 ? 127 : q);
}

int features_normalise(const uint8_t *chain, size_t bytes, const float *features, const float *mean,
                       float *calibrated, int8_t *input)
{
    chain_view v;
    const uint32_t saved = fm_enter();
    int error = chain_read(chain, bytes, &v);
    if (error == 0) {
        for (uint32_t i = 0; i < v.features; i++) {
            calibrated[i] = mean != NULL ? features[i] - mean[i] : features[i];
        }
        error = v.center != NULL ? 0 : FEATURES_E_NO_NORMALISATION;
    }
    for (uint32_t i = 0; error == 0 && i < v.features; i++) {
        const float center = bytes_load_f32(v.center + 4 * i),
                    gain = bytes_load_f32(v.gain + 4 * i);
        input[i] = quantise((calibrated[i] - center) * gain, v.zero_point);
    }
    fm_leave(saved);
    return error;
}
