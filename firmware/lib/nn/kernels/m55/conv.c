#include "nn/kernels/m55/conv.h"

#if defined(__ARM_FEATURE_MVE)

#include <arm_mve.h>

/* One step at work: pointers that its drivers share. */
typedef struct {
    const nn_m55_conv_params *p;
    const int8_t *weights;
    const int32_t *bias;
    const nn_requant *requant;
    const nn_levels *levels;
    int32_t *sums;
    const int8_t *x;
    int8_t *y;
} work;

static work begin(const nn_m55_conv_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
                  int8_t *scratch)
{
    work k = {p,
              NN_TABLE(int8_t, constants, p->weights),
              NN_TABLE(int32_t, constants, p->bias),
              NN_TABLE(nn_requant, constants, p->requant),
              NN_TABLE(nn_levels, constants, p->levels),
              (int32_t *)(void *)scratch,
              x,
              y};

    if (p->staging.bytes != 0) {
        k.x = scratch + p->scratch_x;
        nn_m55_stage(&p->staging, k.levels->input_zero, x, scratch + p->scratch_x);
    }
    if (p->y_bytes != 0)
        k.y = scratch + p->scratch_y;
    nn_m55_fill(k.y, k.levels->output_zero, p->y_fill);
    k.x += p->x_start;
    k.y += p->y_start;
    return k;
}

/* First unit of the chunk after `unit`: the last chunk ends at the last unit. */
static uint32_t next_chunk(const nn_m55_conv_params *p, uint32_t unit)
{
    const uint32_t last = (uint32_t)p->units - p->chunk;

    unit += p->chunk;
    return unit > last && unit < last + p->chunk ? last : unit;
}

/* The patches of `count` positions from number `first` on. A row is copied 16 bytes at a time, over
 * what the next row overwrites. */
static void copy_patches(const nn_m55_patches *g, const int8_t *x, uint32_t first, uint32_t count,
                         int8_t *patch)
{
    uint32_t column = first % g->across;
    const int8_t *row = x + first / g->across * g->next_row;

    for (; count > 0; count--, patch += g->pitch) {
        const int8_t *tap = row + column * g->step;
        int8_t *to = patch;
        for (uint32_t y = g->taps_h; y > 0; y--, tap += g->row, to += g->line)
            for (uint32_t at = 0; at < g->line; at += 16)
                vst1q_s8(to + at, vld1q_s8(tap + at));
        if (++column == g->across) {
            column = 0;
            row += g->next_row;
        }
    }
}

static void all_channels(const work *k, const int8_t *x, int8_t *y)
{
    const nn_m55_conv_params *p = k->p;
    const int8_t *w = k->weights;

    for (uint32_t c = 0; c < p->channels; c += 2, w += p->pitch) {
        nn_m55_channel channel = {k->bias[c], k->requant + c, k->levels};
        p->tile(x, w, k->sums, k->sums + p->sums);
        p->finish(k->sums, &channel, &p->targets, y);
        y += p->y_channel;
        if (c + 1u < p->channels) {
            channel.bias = k->bias[c + 1];
            channel.requant++;
            p->finish(k->sums + p->sums, &channel, &p->targets, y);
            y += p->y_channel;
        }
    }
}

void nn_m55_conv_2d(const nn_m55_conv_params *p, const uint8_t *constants, const int8_t *x,
                    int8_t *y, int8_t *scratch)
{
    const work k = begin(p, constants, x, y, scratch);
    int8_t *patches = scratch + p->scratch_patches;

    for (uint32_t unit = 0; unit < p->units; unit = next_chunk(p, unit)) {
        const int8_t *from = k.x + unit * p->unit_x;
        if (p->patches.line != 0) {
            copy_patches(&p->patches, k.x, unit * p->patches.unit,
                         (uint32_t)p->chunk * p->patches.unit, patches);
            from = patches;
        }
        all_channels(&k, from, k.y + unit * p->unit_y);
    }
    nn_m55_move(y, scratch + p->scratch_y, p->y_bytes);
}

void nn_m55_depthwise_conv_2d(const nn_m55_conv_params *p, const uint8_t *constants,
                              const int8_t *x, int8_t *y, int8_t *scratch)
{
    const work k = begin(p, constants, x, y, scratch);
    uint32_t repeats = p->repeats;

    x = k.x;
    for (uint32_t c = 0; c < p->channels; c++) {
        const nn_m55_channel channel = {k.bias[c], k.requant + c, k.levels};
        const int8_t *w = k.weights + c * p->pitch;
        int8_t *to = k.y + c * p->y_channel;
        for (uint32_t unit = 0; unit < p->units; unit = next_chunk(p, unit)) {
            p->tile(x + unit * p->unit_x, w, k.sums, k.sums);
            p->finish(k.sums, &channel, &p->targets, to + unit * p->unit_y);
        }
        if (--repeats == 0) {
            repeats = p->repeats;
            x += p->plane;
        }
    }
    nn_m55_move(y, scratch + p->scratch_y, p->y_bytes);
}

#endif
