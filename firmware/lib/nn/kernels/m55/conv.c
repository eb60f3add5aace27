#include "nn/kernels/m55/conv.h"

#if defined(__ARM_FEATURE_MVE)

/* One step at work: pointers that its drivers share. */
typedef struct {
    const nn_m55_channel *channels;
    nn_m55_targets targets;
    const int8_t *x;
    int8_t *y;
} work;

static work begin(const nn_m55_conv_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
                  int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    work k = {NN_TABLE(nn_m55_channel, constants, p->scales), {p->places, p->groups, levels}, x, y};

    if (p->staging.bytes != 0) {
        k.x = scratch + p->scratch_x;
        nn_m55_border(&p->x_border, levels->input_zero, scratch + p->scratch_x);
        nn_m55_stage(&p->staging, x, scratch + p->scratch_x);
    }
    if (p->y_bytes != 0)
        k.y = scratch + p->scratch_y;
    nn_m55_border(&p->y_border, levels->output_zero, k.y);
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

/* One patch of rows up to 16 bytes, each copied whole over what the next one overwrites. */
static void copy_patch(const nn_m55_patches *g, const int8_t *tap, int8_t *to)
{
    __asm__ volatile(
        "dls lr, %[rows]\n"
        "1: vldrb.8 q0, [%[tap]]\n"
        "add %[tap], %[tap], %[row]\n"
        "vstrb.8 q0, [%[to]]\n"
        "add %[to], %[to], %[line]\n"
        "le lr, 1b\n"
        : [tap] "+r"(tap), [to] "+r"(to)
        : [rows] "r"((uint32_t)g->taps_h), [row] "r"(g->row), [line] "r"((uint32_t)g->line)
        : "q0", "lr", "memory");
}

static void copy_long_patch(const nn_m55_patches *g, const int8_t *tap, int8_t *to)
{
    for (uint32_t row = g->taps_h; row > 0; row--, tap += g->row, to += g->line)
        nn_m55_move(to, tap, g->line);
}

/* The patches of `count` positions from number `first` on. */
static void copy_patches(const nn_m55_patches *g, const int8_t *x, uint32_t first, uint32_t count,
                         int8_t *patch)
{
    uint32_t column = first % g->across;
    const int8_t *row = x + first / g->across * g->next_row;

    for (; count > 0; count--, patch += g->pitch) {
        (g->line <= 16 ? copy_patch : copy_long_patch)(g, row + column * g->step, patch);
        if (++column == g->across) {
            column = 0;
            row += g->next_row;
        }
    }
}

/* Channels in pairs: a tile gives the sums of two. */
static void all_channels(const nn_m55_conv_params *p, const work *k, const int8_t *x, int8_t *y,
                         int32_t *sums, const int8_t *w)
{
    const nn_m55_channel *c = k->channels;
    const uint32_t step = p->y_channel;
    int32_t *const second = sums + p->sums;

    for (uint32_t left = p->channels; left > 0; left -= 2, w += p->pitch) {
        p->tile(x, w, sums, second);
        p->finish(sums, c++, y, &k->targets);
        y += step;
        if (left == 1)
            break;
        p->finish(second, c++, y, &k->targets);
        y += step;
    }
}

void nn_m55_conv_2d(const nn_m55_conv_params *p, const uint8_t *constants, const int8_t *x,
                    int8_t *y, int8_t *scratch)
{
    const work k = begin(p, constants, x, y, scratch);
    const int8_t *weights = NN_TABLE(int8_t, constants, p->weights);
    int32_t *sums = (int32_t *)(void *)scratch;
    int8_t *patches = scratch + p->scratch_patches;

    for (uint32_t unit = 0; unit < p->units; unit = next_chunk(p, unit)) {
        const int8_t *from = k.x + unit * p->unit_x;
        if (p->patches.line != 0) {
            const uint32_t each = p->patches.unit;
            copy_patches(&p->patches, k.x, unit * each, p->chunk * each, patches);
            from = patches;
        }
        all_channels(p, &k, from, k.y + unit * p->unit_y, sums, weights);
    }
    nn_m55_move(y, scratch + p->scratch_y, p->y_bytes);
}

void nn_m55_depthwise_conv_2d(const nn_m55_conv_params *p, const uint8_t *constants,
                              const int8_t *x, int8_t *y, int8_t *scratch)
{
    const work k = begin(p, constants, x, y, scratch);
    const int8_t *w = NN_TABLE(int8_t, constants, p->weights);
    int32_t *sums = (int32_t *)(void *)scratch;
    const nn_m55_channel *c = k.channels;
    int8_t *to = k.y;
    uint32_t repeats = p->repeats;

    x = k.x;
    for (uint32_t left = p->channels; left > 0; left--, c++, w += p->pitch, to += p->y_channel) {
        for (uint32_t unit = 0; unit < p->units; unit = next_chunk(p, unit)) {
            p->tile(x + unit * p->unit_x, w, sums, sums);
            p->finish(sums, c, to + unit * p->unit_y, &k.targets);
        }
        if (--repeats == 0) {
            repeats = p->repeats;
            x += p->plane;
        }
    }
    nn_m55_move(y, scratch + p->scratch_y, p->y_bytes);
}

#endif
