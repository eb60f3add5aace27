/* One program on an emulated board: reads inputs from the host file in.bin, runs each and writes
 * what came out to out.bin (semihosting). Start-up, linker script and kernels are the firmware's
 * own; nothing interrupts. host/aurora/verify makes the one file, reads the other, and counts what
 * `run` executes.
 *
 * in.bin: input blocks, one behind the other. out.bin, for each: with NN_TRACE the records {number,
 * bytes, data} of all traced tensors, then {FINISHED, status, output block}; at the end {USED,
 * stack bytes}. */
#include "board.h"
#include "cortex_m/cortex_m.h"
#include "port/port.h"
#include "program.h"

enum {
    SYS_OPEN = 1,
    SYS_WRITE = 5,
    SYS_READ = 6,
    SYS_EXIT = 0x18,
    READ_BINARY = 1,
    WRITE_BINARY = 5,
    EXIT_IN_ORDER = 0x20026, /* ADP_Stopped_ApplicationExit */
    EXIT_FAULT = 0x20023,    /* ADP_Stopped_RunTimeErrorUnknown */
};
static const uint32_t FINISHED = 0xFFFFFFFFu, USED = 0xFFFFFFFEu;

extern const uint8_t bench_constants[]; /* constants.S */

static int8_t input[NN_MODEL_INPUT_BYTES] __attribute__((aligned(16)));
static int8_t output[NN_MODEL_OUTPUT_BYTES] __attribute__((aligned(16)));
static uint8_t arena[NN_MODEL_ARENA_BYTES + 1] __attribute__((aligned(NN_MODEL_ARENA_ALIGNMENT)));
static uint32_t results;

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static uint32_t open_file(const char *name, uint32_t length, uint32_t mode)
{
    const uint32_t arguments[] = {(uint32_t)(uintptr_t)name, mode, length};
    return semihost(SYS_OPEN, arguments);
}

static void put(const void *data, uint32_t bytes)
{
    const uint32_t arguments[] = {results, (uint32_t)(uintptr_t)data, bytes};
    (void)semihost(SYS_WRITE, arguments);
}

static void put_words(uint32_t first, uint32_t second)
{
    const uint32_t words[] = {first, second};
    put(words, sizeof words);
}

/* Whether a whole input block could be read. */
static int next_input(uint32_t file)
{
    const uint32_t arguments[] = {file, (uint32_t)(uintptr_t)input, sizeof input};
    return semihost(SYS_READ, arguments) == 0; /* the number of bytes that are missing */
}

#ifdef NN_TRACE
static void put_tensor(void *context, uint32_t tensor, const void *data, uint32_t bytes)
{
    (void)context;
    put_words(tensor, bytes);
    put(data, bytes);
}
static const nn_trace tracing = {put_tensor, NULL};
#define TRACING (&tracing)
#else
#define TRACING NULL
#endif

void firmware_main(void)
{
    const uint32_t inputs = open_file("in.bin", 6, READ_BINARY);
    results = open_file("out.bin", 7, WRITE_BINARY);
    nn_model.reset(arena);
    while (next_input(inputs)) {
        const int status = nn_model.run(bench_constants, arena, input, output, TRACING);
        put_words(FINISHED, (uint32_t)status);
        put(output, sizeof output);
    }
    put_words(USED, BOARD_STACK_BYTES - port_stack_free_bytes());
    for (;;)
        (void)semihost(SYS_EXIT, (const void *)EXIT_IN_ORDER);
}

/* What the start-up code expects of a port: there is no timer, no link and no second start. */
void port_init(void)
{
}

void kept_open(void)
{
}

void systick_interrupt(void)
{
}

void family_uart_interrupt(void)
{
}

void fault_entry(void)
{
    for (;;)
        (void)semihost(SYS_EXIT, (const void *)EXIT_FAULT);
}
