/* Mean, RMS, crest and kurtosis of one axis, from exact integer sums. Internal to features/. */
#pragma once
#include <stdint.h>

typedef struct {
    float mean;     /* 0 if the mean stays in */
    float rms;      /* counts; 0 for a window without variation (remove_dc) or of zeros */
    float crest;    /* largest deviation / rms; 0 where rms is 0 */
    float kurtosis; /* fourth moment / squared second (3 for Gaussian noise); 0 where rms is 0 */
    uint32_t flags; /* FEATURES_FLAG_SILENT, _CONSTANT, _CLIPPED */
} axis_moments;

/* n = 16 .. 4096 samples; remove_dc: about the mean, else about zero. */
axis_moments moments_of(const int16_t *x, uint32_t n, int remove_dc);
