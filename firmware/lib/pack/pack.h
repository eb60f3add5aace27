/* A pack is everything a board needs to run one model; this library is the only way to one.
 *
 * Layout of the header: header.def. Kinds of part: parts.def. Errors: errors.def. Each fact stands
 * there once; C expands the files, the host reads them through the compiled extension.
 *
 * Every field is read byte by byte (a slot may lie anywhere), every blob is base + offset. Nothing
 * is written, nothing allocated; the bytes are hostile until pack_read has returned 0. */
#ifndef AURORA_PACK_H
#define AURORA_PACK_H

#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
enum {
    PACK_MAJOR = 1, /* another major is refused */
    PACK_MINOR = 0, /* a newer minor only adds parts and extensions: accepted */
    PACK_MAX_PARTS = 16,
    PACK_MAX_EXTENSIONS = 16,
    PACK_HEADER_MAX_BYTES = 4096,
    PACK_PART_KINDS = 8, /* part types known to this version lie in 1..7 */
    PACK_MAX_ALIGNMENT = 4096,
    PACK_MAX_LABELS = 64,
    PACK_LABEL_MAX_BYTES = 64
};

typedef struct {
    const uint8_t *data; /* NULL: the pack has no such part */
    uint32_t bytes;
} pack_blob;

typedef struct {
    const uint8_t *base;
    uint32_t header_bytes, total_bytes;
    uint32_t major, minor;
    uint32_t board_class, sequence, security_version;
    uint32_t signature_algorithm, confirm_policy;
    uint8_t key_id[8];
    uint8_t layout_id[32], features_id[32];
    uint8_t pack_id[8];     /* first 8 bytes of SHA-256 over total_bytes */
    pack_blob parts[8];     /* by part type; [0] is never used */
    uint32_t alignments[8]; /* what the pack promises for each part's offset */
    uint32_t detail;        /* where a check failed: part or extension type, label index; else 0 */
} pack_view;

/* What the running firmware is. constants_* come from nn_model. */
typedef struct {
    uint32_t board_class;
    uint32_t security_floor; /* lowest security_version accepted */
    uint8_t layout_id[32];
    uint32_t constants_bytes, constants_alignment;
} pack_firmware;

/* Counts that must agree before a window is run. The caller fills them from chain_check (features),
 * nn_model (input_bytes, output_bytes), decision_check and drift_check: siblings of this library.
 */
typedef struct {
    uint32_t features;              /* chain_info.features */
    uint32_t input_bytes;           /* nn_model.input_bytes */
    uint32_t output_bytes;          /* nn_model.output_bytes */
    uint32_t decision_output_bytes; /* decision_info.output_bytes */
    uint32_t fault_classes;         /* decision_info.fault_classes */
    uint32_t drift_channels;        /* drift_info.channels */
    uint32_t drift_features;        /* drift_info.features */
} pack_counts;

typedef struct {
    const uint8_t *inputs, *outputs; /* [count][input_bytes], [count][output_bytes] */
    uint32_t count, input_bytes, output_bytes;
} pack_golden;

/* Structure and integrity, in this order: magic, major, lengths within `bytes`, header CRC,
 * signature, extensions, parts (bounds, overlap, alignment, types unique, required ones there),
 * SHA-256 of each part. 0, or an error of errors.def (negative); then only out->detail and what was
 * read is set. */
int pack_read(const uint8_t *base, size_t bytes, pack_view *out);

/* Class, layout, constants' size and alignment (of the address too), security floor. */
int pack_compatible(pack_view *view, const pack_firmware *firmware);

/* pack_read, then pack_compatible: the firmware's gate. The chain is the features library's to
 * check. */
int pack_open(const uint8_t *base, size_t bytes, const pack_firmware *firmware, pack_view *out);

/* Features, inputs, outputs, labels, thresholds, drift channels and golden vectors fit each other.
 */
int pack_check_counts(pack_view *view, const pack_counts *counts);

/* Number of labels (fault types), or an error. Label i: pointer into the part, not terminated. */
int pack_labels(const pack_blob *labels);
int pack_label(const pack_blob *labels, uint32_t index, const uint8_t **text, uint32_t *bytes);

/* The golden vectors part: int8 inputs and the outputs they must give. */
int pack_golden_open(const pack_blob *part, pack_golden *out);

/* "PACK_E_LAYOUT" and one plain sentence; never NULL. */
const char *pack_error_name(int error);
const char *pack_error_text(int error);

/* The .def files as tables, for the host; a firmware that does not name them does not link them. */
typedef struct {
    const char *record, *name;
    uint32_t at, bytes;
} pack_field;
typedef struct {
    const char *name;
    int32_t value, required;
} pack_part_kind;
extern const pack_field pack_fields[];
extern const uint32_t pack_fields_count;
extern const pack_part_kind pack_part_kinds[];
extern const uint32_t pack_part_kinds_count;
/* aurora:end */

enum {
#define PACK_PART(name, type, required) PACK_PART_##name = type,
#include "pack/parts.def"
#undef PACK_PART
};

enum {
#define PACK_ERROR(name, value, text) PACK_E_##name = value,
#include "pack/errors.def"
#undef PACK_ERROR
};

#endif
