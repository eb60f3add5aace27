/* What this firmware is and can run, at a fixed symbol: read by tools from the ELF or from flash,
 * and sent in hello. Little-endian, no padding; a later version appends fields and raises
 * `version`. */
#ifndef APP_INFO_H
#define APP_INFO_H

#include <stdint.h>

enum {
    FIRMWARE_INFO_MAGIC = 0x4E465541, /* "AUFN" */
    FIRMWARE_INFO_VERSION = 1,
    FIRMWARE_INFO_BOARD_ID_BYTES = 32
};

typedef struct {
    uint32_t magic;
    uint16_t version, bytes; /* of this structure */
    uint8_t build_id[8];
    char board_id[FIRMWARE_INFO_BOARD_ID_BYTES]; /* ends in zeros */
    uint32_t class_id;
    uint8_t layout_id[32]; /* of the network's program */
    uint32_t constants_bytes, arena_bytes;
    uint16_t features_version_min, features_version_max; /* of chains that it runs */
    uint32_t features_n_max, features_axes_max, features_max, features_workspace_bytes;
    uint32_t chain_max_bytes, outputs_max, injected_samples_max;
    uint16_t pack_major, pack_minor;
    uint8_t link_major_min, link_major_max, link_minor, reserved;
    uint32_t slot_count, slot_origin[2], slot_bytes, slot_erase_bytes;
} firmware_info;

extern const firmware_info aurora_firmware_info;

#endif
