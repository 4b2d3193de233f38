// SPDX-License-Identifier: GPL-2.0-only
/*
 * A plugin for QEMU's emulation that counts the instructions a guest executes,
 * block by block, between two marks. Nothing is sampled, and code that runs
 * with interrupts off is seen like any other.
 *
 *   -plugin libprofile.so,out=FILE
 *
 * FILE.N gets, for the N-th pair of marks, lines "ADDRESS INSTRUCTIONS" of
 * translated blocks; an address may occur more than once. A mark is the
 * instruction of mark.c. One processor only: counters are not atomic.
 *
 * Debian has no qemu-plugin.h, so that what is used of its first version is
 * declared here.
 */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mark.h"

#define EXPORT __attribute__((visibility("default")))

typedef uint64_t plugin_id_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;

enum { INLINE_ADD_U64 };
enum { CB_NO_REGS };

void qemu_plugin_register_vcpu_tb_trans_cb(plugin_id_t id,
	void (*cb)(plugin_id_t id, struct qemu_plugin_tb *tb));
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *tb);
uint64_t qemu_plugin_tb_vaddr(const struct qemu_plugin_tb *tb);
struct qemu_plugin_insn *
qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *tb, size_t idx);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *insn);
size_t qemu_plugin_insn_size(const struct qemu_plugin_insn *insn);
void qemu_plugin_register_vcpu_tb_exec_inline(struct qemu_plugin_tb *tb, int op,
					      void *ptr, uint64_t imm);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *insn,
	void (*cb)(unsigned int cpu, void *data), int flags, void *data);

/* Counters stay where they are: the translated code has their addresses. */
#define CHUNK	4096

struct counter {
	uint64_t addr;
	uint64_t nr;
	uint64_t base;
};

static struct counter *chunks[4096];
static size_t nr_counters;
static const char *out;
static unsigned int nr_marks;

static struct counter *counter(size_t i)
{
	return &chunks[i / CHUNK][i % CHUNK];
}

static struct counter *new_counter(uint64_t addr)
{
	struct counter *c;

	if (nr_counters / CHUNK == sizeof(chunks) / sizeof(*chunks))
		abort();
	if (!chunks[nr_counters / CHUNK])
		chunks[nr_counters / CHUNK] = calloc(CHUNK, sizeof(*c));
	c = counter(nr_counters++);
	c->addr = addr;
	return c;
}

static void begin(void)
{
	size_t i;

	for (i = 0; i < nr_counters; i++)
		counter(i)->base = counter(i)->nr;
}

static void end(void)
{
	char name[4096];
	size_t i;
	FILE *f;

	snprintf(name, sizeof(name), "%s.%u", out, nr_marks / 2);
	f = fopen(name, "w");
	if (!f)
		abort();
	for (i = 0; i < nr_counters; i++)
		if (counter(i)->nr != counter(i)->base)
			fprintf(f, "%" PRIx64 " %" PRIu64 "\n", counter(i)->addr,
				counter(i)->nr - counter(i)->base);
	fclose(f);
}

static void marked(unsigned int cpu, void *data)
{
	(void)cpu;
	(void)data;
	if (nr_marks++ % 2)
		end();
	else
		begin();
}

static bool is_mark(const struct qemu_plugin_insn *insn)
{
	static const uint8_t mark[] = MARK_BYTES;

	return qemu_plugin_insn_size(insn) == sizeof(mark) &&
	       !memcmp(qemu_plugin_insn_data(insn), mark, sizeof(mark));
}

static void translated(plugin_id_t id, struct qemu_plugin_tb *tb)
{
	size_t i, n = qemu_plugin_tb_n_insns(tb);

	(void)id;
	qemu_plugin_register_vcpu_tb_exec_inline(tb, INLINE_ADD_U64,
		&new_counter(qemu_plugin_tb_vaddr(tb))->nr, n);
	for (i = 0; i < n; i++)
		if (is_mark(qemu_plugin_tb_get_insn(tb, i)))
			qemu_plugin_register_vcpu_insn_exec_cb(
				qemu_plugin_tb_get_insn(tb, i), marked,
				CB_NO_REGS, NULL);
}

EXPORT int qemu_plugin_version = 1;

EXPORT int qemu_plugin_install(plugin_id_t id, const void *info, int argc,
			       char **argv)
{
	(void)info;
	if (argc != 1 || strncmp(argv[0], "out=", 4)) {
		fprintf(stderr, "profile: want out=FILE\n");
		return -1;
	}
	out = strdup(argv[0] + 4);
	qemu_plugin_register_vcpu_tb_trans_cb(id, translated);
	return 0;
}
