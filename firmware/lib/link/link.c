/* One way in for every message: guard, cut off what a later version added, then zcbor's decoder. */
#include "link/link.h"

#include <string.h>

enum {
    KEY_TYPE = 0,
    KEY_REQUEST_ID = 1,
    HEAD_MAP = 0xA0,
    HEAD_MAP_ONE_BYTE = 0xB8,
    HEAD_SHORT_MAX = 23
};

/* Writes the head of a map of `entries` so that it ends where `first` begins. The old head counted
   at least as many entries, so it was at least as long. */
static uint8_t *put_map_head(uint8_t *first, uint32_t entries)
{
    if (entries <= HEAD_SHORT_MAX) {
        first[-1] = (uint8_t)(HEAD_MAP | entries);
        return first - 1;
    }
    first[-1] = (uint8_t)entries;
    first[-2] = HEAD_MAP_ONE_BYTE;
    return first - 2;
}

int link_decode(uint8_t *payload, size_t bytes, link_request *out)
{
    link_map map;
    link_entry entry;
    uint32_t known = 0, last_key = 0;
    int step;

    memset(out, 0, sizeof *out);
    if (link_map_open(&map, payload, bytes) != 0) {
        return -LINK_ERROR_MALFORMED;
    }
    uint8_t *const first = payload + (map.at - payload);
    uint8_t *end_of_known = first;
    while ((step = link_map_next(&map, &entry)) == 1) {
        if (entry.key == KEY_TYPE && link_entry_uint(&entry, &out->type) == 0) {
            last_key = link_last_key(out->type);
        }
        if (entry.key == KEY_REQUEST_ID) {
            (void)link_entry_uint(&entry, &out->request_id);
        }
        if (entry.key <= last_key) {
            known++;
            end_of_known = payload + (map.at - payload);
        }
    }
    if (step < 0) {
        return -LINK_ERROR_MALFORMED;
    }
    if (last_key == 0) {
        return -LINK_ERROR_UNKNOWN_TYPE;
    }
    uint8_t *const start = put_map_head(first, known);
    if (link_decode_known(start, (size_t)(end_of_known - start), out) != 0) {
        return -LINK_ERROR_BAD_FIELD;
    }
    return 0;
}
