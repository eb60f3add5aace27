/* QEMU TCG plugin: instructions executed at each address
   between the first two visits of `mark`; one line "address count" each to `out`. */
#include "../../../simulator/qemu/plugin.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SLOTS = 1 << 16 }; /* code lies in the first 128 kB, one slot per halfword */
static uint64_t count[SLOTS], before[SLOTS], mark;
static int visits;
static FILE *out;

static void on_mark(unsigned cpu, void *unused)
{
    (void)cpu, (void)unused;
    if (visits == 0) {
        memcpy(before, count, sizeof before);
    } else if (visits == 1) {
        for (int i = 0; i < SLOTS; i++) {
            if (count[i] != before[i]) {
                fprintf(out, "%d %llu\n", 2 * i, (unsigned long long)(count[i] - before[i]));
            }
        }
        fflush(out);
    }
    visits++;
}

static void on_block(plugin_id id, struct translation_block *tb)
{
    (void)id;
    for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
        struct instruction *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address == mark) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, NO_REGISTERS, NULL);
        }
        qemu_plugin_register_vcpu_insn_exec_inline(insn, ADD_U64,
                                                   &count[(address >> 1) & (SLOTS - 1)], 1);
    }
}

EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int argc, char **argv)
{
    (void)info;
    for (int i = 0; i < argc; i++) {
        if (strncmp(argv[i], "mark=", 5) == 0) {
            mark = strtoull(argv[i] + 5, NULL, 0);
        } else if (strncmp(argv[i], "out=", 4) == 0) {
            out = fopen(argv[i] + 4, "w");
        }
    }
    qemu_plugin_register_vcpu_tb_trans_cb(id, on_block);
    return out != NULL ? 0 : 1;
}
