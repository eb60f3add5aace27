#include "core/fmath.h"

/* log2(1 + t) = t P(t) on sqrt(1/2) - 1 .. sqrt(2) - 1, least squares at Chebyshev nodes, degree 9.
 */
static const float log2_polynomial[] = {
    1.442695f,    -0.72134733f, 0.4809106f,   -0.36070484f, 0.28791833f,
    -0.23892035f, 0.21566986f,  -0.20742103f, 0.12614846f,
};

float fm_log2(float v)
{
    const uint32_t smallest_normal = 0x00800000u, sqrt_half = 0x3f3504f3u;
    uint32_t u = fm_bits(v);
    if (u - smallest_normal >= 0x7f800000u - smallest_normal) {
        u = smallest_normal;
    }
    /* exponent such that the mantissa lies in sqrt(1/2) .. sqrt(2); arithmetic on the ordered bits
     */
    int32_t exponent = (int32_t)(u - sqrt_half) >> 23;
    u -= (uint32_t)exponent << 23;
    float t;
    memcpy(&t, &u, sizeof t);
    t -= 1.0f;
    float p = log2_polynomial[sizeof log2_polynomial / sizeof *log2_polynomial - 1];
    for (int i = (int)(sizeof log2_polynomial / sizeof *log2_polynomial) - 2; i >= 0; i--) {
        p = p * t + log2_polynomial[i];
    }
    return (float)exponent + p * t;
}
