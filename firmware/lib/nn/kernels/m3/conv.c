#include "nn/kernels/m3/conv.h"
#include "nn/kernels/m3/bytes.h"

#if NN_M3

enum { CHANNELS = 4 };

/* The taps of the window at (oy, ox), one row behind the other. */
static int8_t *gather(int8_t *to, const nn_window *g, const int8_t *x, int32_t oy, int32_t ox,
                      uint32_t zeros)
{
    const nn_span rows = nn_rows(g, oy), columns = nn_columns(g, ox);
    const int32_t c = g->in_c, together = g->dilation_w == 1 ? columns.end - columns.first : 1;
    for (int32_t ty = 0; ty < g->taps_h; ty++) {
        if (ty < rows.first || ty >= rows.end) {
            to = nn_m3_fill(to, zeros, g->taps_w * c);
            continue;
        }
        const int8_t *row = x + ((rows.origin + ty * g->dilation_h) * g->in_w + columns.origin) * c;
        to = nn_m3_fill(to, zeros, columns.first * c);
        for (int32_t tx = columns.first; tx < columns.end; tx += together)
            to = nn_m3_copy(to, row + tx * g->dilation_w * c, together * c);
        to = nn_m3_fill(to, zeros, (g->taps_w - columns.end) * c);
    }
    return to;
}

/* All channels; those of a last set that overlaps the one before apart. */
static void multiply(const nn_m3_conv_params *p, const uint8_t *w, const int8_t *x, int8_t *y,
                     nn_m3_walk *walk)
{
    const int32_t channels = p->window.out_c;
    walk->y_step = channels;
    walk->y_block = p->together / p->pool * channels;
    walk->w_end = w + (uint32_t)(channels / CHANNELS) * p->set_bytes;
    p->tile(walk, x, w, y);
    if (channels % CHANNELS != 0) {
        w = walk->w_end;
        walk->w_end = w + p->set_bytes;
        p->tile(walk, x, w, y + channels - CHANNELS);
    }
}

/* How many blocks of positions from (oy, ox) on lie in the row and have whole windows. */
static int32_t whole_blocks(const nn_m3_conv_params *p, int32_t oy, int32_t ox)
{
    if (oy < p->top || oy >= p->bottom || ox < p->left)
        return 0;
    return (p->right - ox) / p->together;
}

static void whole(const nn_m3_conv_params *p, const uint8_t *w, const int8_t *x, int8_t *y,
                  int32_t oy, int32_t ox, int32_t blocks)
{
    const nn_window *g = &p->window;
    const int32_t in_y = oy * g->stride_h - g->pad_h, in_x = ox * g->stride_w - g->pad_w;
    const int32_t step = g->stride_w * g->in_c;
    nn_m3_walk walk = {.x_step = step,
                       .row_bytes = p->row_bytes,
                       .rows = p->rows,
                       .skip = p->skip,
                       .x_block = p->together * step,
                       .blocks = blocks};
    multiply(p, w, x + (in_y * g->in_w + in_x) * g->in_c, y, &walk);
}

static void gathered(const nn_m3_conv_params *p, const uint8_t *w, const int8_t *x, int8_t *y,
                     int32_t oy, int32_t ox, int8_t *scratch, uint32_t zeros)
{
    const nn_window *g = &p->window;
    nn_m3_walk walk = {.x_step = p->taps, .row_bytes = p->taps, .rows = 1, .blocks = 1};
    int8_t *to = scratch;
    for (int32_t i = 0; i < p->together; i++, ox++) {
        if (ox == g->out_w) {
            ox = 0;
            oy++;
        }
        to = gather(to, g, x, oy, ox, zeros);
    }
    multiply(p, w, scratch, y, &walk);
}

void nn_m3_conv(const nn_m3_conv_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
                int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const uint8_t *w = constants + p->weights;
    const nn_window *g = &p->window;
    const int32_t positions = g->out_h * g->out_w, channels = g->out_c;
    const uint32_t zeros = nn_m3_four(levels->input_zero);

    for (int32_t at = 0, blocks; at < positions; at += blocks * p->together) {
        if (at + p->together > positions)
            at = positions - p->together; /* some of the last are done again */
        const int32_t oy = at / g->out_w, ox = at - oy * g->out_w;
        int8_t *out = y + at / p->pool * channels;
        blocks = whole_blocks(p, oy, ox);
        if (blocks > 0) {
            whole(p, w, x, out, oy, ox, blocks);
        } else {
            blocks = 1;
            gathered(p, w, x, out, oy, ox, scratch, zeros);
        }
    }
    nn_m3_clamp(y, positions / p->pool * channels, levels);
}

#endif
