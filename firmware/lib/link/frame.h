/* Link frames: COBS between zeros, with a CRC-32; survives any byte stream. Bytes: SPEC.md. */
#ifndef AURORA_LINK_FRAME_H
#define AURORA_LINK_FRAME_H

#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
enum {
    LINK_FRAME_MAX_BYTES = 256,    /* v1: COBS bytes and closing zero, not the leading zero */
    LINK_FRAME_LIMIT_BYTES = 1024, /* what a later version may negotiate */
    LINK_FRAME_CRC_BYTES = 4,
    LINK_PAYLOAD_MAX_BYTES = 250 /* a frame less COBS's one byte, the CRC and the closing zero */
};

enum {
    LINK_FRAME_E_LONG = -1 /* the payload is too long, or the buffer too small */
};

/* State of the receiver. Zeroed memory is a valid start. */
typedef struct {
    uint32_t frames_ok;  /* frames with a right CRC */
    uint32_t frames_bad; /* frames dropped: too long, broken coding, too short, wrong CRC */
    uint16_t coded;      /* bytes of this frame that came in */
    uint16_t bytes;      /* bytes of `data` in use */
    uint8_t run;         /* bytes that still belong to the current COBS block */
    uint8_t zero_due;    /* 1: a zero stands between this block and the next */
    uint8_t broken;      /* 1: drop everything until the next delimiter */
    uint8_t data[LINK_FRAME_MAX_BYTES];
} link_frame_decoder;

/* Takes one byte. Returns the payload's length when this byte ended a good frame, else 0.
   The payload is decoder->data[0 .. length); it may be changed, and is lost with the next byte. */
size_t link_frame_push(link_frame_decoder *decoder, uint8_t byte);

/* Writes 0x00, the coded frame and 0x00 to `out`. Returns the bytes written, at most
   LINK_FRAME_MAX_BYTES + 1, or LINK_FRAME_E_LONG. The leading zero ends what noise may have begun
   on an idle line; between frames sent back to back it is an empty frame, which costs nothing. */
int link_frame_encode(const uint8_t *payload, size_t payload_bytes, uint8_t *out, size_t capacity);
/* aurora:end */

#endif
