#include "handlers.h"

#include <string.h>

#include "replies.h"

static int has_model(const device *d, uint32_t request_id)
{
    int refusal = d->walk.model.refusal;
    if (refusal) {
        reply_error(request_id, LINK_ERROR_NO_MODEL, (uint32_t)-refusal);
    }
    return !refusal;
}

static void on_acquire(device *d, const struct link_acquire *request)
{
    int error = 0;
    if (!d->last.is_valid || d->last.request_id != request->request_id) {
        error = device_acquire(d, request->request_id, request->with_vectors);
    }
    if (error) {
        reply_error(request->request_id, (uint32_t)error, d->windows);
    } else {
        reply_answer(d);
    }
}

static void on_window_begin(device *d, const struct link_window_begin *request)
{
    const chain_info *chain = &d->walk.model.chain;
    if (!has_model(d, request->request_id)) {
        return;
    }
    if (d->injection.samples.is_open && d->injection.id == request->request_id) {
        reply_ack(request->request_id, LINK_ACK_REPEATED, d->injection.samples.received_bytes);
        return;
    }
    int error = device_inject_begin(d, request);
    if (error) {
        reply_error(request->request_id, (uint32_t)error, chain->n * chain->axes);
    } else {
        reply_ack(request->request_id, LINK_ACK_TAKEN, 0);
    }
}

static void on_window_chunk(device *d, const struct link_window_chunk *request)
{
    transfer *samples = &d->injection.samples;
    uint32_t id = request->request_id, crc = 0;
    if (!samples->is_open || request->transfer_id != d->injection.id) {
        reply_ack(id, LINK_ACK_NO_TRANSFER, 0);
        return;
    }
    int taken = transfer_take(samples, request->offset, request->chunk.value, request->chunk.len);
    if (!transfer_is_complete(samples) || taken == TRANSFER_GAP) {
        reply_ack(id, (uint32_t)taken, samples->received_bytes);
    } else if (taken == TRANSFER_TAKEN) {
        int error = device_inject_run(d, id, &crc);
        if (error) {
            reply_error(id, (uint32_t)error, crc);
        } else {
            reply_answer(d);
        }
    } else if (d->last.is_valid && d->last.request_id == id) {
        reply_answer(d); /* the last chunk came again: its answer was lost */
    } else {
        reply_ack(id, LINK_ACK_REPEATED, samples->received_bytes);
    }
}

static void on_drift_query(device *d, const struct link_drift_query *request)
{
    drift_stats stats;
    if (!has_model(d, request->request_id)) {
        return;
    }
    if (drift_read(&d->walk.drift, request->channel, &stats) != 0) {
        reply_error(request->request_id, LINK_ERROR_BAD_CHANNEL, d->walk.drift.info.channels);
    } else {
        reply_drift(d, request->request_id, request->channel, &stats);
    }
}

static void on_drift_reset(device *d, uint32_t request_id)
{
    if (has_model(d, request_id)) {
        drift_reset(&d->walk.drift);
        reply_ack(request_id, LINK_ACK_TAKEN, 0);
    }
}

static uint32_t calibration_bytes(const device *d)
{
    return d->walk.model.chain.features * (uint32_t)sizeof(double);
}

static void on_calibration_get(device *d, const struct link_calibration_get *request)
{
    uint32_t total = calibration_bytes(d);
    if (!has_model(d, request->request_id)) {
        return;
    }
    if (request->offset >= total || request->offset % sizeof(double) != 0) {
        reply_error(request->request_id, LINK_ERROR_BAD_OFFSET, total);
    } else {
        reply_calibration(d, request->request_id, request->offset, total);
    }
}

static void on_calibration_set(device *d, const struct link_calibration_set *request)
{
    uint32_t id = request->request_id, total = calibration_bytes(d);
    transfer *sums = &d->calibration;
    if (!has_model(d, id)) {
        return;
    }
    if (request->total_bytes != total) {
        reply_error(id, LINK_ERROR_BAD_CALIBRATION, total);
        return;
    }
    if (request->offset == 0) {
        transfer_begin(sums, d->calibration_sums, total);
    }
    if (!sums->is_open) {
        reply_ack(id, LINK_ACK_NO_TRANSFER, 0);
        return;
    }
    int taken = transfer_take(sums, request->offset, request->chunk.value, request->chunk.len);
    if (taken == TRANSFER_TAKEN && transfer_is_complete(sums) &&
        walk_restore_calibration(&d->walk, request->calibration_count, d->calibration_sums,
                                 d->walk.model.chain.features) != 0) {
        sums->is_open = 0;
        reply_error(id, LINK_ERROR_BAD_CALIBRATION, total);
        return;
    }
    reply_ack(id, (uint32_t)taken, sums->received_bytes);
}

_Static_assert((int)TRANSFER_TAKEN == (int)LINK_ACK_TAKEN &&
                   (int)TRANSFER_REPEATED == (int)LINK_ACK_REPEATED &&
                   (int)TRANSFER_GAP == (int)LINK_ACK_GAP,
               "a transfer's result is the ack's status");

/* A line that echoes brings our own messages back: answering them would never end. */
static void refuse(const link_request *request, uint32_t code)
{
    int is_ours = request->type >= LINK_HELLO && request->type <= LINK_ERROR;
    if (code == LINK_ERROR_UNKNOWN_TYPE && is_ours) {
        return;
    }
    reply_error(request->request_id, code, code == LINK_ERROR_MALFORMED ? 0 : request->type);
}

void handle_payload(device *d, uint8_t *payload, size_t bytes)
{
    link_request request;
    int error = link_decode(payload, bytes, &request);
    if (error) {
        refuse(&request, (uint32_t)-error);
        return;
    }
    switch (request.type) {
    case LINK_HELLO_REQUEST:
        reply_hello(d, request.request_id);
        break;
    case LINK_ACQUIRE:
        on_acquire(d, &request.acquire);
        break;
    case LINK_WINDOW_BEGIN:
        on_window_begin(d, &request.window_begin);
        break;
    case LINK_WINDOW_CHUNK:
        on_window_chunk(d, &request.window_chunk);
        break;
    case LINK_DRIFT_QUERY:
        on_drift_query(d, &request.drift_query);
        break;
    case LINK_DRIFT_RESET:
        on_drift_reset(d, request.request_id);
        break;
    case LINK_CALIBRATION_GET:
        on_calibration_get(d, &request.calibration_get);
        break;
    case LINK_CALIBRATION_SET:
        on_calibration_set(d, &request.calibration_set);
        break;
    case LINK_HEALTH_QUERY:
        reply_health(d, request.request_id);
        break;
    default: /* link_decode lets only the above through */
        reply_error(request.request_id, LINK_ERROR_UNKNOWN_TYPE, request.type);
        break;
    }
}
