#include "core/sha256.h"

#include <string.h>

/* First 32 bits of the fractional parts of the cube roots of the first 64 primes (FIPS
 * 180-4, 4.2.2). */
static const uint32_t round_constants[64] = {
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

static uint32_t rotate_right(uint32_t x, unsigned count)
{
    return x >> count | x << (32 - count);
}

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static void compress(uint32_t state[8], const uint8_t *block)
{
    uint32_t w[64], v[8];
    for (int i = 0; i < 16; i++) {
        w[i] = big_endian(block + 4 * i);
    }
    for (int i = 16; i < 64; i++) {
        uint32_t a = w[i - 15], b = w[i - 2];
        w[i] = w[i - 16] + w[i - 7] + (rotate_right(a, 7) ^ rotate_right(a, 18) ^ a >> 3) +
               (rotate_right(b, 17) ^ rotate_right(b, 19) ^ b >> 10);
    }
    memcpy(v, state, sizeof v);
    for (int i = 0; i < 64; i++) {
        uint32_t a = v[0], e = v[4];
        uint32_t t1 = v[7] + (rotate_right(e, 6) ^ rotate_right(e, 11) ^ rotate_right(e, 25)) +
                      ((e & v[5]) ^ (~e & v[6])) + round_constants[i] + w[i];
        uint32_t t2 = (rotate_right(a, 2) ^ rotate_right(a, 13) ^ rotate_right(a, 22)) +
                      ((a & v[1]) ^ (a & v[2]) ^ (v[1] & v[2]));
        memmove(v + 1, v, 7 * sizeof v[0]);
        v[4] += t1;
        v[0] = t1 + t2;
    }
    for (int i = 0; i < 8; i++) {
        state[i] += v[i];
    }
}

void sha256_init(sha256_context *context)
{
    static const uint32_t start[8] = {0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a,
                                      0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};
    memcpy(context->state, start, sizeof start);
    context->bytes = 0;
}

void sha256_update(sha256_context *context, const void *data, size_t bytes)
{
    const uint8_t *from = data;
    size_t used = (size_t)(context->bytes % sizeof context->block);
    context->bytes += bytes;
    while (bytes > 0) {
        if (used == 0 && bytes >= sizeof context->block) {
            compress(context->state, from); /* whole blocks are not copied */
            from += sizeof context->block;
            bytes -= sizeof context->block;
            continue;
        }
        size_t room = sizeof context->block - used, part = bytes < room ? bytes : room;
        memcpy(context->block + used, from, part);
        used += part;
        from += part;
        bytes -= part;
        if (used == sizeof context->block) {
            compress(context->state, context->block);
            used = 0;
        }
    }
}

void sha256_final(sha256_context *context, uint8_t digest[32])
{
    uint64_t bits = context->bytes * 8;
    uint8_t padding[72] = {0x80};
    size_t used = (size_t)(context->bytes % sizeof context->block);
    size_t zeros = (used < 56 ? 56 : 120) - used; /* the mark included */
    for (size_t i = 0; i < 8; i++) {
        padding[zeros + i] = (uint8_t)(bits >> (56 - 8 * i));
    }
    sha256_update(context, padding, zeros + 8);
    for (size_t i = 0; i < 32; i++) {
        digest[i] = (uint8_t)(context->state[i / 4] >> (24 - 8 * (i % 4)));
    }
}

void sha256_digest(const void *data, size_t bytes, uint8_t *digest)
{
    sha256_context context;
    sha256_init(&context);
    sha256_update(&context, data, bytes);
    sha256_final(&context, digest);
}
