/* Until a driver of an accelerometer is fitted, the sensor is a preloaded block of windows. */
#include "board.h"
#include "cortex_m.h"
#include "port/preloaded.h"

#ifdef BOARD_WINDOWS_DESCRIPTOR
static preloaded_windows windows;
static int is_open;

int port_sensor_next(port_window *window)
{
    if (!is_open) {
        uint32_t first = (uint32_t)(uintptr_t)BOARD_WINDOWS_FIRST;
        preloaded_area area = {(const uint8_t *)(uintptr_t)first, first, BOARD_WINDOWS_END};
        preloaded_open(&windows, (const uint8_t *)(uintptr_t)BOARD_WINDOWS_DESCRIPTOR, &area);
        is_open = 1;
    }
    return preloaded_next(&windows, window);
}
#else
int port_sensor_next(port_window *window)
{
    (void)window;
    return PORT_SENSOR_NONE;
}
#endif

const uint8_t *port_slot_a(size_t *bytes)
{
    *bytes = BOARD_SLOT_A_BYTES;
    return (const uint8_t *)(uintptr_t)BOARD_SLOT_A_ORIGIN;
}
