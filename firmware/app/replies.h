/* The messages that this board sends, filled from its state. Each is one frame, or vectors and one.
 */
#ifndef APP_REPLIES_H
#define APP_REPLIES_H

#include "device.h"

void reply_hello(const device *d, uint32_t request_id); /* request_id 0: unasked, after the start */
void reply_answer(const device *d); /* d->last: vectors if asked for, prediction */
void reply_ack(uint32_t request_id, uint32_t status, uint32_t next_offset);
void reply_error(uint32_t request_id, uint32_t code, uint32_t detail);
void reply_drift(const device *d, uint32_t request_id, uint32_t channel, const drift_stats *stats);
void reply_calibration(const device *d, uint32_t request_id, uint32_t offset, uint32_t total_bytes);
void reply_health(const device *d, uint32_t request_id);

#endif
