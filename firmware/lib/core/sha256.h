/* SHA-256 (FIPS 180-4), for packs, layouts and identities. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct {
    uint32_t state[8];
    uint64_t bytes; /* fed so far */
    uint8_t block[64];
} sha256_context;

void sha256_init(sha256_context *context);
void sha256_update(sha256_context *context, const void *data, size_t bytes);
/* Ends the message; start again with sha256_init. */
void sha256_final(sha256_context *context, uint8_t digest[32]);

/* aurora:cdef */
void sha256_digest(const void *data, size_t bytes, uint8_t *digest);
/* aurora:end */
