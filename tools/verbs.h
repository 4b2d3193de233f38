/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The verbs, in the order of --help. V(create) is cmd_create of cmd-create.c;
 * a new verb is a line here and a file.
 */
#ifndef SC_TOOLS_VERBS_H
#define SC_TOOLS_VERBS_H

#include "lib/verb.h"

#define VERBS(V) \
	V(create) \
	V(remove) \
	V(start) \
	V(stop) \
	V(list) \
	V(status) \
	V(top) \
	V(stats) \
	V(set) \
	V(mode) \
	V(flush) \
	V(resize) \
	V(lvm) \
	V(check) \
	V(dump) \
	V(restore) \
	V(repair) \
	V(writeback) \
	V(import) \
	V(export) \
	V(size)

/* Other programs' names: called by one of them, the command is that program. */
#define PROGRAMS(V) \
	V(cache_check) \
	V(cache_dump) \
	V(cache_repair) \
	V(cache_restore) \
	V(cache_writeback)

#define VERB_DECLARE(name)	extern const struct verb cmd_##name;
VERBS(VERB_DECLARE)
PROGRAMS(VERB_DECLARE)
#undef VERB_DECLARE

#endif
