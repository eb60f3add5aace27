/* QEMU TCG plugin: how many instructions each call of some functions executes, callees included.
 *
 *   -plugin count.so,out=FILE,watch=ADDRESS,watch=ADDRESS,...
 *
 * A call begins at the first instruction of a watched function and ends when its caller goes on: a
 * stack of return addresses is kept from the BL and BLX instructions that execute, so a function
 * that was jumped to as the last act of another ends with that one. FILE gets a line
 * "ADDRESS COUNT" a call, in order of their ends. Interrupts that fall into a call are counted with
 * it. */
#include "plugin.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MAX_WATCHED = 16, MAX_DEPTH = 1024, IS_CALL = 8, ADDRESS_SHIFT = 4 };

typedef struct {
    uint64_t address, begin;
    int depth; /* of the stack when it was entered */
    bool is_running;
} watched_function;

static watched_function watched[MAX_WATCHED];
static int watched_count;
static uint64_t return_addresses[MAX_DEPTH];
static int depth;
static uint64_t executed;
static FILE *out;

static void look_at(watched_function *w, uint64_t address)
{
    if (w->is_running && depth < w->depth) {
        fprintf(out, "%" PRIx64 " %" PRIu64 "\n", w->address, executed - w->begin);
        w->is_running = false;
    }
    if (!w->is_running && address == w->address) {
        w->is_running = true;
        w->begin = executed;
        w->depth = depth;
    }
}

/* `data` packs what is known of an instruction: address, whether it calls, size (2 or 4). */
static void on_instruction(unsigned cpu, void *data)
{
    uint64_t packed = (uint64_t)(uintptr_t)data, address = packed >> ADDRESS_SHIFT;
    (void)cpu;
    while (depth > 0 && return_addresses[depth - 1] == address)
        depth--;
    for (int i = 0; i < watched_count; i++)
        look_at(&watched[i], address);
    executed++;
    if (packed & IS_CALL && depth < MAX_DEPTH)
        return_addresses[depth++] = address + (packed & (IS_CALL - 1));
}

/* BL is 11110... 11x1..., BLX of a register 010001111....000 (ARMv7-M, A7.7.18 and A7.7.19). */
static bool is_call(const struct instruction *instruction)
{
    uint16_t half[2] = {0};
    memcpy(half, qemu_plugin_insn_data(instruction), qemu_plugin_insn_size(instruction));
    return (half[0] & 0xFF87u) == 0x4780u ||
           ((half[0] & 0xF800u) == 0xF000u && (half[1] & 0xD000u) == 0xD000u);
}

static void on_block(plugin_id id, struct translation_block *block)
{
    (void)id;
    for (size_t i = 0; i < qemu_plugin_tb_n_insns(block); i++) {
        struct instruction *instruction = qemu_plugin_tb_get_insn(block, i);
        uint64_t packed = qemu_plugin_insn_vaddr(instruction) << ADDRESS_SHIFT |
                          (is_call(instruction) ? IS_CALL : 0u) |
                          qemu_plugin_insn_size(instruction);
        qemu_plugin_register_vcpu_insn_exec_cb(instruction, on_instruction, NO_REGISTERS,
                                               (void *)(uintptr_t)packed);
    }
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
            out = fopen(values[i] + 4, "w");
        else if (strncmp(values[i], "watch=", 6) == 0 && watched_count < MAX_WATCHED)
            watched[watched_count++].address = strtoull(values[i] + 6, NULL, 0);
    }
    if (out == NULL || watched_count == 0)
        return 1;
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    qemu_plugin_register_atexit_cb(id, on_exit, NULL);
    return 0;
}
