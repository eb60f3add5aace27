/* RFC 8949, appendix C ("well-formed"), without recursion, and the order of a message's keys. */
#include "link/guard.h"

enum { UNSIGNED = 0, NEGATIVE = 1, BYTES = 2, TEXT = 3, ARRAY = 4, MAP = 5, TAG = 6, SIMPLE = 7 };
enum { ONE_BYTE = 24, EIGHT_BYTES = 27, INDEFINITE = 31, BREAK = 0xFF };

/* The first byte of an item and the number behind it. */
typedef struct {
    uint8_t major, info;
    uint64_t number;
    int shortest; /* 1: the number could not be written in fewer bytes */
} head;

/* A container that is being skipped. */
typedef struct {
    uint32_t left;   /* items still to come, where their number is known */
    uint8_t open;    /* 1: of indefinite length, ends with a break */
    uint8_t odd;     /* in an open map: 1 while a key waits for its value */
    uint8_t strings; /* in an open string: major type of its pieces, else 0 */
    uint8_t pairs;   /* 1: a map */
} level;

static const uint8_t *read_head(const uint8_t *at, const uint8_t *end, head *out)
{
    if (at == end) {
        return NULL;
    }
    out->major = *at >> 5;
    out->info = *at & 31;
    out->number = out->info;
    out->shortest = 1;
    at++;
    if (out->info >= ONE_BYTE && out->info <= EIGHT_BYTES) {
        const uint32_t bytes = 1u << (out->info - ONE_BYTE);
        if ((size_t)(end - at) < bytes) {
            return NULL;
        }
        out->number = 0;
        for (uint32_t i = 0; i < bytes; i++) {
            out->number = out->number << 8 | *at++;
        }
        out->shortest = bytes == 1 ? out->number >= ONE_BYTE : out->number >> (4 * bytes) != 0;
    } else if (out->info > EIGHT_BYTES && out->info != INDEFINITE) {
        return NULL;
    }
    return at;
}

/* Opens what `item` begins: a container becomes `*inner` (return 1), a string's bytes are stepped
   over (return 0), -1 where the item is not well-formed. */
static int enter(const head *item, const uint8_t **at, const uint8_t *end, level *inner)
{
    const uint64_t room = (uint64_t)(end - *at);
    const uint8_t open = item->info == INDEFINITE;

    *inner = (level){.open = open, .pairs = item->major == MAP};
    switch (item->major) {
    case BYTES:
    case TEXT:
        inner->strings = item->major;
        if (!open && item->number <= room) {
            *at += item->number;
            return 0;
        }
        return open ? 1 : -1;
    case ARRAY:
    case MAP:
        /* every item takes a byte at least, so more items than bytes cannot be whole */
        if (!open && item->number > room) {
            return -1;
        }
        inner->left = open ? 0 : (uint32_t)item->number << inner->pairs;
        return 1;
    case TAG:
        inner->left = 1;
        return open ? -1 : 1;
    case SIMPLE:
        return open || (item->info == ONE_BYTE && item->number < 32) ? -1 : 0;
    default: /* UNSIGNED, NEGATIVE */
        return open ? -1 : 0;
    }
}

/* Steps over one well-formed value; NULL where it is not, or nests deeper than LINK_DEPTH_MAX. */
static const uint8_t *skip_value(const uint8_t *at, const uint8_t *end)
{
    level levels[LINK_DEPTH_MAX + 1] = {{.left = 1}};
    uint32_t depth = 0;

    for (;;) {
        level *outer = &levels[depth];
        if (!outer->open && outer->left == 0) {
            if (depth == 0) {
                return at;
            }
            depth--;
            continue;
        }
        if (outer->open && at < end && *at == BREAK) {
            if (outer->odd) {
                return NULL;
            }
            at++;
            depth--;
            continue;
        }
        head item;
        at = read_head(at, end, &item);
        if (at == NULL ||
            (outer->strings && (item.major != outer->strings || item.info == INDEFINITE))) {
            return NULL;
        }
        outer->left -= !outer->open;
        outer->odd ^= outer->open && outer->pairs;
        level inner;
        const int entered = enter(&item, &at, end, &inner);
        if (entered < 0 || (entered == 1 && depth == LINK_DEPTH_MAX)) {
            return NULL;
        }
        if (entered == 1) {
            levels[++depth] = inner;
        }
    }
}

int link_map_open(link_map *map, const uint8_t *payload, size_t bytes)
{
    head item;
    const uint8_t *const at = read_head(payload, payload + bytes, &item);

    if (at == NULL || item.major != MAP || item.info == INDEFINITE || !item.shortest ||
        item.number > bytes) {
        return -1;
    }
    *map = (link_map){.at = at, .end = payload + bytes, .entries_left = (uint32_t)item.number};
    return 0;
}

int link_map_next(link_map *map, link_entry *entry)
{
    head key;

    if (map->entries_left == 0) {
        return map->at == map->end ? 0 : -1;
    }
    const uint8_t *const value = read_head(map->at, map->end, &key);
    if (value == NULL || key.major != UNSIGNED || key.info == INDEFINITE || !key.shortest ||
        key.number < map->next_key || key.number > UINT32_MAX) {
        return -1;
    }
    const uint8_t *const after = skip_value(value, map->end);
    if (after == NULL) {
        return -1;
    }
    *entry = (link_entry){(uint32_t)key.number, value, (size_t)(after - value)};
    map->at = after;
    map->entries_left--;
    map->next_key = key.number + 1;
    return 1;
}

int link_entry_uint(const link_entry *entry, uint32_t *number)
{
    head item;

    if (read_head(entry->value, entry->value + entry->value_bytes, &item) == NULL ||
        item.major != UNSIGNED || !item.shortest || item.number > UINT32_MAX) {
        return -1;
    }
    *number = (uint32_t)item.number;
    return 0;
}
