/* One end of the link on the command line: reads streams as lines of hexadecimal digits, answers
   each with a line of JSON. Where told so by an argument, it fuzzes instead: SEED COUNT, mutating
   the streams it read. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "link/link.h"

enum { STREAM_MAX = 4096, STREAMS_MAX = 1024 };

typedef struct {
    uint8_t data[STREAM_MAX];
    size_t bytes;
} stream;

static inline void print_bytes(const char *name, struct zcbor_string s)
{
    printf(", \"%s\": \"", name);
    for (size_t i = 0; i < s.len; i++) {
        printf("%02x", s.value[i]);
    }
    printf("\"");
}

static inline void print_text(const char *name, struct zcbor_string s)
{
    printf(", \"%s\": \"%.*s\"", name, (int)s.len, (const char *)s.value);
}

static inline void print_float(const char *name, double value)
{
    if (isfinite(value)) {
        printf(", \"%s\": %.17g", name, value);
    } else {
        printf(", \"%s\": \"%s\"", name, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    }
}

#include "print_message.inc" /* static void print_message(const link_request *m), from the CDDL */

static const char *error_name(int code)
{
    switch (code) {
#define LINK_ERROR(name, number, words, detail)                                                    \
    case number:                                                                                   \
        return #name;
#include "link/errors.def"
#undef LINK_ERROR
    default:
        return "?";
    }
}

/* Feeds a stream byte by byte; every frame lies in memory of exactly its size, so that ASan sees a
   read past its end. */
static link_frame_decoder run(const stream *s, int print)
{
    link_frame_decoder decoder = {0};
    int items = 0;

    for (size_t i = 0; i < s->bytes; i++) {
        const size_t bytes = link_frame_push(&decoder, s->data[i]);
        if (bytes == 0) {
            continue;
        }
        uint8_t *const payload = malloc(bytes);
        memcpy(payload, decoder.data, bytes);
        link_request message;
        const int error = link_decode(payload, bytes, &message);
        if (print) {
            printf("%s", items++ ? ", " : "");
            if (error) {
                printf("{\"refused\": \"%s\", \"type\": %" PRIu32 ", \"request_id\": %" PRIu32 "}",
                       error_name(-error), message.type, message.request_id);
            } else {
                print_message(&message);
            }
        }
        free(payload);
    }
    return decoder;
}

static uint32_t random_next(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(*state >> 33);
}

static uint8_t digit(char c)
{
    return (uint8_t)(c <= '9' ? c - '0' : c - 'a' + 10);
}

static int read_stream(stream *s)
{
    static char line[2 * STREAM_MAX + 2];
    if (!fgets(line, sizeof line, stdin)) {
        return 0;
    }
    s->bytes = strcspn(line, "\n") / 2;
    for (size_t i = 0; i < s->bytes; i++) {
        s->data[i] = (uint8_t)(digit(line[2 * i]) << 4 | digit(line[2 * i + 1]));
    }
    return 1;
}

/* Changes a payload and frames it rightly, so that the damage reaches the CBOR and not only the
 * CRC. */
static void fuzz_payload(const stream *s, uint64_t *seed)
{
    link_frame_decoder decoder = {0};
    size_t bytes = 0;
    for (size_t i = 0; i < s->bytes && bytes == 0; i++) {
        bytes = link_frame_push(&decoder, s->data[i]);
    }
    if (bytes == 0) {
        return;
    }
    for (uint32_t changes = 1 + random_next(seed) % 4; changes > 0; changes--) {
        decoder.data[random_next(seed) % bytes] = (uint8_t)random_next(seed);
    }
    const size_t kept = random_next(seed) % 8 == 0 ? random_next(seed) % bytes : bytes;
    stream framed;
    const int coded = link_frame_encode(decoder.data, kept, framed.data, sizeof framed.data);
    framed.bytes = coded > 0 ? (size_t)coded : 0;
    (void)run(&framed, 0);
}

static void fuzz_stream(const stream *s, uint64_t *seed)
{
    stream changed = *s;
    for (uint32_t changes = 1 + random_next(seed) % 8; changes > 0 && changed.bytes > 0;
         changes--) {
        changed.data[random_next(seed) % changed.bytes] ^= (uint8_t)(1u << random_next(seed) % 8);
    }
    (void)run(&changed, 0);
}

int main(int argc, char **argv)
{
    static stream streams[STREAMS_MAX];
    size_t count = 0;

    while (count < STREAMS_MAX && read_stream(&streams[count])) {
        if (argc == 1) {
            printf("{\"got\": [");
            const link_frame_decoder decoder = run(&streams[count], 1);
            printf("], \"frames_ok\": %" PRIu32 ", \"frames_bad\": %" PRIu32 "}\n",
                   decoder.frames_ok, decoder.frames_bad);
        }
        count += argc > 1;
    }
    if (argc > 2 && count > 0) {
        uint64_t seed = strtoull(argv[1], NULL, 0);
        for (uint64_t left = strtoull(argv[2], NULL, 0); left > 0; left--) {
            const stream *const s = &streams[random_next(&seed) % count];
            (left % 2 ? fuzz_payload : fuzz_stream)(s, &seed);
        }
        printf("survived\n");
    }
    return 0;
}
