/* SHA-256 (FIPS 180-4), for ids of packs, chains and layouts. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/* aurora:cdef */
typedef struct {
    uint32_t state[8];
    uint64_t bytes;
    uint8_t block[64];
} sha256_state;

void sha256_init(sha256_state *s);
void sha256_update(sha256_state *s, const void *data, size_t bytes);
void sha256_final(sha256_state *s, uint8_t digest[32]);
void sha256_digest(const void *data, size_t bytes, uint8_t digest[32]);
/* aurora:end */
