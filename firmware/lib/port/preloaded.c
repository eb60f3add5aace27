#include "port/preloaded.h"

#include <string.h>

#include "core/crc32.h"

typedef struct {
    uint32_t magic;
    uint16_t version, axes;
    uint32_t n, count, base, stride, reserved, crc;
} descriptor_v1;

typedef struct {
    float rate_hz, rpm, scale_g[PORT_MAX_AXES];
    uint32_t sequence, crc;
} record_head;

_Static_assert(sizeof(descriptor_v1) == PRELOADED_DESCRIPTOR_BYTES, "the layout is the host's too");
_Static_assert(sizeof(record_head) == PRELOADED_RECORD_BYTES, "the layout is the host's too");

static uint32_t sample_bytes(uint32_t axes, uint32_t n)
{
    return axes * n * (uint32_t)sizeof(int16_t);
}

static int is_valid(const descriptor_v1 *d, const preloaded_area *area)
{
    if (d->magic != PRELOADED_MAGIC || d->version != PRELOADED_VERSION ||
        d->crc != crc32_update(0, d, offsetof(descriptor_v1, crc)))
        return 0;
    if (d->axes < 1 || d->axes > PORT_MAX_AXES || d->n < 1 || d->n > PRELOADED_MAX_N)
        return 0;
    if (d->base % PRELOADED_ALIGNMENT != 0 || d->stride % PRELOADED_ALIGNMENT != 0 ||
        d->stride < PRELOADED_RECORD_BYTES + sample_bytes(d->axes, d->n))
        return 0;
    if (d->base < area->first || d->base > area->end)
        return 0;
    return d->count <= (area->end - d->base) / d->stride;
}

void preloaded_open(preloaded_windows *windows, const uint8_t *descriptor,
                    const preloaded_area *area)
{
    descriptor_v1 d;
    memset(windows, 0, sizeof *windows);
    memcpy(&d, descriptor, sizeof d);
    if (!is_valid(&d, area))
        return;
    windows->records = area->memory + (d.base - area->first);
    windows->axes = d.axes;
    windows->n = d.n;
    windows->count = d.count;
    windows->stride = d.stride;
}

int preloaded_next(preloaded_windows *windows, port_window *window)
{
    if (windows->records == NULL)
        return PORT_SENSOR_NONE;
    if (windows->next >= windows->count)
        return PORT_SENSOR_END;
    const uint8_t *record = windows->records + (size_t)windows->next * windows->stride;
    windows->next++;
    record_head head;
    memcpy(&head, record, sizeof head);
    const uint8_t *samples = record + sizeof head;
    if (crc32_update(0, samples, sample_bytes(windows->axes, windows->n)) != head.crc)
        return PORT_SENSOR_DAMAGED;
    window->samples = (const int16_t *)(const void *)samples;
    window->n = windows->n;
    window->axes = windows->axes;
    window->rate_hz = head.rate_hz;
    window->rpm = head.rpm;
    memcpy(window->scale_g, head.scale_g, sizeof window->scale_g);
    window->sequence = head.sequence;
    return PORT_SENSOR_WINDOW;
}
