/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The tunables: name, default, range, unit and meaning of each, once.
 *
 * Everything that knows a tunable takes it from SC_TUNABLES(): the struct that
 * holds the values, the parser of table lines and messages, status, the tools'
 * help. docs/interface.md is held against it by a test.
 */
#ifndef SC_TUNABLE_H
#define SC_TUNABLE_H

#include "geometry.h"
#include "reason.h"
#include "text.h"

/* May be changed by a message. */
#define SC_TUN_LIVE	0x1u
/* Counts only when the metadata device is formatted. */
#define SC_TUN_CREATE	0x2u
/* One of dm-cache's core arguments, not a policy argument. */
#define SC_TUN_CORE	0x4u

/*
 * T(name, default, least, most, unit, flags, help), in the order of status. A
 * tunable with neither SC_TUN_LIVE nor SC_TUN_CREATE is set by a (re)load.
 */
#define SC_TUNABLES(T) \
	T(migration_threshold, 2048, 0, 4294967295, "sectors", \
	  SC_TUN_LIVE | SC_TUN_CORE, \
	  "accepted for dm-cache's sake, has no effect") \
	T(sequential_cutoff, 4096, 0, 4194304, "KiB", SC_TUN_LIVE, \
	  "streams longer than this bypass the cache, 0: none do") \
	T(read_fill, 1, 0, 1, "", SC_TUN_LIVE, \
	  "1: a missed read is copied into the cache, 0: only writes are cached") \
	T(write_budget, 0, 0, 1073741824, "MiB/day", SC_TUN_LIVE, \
	  "beyond this, reads fill the cache on second touch only, 0: no limit") \
	T(commit_interval, 1000, 1, 60000, "ms", SC_TUN_LIVE, \
	  "metadata is committed at least so often") \
	T(dirty_target, 5, 0, 100, "%", SC_TUN_LIVE, \
	  "a sweep begun above dirty_low goes on down to this") \
	T(dirty_low, 10, 0, 100, "%", SC_TUN_LIVE, \
	  "above this the flusher works even while the origin is busy") \
	T(dirty_high, 70, 0, 100, "%", SC_TUN_LIVE, \
	  "above this it spares nothing and yields to reads less and less") \
	T(dirty_limit, 85, 1, 100, "%", SC_TUN_LIVE, \
	  "above this a write gets no new slot until enough is destaged") \
	T(idle_ms, 1000, 0, 3600000, "ms", SC_TUN_LIVE, \
	  "after so long without writes or origin I/O all is destaged, 0: at once") \
	T(destage_depth, 32, 1, 64, "", SC_TUN_LIVE, \
	  "destage writes in flight") \
	T(small_queue, 10, 1, 90, "%", SC_TUN_LIVE, \
	  "s3fifo: share of the slots for newcomers") \
	T(ghost, 50, 0, 100, "%", 0, \
	  "s3fifo: evicted blocks remembered, in percent of the slots") \
	T(journal_blocks, 0, 0, SC_MAX_JOURNAL, "blocks", SC_TUN_CREATE, \
	  "length of the journal in 4 KiB blocks, 0: chosen by size")

/* Values: read and written singly with READ_ONCE and WRITE_ONCE. */
#define SC_TUNABLE_FIELD(name, ...)	u32 name;
/** struct sc_tunables - a value for each tunable, by its name */
struct sc_tunables {
	SC_TUNABLES(SC_TUNABLE_FIELD)
};
#undef SC_TUNABLE_FIELD

#define SC_TUNABLE_ID(name, ...)	SC_TUN_##name,
/** enum sc_tunable_id - index into sc_tunables[] */
enum sc_tunable_id {
	SC_TUNABLES(SC_TUNABLE_ID)
	SC_NR_TUNABLES,
};
#undef SC_TUNABLE_ID

/**
 * struct sc_tunable - what is known about a tunable
 * @name: key in table, message and status
 * @unit: of its value, "" if it is a plain number
 * @help: half a sentence on what it does
 * @offset: of its value in struct sc_tunables
 * @def: default
 * @min: least value allowed
 * @max: largest value allowed
 * @flags: SC_TUN_LIVE and so on
 */
struct sc_tunable {
	const char *name;
	const char *unit;
	const char *help;
	size_t offset;
	u32 def;
	u32 min;
	u32 max;
	unsigned int flags;
};

extern const struct sc_tunable sc_tunables[SC_NR_TUNABLES];

/**
 * sc_tunable_find() - look a tunable up by name
 * @name: its key
 *
 * Context: any.
 * Return: its number, or SC_NR_TUNABLES if there is none of that name.
 */
unsigned int sc_tunable_find(const char *name);

/**
 * sc_tunable_get() - read one value by number
 * @t: the values
 * @id: which, below SC_NR_TUNABLES
 *
 * Context: any, no lock.
 * Return: the value.
 */
u32 sc_tunable_get(const struct sc_tunables *t, unsigned int id);

/**
 * sc_tunable_set() - write one value by number
 * @t: the values
 * @id: which, below SC_NR_TUNABLES
 * @value: a value that sc_tunable_parse() allowed
 *
 * Context: any; readers need no lock.
 */
void sc_tunable_set(struct sc_tunables *t, unsigned int id, u32 value);

/**
 * sc_tunable_parse() - read the value of a tunable from a word
 * @id: which, below SC_NR_TUNABLES
 * @word: decimal digits
 * @value: the result, left alone on failure
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if @word is no number or out of range.
 */
int __must_check sc_tunable_parse(unsigned int id, const char *word,
				  u32 *value, struct sc_reason *why);

/**
 * sc_tunables_init() - set all to their defaults
 * @t: the values
 *
 * Context: any.
 */
void sc_tunables_init(struct sc_tunables *t);

/**
 * sc_tunables_check() - do the values go together?
 * @t: values, each in its range
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if two values contradict each other.
 */
int __must_check sc_tunables_check(const struct sc_tunables *t,
				   struct sc_reason *why);

/**
 * sc_tunable_to_text() - say a value with its name and unit
 * @id: which, below SC_NR_TUNABLES
 * @value: the value
 * @text: where to
 *
 * Context: any.
 */
void sc_tunable_to_text(unsigned int id, u32 value, struct sc_text *text);

#endif
