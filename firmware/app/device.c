#include "device.h"

#include <string.h>

#include "core/crc32.h"

static int16_t window_memory[DEVICE_WINDOW_SAMPLES];

void device_start(device *d)
{
    memset(d, 0, sizeof *d);
    walk_open(&d->walk);
    d->state = d->walk.model.refusal ? LINK_STATE_NO_MODEL : LINK_STATE_NO_SENSOR;
}

static void keep_answer(device *d, uint32_t request_id, uint32_t with_vectors)
{
    d->last.is_valid = 1;
    d->last.request_id = request_id;
    d->last.with_vectors = with_vectors;
    d->last.sequence = d->sequence++;
}

/* An answer without a window: the state says why. */
static void answer_state(device *d, uint32_t state)
{
    walk_result *result = &d->last.result;
    memset(result, 0, sizeof *result);
    result->source = LINK_SOURCE_SENSOR;
    result->state = state;
    result->decision.fault_class = -1;
}

int device_acquire(device *d, uint32_t request_id, uint32_t with_vectors)
{
    port_window window;
    if (d->walk.model.refusal) {
        answer_state(d, LINK_STATE_NO_MODEL);
        keep_answer(d, request_id, with_vectors);
        return 0;
    }
    switch (port_sensor_next(&window)) {
    case PORT_SENSOR_WINDOW:
        walk_sensor(&d->walk, &window, &d->last.result);
        d->windows++;
        break;
    case PORT_SENSOR_DAMAGED:
        walk_damaged(&d->walk, &d->last.result);
        break;
    case PORT_SENSOR_END:
        d->state = LINK_STATE_NO_SENSOR; /* a sensor that gives nothing is not being monitored */
        return LINK_ERROR_NO_WINDOW;
    default:
        answer_state(d, LINK_STATE_NO_SENSOR);
        break;
    }
    d->state = d->last.result.state;
    keep_answer(d, request_id, with_vectors);
    return 0;
}

int device_inject_begin(device *d, const struct link_window_begin *begin)
{
    const chain_info *chain = &d->walk.model.chain;
    injection *in = &d->injection;
    if (begin->window_n != chain->n || begin->window_axes != chain->axes ||
        begin->scale_g.len != chain->axes * sizeof(float) ||
        begin->window_n * begin->window_axes > DEVICE_WINDOW_SAMPLES) {
        return LINK_ERROR_BAD_WINDOW;
    }
    memset(in, 0, sizeof *in);
    in->id = begin->request_id;
    in->crc32 = begin->window_crc32;
    in->with_vectors = begin->with_vectors;
    in->window.samples = window_memory;
    in->window.n = chain->n;
    in->window.axes = chain->axes;
    in->window.rate_hz = begin->rate_hz;
    in->window.rpm = begin->rpm;
    in->window.sequence = begin->request_id;
    memcpy(in->window.scale_g, begin->scale_g.value, begin->scale_g.len);
    transfer_begin(&in->samples, window_memory, chain->n * chain->axes * (uint32_t)sizeof(int16_t));
    return 0;
}

int device_inject_run(device *d, uint32_t request_id, uint32_t *crc)
{
    injection *in = &d->injection;
    *crc = crc32_update(0, window_memory, in->samples.total_bytes);
    if (*crc != in->crc32) {
        in->samples.is_open = 0;
        return LINK_ERROR_BAD_WINDOW_CRC;
    }
    walk_injected(&d->walk, &in->window, &d->last.result);
    d->windows++;
    keep_answer(d, request_id, in->with_vectors);
    return 0;
}
