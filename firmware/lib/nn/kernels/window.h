/* Geometry of convolutions and pools: NHWC, batch 1, one window of taps per output position. */
#ifndef NN_KERNELS_WINDOW_H
#define NN_KERNELS_WINDOW_H

#include <stdint.h>

typedef struct {
    uint16_t in_h, in_w, in_c, out_h, out_w, out_c;
    uint16_t taps_h, taps_w, stride_h, stride_w, dilation_h, dilation_w;
    uint16_t pad_h, pad_w; /* rows above and columns left of the input */
} nn_window;

/* Along one axis: input position of tap 0 (may be negative) and the taps [first, end) inside the
 * input. */
typedef struct {
    int32_t origin, first, end;
} nn_span;

static inline nn_span nn_taps(int32_t out, int32_t stride, int32_t pad, int32_t dilation,
                              int32_t taps, int32_t size)
{
    nn_span span = {out * stride - pad, 0, taps};
    if (span.origin < 0)
        span.first = (dilation - 1 - span.origin) / dilation;
    if (span.first > taps)
        span.first = taps;
    if (span.origin + (taps - 1) * dilation >= size)
        span.end = (size - span.origin + dilation - 1) / dilation;
    if (span.end < span.first)
        span.end = span.first;
    return span;
}

static inline nn_span nn_rows(const nn_window *g, int32_t out_y)
{
    return nn_taps(out_y, g->stride_h, g->pad_h, g->dilation_h, g->taps_h, g->in_h);
}

static inline nn_span nn_columns(const nn_window *g, int32_t out_x)
{
    return nn_taps(out_x, g->stride_w, g->pad_w, g->dilation_w, g->taps_w, g->in_w);
}

/* True where all taps lie inside the input. */
static inline int nn_is_whole(const nn_window *g, nn_span rows, nn_span columns)
{
    return rows.end - rows.first == g->taps_h && columns.end - columns.first == g->taps_w;
}

#endif
