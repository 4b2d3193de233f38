/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The status line: written by the module, read by the tools, both from the one
 * table sc_status_fields[].
 *
 * DOC: the line
 *
 * dm-cache's fields in dm-cache's order, or the single word "Fail"; behind
 * them our own fields as key=value, in any order. A reader skips keys it does
 * not know and takes a missing key for 0, so that tools and module of different
 * age get along.
 */
#ifndef SC_STATUS_H
#define SC_STATUS_H

#include "config.h"
#include "counter.h"
#include "reason.h"
#include "types.h"

/* No line is longer than this, terminator included. */
#define SC_STATUS_MAX_BYTES	4096u

/**
 * struct sc_ratio - a part of a whole
 * @used: the part
 * @total: the whole
 */
struct sc_ratio {
	u64 used;
	u64 total;
};

/**
 * struct sc_status_info - all that status shows
 * @config: block size, features, mode, policy and tunables in effect
 * @health: the state
 * @needs_check: something was found or lost that a check must look at
 * @meta: blocks of the metadata device, SC_META_BLOCK_BYTES each
 * @slots: slots mapped
 * @journal: blocks of the journal that wait for a checkpoint
 * @nr_dirty: slots with something dirty
 * @dirty_sectors: sectors newer than the origin
 * @free_slots: slots ready for use
 * @retiring_slots: slots whose unmap is not durable yet
 * @ram_bytes: memory in use
 * @budget_used: MiB written to the cache device in the last day
 * @uuid: of the cache; all zero before the metadata is read
 * @counter: by enum sc_counter
 *
 * About 800 bytes: not for a kernel stack.
 */
struct sc_status_info {
	struct sc_config config;
	enum sc_health health;
	bool needs_check;
	struct sc_ratio meta;
	struct sc_ratio slots;
	struct sc_ratio journal;
	u64 nr_dirty;
	u64 dirty_sectors;
	u64 free_slots;
	u64 retiring_slots;
	u64 ram_bytes;
	u64 budget_used;
	u8 uuid[SC_UUID_BYTES];
	u64 counter[SC_NR_COUNTERS];
};

/**
 * sc_status_emit() - write the status line
 * @s: what to show
 * @buf: where to
 * @size: bytes there; 0 is allowed
 *
 * What does not fit is cut; then the text fills the buffer, by which dm sees
 * that a larger one is needed.
 *
 * Context: any, does not sleep.
 * Return: length of the text in @buf, less than @size.
 */
size_t sc_status_emit(const struct sc_status_info *s, char *buf, size_t size);

/**
 * sc_status_parse() - read a status line
 * @line: the target's part of it, without start, length and target name
 * @s: the result; undefined on failure
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if the line is wrong.
 */
int __must_check sc_status_parse(const char *line, struct sc_status_info *s,
				 struct sc_reason *why);

/**
 * sc_status_field_name() - the names of the fields, in the order of the line
 * @i: 0 and up
 * @keyed: set to whether the line shows it as name=value; may be NULL
 *
 * Context: any.
 * Return: the name, or NULL behind the last.
 */
const char *sc_status_field_name(unsigned int i, bool *keyed);

#endif
