/* Cortex-M4F on QEMU's mps2-an386: runs the program on the job loaded at 0x21000000 and writes its
   outputs to the host file out.bin, the bytes of stack it took to stack.bin (semihosting).
   tests/parity/engine_board.py makes the one and reads the others. */
#include "nn/nn.h"
#include "program.h"

typedef struct {
    uint32_t rows, constants, inputs; /* the latter two are byte offsets from here, aligned */
} job;

enum { SYS_OPEN = 1, SYS_WRITE = 5, SYS_EXIT = 0x18, BINARY_WRITE = 5 };

static uint8_t arena[NN_MODEL_ARENA_BYTES + 1] __attribute__((aligned(16)));
static int8_t out[NN_MODEL_OUTPUT_BYTES];

static uint32_t semihost(uint32_t operation, const void *argument)
{
    register uint32_t r0 __asm__("r0") = operation;
    register const void *r1 __asm__("r1") = argument;
    __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
    return r0;
}

static uint32_t create(const char *path, uint32_t length)
{
    const uint32_t arguments[] = {(uint32_t)path, BINARY_WRITE, length};
    return semihost(SYS_OPEN, arguments);
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

/* Words below here keep this value until something is put on the stack. */
enum { UNTOUCHED = 0x5AA5C33C, STACK_WORDS = 2048 };

__attribute__((noinline)) static uint32_t *stack_here(void)
{
    return (uint32_t *)__builtin_frame_address(0) - 8;
}

__attribute__((noinline)) static void paint(uint32_t *top)
{
    for (volatile uint32_t *word = top - STACK_WORDS; word < top - 16; word++)
        *word = UNTOUCHED;
}

static uint32_t stack_used(const uint32_t *top)
{
    const volatile uint32_t *word = top - STACK_WORDS;
    while (word < top && *word == UNTOUCHED)
        word++;
    return (uint32_t)(top - word) * 4;
}

void reset(void)
{
    const job *j = (const job *)0x21000000;
    const uint8_t *base = (const uint8_t *)j, *in = base + j->inputs;
    const uint32_t file = create("out.bin", 7);
    uint32_t *top = stack_here();

    *(volatile uint32_t *)0xE000ED88 |= 0xF00000; /* CPACR: the float unit, for edges of floats */
    nn_model.reset(arena);
    for (uint32_t row = 0; row < j->rows; row++, in += NN_MODEL_INPUT_BYTES) {
        paint(top);
        mark();
        const int32_t status = nn_model.run(base + j->constants, arena, in, out, NULL);
        mark();
        if (row == 0) {
            const uint32_t stack = stack_used(top);
            put(create("stack.bin", 9), &stack, sizeof stack);
        }
        put(file, &status, sizeof status);
        put(file, out, sizeof out);
    }
    (void)semihost(SYS_EXIT, (const void *)0x20026); /* ADP_Stopped_ApplicationExit */
    for (;;) {
    }
}

__attribute__((section(".vectors"), used)) static const void *const vectors[] = {
    (const void *)0x20400000, (const void *)reset};
