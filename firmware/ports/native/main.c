/* Command line, files and time of the board that is a process:
 *   firmware [--pack FILE] [--windows FILE] [--port N]
 * prints socket://127.0.0.1:PORT and serves one client at a time. It ends on SIGTERM and, where
 * stdin is a pipe, when that is closed, as it is when the parent dies. Exit status 2: wrong call.
 */
#define _GNU_SOURCE
#include "native.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "board.h"
#include "port/port.h"
#include "port/preloaded.h"

enum { WINDOWS_MAX_BYTES = 16 << 20, EXIT_WRONG_CALL = 2 };

static _Alignas(32) uint8_t slot_a[BOARD_SLOT_A_BYTES];
static uint8_t *sensor_memory; /* the descriptor, then the records; NULL: no sensor */
static size_t sensor_bytes;
static unsigned tcp_port;
static char **arguments;
static uint64_t start_us;
static volatile sig_atomic_t reset_wanted;

static uint64_t monotonic_us(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u;
}

static _Noreturn void fail(const char *path, const char *why)
{
    fprintf(stderr, "firmware: %s: %s\n", path, why);
    exit(EXIT_WRONG_CALL);
}

/* Reads a whole file of at most `capacity` bytes. */
static size_t read_file(const char *path, uint8_t *to, size_t capacity)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL)
        fail(path, strerror(errno));
    size_t bytes = fread(to, 1, capacity, file);
    int is_longer = fgetc(file) != EOF;
    fclose(file);
    if (is_longer)
        fail(path, "is larger than the memory it is for");
    return bytes;
}

static void take_option(const char *name, const char *value)
{
    if (strcmp(name, "--pack") == 0) {
        read_file(value, slot_a, sizeof slot_a);
    } else if (strcmp(name, "--windows") == 0) {
        sensor_memory = aligned_alloc(PRELOADED_ALIGNMENT, WINDOWS_MAX_BYTES);
        if (sensor_memory == NULL)
            fail(value, "not enough memory");
        sensor_bytes = read_file(value, sensor_memory, WINDOWS_MAX_BYTES);
    } else if (strcmp(name, "--port") == 0) {
        char *end;
        unsigned long number = strtoul(value, &end, 10);
        if (*value == '\0' || *end != '\0' || number > 65535u)
            fail(value, "is no TCP port");
        tcp_port = (unsigned)number;
    } else {
        fail(name, "unknown option");
    }
}

static void want_reset(int signal_number)
{
    (void)signal_number;
    reset_wanted = 1;
}

int main(int count, char **values)
{
    arguments = values;
    memset(slot_a, 0xFF, sizeof slot_a); /* erased flash */
    for (int i = 1; i < count; i += 2) {
        if (i + 1 >= count)
            fail(values[i], "needs a value");
        take_option(values[i], values[i + 1]);
    }
    struct sigaction on_hangup = {.sa_handler = want_reset};
    sigaction(SIGHUP, &on_hangup, NULL);
    start_us = monotonic_us();
    port_init();
    firmware_main();
}

void port_init(void)
{
    if (serial_open(tcp_port) != 0)
        fail("127.0.0.1", strerror(errno));
}

void native_look_outside(void)
{
    struct stat status;
    struct pollfd in = {.fd = STDIN_FILENO, .events = 0};
    if (reset_wanted)
        native_restart(PORT_RESET_EXTERNAL);
    if (fstat(STDIN_FILENO, &status) == 0 && S_ISFIFO(status.st_mode) && poll(&in, 1, 0) > 0 &&
        (in.revents & (POLLHUP | POLLERR)))
        exit(0);
}

void native_restart(int cause)
{
    char text[16];
    snprintf(text, sizeof text, "%d", cause);
    setenv("AURORA_NATIVE_CAUSE", text, 1);
    serial_hand_over();
    execv("/proc/self/exe", arguments);
    fail("/proc/self/exe", strerror(errno));
}

void port_reset(void)
{
    native_restart(PORT_RESET_SOFTWARE);
}

uint32_t port_reset_cause(void)
{
    const char *cause = getenv("AURORA_NATIVE_CAUSE");
    return cause == NULL ? (uint32_t)PORT_RESET_POWER : (uint32_t)strtoul(cause, NULL, 10);
}

/* A fault ends the process; it does not start anew. */
uint32_t port_fault_pc(void)
{
    return 0;
}

uint64_t port_uptime_us(void)
{
    return monotonic_us() - start_us;
}

/* The kernel's random numbers. */
uint32_t port_boot_id(void)
{
    static uint32_t id;
    while (id == 0)
        if (getrandom(&id, sizeof id, 0) != (ssize_t)sizeof id)
            id = 0;
    return id;
}

/* The process's stack grows as it needs: there is no figure to give. */
uint32_t port_stack_free_bytes(void)
{
    return BOARD_STACK_BYTES; /* nothing of the reserve is known to be used */
}

uint32_t port_ram_free_bytes(void)
{
    return 0;
}

const uint8_t *port_slot_a(size_t *bytes)
{
    *bytes = sizeof slot_a;
    return slot_a;
}

int port_sensor_next(port_window *window)
{
    static preloaded_windows windows;
    static int is_open;
    if (sensor_memory == NULL || sensor_bytes < PRELOADED_DESCRIPTOR_BYTES)
        return PORT_SENSOR_NONE;
    if (!is_open) {
        preloaded_area area = {sensor_memory, BOARD_WINDOWS_DESCRIPTOR,
                               BOARD_WINDOWS_DESCRIPTOR + (uint32_t)sensor_bytes};
        preloaded_open(&windows, sensor_memory, &area);
        is_open = 1;
    }
    return preloaded_next(&windows, window);
}
