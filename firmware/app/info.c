#include "info.h"

#include "board.h"
#include "build_id.h"
#include "device.h"
#include "program.h"

_Static_assert(sizeof(BOARD_ID) <= FIRMWARE_INFO_BOARD_ID_BYTES, "the board's name ends in a zero");

/* In a section of its own: at the start of the region `app`, whatever else the firmware holds. */
__attribute__((section(".aurora_info"), used)) const firmware_info aurora_firmware_info = {
    .magic = FIRMWARE_INFO_MAGIC,
    .version = FIRMWARE_INFO_VERSION,
    .bytes = sizeof(firmware_info),
    .build_id = BUILD_ID_BYTES,
    .board_id = BOARD_ID,
    .class_id = BOARD_CLASS_ID,
    .layout_id = NN_MODEL_LAYOUT_ID,
    .constants_bytes = NN_MODEL_CONSTANTS_BYTES,
    .arena_bytes = NN_MODEL_ARENA_BYTES,
    .features_version_min = FEATURES_LIBRARY_VERSION,
    .features_version_max = FEATURES_LIBRARY_VERSION,
    .features_n_max = FEATURES_MAX_N,
    .features_axes_max = FEATURES_MAX_AXES,
    .features_max = FEATURES_MAX,
    .features_workspace_bytes = MODEL_SCRATCH_BYTES,
    .chain_max_bytes = CHAIN_MAX_BYTES,
    .outputs_max = MODEL_MAX_OUTPUTS,
    .injected_samples_max = DEVICE_WINDOW_SAMPLES,
    .pack_major = PACK_MAJOR,
    .pack_minor = PACK_MINOR,
    .link_major_min = LINK_MAJOR,
    .link_major_max = LINK_MAJOR,
    .link_minor = LINK_MINOR,
    .slot_count = 1, /* slot B is laid out, and not used before packs come over the link */
    .slot_origin = {BOARD_SLOT_A_ORIGIN, BOARD_SLOT_B_ORIGIN},
    .slot_bytes = BOARD_SLOT_A_BYTES,
    .slot_erase_bytes = BOARD_SLOT_A_ERASE_BYTES,
};
