/* Cortex-M55 on QEMU's mps3-an547: runs the program on the job loaded at 0x70000000 and writes its
   outputs and the stack's high water to the host file out.bin (semihosting).
   tests/parity/engine_m55_board.py makes the one and reads the other. */
#include <string.h>

#include "nn/nn.h"
#include "program.h"

typedef struct {
    uint32_t rows, constants, inputs; /* the latter two are byte offsets from here, aligned */
} job;

enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_EXIT = 0x18, BINARY_WRITE = 5, GUARD = 64, STACK = 4096 };
enum { FRESH = 0xA5, STACK_TOP = 0x30080000 };

static uint8_t arena[NN_MODEL_ARENA_BYTES + GUARD]
    __attribute__((aligned(NN_MODEL_ARENA_ALIGNMENT)));
static int8_t out[NN_MODEL_OUTPUT_BYTES + GUARD];

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static void put(uint32_t file, const void *data, uint32_t bytes)
{
    const uint32_t arguments[] = {file, (uint32_t)data, bytes};
    (void)semihost(SYS_WRITE, arguments);
}

/* A counting plugin may take the number of executed instructions at every visit. */
__attribute__((noinline)) void mark(void)
{
    __asm__ volatile("");
}

static int32_t untouched(const uint8_t *bytes, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        if (bytes[i] != FRESH)
            return 0;
    return 1;
}

static uint32_t stack_used(void)
{
    const uint8_t *at = (const uint8_t *)STACK_TOP - STACK;
    while (*at == FRESH)
        at++;
    return (uint32_t)((const uint8_t *)STACK_TOP - at);
}

/* Status, bytes of stack, guards, then the output. */
static void run_row(const job *j, const uint8_t *in, uint32_t file)
{
    const uint8_t *base = (const uint8_t *)j;
    uint8_t here;
    memset(out, FRESH, sizeof out);
    memset((uint8_t *)STACK_TOP - STACK, FRESH,
           (uint32_t)(&here - ((uint8_t *)STACK_TOP - STACK)) - 256);
    mark();
    const int32_t status = nn_model.run(base + j->constants, arena, in, out, NULL);
    mark();
    const int32_t head[] = {status, (int32_t)stack_used(),
                            untouched(arena + NN_MODEL_ARENA_BYTES, GUARD) &
                                untouched((const uint8_t *)out + NN_MODEL_OUTPUT_BYTES, GUARD)};
    put(file, head, sizeof head);
    put(file, out, NN_MODEL_OUTPUT_BYTES);
}

void reset(void)
{
    *(volatile uint32_t *)0xE000ED88 = 0xFu << 20; /* CPACR: FPU and Helium */
    __asm__ volatile("dsb\n\tisb");
    const job *j = (const job *)0x70000000;
    const uint8_t *in = (const uint8_t *)j + j->inputs;
    const uint32_t name[] = {(uint32_t) "out.bin", BINARY_WRITE, 7};
    const uint32_t file = semihost(SYS_OPEN, name);

    memset(arena, FRESH, sizeof arena);
    nn_model.reset(arena);
    for (uint32_t row = 0; row < j->rows; row++, in += NN_MODEL_INPUT_BYTES)
        run_row(j, in, file);
    (void)semihost(SYS_EXIT, (const void *)0x20026); /* ADP_Stopped_ApplicationExit */
    for (;;) {
    }
}

__attribute__((noreturn)) static void fault(void)
{
    (void)semihost(SYS_EXIT, (const void *)0x20023); /* ADP_Stopped_RunTimeError */
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    (const void *)STACK_TOP, (const void *)reset, (const void *)fault, (const void *)fault,
    (const void *)fault,     (const void *)fault, (const void *)fault};
