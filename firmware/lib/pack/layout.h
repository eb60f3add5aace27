/* header.def as C names (HEADER_magic_AT, PART_BYTES) and the reads that go with it. Private to
 * pack. */
#ifndef AURORA_PACK_LAYOUT_H
#define AURORA_PACK_LAYOUT_H

#include "pack/pack.h"

enum {
#define PACK_FIELD(record, name, at, bytes)                                                        \
    record##_##name##_AT = (at), record##_##name##_END = (at) + (bytes),
#include "pack/header.def"
#undef PACK_FIELD
    HEADER_BYTES = HEADER_features_id_END,
    PART_BYTES = PART_sha256_END,
    EXTENSION_BYTES = EXTENSION_length_END,
    LABELS_BYTES = LABELS_count_END,
    GOLDEN_BYTES = GOLDEN_output_bytes_END,
    CRC_BYTES = 4
};

enum { PACK_MAGIC = 0x4B505541 }; /* "AUPK" */
enum { PACK_FLAG_CRITICAL = 1 };  /* of parts and extensions */
enum { PACK_CONFIRM_HOST = 0, PACK_CONFIRM_AUTO = 1 };
enum { PACK_LABELS_VERSION = 1, PACK_GOLDEN_VERSION = 1 };

#endif
