#include "replies.h"

#include <string.h>

#include "board.h"
#include "info.h"

enum { CHUNK_BYTES = 192 };

static struct zcbor_string bytes_of(const void *data, size_t bytes)
{
    return (struct zcbor_string){.value = data, .len = bytes};
}

/* What link_encode_* wrote, in a frame, onto the line. */
static void send_payload(const uint8_t *payload, size_t bytes)
{
    uint8_t frame[LINK_FRAME_MAX_BYTES + 1];
    int length = link_frame_encode(payload, bytes, frame, sizeof frame);
    if (length > 0) {
        (void)port_uart_write(frame, (size_t)length); /* what is lost, the host asks for again */
    }
}

/* A message that cannot be encoded is a defect of ours: the host is told, instead of left waiting.
 */
#define SEND(name, message)                                                                        \
    do {                                                                                           \
        uint8_t payload[LINK_PAYLOAD_MAX_BYTES];                                                   \
        size_t payload_bytes;                                                                      \
        if (link_encode_##name(&(message), payload, sizeof payload, &payload_bytes) == 0) {        \
            send_payload(payload, payload_bytes);                                                  \
        } else {                                                                                   \
            reply_error((message).request_id, LINK_ERROR_INTERNAL, __LINE__);                      \
        }                                                                                          \
    } while (0)

void reply_error(uint32_t request_id, uint32_t code, uint32_t detail)
{
    uint8_t payload[LINK_PAYLOAD_MAX_BYTES];
    size_t bytes;
    struct link_error message = {.request_id = request_id, .error_code = code, .detail = detail};
    if (link_encode_error(&message, payload, sizeof payload, &bytes) == 0) {
        send_payload(payload, bytes);
    }
}

void reply_ack(uint32_t request_id, uint32_t status, uint32_t next_offset)
{
    struct link_ack message = {
        .request_id = request_id, .status = status, .next_offset = next_offset};
    SEND(ack, message);
}

/* The pack that runs, or zeros. */
static struct zcbor_string pack_id_of(const device *d)
{
    static const uint8_t none[sizeof d->walk.model.pack.pack_id];
    return bytes_of(d->walk.model.refusal ? none : d->walk.model.pack.pack_id, sizeof none);
}

static struct zcbor_string build_id(void)
{
    return bytes_of(aurora_firmware_info.build_id, sizeof aurora_firmware_info.build_id);
}

void reply_hello(const device *d, uint32_t request_id)
{
    const firmware_info *info = &aurora_firmware_info;
    const model *m = &d->walk.model;
    struct link_hello message = {
        .request_id = request_id,
        .link_major = info->link_major_max,
        .link_minor = info->link_minor,
        .boot_id = port_boot_id(),
        .board_id = bytes_of(info->board_id, sizeof BOARD_ID - 1),
        .class_id = info->class_id,
        .build_id = build_id(),
        .layout_id = bytes_of(info->layout_id, sizeof info->layout_id),
        .features_version = info->features_version_max,
        .features_n_max = info->features_n_max,
        .features_workspace_bytes = info->features_workspace_bytes,
        .pack_major = info->pack_major,
        .pack_minor = info->pack_minor,
        .slot_bytes = info->slot_bytes,
        .slot_erase_bytes = info->slot_erase_bytes,
        .pack_state = (uint32_t)-m->refusal,
        .pack_id = pack_id_of(d),
    };
    if (!m->refusal) {
        message.window_n = m->chain.n;
        message.window_axes = m->chain.axes;
        message.feature_count = m->chain.features;
        message.output_bytes = nn_model.output_bytes;
        message.calibration_target = d->walk.calibration.target;
        message.calibration_count = d->walk.calibration.count;
    }
    SEND(hello, message);
}

/* One vector in chunks; returns how many messages it took. */
static uint32_t send_vector(uint32_t request_id, uint32_t kind, const void *data, uint32_t bytes)
{
    uint32_t messages = 0;
    for (uint32_t at = 0; at < bytes; at += CHUNK_BYTES) {
        uint32_t size = bytes - at < CHUNK_BYTES ? bytes - at : (uint32_t)CHUNK_BYTES;
        struct link_vector message = {
            .request_id = request_id,
            .vector_kind = kind,
            .total_bytes = bytes,
            .offset = at,
            .chunk = bytes_of((const uint8_t *)data + at, size),
        };
        SEND(vector, message);
        messages++;
    }
    return messages;
}

static uint32_t send_vectors(uint32_t request_id, const walk_result *result)
{
    uint32_t features = result->features_count, sent = 0;
    sent += send_vector(request_id, LINK_VECTOR_FEATURES, result->features,
                        features * (uint32_t)sizeof(float));
    if (result->output_bytes != 0) {
        sent += send_vector(request_id, LINK_VECTOR_CALIBRATED, result->calibrated,
                            features * (uint32_t)sizeof(float));
        sent += send_vector(request_id, LINK_VECTOR_INPUT, result->input, features);
        sent += send_vector(request_id, LINK_VECTOR_OUTPUT, result->output, result->output_bytes);
    }
    return sent;
}

void reply_answer(const device *d)
{
    const answer *last = &d->last;
    const walk_result *result = &last->result;
    uint32_t vectors = last->with_vectors ? send_vectors(last->request_id, result) : 0;
    struct link_prediction message = {
        .request_id = last->request_id,
        .boot_id = port_boot_id(),
        .sequence = last->sequence,
        .source = result->source,
        .window_sequence = result->window_sequence,
        .state = result->state,
        .flags = result->flags,
        .fault_class = result->decision.fault_class,
        .scores = bytes_of(result->output, result->output_bytes),
        .alarm = result->decision.alarm != 0,
        .votes = result->decision.votes,
        .pack_id = pack_id_of(d),
        .build_id = build_id(),
        .vector_count = vectors,
    };
    SEND(prediction, message);
}

void reply_drift(const device *d, uint32_t request_id, uint32_t channel, const drift_stats *stats)
{
    struct link_drift_report message = {
        .request_id = request_id,
        .channel = channel,
        .channel_count = d->walk.drift.info.channels,
        .boot_id = port_boot_id(),
        .interval_id = d->walk.drift.interval,
        .value_count = stats->n,
        .bins = bytes_of(stats->bins, sizeof stats->bins),
        .mean = stats->mean,
        .m2 = stats->m2,
        .m3 = stats->m3,
        .m4 = stats->m4,
        .saturated = stats->saturated,
        .missing = stats->missing,
        .pack_id = pack_id_of(d),
        .build_id = build_id(),
    };
    SEND(drift_report, message);
}

void reply_calibration(const device *d, uint32_t request_id, uint32_t offset, uint32_t total_bytes)
{
    const features_calibration *calibration = &d->walk.calibration;
    uint32_t left = total_bytes - offset;
    struct link_calibration message = {
        .request_id = request_id,
        .calibration_target = calibration->target,
        .calibration_count = calibration->count,
        .total_bytes = total_bytes,
        .offset = offset,
        .chunk = bytes_of((const uint8_t *)calibration->sum + offset,
                          left < CHUNK_BYTES ? left : (uint32_t)CHUNK_BYTES),
    };
    SEND(calibration, message);
}

static uint32_t reset_cause(void)
{
    switch (port_reset_cause()) {
    case PORT_RESET_POWER:
        return LINK_RESET_POWER;
    case PORT_RESET_SOFTWARE:
        return LINK_RESET_SOFTWARE;
    case PORT_RESET_FAULT:
        return LINK_RESET_FAULT;
    case PORT_RESET_EXTERNAL:
        return LINK_RESET_PIN;
    default:
        return LINK_RESET_UNKNOWN;
    }
}

void reply_health(const device *d, uint32_t request_id)
{
    struct link_health message = {
        .request_id = request_id,
        .boot_id = port_boot_id(),
        .uptime_ms = port_uptime_us() / 1000u,
        .state = d->state,
        .windows_processed = d->windows,
        .frames_ok = d->decoder.frames_ok,
        .frames_bad = d->decoder.frames_bad,
        .stack_used_bytes = BOARD_STACK_BYTES - port_stack_free_bytes(),
        .ram_free_bytes = port_ram_free_bytes(),
        .reset_cause = reset_cause(),
        .selftest_failed = d->walk.model.golden_failed ? DEVICE_TESTS_PACK : 0,
    };
    SEND(health, message);
}
