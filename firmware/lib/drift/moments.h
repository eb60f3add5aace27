/* Central moments that merge: n, mean and the sums of powers of (x - mean). Private to drift. */
#ifndef AURORA_DRIFT_MOMENTS_H
#define AURORA_DRIFT_MOMENTS_H

#include "drift/drift.h"

typedef struct {
    uint32_t n;
    double mean, m2, m3, m4;
} moments;

/* Adds b to a: Chan, Golub, LeVeque (1979) for m2, Pebay (SAND2008-6212, eq. 1.6) for m3 and m4. */
void moments_merge(moments *a, const moments *b);

/* One value into the block that the channel has begun; `seen` values are in it already (< 64). */
void moments_block_add(drift_channel *channel, uint32_t seen, float value);

/* The block begun, as moments of `count` values. */
void moments_block_read(const drift_channel *channel, uint32_t count, moments *out);

#endif
