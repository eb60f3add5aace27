/* One producer (an interrupt), one consumer: a ring of received bytes without locks. */
#pragma once
#include "port/port.h"

typedef struct {
    volatile uint32_t head; /* bytes ever stored; written by the interrupt only */
    volatile uint32_t tail; /* bytes ever taken; written by the reader only */
    volatile uint32_t lost;
    volatile uint8_t data[PORT_UART_RING_BYTES]; /* a power of two: the counters may wrap */
} byte_ring;

static inline void byte_ring_store(byte_ring *ring, uint8_t byte)
{
    uint32_t head = ring->head;
    if (head - ring->tail >= PORT_UART_RING_BYTES) {
        ring->lost = ring->lost + 1u;
        return;
    }
    ring->data[head % PORT_UART_RING_BYTES] = byte;
    ring->head = head + 1u;
}

static inline size_t byte_ring_take(byte_ring *ring, uint8_t *out, size_t capacity)
{
    size_t taken = 0;
    uint32_t tail = ring->tail;
    while (taken < capacity && tail != ring->head) {
        out[taken++] = ring->data[tail % PORT_UART_RING_BYTES];
        tail++;
    }
    ring->tail = tail;
    return taken;
}

static inline int byte_ring_is_empty(const byte_ring *ring)
{
    return ring->head == ring->tail;
}
