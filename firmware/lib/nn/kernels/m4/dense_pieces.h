/* FULLY_CONNECTED of one row in little memory: the input is expanded piece by piece, each time for
 * a few outputs, whose sums wait in between. */
#ifndef NN_KERNELS_M4_DENSE_PIECES_H
#define NN_KERNELS_M4_DENSE_PIECES_H

#include "nn/kernels/m4/expand.h"
#include "nn/kernels/requantize.h"

#if NN_M4

/* Adds `groups` groups of expanded x to `fours` times 4 sums. Stream per four: weights by group.
 * Returns the end of the stream that it read. */
typedef const uint8_t *nn_m4_dense_piece(const uint32_t *x, const uint8_t *w, int32_t *sums,
                                         int32_t groups, int32_t fours);

/* By packing of the weights. */
nn_m4_dense_piece nn_m4_dense_piece_packed, nn_m4_dense_piece_wide;

typedef struct {
    nn_m4_dense_piece *tile;
    int32_t kind, inputs, outputs; /* inputs a multiple of 4 */
    int32_t fours, piece;     /* outputs at a time, by fours; groups of inputs expanded at once */
    uint32_t weights, levels; /* stream per `fours`: biases, weights by piece and four,
                                 nn_m4_requant of each; nn_levels */
} nn_m4_dense_pieces_params;

/* scratch: 16 bytes for each four, then 8 for each group of a piece. y does not overlap x. */
void nn_m4_dense_pieces(const nn_m4_dense_pieces_params *p, const uint8_t *constants,
                        const int8_t *x, int8_t *y, int8_t *scratch);

#endif
#endif
