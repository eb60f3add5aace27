/* Hostile chains for the feature library, under AddressSanitizer and UBSan
   (tests/firmware/test_features_fuzz.py).

   features_fuzz SEED ROUNDS CHAIN...: mutates the chains, repairs the CRC of most, and runs what
   chain_check accepts in buffers of exactly the sizes it tells. Prints "accepted refused"; 1 where
   an output is not finite, or a damaged CRC was accepted. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/crc32.h"
#include "features/features.h"

enum { MAX_BASES = 16 };
static uint64_t state;
static uint8_t base[MAX_BASES][CHAIN_MAX_BYTES];
static size_t base_bytes[MAX_BASES];

static uint32_t draw(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32) % below;
}

static size_t mutate(uint8_t *chain, size_t bytes, size_t bases)
{
    static const uint8_t interesting[] = {0,    1,    2,    3,    4,    8,    16,
                                          0x3f, 0x40, 0x7f, 0x80, 0xc0, 0xfe, 0xff};
    for (uint32_t n = 1 + draw(4); n > 0; n--) {
        const size_t at = draw((uint32_t)bytes);
        switch (draw(6)) {
        case 0:
            chain[at] ^= (uint8_t)(1u << draw(8));
            break;
        case 1:
            chain[at] = (uint8_t)draw(256);
            break;
        case 2:
            chain[at] = interesting[draw(sizeof interesting)];
            break;
        case 3: /* a float that is NaN, infinite, huge, tiny or negative */
            if (bytes >= 4) {
                static const uint32_t odd[] = {0x7fc00000, 0xffc00001, 0x7f800000, 0xff800000,
                                               0x7f7fffff, 0x00000001, 0x80000000, 0x00800000,
                                               0xbf800000, 0x47800000};
                memcpy(chain + (draw((uint32_t)bytes - 3) & ~3u), &odd[draw(10)], 4);
            }
            break;
        case 4: /* truncated or extended */
            bytes = 1 + draw((uint32_t)bytes + 8);
            bytes = bytes > CHAIN_MAX_BYTES ? CHAIN_MAX_BYTES : bytes;
            break;
        default: { /* a piece of another chain */
            const size_t other = draw((uint32_t)bases), from = draw((uint32_t)base_bytes[other]);
            size_t length = 1 + draw(40);
            length = length > base_bytes[other] - from ? base_bytes[other] - from : length;
            length = length > bytes - at ? bytes - at : length;
            memcpy(chain + at, base[other] + from, length);
        }
        }
    }
    return bytes;
}

static void *exactly(size_t bytes)
{
    void *p = malloc(bytes > 0 ? bytes : 1);
    if (p == NULL) {
        exit(2);
    }
    return p;
}

static int run(const uint8_t *chain, size_t bytes, const chain_info *info)
{
    const size_t samples = (size_t)info->n * info->axes;
    int16_t *x = exactly(samples * sizeof *x);
    for (size_t i = 0; i < samples; i++) {
        x[i] = (int16_t)draw(65536);
    }
    float *scale = exactly(info->axes * sizeof *scale),
          *out = exactly(info->features * sizeof *out);
    for (uint32_t a = 0; a < info->axes; a++) {
        scale[a] = 1e-3f;
    }
    void *work = exactly(info->workspace_bytes);
    int8_t *input = exactly(info->features);
    uint32_t flags;
    const features_window window = {x, scale, info->rate_hz, draw(2) ? 1800.0f : 0.0f};
    int bad =
        features_extract(chain, bytes, &window, out, &flags, work, info->workspace_bytes) != 0;
    bad |=
        (features_normalise(chain, bytes, out, NULL, out, input) == 0) != (info->normalised != 0);
    for (uint32_t i = 0; i < info->features; i++) {
        bad |= !isfinite(out[i]);
    }
    free(x), free(scale), free(out), free(work), free(input);
    return bad;
}

/* A chain that nobody checked, in buffers of the library's own limits. */
static void run_unchecked(const uint8_t *chain, size_t bytes)
{
    static int16_t x[FEATURES_MAX_AXES * FEATURES_MAX_N];
    static const float scale[FEATURES_MAX_AXES] = {1, 1, 1, 1, 1, 1, 1, 1};
    static float out[FEATURES_MAX];
    static int8_t input[FEATURES_MAX];
    static uint64_t work[FEATURES_WORKSPACE_MAX_BYTES / 8];
    uint32_t flags;
    const features_window window = {x, scale, 20000.0f, 1800.0f};
    x[5] = 100;
    (void)features_extract(chain, bytes, &window, out, &flags, work, sizeof work);
    (void)features_normalise(chain, bytes, out, NULL, out, input);
}

int main(int argc, char **argv)
{
    size_t bases = 0;
    unsigned long accepted = 0, refused = 0;
    state = argc > 1 ? strtoull(argv[1], NULL, 10) * 2654435761u + 88172645463325252u : 1;
    for (int i = 3; i < argc && bases < MAX_BASES; i++, bases++) {
        FILE *f = fopen(argv[i], "rb");
        base_bytes[bases] = f != NULL ? fread(base[bases], 1, CHAIN_MAX_BYTES, f) : 0;
        if (f == NULL || base_bytes[bases] == 0 || fclose(f) != 0) {
            return 2;
        }
    }
    for (unsigned long round = strtoul(argv[2], NULL, 10); round > 0; round--) {
        const size_t which = draw((uint32_t)bases);
        uint8_t scratch[CHAIN_MAX_BYTES + 8] = {0};
        memcpy(scratch, base[which], base_bytes[which]);
        const size_t bytes = mutate(scratch, base_bytes[which], bases);
        uint8_t *chain = exactly(bytes); /* reading one byte too many is seen */
        memcpy(chain, scratch, bytes);
        if (draw(8) != 0 && bytes > 12) {
            const uint32_t length = (uint32_t)bytes;
            memcpy(chain + 8, &length, 4);
            const uint32_t crc = crc32_update(0, chain, bytes - 4);
            memcpy(chain + bytes - 4, &crc, 4);
        }
        chain_info info;
        if (chain_check(chain, bytes, &info) == 0) {
            accepted++;
            const uint32_t crc = crc32_update(0, chain, bytes - 4);
            if (memcmp(chain + bytes - 4, &crc, 4) != 0 || run(chain, bytes, &info) != 0) {
                fprintf(stderr, "round %lu from the end: accepted and wrong\n", round);
                return 1;
            }
        } else {
            refused++;
            run_unchecked(chain, bytes);
        }
        free(chain);
    }
    printf("%lu %lu\n", accepted, refused);
    return 0;
}
