/* The .def files as data: names of errors for messages, layout and part kinds for the host. */
#include "pack/pack.h"

const pack_field pack_fields[] = {
#define PACK_FIELD(record, name, at, bytes) {#record, #name, at, bytes},
#include "pack/header.def"
#undef PACK_FIELD
};
const uint32_t pack_fields_count = sizeof pack_fields / sizeof *pack_fields;

const pack_part_kind pack_part_kinds[] = {
#define PACK_PART(name, type, required) {#name, type, required},
#include "pack/parts.def"
#undef PACK_PART
};
const uint32_t pack_part_kinds_count = sizeof pack_part_kinds / sizeof *pack_part_kinds;

const char *pack_error_name(int error)
{
    switch (error) {
    case 0:
        return "PACK_OK";
#define PACK_ERROR(name, value, text)                                                              \
    case value:                                                                                    \
        return "PACK_E_" #name;
#include "pack/errors.def"
#undef PACK_ERROR
    default:
        return "PACK_E_UNKNOWN";
    }
}

const char *pack_error_text(int error)
{
    switch (error) {
    case 0:
        return "fit to run";
#define PACK_ERROR(name, value, text)                                                              \
    case value:                                                                                    \
        return text;
#include "pack/errors.def"
#undef PACK_ERROR
    default:
        return "unknown error";
    }
}
