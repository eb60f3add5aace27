/* Wiring only: bytes from the line become frames, frames become requests, requests are handled. */
#include "device.h"
#include "handlers.h"
#include "port/port.h"
#include "replies.h"

enum { BYTES_AT_ONCE = 64 };

static device board;

_Noreturn void firmware_main(void)
{
    uint8_t received[BYTES_AT_ONCE];
    device_start(&board);
    reply_hello(&board, 0);
    for (;;) {
        size_t count = port_uart_read(received, sizeof received);
        if (count == 0) {
            port_wait();
        }
        for (size_t i = 0; i < count; i++) {
            size_t payload_bytes = link_frame_push(&board.decoder, received[i]);
            if (payload_bytes != 0) {
                handle_payload(&board, board.decoder.data, payload_bytes);
            }
        }
    }
}
