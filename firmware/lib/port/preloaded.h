/* The emulated sensor: windows that an emulator or a debugger laid into memory before the start.
 *
 * A descriptor of 32 bytes (little-endian): u32 magic 'AWIN', u16 version, u16 axes, u32 n,
 * u32 count, u32 address of the first record, u32 stride, u32 0, u32 CRC-32 of the 28 before.
 * A record: f32 rate_hz, f32 rpm, f32 scale_g[8], u32 sequence, u32 CRC-32 of the samples, then
 * int16 samples[axes][n]. Host writer: host/aurora/device/windows.py. */
#pragma once
#include "port/port.h"

enum {
    PRELOADED_MAGIC = 0x4E495741,
    PRELOADED_VERSION = 1,
    PRELOADED_DESCRIPTOR_BYTES = 32,
    PRELOADED_RECORD_BYTES = 48, /* before the samples */
    PRELOADED_ALIGNMENT = 32,
    PRELOADED_MAX_N = 4096,
};

/* Memory that may hold records: `memory` points at `first`, the address of its first byte. */
typedef struct {
    const uint8_t *memory;
    uint32_t first;
    uint32_t end;
} preloaded_area;

typedef struct {
    const uint8_t *records; /* NULL: there is no sensor */
    uint32_t axes, n, count, stride, next;
} preloaded_windows;

/* Checks the descriptor: no valid one leaves `windows` empty, which is a missing sensor. */
void preloaded_open(preloaded_windows *windows, const uint8_t *descriptor,
                    const preloaded_area *area);

/* PORT_SENSOR_*, see port.h. */
int preloaded_next(preloaded_windows *windows, port_window *window);
