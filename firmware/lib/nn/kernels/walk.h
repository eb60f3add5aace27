/* Tensors walked row by row: the last axis is a row, the axes before it are counted. */
#ifndef NN_KERNELS_WALK_H
#define NN_KERNELS_WALK_H

#include <stdint.h>

enum { NN_AXES = 6, NN_LAST_AXIS = NN_AXES - 1 };

/* Sizes of the output, leading axes of 1 where it has fewer. */
typedef struct {
    uint32_t size[NN_AXES];
} nn_extent;

/* How far one step along each axis of the output leads in another tensor; 0 repeats. */
typedef struct {
    int32_t step[NN_AXES];
} nn_steps;

static inline uint32_t nn_row_count(const nn_extent *extent)
{
    uint32_t rows = 1;
    for (int axis = 0; axis < NN_LAST_AXIS; axis++)
        rows *= extent->size[axis];
    return rows;
}

/* Where row number `row` of the output starts in the other tensor. */
static inline int32_t nn_row_offset(const nn_extent *extent, const nn_steps *steps, uint32_t row)
{
    int32_t offset = 0;
    for (int axis = NN_LAST_AXIS - 1; axis >= 0; axis--) {
        offset += (int32_t)(row % extent->size[axis]) * steps->step[axis];
        row /= extent->size[axis];
    }
    return offset;
}

#endif
