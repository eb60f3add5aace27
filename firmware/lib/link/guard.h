/* What a message must be before anyone looks into it: one map of ascending keys, and nothing after
 * it. */
#ifndef AURORA_LINK_GUARD_H
#define AURORA_LINK_GUARD_H

#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
enum {
    LINK_DEPTH_MAX = 8 /* how deep arrays, maps, tags and strings in pieces may nest in a value */
};

/* A walk over the entries of a map. */
typedef struct {
    const uint8_t *at, *end;
    uint64_t next_key; /* smallest key that may come */
    uint32_t entries_left;
} link_map;

/* Where one entry lies. */
typedef struct {
    uint32_t key;
    const uint8_t *value;
    size_t value_bytes;
} link_entry;

/* Starts the walk. Returns 0, or -1 when the payload does not begin with a map of definite length.
 */
int link_map_open(link_map *map, const uint8_t *payload, size_t bytes);

/* Takes the next entry. Returns 1 with the entry, 0 when the map ended together with the payload,
   or -1: a key that is no unsigned integer of 32 bits, not ascending or not in its shortest form, a
   value that is no well-formed CBOR or nests too deep, or bytes after the map. */
int link_map_next(link_map *map, link_entry *entry);

/* The entry's value where it is an unsigned integer of 32 bits in its shortest form: 0, else -1. */
int link_entry_uint(const link_entry *entry, uint32_t *number);
/* aurora:end */

#endif
