/* CRC-32 (IEEE 802.3, reflected; the value of zlib's crc32), for frames, packs and chains. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
/* Start with crc = 0; feed the result back to continue over several blocks. */
uint32_t crc32_update(uint32_t crc, const void *data, size_t bytes);
/* aurora:end */
