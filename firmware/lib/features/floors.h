/* What a logarithm is where there is nothing. Internal to features/. */
#pragma once
#include "core/fmath.h"

/* 2^-30 g is a nano-g: below the noise of any accelerometer. */
#define LOG_AMPLITUDE_FLOOR -30.0f
#define LOG_POWER_FLOOR -60.0f

/* log2(sqrt(power)) + log_gain, at least the floor. */
static inline float log2_of_power(float power, float log_gain)
{
    const float v = 0.5f * fm_log2(power) + log_gain;
    return v > LOG_AMPLITUDE_FLOOR ? v : LOG_AMPLITUDE_FLOOR;
}
