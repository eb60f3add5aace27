/* The parts that this library itself reads: labels and golden vectors; and how counts must agree.
 */
#include <string.h>

#include "core/bytes.h"
#include "pack/layout.h"
#include "pack/pack.h"

/* Finds label `index`, or walks to the end: 0, or PACK_E_LABELS. */
static int walk_labels(const pack_blob *part, uint32_t index, const uint8_t **text, uint32_t *bytes)
{
    uint32_t count = bytes_load_u16(part->data + LABELS_count_AT), at = LABELS_BYTES;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t length = at < part->bytes ? part->data[at] : 0;
        if (length == 0 || length > PACK_LABEL_MAX_BYTES || length > part->bytes - at - 1) {
            return PACK_E_LABELS;
        }
        for (uint32_t k = 0; k < length; k++) {
            uint8_t c = part->data[at + 1 + k];
            if (c < 0x20 || c == 0x7F) {
                return PACK_E_LABELS; /* a control character has no place on a console */
            }
        }
        if (i == index) {
            *text = part->data + at + 1;
            *bytes = length;
            return 0;
        }
        at += 1 + length;
    }
    return index == count && at == part->bytes ? 0 : PACK_E_LABELS;
}

int pack_labels(const pack_blob *labels)
{
    const uint8_t *text;
    uint32_t bytes;
    if (labels->data == NULL || labels->bytes < LABELS_BYTES ||
        bytes_load_u16(labels->data + LABELS_version_AT) != PACK_LABELS_VERSION) {
        return PACK_E_LABELS;
    }
    uint32_t count = bytes_load_u16(labels->data + LABELS_count_AT);
    if (count > PACK_MAX_LABELS) {
        return PACK_E_LABELS;
    }
    int error = walk_labels(labels, count, &text, &bytes);
    return error ? error : (int)count;
}

int pack_label(const pack_blob *labels, uint32_t index, const uint8_t **text, uint32_t *bytes)
{
    int count = pack_labels(labels);
    *text = NULL;
    *bytes = 0;
    if (count < 0 || index >= (uint32_t)count) {
        return PACK_E_LABELS;
    }
    return walk_labels(labels, index, text, bytes);
}

int pack_golden_open(const pack_blob *part, pack_golden *out)
{
    memset(out, 0, sizeof *out);
    if (part->data == NULL || part->bytes < GOLDEN_BYTES ||
        bytes_load_u16(part->data + GOLDEN_version_AT) != PACK_GOLDEN_VERSION) {
        return PACK_E_GOLDEN;
    }
    uint32_t count = bytes_load_u16(part->data + GOLDEN_count_AT);
    uint32_t input = bytes_load_u32(part->data + GOLDEN_input_bytes_AT);
    uint32_t output = bytes_load_u32(part->data + GOLDEN_output_bytes_AT);
    /* 64 bits: count x (input + output) of a hostile part does not wrap */
    uint64_t expected = GOLDEN_BYTES + (uint64_t)count * ((uint64_t)input + output);
    if (count == 0 || input == 0 || output == 0 || expected != part->bytes) {
        return PACK_E_GOLDEN;
    }
    out->count = count;
    out->input_bytes = input;
    out->output_bytes = output;
    out->inputs = part->data + GOLDEN_BYTES;
    out->outputs = out->inputs + (size_t)count * input;
    return 0;
}

static int check_golden(const pack_blob *part, const pack_counts *counts)
{
    pack_golden golden;
    if (part->data == NULL) {
        return 0; /* an optional part */
    }
    int error = pack_golden_open(part, &golden);
    if (error) {
        return error;
    }
    return golden.input_bytes == counts->input_bytes && golden.output_bytes == counts->output_bytes
               ? 0
               : PACK_E_COUNT_GOLDEN;
}

int pack_check_counts(pack_view *view, const pack_counts *counts)
{
    view->detail = 0;
    int labels = pack_labels(&view->parts[PACK_PART_LABELS]);
    if (labels < 0) {
        return labels;
    }
    if (counts->features != counts->input_bytes) {
        return PACK_E_COUNT_FEATURES;
    }
    if (counts->decision_output_bytes != counts->output_bytes) {
        return PACK_E_COUNT_OUTPUTS;
    }
    if ((uint32_t)labels != counts->fault_classes) {
        return PACK_E_COUNT_LABELS;
    }
    if (counts->drift_features != counts->features ||
        counts->drift_channels - counts->drift_features != counts->output_bytes) {
        return PACK_E_COUNT_DRIFT;
    }
    return check_golden(&view->parts[PACK_PART_GOLDEN], counts);
}
