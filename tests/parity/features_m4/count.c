/* QEMU 7.2 TCG plugin (Debian ships no header for it): instructions executed at each address
   between the first two visits of `mark`; one line "address count" each to `out`. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef uint64_t plugin_id;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum { NO_REGISTERS = 0, INLINE_ADD_U64 = 0 };
__attribute__((visibility("default"))) int qemu_plugin_version = 1;
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id,
                                                  void (*)(plugin_id, struct qemu_plugin_tb *));
extern size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
extern struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
extern uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *,
                                                   void (*)(unsigned, void *), int, void *);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct qemu_plugin_insn *, int, void *,
                                                       uint64_t);

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

static void on_block(plugin_id id, struct qemu_plugin_tb *tb)
{
    (void)id;
    for (size_t i = 0, n = qemu_plugin_tb_n_insns(tb); i < n; i++) {
        struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, i);
        const uint64_t address = qemu_plugin_insn_vaddr(insn);
        if (address == mark) {
            qemu_plugin_register_vcpu_insn_exec_cb(insn, on_mark, NO_REGISTERS, NULL);
        }
        qemu_plugin_register_vcpu_insn_exec_inline(insn, INLINE_ADD_U64,
                                                   &count[(address >> 1) & (SLOTS - 1)], 1);
    }
}

__attribute__((visibility("default"))) int qemu_plugin_install(plugin_id id, const void *info,
                                                               int argc, char **argv)
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
