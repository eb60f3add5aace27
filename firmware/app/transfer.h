/* Assembles something that arrives in chunks: each in order, any of them more than once. */
#ifndef APP_TRANSFER_H
#define APP_TRANSFER_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint8_t *memory; /* the caller's */
    uint32_t total_bytes, received_bytes;
    uint32_t is_open;
} transfer;

enum { TRANSFER_TAKEN = 0, TRANSFER_REPEATED = 1, TRANSFER_GAP = 2 };

/* Starts over; `memory` holds at least total_bytes. */
void transfer_begin(transfer *t, void *memory, uint32_t total_bytes);

/* Takes the chunk if it begins where the last one ended. TRANSFER_GAP also for a chunk that would
 * overlap half-way or run past the end: the sender goes on from received_bytes. */
int transfer_take(transfer *t, uint32_t offset, const uint8_t *chunk, size_t bytes);

static inline int transfer_is_complete(const transfer *t)
{
    return t->is_open && t->received_bytes == t->total_bytes;
}

#endif
