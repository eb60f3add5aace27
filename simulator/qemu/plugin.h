/* What our QEMU TCG plugins use of QEMU's interface. QEMU packages no header for plugins: this is
 * after qemu-plugin.h of QEMU 7.2 (plugin API 1), whose types are renamed in words. */
#ifndef AURORA_QEMU_PLUGIN_H
#define AURORA_QEMU_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define EXPORT __attribute__((visibility("default")))

enum { NO_REGISTERS = 0, ADD_U64 = 0 };

typedef uint64_t plugin_id;
struct qemu_info;
struct translation_block;
struct instruction;

/* What the plugin gives. */
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(plugin_id id, const struct qemu_info *info, int count,
                               char **values);

/* When a block is translated, when one begins to run, when QEMU ends. */
extern void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id id,
                                                  void (*call)(plugin_id,
                                                               struct translation_block *));
extern void qemu_plugin_register_vcpu_tb_exec_cb(struct translation_block *block,
                                                 void (*call)(unsigned, void *), int flags,
                                                 void *data);
extern void qemu_plugin_register_atexit_cb(plugin_id id, void (*call)(plugin_id, void *),
                                           void *data);

/* The instructions of a block. */
extern size_t qemu_plugin_tb_n_insns(const struct translation_block *block);
extern struct instruction *qemu_plugin_tb_get_insn(const struct translation_block *block, size_t i);
extern uint64_t qemu_plugin_insn_vaddr(const struct instruction *instruction);
extern const void *qemu_plugin_insn_data(const struct instruction *instruction);
extern size_t qemu_plugin_insn_size(const struct instruction *instruction);

/* Before an instruction runs: a call, or an addition to a number without one. */
extern void qemu_plugin_register_vcpu_insn_exec_cb(struct instruction *instruction,
                                                   void (*call)(unsigned, void *), int flags,
                                                   void *data);
extern void qemu_plugin_register_vcpu_insn_exec_inline(struct instruction *instruction,
                                                       int operation, void *value, uint64_t by);

#endif
