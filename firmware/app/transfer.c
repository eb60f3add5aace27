#include "transfer.h"

#include <string.h>

void transfer_begin(transfer *t, void *memory, uint32_t total_bytes)
{
    t->memory = memory;
    t->total_bytes = total_bytes;
    t->received_bytes = 0;
    t->is_open = 1;
}

int transfer_take(transfer *t, uint32_t offset, const uint8_t *chunk, size_t bytes)
{
    if (offset <= t->received_bytes && bytes <= t->received_bytes - offset) {
        return TRANSFER_REPEATED;
    }
    if (offset != t->received_bytes || bytes > t->total_bytes - offset) {
        return TRANSFER_GAP;
    }
    memcpy(t->memory + offset, chunk, bytes);
    t->received_bytes += (uint32_t)bytes;
    return TRANSFER_TAKEN;
}
