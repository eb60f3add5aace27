#include "pack/pack.h"

#include <string.h>

#include "core/bytes.h"
#include "core/crc32.h"
#include "core/sha256.h"
#include "pack/layout.h"

_Static_assert(HEADER_BYTES + PACK_MAX_PARTS * PART_BYTES < PACK_HEADER_MAX_BYTES,
               "the largest part table fits the largest header");
#define PACK_PART(name, type, required)                                                            \
    _Static_assert((type) > 0 && (type) < PACK_PART_KINDS, "pack_view.parts holds every type");
#include "pack/parts.def"
#undef PACK_PART

static int fail(pack_view *view, uint32_t detail, int error)
{
    view->detail = detail;
    return error;
}

/* Magic, version and lengths: after this, reads up to header_bytes and total_bytes stay inside. */
static int read_lengths(pack_view *view, size_t bytes)
{
    const uint8_t *base = view->base;
    if (bytes < HEADER_major_END) {
        return PACK_E_TRUNCATED;
    }
    if (bytes_load_u32(base + HEADER_magic_AT) != PACK_MAGIC) {
        return PACK_E_MAGIC;
    }
    view->major = bytes_load_u16(base + HEADER_major_AT);
    if (view->major != PACK_MAJOR) {
        return PACK_E_MAJOR;
    }
    if (bytes < HEADER_BYTES) {
        return PACK_E_TRUNCATED;
    }
    view->header_bytes = bytes_load_u32(base + HEADER_header_bytes_AT);
    view->total_bytes = bytes_load_u32(base + HEADER_total_bytes_AT);
    uint32_t parts = base[HEADER_part_count_AT];
    uint32_t extensions = bytes_load_u32(base + HEADER_extension_count_AT);
    uint32_t extension_bytes = bytes_load_u32(base + HEADER_extension_bytes_AT);
    if (parts > PACK_MAX_PARTS || extensions > PACK_MAX_EXTENSIONS ||
        extension_bytes > PACK_HEADER_MAX_BYTES || view->header_bytes > PACK_HEADER_MAX_BYTES ||
        view->header_bytes != HEADER_BYTES + parts * PART_BYTES + extension_bytes + CRC_BYTES ||
        view->total_bytes < view->header_bytes) {
        return PACK_E_LENGTH;
    }
    return bytes < view->total_bytes ? PACK_E_TRUNCATED : 0;
}

static int read_fields(pack_view *view)
{
    const uint8_t *base = view->base;
    uint32_t covered = view->header_bytes - CRC_BYTES;
    if (crc32_update(0, base, covered) != bytes_load_u32(base + covered)) {
        return PACK_E_HEADER_CRC;
    }
    view->minor = bytes_load_u16(base + HEADER_minor_AT);
    view->board_class = bytes_load_u32(base + HEADER_board_class_AT);
    view->sequence = bytes_load_u32(base + HEADER_sequence_AT);
    view->security_version = bytes_load_u32(base + HEADER_security_version_AT);
    view->signature_algorithm = bytes_load_u16(base + HEADER_signature_algorithm_AT);
    view->confirm_policy = base[HEADER_confirm_policy_AT];
    memcpy(view->key_id, base + HEADER_key_id_AT, sizeof view->key_id);
    memcpy(view->layout_id, base + HEADER_layout_id_AT, sizeof view->layout_id);
    memcpy(view->features_id, base + HEADER_features_id_AT, sizeof view->features_id);
    if (view->signature_algorithm != 0) {
        return fail(view, view->signature_algorithm, PACK_E_SIGNATURE);
    }
    return view->confirm_policy > PACK_CONFIRM_AUTO ? PACK_E_POLICY : 0;
}

/* Version 1.0 knows no extension: each is skipped, or refused where it must be understood. */
static int check_extensions(pack_view *view)
{
    uint32_t at = HEADER_BYTES + (uint32_t)view->base[HEADER_part_count_AT] * PART_BYTES;
    uint32_t end = view->header_bytes - CRC_BYTES;
    uint32_t count = bytes_load_u32(view->base + HEADER_extension_count_AT);
    for (uint32_t i = 0; i < count; i++) {
        if (end - at < EXTENSION_BYTES) {
            return PACK_E_EXTENSION;
        }
        const uint8_t *extension = view->base + at;
        uint32_t type = bytes_load_u16(extension + EXTENSION_type_AT);
        uint32_t length = bytes_load_u32(extension + EXTENSION_length_AT);
        uint32_t room = end - at - EXTENSION_BYTES;
        if (length > room || ((length + 3) & ~3U) > room) {
            return fail(view, type, PACK_E_EXTENSION);
        }
        if (bytes_load_u16(extension + EXTENSION_flags_AT) & PACK_FLAG_CRITICAL) {
            return fail(view, type, PACK_E_CRITICAL);
        }
        at += EXTENSION_BYTES + ((length + 3) & ~3U);
    }
    return at == end ? 0 : PACK_E_EXTENSION;
}

static const uint8_t *part_entry(const pack_view *view, uint32_t index)
{
    return view->base + HEADER_BYTES + index * PART_BYTES;
}

static int check_part_bounds(pack_view *view, const uint8_t *entry)
{
    uint32_t type = bytes_load_u16(entry + PART_type_AT);
    uint32_t offset = bytes_load_u32(entry + PART_offset_AT);
    uint32_t alignment = bytes_load_u32(entry + PART_alignment_AT);
    if (offset < view->header_bytes || offset > view->total_bytes ||
        bytes_load_u32(entry + PART_length_AT) > view->total_bytes - offset) {
        return fail(view, type, PACK_E_PART_BOUNDS);
    }
    /* an alignment of 0 fails the last of these: no offset is 0 */
    if ((alignment & (alignment - 1)) != 0 || alignment > PACK_MAX_ALIGNMENT ||
        (offset & (alignment - 1)) != 0) {
        return fail(view, type, PACK_E_PART_ALIGNMENT);
    }
    return 0;
}

/* Against the parts before it, whose bounds are known to hold. */
static int check_part_apart(pack_view *view, uint32_t index)
{
    const uint8_t *entry = part_entry(view, index);
    uint32_t type = bytes_load_u16(entry + PART_type_AT);
    uint32_t start = bytes_load_u32(entry + PART_offset_AT);
    uint32_t end = start + bytes_load_u32(entry + PART_length_AT);
    for (uint32_t i = 0; i < index; i++) {
        const uint8_t *other = part_entry(view, i);
        uint32_t other_start = bytes_load_u32(other + PART_offset_AT);
        uint32_t other_end = other_start + bytes_load_u32(other + PART_length_AT);
        if (bytes_load_u16(other + PART_type_AT) == type) {
            return fail(view, type, PACK_E_PART_TWICE);
        }
        if (start < other_end && other_start < end) {
            return fail(view, type, PACK_E_PART_BOUNDS);
        }
    }
    return 0;
}

static int is_known(uint32_t type)
{
    return type >= 1 && type < PACK_PART_KINDS;
}

static int read_parts(pack_view *view)
{
    uint32_t count = view->base[HEADER_part_count_AT];
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = part_entry(view, i);
        uint32_t type = bytes_load_u16(entry + PART_type_AT);
        int error = check_part_bounds(view, entry);
        if (!error) {
            error = check_part_apart(view, i);
        }
        if (error) {
            return error;
        }
        if (is_known(type)) {
            view->parts[type].data = view->base + bytes_load_u32(entry + PART_offset_AT);
            view->parts[type].bytes = bytes_load_u32(entry + PART_length_AT);
            view->alignments[type] = bytes_load_u32(entry + PART_alignment_AT);
        } else if (bytes_load_u16(entry + PART_flags_AT) & PACK_FLAG_CRITICAL) {
            return fail(view, type, PACK_E_CRITICAL);
        }
    }
    for (uint32_t i = 0; i < pack_part_kinds_count; i++) {
        const pack_part_kind *kind = &pack_part_kinds[i];
        if (kind->required && view->parts[kind->value].data == NULL) {
            return fail(view, (uint32_t)kind->value, PACK_E_PART_MISSING);
        }
    }
    return 0;
}

static int check_hashes(pack_view *view)
{
    uint8_t digest[32];
    uint32_t count = view->base[HEADER_part_count_AT];
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t *entry = part_entry(view, i);
        const uint8_t *data = view->base + bytes_load_u32(entry + PART_offset_AT);
        sha256_digest(data, bytes_load_u32(entry + PART_length_AT), digest);
        if (memcmp(digest, entry + PART_sha256_AT, sizeof digest) != 0) {
            return fail(view, bytes_load_u16(entry + PART_type_AT), PACK_E_PART_HASH);
        }
    }
    sha256_digest(view->base, view->total_bytes, digest);
    memcpy(view->pack_id, digest, sizeof view->pack_id);
    return 0;
}

int pack_read(const uint8_t *base, size_t bytes, pack_view *out)
{
    memset(out, 0, sizeof *out);
    out->base = base;
    int error = read_lengths(out, bytes);
    if (!error) {
        error = read_fields(out);
    }
    if (!error) {
        error = check_extensions(out);
    }
    if (!error) {
        error = read_parts(out);
    }
    return error ? error : check_hashes(out);
}

int pack_compatible(pack_view *view, const pack_firmware *firmware)
{
    const pack_blob *constants = &view->parts[PACK_PART_CONSTANTS];
    uint32_t alignment = firmware->constants_alignment;
    if (view->board_class != firmware->board_class) {
        return PACK_E_CLASS;
    }
    if (memcmp(view->layout_id, firmware->layout_id, sizeof view->layout_id) != 0) {
        return PACK_E_LAYOUT;
    }
    if (constants->bytes != firmware->constants_bytes ||
        view->alignments[PACK_PART_CONSTANTS] < alignment ||
        (alignment != 0 && (uintptr_t)constants->data % alignment != 0)) {
        return fail(view, PACK_PART_CONSTANTS, PACK_E_CONSTANTS);
    }
    return view->security_version < firmware->security_floor ? PACK_E_SECURITY : 0;
}

int pack_open(const uint8_t *base, size_t bytes, const pack_firmware *firmware, pack_view *out)
{
    int error = pack_read(base, bytes, out);
    return error ? error : pack_compatible(out, firmware);
}
