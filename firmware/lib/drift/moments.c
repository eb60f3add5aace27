#include "drift/moments.h"

void moments_merge(moments *a, const moments *b)
{
    if (b->n == 0) {
        return;
    }
    if (a->n == 0) {
        *a = *b;
        return;
    }
    const double na = a->n, nb = b->n, n = na + nb;
    const double delta = b->mean - a->mean, step = delta / n, square = step * step;
    const double pairs = na * nb;
    /* m4 needs the old m3 and m2, m3 the old m2: the order of these lines matters */
    a->m4 += b->m4 + delta * step * square * pairs * (na * na - pairs + nb * nb) +
             6.0 * square * (na * na * b->m2 + nb * nb * a->m2) +
             4.0 * step * (na * b->m3 - nb * a->m3);
    a->m3 += b->m3 + delta * square * pairs * (na - nb) + 3.0 * step * (na * b->m2 - nb * a->m2);
    a->m2 += b->m2 + delta * step * pairs;
    a->mean += step * nb;
    a->n += b->n;
}

/* Pebay's update by one value, in float32. Values are taken relative to the block's first one: a
 * large common offset would otherwise eat the mantissa. */
void moments_block_add(drift_channel *channel, uint32_t seen, float value)
{
    if (seen == 0) {
        channel->pivot = value;
        channel->block_mean = 0.0F;
        channel->block_m2 = 0.0F;
        channel->block_m3 = 0.0F;
        channel->block_m4 = 0.0F;
        return;
    }
    const float before = (float)seen, n = before + 1.0F;
    const float delta = value - channel->pivot - channel->block_mean;
    const float step = delta / n, square = step * step;
    const float term = delta * step * before;
    channel->block_m4 += term * square * (n * n - 3.0F * n + 3.0F) +
                         6.0F * square * channel->block_m2 - 4.0F * step * channel->block_m3;
    channel->block_m3 += term * step * (n - 2.0F) - 3.0F * step * channel->block_m2;
    channel->block_m2 += term;
    channel->block_mean += step;
}

void moments_block_read(const drift_channel *channel, uint32_t count, moments *out)
{
    out->n = count;
    if (count == 0) {
        out->mean = out->m2 = out->m3 = out->m4 = 0.0;
        return;
    }
    out->mean = (double)channel->pivot + (double)channel->block_mean;
    out->m2 = (double)channel->block_m2;
    out->m3 = (double)channel->block_m3;
    out->m4 = (double)channel->block_m4;
}
