/* COBS (Cheshire and Baker, 1999) and CRC-32 around one payload. */
#include "link/frame.h"

#include "core/bytes.h"
#include "core/crc32.h"

enum {
    DELIMITER = 0,
    COBS_FULL = 0xFF /* code of a block of 254 bytes that no zero follows */
};

static void restart(link_frame_decoder *decoder)
{
    decoder->coded = 0;
    decoder->bytes = 0;
    decoder->run = 0;
    decoder->zero_due = 0;
    decoder->broken = 0;
}

/* A delimiter came: the payload's length if what came before it is a good frame, else 0. */
static size_t finish(link_frame_decoder *decoder)
{
    const uint16_t coded = decoder->coded, bytes = decoder->bytes;
    const int whole = !decoder->broken && decoder->run == 0;

    restart(decoder);
    if (coded == 0) {
        return 0; /* delimiters in a row: no frame, and no fault */
    }
    if (whole && bytes > LINK_FRAME_CRC_BYTES) {
        const uint32_t payload_bytes = (uint32_t)bytes - LINK_FRAME_CRC_BYTES;
        if (crc32_update(0, decoder->data, payload_bytes) ==
            bytes_load_u32(decoder->data + payload_bytes)) {
            decoder->frames_ok++;
            return payload_bytes;
        }
    }
    decoder->frames_bad++;
    return 0;
}

size_t link_frame_push(link_frame_decoder *decoder, uint8_t byte)
{
    if (byte == DELIMITER) {
        return finish(decoder);
    }
    if (decoder->coded >= LINK_FRAME_MAX_BYTES - 1) {
        decoder->broken = 1; /* the delimiter would be byte LINK_FRAME_MAX_BYTES + 1 or later */
        return 0;
    }
    decoder->coded++;
    if (decoder->run > 0) {
        decoder->data[decoder->bytes++] = byte;
        decoder->run--;
        return 0;
    }
    if (decoder->zero_due) {
        decoder->data[decoder->bytes++] = 0;
    }
    decoder->run = (uint8_t)(byte - 1);
    decoder->zero_due = byte != COBS_FULL;
    return 0;
}

/* Writes COBS blocks; the caller has made sure of the room. */
typedef struct {
    uint8_t *code; /* where the length of the running block will stand */
    uint8_t *at;
} cobs_writer;

static void close_block(cobs_writer *writer)
{
    *writer->code = (uint8_t)(writer->at - writer->code);
    writer->code = writer->at++;
}

static void cobs_put(cobs_writer *writer, const uint8_t *data, size_t bytes)
{
    for (size_t i = 0; i < bytes; i++) {
        if (writer->at - writer->code == COBS_FULL) {
            close_block(writer);
        }
        if (data[i] == DELIMITER) {
            close_block(writer);
        } else {
            *writer->at++ = data[i];
        }
    }
}

int link_frame_encode(const uint8_t *payload, size_t payload_bytes, uint8_t *out, size_t capacity)
{
    /* two delimiters, COBS's first code and one more per 254 bytes */
    const size_t coded = payload_bytes + LINK_FRAME_CRC_BYTES;
    const uint32_t crc = crc32_update(0, payload, payload_bytes);
    uint8_t crc_bytes[LINK_FRAME_CRC_BYTES];

    if (payload_bytes > LINK_PAYLOAD_MAX_BYTES || capacity < coded + 3) {
        return LINK_FRAME_E_LONG;
    }
    bytes_store_u32(crc_bytes, crc);
    out[0] = DELIMITER;
    cobs_writer writer = {out + 1, out + 2};
    cobs_put(&writer, payload, payload_bytes);
    cobs_put(&writer, crc_bytes, sizeof crc_bytes);
    *writer.code = (uint8_t)(writer.at - writer.code);
    *writer.at++ = DELIMITER;
    return (int)(writer.at - out);
}
