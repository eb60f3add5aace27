#include "nn/kernels/m3/conv.h"
#include "nn/kernels/m3/bytes.h"

#if NN_M3

enum { CHANNELS = 4 };

/* A row of taps, some of them in the padding or apart from each other. */
static int8_t *gather_row(int8_t *to, const nn_window *g, const int8_t *row, nn_span columns,
                          uint32_t zeros)
{
    const int32_t c = g->in_c, together = g->dilation_w == 1 ? columns.end - columns.first : 1;
    to = nn_m3_fill(to, zeros, columns.first * c);
    for (int32_t tx = columns.first; tx < columns.end; tx += together)
        to = nn_m3_copy(to, row + tx * g->dilation_w * c, together * c);
    return nn_m3_fill(to, zeros, (g->taps_w - columns.end) * c);
}

/* The taps of the window at (oy, ox), one row behind the other. */
static __attribute__((noinline)) int8_t *gather(int8_t *to, const nn_window *g, const int8_t *x,
                                                int32_t oy, int32_t ox, uint32_t zeros)
{
    const nn_span rows = nn_rows(g, oy), columns = nn_columns(g, ox);
    const int32_t bytes = g->taps_w * g->in_c, step = g->dilation_h * g->in_w * g->in_c;
    const int32_t whole = g->dilation_w == 1 && columns.first == 0 && columns.end == g->taps_w;
    const int8_t *row = x + (rows.origin * g->in_w + columns.origin) * g->in_c + rows.first * step;

    to = nn_m3_fill(to, zeros, rows.first * bytes);
    for (int32_t ty = rows.first; ty < rows.end; ty++, row += step)
        to = whole ? nn_m3_copy(to, row, bytes) : gather_row(to, g, row, columns, zeros);
    return nn_m3_fill(to, zeros, (g->taps_h - rows.end) * bytes);
}

static int8_t *place(const nn_m3_windows *p, const nn_m3_image *to, int32_t oy, int32_t ox)
{
    return to->y + oy * to->row + ox / p->pool * to->column;
}

/* Blocks, all channels. Those of a last set that overlaps the one before are multiplied apart,
 * block by block: y may lie over x and close behind what has been read. */
static void multiply(const nn_m3_windows *p, const nn_m3_image *to, const uint8_t *w,
                     const int8_t *x, int8_t *y, nn_m3_walk *walk)
{
    const uint8_t *last = w + (uint32_t)to->quads * p->set_bytes;
    int32_t blocks = walk->blocks;
    walk->y_block = p->together / p->pool * to->column;
    walk->w_end = last;
    if (to->tail == 0) {
        p->tile(walk, x, w, y);
        return;
    }
    for (walk->blocks = 1; blocks > 0; blocks--, x += walk->x_block, y += walk->y_block) {
        walk->w_end = last;
        p->tile(walk, x, w, y);
        walk->w_end = last + p->set_bytes;
        p->tile(walk, x, last, y + to->tail);
    }
}

/* How many blocks of positions from (oy, ox) on lie in the row and have whole windows. */
static int32_t whole_blocks(const nn_m3_windows *p, int32_t oy, int32_t ox)
{
    if (oy < p->top || oy >= p->bottom || ox < p->left)
        return 0;
    return (p->right - ox) / p->together;
}

static __attribute__((noinline)) void whole(const nn_m3_windows *p, const nn_m3_image *to,
                                            const uint8_t *w, const int8_t *x, int32_t oy,
                                            int32_t ox, int32_t blocks)
{
    const nn_window *g = &p->window;
    const int32_t in_y = oy * g->stride_h - g->pad_h, in_x = ox * g->stride_w - g->pad_w;
    const int32_t step = g->stride_w * g->in_c;
    nn_m3_walk walk = {.y_step = to->column,
                       .x_step = step,
                       .row_bytes = p->row_bytes,
                       .rows = p->rows,
                       .skip = p->skip,
                       .x_block = p->together * step,
                       .blocks = blocks};
    multiply(p, to, w, x + (in_y * g->in_w + in_x) * g->in_c, place(p, to, oy, ox), &walk);
}

static __attribute__((noinline)) void gathered(const nn_m3_windows *p, const nn_m3_image *to,
                                               const uint8_t *w, const int8_t *x, int32_t oy,
                                               int32_t ox, int8_t *scratch, uint32_t zeros)
{
    const nn_window *g = &p->window;
    int8_t *y = place(p, to, oy, ox), *last = y, *next = scratch;
    for (int32_t i = 0; i < p->together; i++, ox++) {
        if (ox == g->out_w) {
            ox = 0;
            oy++;
        }
        last = place(p, to, oy, ox);
        next = gather(next, g, x, oy, ox, zeros);
    }
    nn_m3_walk walk = {.y_step = (int32_t)(last - y),
                       .x_step = p->taps,
                       .row_bytes = p->taps,
                       .rows = 1,
                       .blocks = 1};
    multiply(p, to, w, scratch, y, &walk);
}

void nn_m3_convolve(const nn_m3_windows *p, const uint8_t *w, const int8_t *x,
                    const nn_m3_image *to, int8_t *scratch, uint32_t zeros)
{
    const nn_window *g = &p->window;
    const int32_t positions = g->out_h * g->out_w;
    for (int32_t at = 0, blocks; at < positions; at += blocks * p->together) {
        if (at + p->together > positions)
            at = positions - p->together; /* some of the last are done again */
        const int32_t oy = at / g->out_w, ox = at - oy * g->out_w;
        blocks = whole_blocks(p, oy, ox);
        if (blocks > 0) {
            whole(p, to, w, x, oy, ox, blocks);
        } else {
            blocks = 1;
            gathered(p, to, w, x, oy, ox, scratch, zeros);
        }
    }
}

void nn_m3_conv(const nn_m3_conv_params *p, const uint8_t *constants, const int8_t *x, int8_t *y,
                int8_t *scratch)
{
    const nn_levels *levels = NN_TABLE(nn_levels, constants, p->levels);
    const nn_window *g = &p->windows.window;
    const int32_t channels = g->out_c, columns = g->out_w / p->windows.pool;
    const nn_m3_image to = {y, columns * channels, channels, channels / CHANNELS,
                            channels % CHANNELS != 0 ? channels - CHANNELS : 0};

    nn_m3_convolve(&p->windows, constants + p->weights, x, &to, scratch,
                   nn_m3_four(levels->input_zero));
    nn_m3_clamp(y, g->out_h * columns * channels, levels);
}

#endif
