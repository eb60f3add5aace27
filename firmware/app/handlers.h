/* One function per request of the link; replies.c says what a reply holds. */
#ifndef APP_HANDLERS_H
#define APP_HANDLERS_H

#include "device.h"

/* Takes one payload of a frame, whatever it holds, and sends the reply. `payload` is changed. */
void handle_payload(device *d, uint8_t *payload, size_t bytes);

#endif
