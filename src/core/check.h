/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must hold across all slots of a cache, beyond what is checked when each
 * of them is read. For programs; at a start the module is content with less.
 */
#ifndef SC_CHECK_H
#define SC_CHECK_H

#include "reason.h"
#include "types.h"

/**
 * enum sc_check_fault - what can be wrong
 * @SC_CHECK_RECORD: a state that the format forbids: a block or dirty data
 *	outside the origin, dirty data that is not valid, a hint of nothing
 * @SC_CHECK_TWICE_CLEAN: two clean slots hold one block. One is stale, and
 *	nobody knows which
 * @SC_CHECK_TWICE_DIRTY: two slots with dirty data hold one block
 * @SC_CHECK_THRICE: a clean slot holds the block of a dirty one, and is not the only
 * @SC_CHECK_RETIRED: a clean slot holds the block of a dirty one. That is no
 *	fault: the power failed while it was being given up
 */
enum sc_check_fault {
	SC_CHECK_RECORD,
	SC_CHECK_TWICE_CLEAN,
	SC_CHECK_TWICE_DIRTY,
	SC_CHECK_THRICE,
	SC_CHECK_RETIRED,
	SC_NR_CHECK_FAULTS,
};

/**
 * struct sc_check_find - something that was found
 * @fault: what
 * @rec: the slot to be given up
 * @other: the slot that holds the same block; to be given up as well if @fault
 *	is SC_CHECK_TWICE_CLEAN. Not set if it is SC_CHECK_RECORD
 */
struct sc_check_find {
	enum sc_check_fault fault;
	struct sc_record rec;
	struct sc_record other;
};

/**
 * struct sc_check - a cache to check, and what came of it
 * @geom: its sizes
 * @get: the state of a slot below nr_slots; sets all of the record
 * @found: is told of everything found; must not change what @get says
 * @ctx: for both
 * @nr_mapped: slots that hold something
 * @nr_dirty: of these, with dirty data
 * @valid_sectors: sectors of the origin held
 * @dirty_sectors: of these, dirty
 * @nr: how often each fault was found
 */
struct sc_check {
	const struct sc_geom *geom;
	void (*get)(void *ctx, sc_cblock_t slot, struct sc_record *rec);
	void (*found)(void *ctx, const struct sc_check_find *find);
	void *ctx;
	u64 nr_mapped;
	u64 nr_dirty;
	u64 valid_sectors;
	u64 dirty_sectors;
	u64 nr[SC_NR_CHECK_FAULTS];
};

/**
 * sc_check_run() - check every slot
 * @c: geom, get, found and ctx are set
 *
 * Context: may sleep; allocates 8 bytes for each mapped slot, for as long as it
 * runs.
 * Return: 0, whatever was found; -ENOMEM.
 */
int __must_check sc_check_run(struct sc_check *c);

/**
 * sc_check_nr_faults() - whether it is sound
 * @c: run
 *
 * Context: any.
 * Return: how many faults there are.
 */
u64 sc_check_nr_faults(const struct sc_check *c);

/**
 * sc_check_to_reason() - say what was found
 * @geom: sizes
 * @find: what was found
 * @why: where to
 *
 * Context: any.
 */
void sc_check_to_reason(const struct sc_geom *geom,
			const struct sc_check_find *find,
			struct sc_reason *why);

/**
 * sc_mask_sectors() - sectors of the origin that a mask of a block stands for
 * @g: sizes
 * @b: a block of the origin
 * @mask: sub-blocks, of those that the block has
 *
 * Context: any.
 * Return: their number; the last sub-block of the origin may be short.
 */
u64 sc_mask_sectors(const struct sc_geom *g, sc_oblock_t b, u16 mask);

#endif
