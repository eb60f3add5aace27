/* Mutates packs and runs everything that reads them. usage: pack_fuzz SEED ROUNDS PACK...
 * Each mutant lies in memory of exactly its size, so that AddressSanitizer sees any read beyond it.
 * Checksums are put right again in most rounds: else nothing behind them would ever be reached. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/bytes.h"
#include "core/crc32.h"
#include "core/sha256.h"
#include "drift/drift.h"
#include "nn/decision.h"
#include "pack/layout.h"
#include "pack/pack.h"

static uint64_t state;

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

static void mutate(uint8_t *pack, size_t bytes)
{
    static const uint32_t interesting[] = {0,    1,      4,          0x7F,       0x80,
                                           0xFF, 0xFFFF, 0x7FFFFFFF, 0xFFFFFFFC, 0xFFFFFFFF};
    for (uint32_t i = 1 + draw(4); i > 0; i--) {
        size_t at = draw(3) ? draw((uint32_t)(bytes < 512 ? bytes : 512)) : draw((uint32_t)bytes);
        if (draw(2)) {
            pack[at] = (uint8_t)draw(256);
        } else if (at + 4 <= bytes) {
            bytes_store_u32(pack + at, interesting[draw(sizeof interesting / sizeof *interesting)]);
        }
    }
}

static void repair_hashes(uint8_t *pack, size_t bytes)
{
    uint32_t parts = pack[HEADER_part_count_AT];
    for (uint32_t i = 0; i < parts && HEADER_BYTES + (i + 1) * (size_t)PART_BYTES <= bytes; i++) {
        uint8_t *entry = pack + HEADER_BYTES + i * (size_t)PART_BYTES;
        uint32_t offset = bytes_load_u32(entry + PART_offset_AT),
                 length = bytes_load_u32(entry + PART_length_AT);
        if (offset <= bytes && length <= bytes - offset) {
            sha256_digest(pack + offset, length, entry + PART_sha256_AT);
        }
    }
}

static void repair_crc(uint8_t *pack, size_t bytes)
{
    uint32_t end = bytes_load_u32(pack + HEADER_header_bytes_AT);
    if (end > HEADER_BYTES && end <= bytes) {
        bytes_store_u32(pack + end - CRC_BYTES, crc32_update(0, pack, end - CRC_BYTES));
    }
}

static void decide(const pack_blob *part, decision_info *info)
{
    decision_state decision;
    decision_result result;
    if (decision_init(&decision, part->data, part->bytes) == 0 &&
        decision.info.output_bytes < 100000) {
        int8_t *outputs = calloc(decision.info.output_bytes, 1);
        for (int i = 0; i < 40; i++) {
            memset(outputs, i % 3 ? 127 : -128, decision.info.output_bytes);
            decision_step(&decision, outputs, &result);
        }
        free(outputs);
    }
    *info = decision.info;
}

static void drift(const pack_blob *part, drift_info *info)
{
    drift_state drift;
    drift_stats stats;
    if (drift_check(part->data, part->bytes, info) != 0) {
        return;
    }
    drift_channel *channels = malloc(info->channels * sizeof *channels);
    float *values = malloc(info->channels * sizeof *values);
    if (drift_init(&drift, channels, info->channels, part->data, part->bytes) != 0) {
        abort();
    }
    for (int i = 0; i < 70; i++) {
        for (uint32_t c = 0; c < info->channels; c++) {
            uint32_t bits = draw(0xFFFFFFFF);
            memcpy(values + c, &bits, sizeof bits); /* NaN, infinities and denormals among them */
        }
        drift_push(&drift, values);
    }
    for (uint32_t c = 0; c < info->channels; c++) {
        drift_read(&drift, c, &stats);
    }
    drift_push_missing(&drift);
    drift_reset(&drift);
    free(values);
    free(channels);
}

/* The part in memory of its own size: nothing may be read beyond it, not even the next part. */
static pack_blob alone(const pack_blob *part)
{
    uint8_t *copy = malloc(part->bytes ? part->bytes : 1);
    if (part->bytes != 0) {
        memcpy(copy, part->data, part->bytes);
    }
    return (pack_blob){copy, part->bytes};
}

/* 1: the pack passed every check, 0: it was refused. */
static int run(const uint8_t *pack, size_t bytes, const pack_view *original)
{
    pack_view view;
    pack_golden golden;
    decision_info decision = {0};
    drift_info channels = {0};
    pack_firmware firmware = {.board_class = original->board_class,
                              .security_floor = original->security_version,
                              .constants_bytes = original->parts[PACK_PART_CONSTANTS].bytes};
    memcpy(firmware.layout_id, original->layout_id, sizeof firmware.layout_id);
    int error = pack_open(pack, bytes, &firmware, &view);
    if (strcmp(pack_error_name(error), "PACK_E_UNKNOWN") == 0) {
        abort(); /* every refusal has a name */
    }
    if (error) {
        return 0;
    }
    uint32_t sum = 0;
    for (uint32_t type = 1; type < PACK_PART_KINDS; type++) {
        view.parts[type] = view.parts[type].data ? alone(&view.parts[type]) : view.parts[type];
    }
    int labels = pack_labels(&view.parts[PACK_PART_LABELS]);
    for (int i = 0; i < labels; i++) {
        const uint8_t *text;
        uint32_t length;
        if (pack_label(&view.parts[PACK_PART_LABELS], (uint32_t)i, &text, &length) != 0) {
            abort();
        }
        sum += text[length - 1];
    }
    if (pack_golden_open(&view.parts[PACK_PART_GOLDEN], &golden) == 0) {
        sum += golden.inputs[0] + golden.outputs[golden.count * golden.output_bytes - 1];
    }
    decide(&view.parts[PACK_PART_DECISION], &decision);
    drift(&view.parts[PACK_PART_DRIFT], &channels);
    pack_counts counts = {.features = channels.features,
                          .input_bytes = golden.input_bytes,
                          .output_bytes = decision.output_bytes,
                          .decision_output_bytes = decision.output_bytes,
                          .fault_classes = decision.fault_classes,
                          .drift_channels = channels.channels,
                          .drift_features = channels.features};
    int fit = pack_check_counts(&view, &counts) == 0 && sum != 0;
    for (uint32_t type = 1; type < PACK_PART_KINDS; type++) {
        free((void *)(uintptr_t)view.parts[type].data);
    }
    return fit;
}

static uint8_t *read_file(const char *path, size_t *bytes)
{
    FILE *file = fopen(path, "rb");
    uint8_t *data = malloc(1 << 20);
    if (file == NULL || data == NULL) {
        exit(2);
    }
    *bytes = fread(data, 1, 1 << 20, file);
    fclose(file);
    return data;
}

int main(int argc, char **argv)
{
    long rounds = argc > 3 ? atol(argv[2]) : 0, accepted = 0, refused = 0;
    state = 0x9E3779B97F4A7C15u ^ (uint64_t)(argc > 1 ? atol(argv[1]) : 0);
    for (int f = 3; f < argc; f++) {
        size_t bytes;
        uint8_t *original = read_file(argv[f], &bytes);
        pack_view view;
        if (pack_read(original, bytes, &view) != 0 || !run(original, bytes, &view)) {
            return 3; /* what is mutated must be sound to begin with */
        }
        for (long round = 0; round < rounds; round++) {
            size_t size = draw(8) ? bytes : draw((uint32_t)bytes + 1);
            uint8_t *pack = malloc(size ? size : 1);
            memcpy(pack, original, size);
            if (size >= HEADER_BYTES) {
                mutate(pack, size);
                if (draw(4)) {
                    repair_hashes(pack, size);
                }
                if (draw(8)) {
                    repair_crc(pack, size);
                }
            }
            uint8_t *exact = realloc(pack, size ? size : 1);
            *(run(exact, size, &view) ? &accepted : &refused) += 1;
            free(exact);
        }
        free(original);
    }
    printf("%ld %ld\n", accepted, refused);
    return 0;
}
