/* CONV_2D and DEPTHWISE_CONV_2D on Cortex-M55. The dot products are assembly that the compiler
 * wrote for the layer's shape (program.c); everything else is here. */
#ifndef NN_KERNELS_M55_CONV_H
#define NN_KERNELS_M55_CONV_H

#include "nn/kernels/m55/channel.h"
#include "nn/kernels/m55/place.h"

/* Sums of one chunk of positions: of a pair of output channels, or (depthwise, b unused) of one. */
typedef void nn_m55_tile(const int8_t *x, const int8_t *w, int32_t *a, int32_t *b);

/* Head of a tile in assembly, whose arguments are r0 to r3. */
#define NN_M55_TILE(name)                                                                          \
    __attribute__((naked)) static void name(const int8_t *x NN_M55_UNUSED,                         \
                                            const int8_t *w NN_M55_UNUSED,                         \
                                            int32_t *a NN_M55_UNUSED, int32_t *b NN_M55_UNUSED)

/* Where the patches of neighbouring positions do not suit the tile they are copied one behind the
 * other: taps_h rows of `line` bytes each, `pitch` bytes from patch to patch. line 0: they are read
 * in place. */
typedef struct {
    uint16_t taps_h, line, pitch;
    uint16_t across, unit;        /* positions in a row of outputs, in a unit */
    uint32_t row, step, next_row; /* bytes in the input: tap row, position, row of positions */
} nn_m55_patches;

typedef struct {
    nn_m55_tile *tile;
    nn_m55_finish *finish;
    const uint16_t *places; /* of nn_m55_targets */
    uint32_t groups;
    nn_m55_border_bytes x_border, y_border;
    nn_m55_staging staging; /* of the input, into the scratch */
    nn_m55_patches patches;
    uint32_t x_start, y_start; /* bytes: the first patch, the first output */
    /* a chunk is `chunk` units (rows or positions) of `units`; the last one overlaps the one before
     */
    uint16_t units, chunk;
    uint32_t unit_x, unit_y; /* bytes per unit */
    uint16_t channels,
        pitch;        /* outputs; bytes of weights from a pair (depthwise: channel) to the next */
    uint16_t repeats; /* depthwise: outputs per input channel */
    uint32_t plane,
        y_channel; /* depthwise: bytes per input plane; from an output channel to the next */
    /* scratch: int32 sums (b after a), then these places */
    uint32_t sums, scratch_x, scratch_patches, scratch_y;
    uint32_t
        y_bytes; /* of an output that is made in the scratch and then copied; 0: made in place */
    /* places in the constants: weights as the tile reads them, nn_m55_channel [channels], nn_levels
     */
    uint32_t weights, scales, levels;
} nn_m55_conv_params;

void nn_m55_conv_2d(const nn_m55_conv_params *p, const uint8_t *constants, const int8_t *x,
                    int8_t *y, int8_t *scratch);
void nn_m55_depthwise_conv_2d(const nn_m55_conv_params *p, const uint8_t *constants,
                              const int8_t *x, int8_t *y, int8_t *scratch);

#endif
