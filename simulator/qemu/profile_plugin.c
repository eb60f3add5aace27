/* QEMU TCG plugin: which instructions each call of a function executes, callees included, and which
 * branches it takes.
 *
 *   -plugin profile.so,out=FILE,code=ADDRESS,bytes=BYTES,watch=ADDRESS,size=BYTES
 *
 * `code` and `bytes` are the range of addresses that is counted, `watch` and `size` the function.
 * FILE gets, for each call in order of their ends, 64-bit words: a number n, then n times {address,
 * times executed, times it ended with a jump, instructions on its account}. An account is kept for
 * each call instruction in the watched function: all that is executed until the function itself
 * goes on. An instruction in an IT block counts even if its condition is false, as in `-icount`. */
#include "plugin.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_CODE_BYTES = 1 << 24 };

typedef struct {
    uint64_t begin, last, end; /* addresses: first and last instruction, behind the last */
    uint64_t instructions;
} block_range;

static uint64_t watched, watched_bytes, code, code_bytes;
static uint64_t *executed, *jumped, *account; /* a counter for each halfword of the code */
static const block_range *before;
static bool is_running;
static uint64_t return_address, spender;
static FILE *out;

static void put(uint64_t word)
{
    fwrite(&word, sizeof word, 1, out);
}

static void write_call(void)
{
    uint64_t n = 0;
    for (uint64_t i = 0; i < code_bytes / 2; i++)
        n += executed[i] != 0;
    put(n);
    for (uint64_t i = 0; i < code_bytes / 2; i++) {
        if (executed[i] != 0) {
            put(code + 2 * i);
            put(executed[i]);
            put(jumped[i]);
            put(account[i]);
        }
    }
}

static void begin_call(void)
{
    is_running = true;
    return_address = before->end;
    memset(executed, 0, code_bytes / 2 * sizeof *executed);
    memset(jumped, 0, code_bytes / 2 * sizeof *jumped);
    memset(account, 0, code_bytes / 2 * sizeof *account);
}

/* Runs before the first instruction of the block is counted. */
static void on_block(unsigned cpu, void *data)
{
    const block_range *now = data;
    (void)cpu;
    if (before != NULL && before->end != now->begin && before->last - code < code_bytes)
        jumped[(before->last - code) / 2]++;
    if (is_running && now->begin == return_address) {
        write_call();
        is_running = false;
    } else if (!is_running && before != NULL && now->begin == watched) {
        begin_call();
    }
    if (is_running) {
        if (now->begin - watched < watched_bytes)
            spender = (now->last - code) / 2;
        account[spender] += now->instructions;
    }
    before = now;
}

static void on_translation(plugin_id id, struct translation_block *block)
{
    const size_t n = qemu_plugin_tb_n_insns(block);
    block_range *range = malloc(sizeof *range); /* lives as long as the block may run: for good */
    (void)id;
    if (range == NULL || n == 0)
        abort();
    range->instructions = n;
    for (size_t i = 0; i < n; i++) {
        struct instruction *instruction = qemu_plugin_tb_get_insn(block, i);
        const uint64_t address = qemu_plugin_insn_vaddr(instruction);
        if (i == 0)
            range->begin = address;
        range->last = address;
        range->end = address + qemu_plugin_insn_size(instruction);
        if (address - code < code_bytes)
            qemu_plugin_register_vcpu_insn_exec_inline(instruction, ADD_U64,
                                                       &executed[(address - code) / 2], 1);
    }
    qemu_plugin_register_vcpu_tb_exec_cb(block, on_block, NO_REGISTERS, range);
}

static void on_exit(plugin_id id, void *data)
{
    (void)id;
    (void)data;
    fclose(out);
}

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int count, char **values)
{
    (void)info;
    for (int i = 0; i < count; i++) {
        if (strncmp(values[i], "out=", 4) == 0)
            out = fopen(values[i] + 4, "wb");
        else if (strncmp(values[i], "code=", 5) == 0)
            code = strtoull(values[i] + 5, NULL, 0);
        else if (strncmp(values[i], "bytes=", 6) == 0)
            code_bytes = strtoull(values[i] + 6, NULL, 0);
        else if (strncmp(values[i], "watch=", 6) == 0)
            watched = strtoull(values[i] + 6, NULL, 0);
        else if (strncmp(values[i], "size=", 5) == 0)
            watched_bytes = strtoull(values[i] + 5, NULL, 0);
    }
    if (out == NULL || code_bytes == 0 || code_bytes > MAX_CODE_BYTES || watched < code ||
        watched + watched_bytes > code + code_bytes)
        return 1;
    executed = calloc(code_bytes / 2, sizeof *executed);
    jumped = calloc(code_bytes / 2, sizeof *jumped);
    account = calloc(code_bytes / 2, sizeof *account);
    if (executed == NULL || jumped == NULL || account == NULL)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_translation);
    qemu_plugin_register_atexit_cb(id, on_exit, NULL);
    return 0;
}
