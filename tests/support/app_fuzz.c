/* Hostile bytes into the whole application, under the sanitisers: app_fuzz PACK < BYTES.
 *
 * The input is cut into blocks: a length byte, then so many bytes for the line; length 0 starts the
 * board anew. Ends with 0 unless a sanitiser or the firmware's own logic stops it. */
#include <stdio.h>

#include "app_port.h"
#include "port/port.h"

static uint8_t pack[APP_PORT_SLOT_BYTES], sent[APP_PORT_SENT_BYTES];

static void boot(size_t pack_bytes)
{
    static int16_t samples[512];
    const float scale[2] = {0.001f, 0.001f};
    app_boot(pack, pack_bytes);
    for (int i = 0; i < APP_PORT_WINDOWS; i++) {
        for (int k = 0; k < 512; k++) {
            samples[k] = (int16_t)(i % 7 == 3 ? 0 : (k * 7919 + i * 104729) % 4001 - 2000);
        }
        int result = i % 11 == 5 ? PORT_SENSOR_DAMAGED : PORT_SENSOR_WINDOW;
        (void)app_sensor(result, samples, 256, 2, scale, 12800.0f, 1500.0f, (uint32_t)i);
    }
}

int main(int count, char **values)
{
    uint8_t block[256];
    FILE *file = count == 2 ? fopen(values[1], "rb") : NULL;
    if (file == NULL) {
        return 2;
    }
    size_t pack_bytes = fread(pack, 1, sizeof pack, file);
    fclose(file);
    boot(pack_bytes);
    for (int length; (length = getchar()) != EOF;) {
        if (length == 0) {
            boot(pack_bytes);
            continue;
        }
        size_t bytes = fread(block, 1, (size_t)length, stdin);
        app_receive(block, bytes);
        (void)app_sent(sent, sizeof sent);
    }
    return 0;
}
