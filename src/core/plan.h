/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What to do with one block of a request: a pure function of the mode, the
 * state of the block's slot and how much of it the request covers.
 */
#ifndef SC_PLAN_H
#define SC_PLAN_H

#include "types.h"

/**
 * struct sc_view - all that a decision depends on
 * @mode: the mode in force
 * @touched: sub-blocks that the request touches at least in part
 * @whole: of these, the ones it covers from end to end
 * @all: all sub-blocks of a block
 * @valid: what the slot holds; 0 without one
 * @dirty: of this, newer than the origin
 * @dclean: durable records may call these clean (rule 3)
 * @dvalid: durable records may map these (rule 4)
 * @live: the block has a slot that is not retiring
 * @busy: somebody is filling or writing that slot
 * @settling: and a record of it is on its way
 * @older: a retiring slot of this block, its unmap not yet durable
 * @older_dirty: and its record may call something dirty
 * @admit: a slot may be taken for this block, and one that is clean written
 */
struct sc_view {
	enum sc_mode mode;
	u16 touched;
	u16 whole;
	u16 all;
	u16 valid;
	u16 dirty;
	u16 dclean;
	u16 dvalid;
	bool live;
	bool busy;
	bool settling;
	bool older;
	bool older_dirty;
	bool admit;
};

/**
 * enum sc_action - what to do
 * @SC_ACT_HIT: read the slot
 * @SC_ACT_MISS: read the origin; fill a slot if @admit allows
 * @SC_ACT_BYPASS: read the origin and leave the cache alone
 * @SC_ACT_OVERWRITE: mark dirty, write the slot in place
 * @SC_ACT_EXTEND: write more sub-blocks of the slot, then publish them
 * @SC_ACT_ALLOC: write a new slot, publish it, retire the old one if any
 * @SC_ACT_EDGE: first fill the sub-blocks that are covered in part
 * @SC_ACT_MARK: mark dirty, wait until that is durable, decide again
 * @SC_ACT_BOTH: own the slot, make it durably invalid, write origin and slot
 * @SC_ACT_DROP: invalidate, wait until that is durable, write the origin
 * @SC_ACT_ORIGIN: write the origin
 * @SC_ACT_WAIT_OWNER: wait until the slot is no longer busy, decide again
 * @SC_ACT_WAIT_COMMIT: wait for the next commit, decide again
 */
enum sc_action {
	SC_ACT_HIT,
	SC_ACT_MISS,
	SC_ACT_BYPASS,
	SC_ACT_OVERWRITE,
	SC_ACT_EXTEND,
	SC_ACT_ALLOC,
	SC_ACT_EDGE,
	SC_ACT_MARK,
	SC_ACT_BOTH,
	SC_ACT_DROP,
	SC_ACT_ORIGIN,
	SC_ACT_WAIT_OWNER,
	SC_ACT_WAIT_COMMIT,
	SC_NR_ACTIONS,
};

/**
 * sc_plan_read() - what a read does
 * @v: the view; @touched either all valid or all not, the caller cuts there
 *
 * Context: any.
 * Return: HIT, MISS, BYPASS or WAIT_OWNER.
 */
enum sc_action sc_plan_read(const struct sc_view *v);

/**
 * sc_plan_write() - what a write does
 * @v: the view
 *
 * Context: any.
 * Return: any but the actions of a read.
 */
enum sc_action sc_plan_write(const struct sc_view *v);

/**
 * sc_plan_discard() - what a discard does
 * @v: the view; @whole are the sub-blocks to be given up
 *
 * Context: any.
 * Return: DROP, ORIGIN (nothing in the way), WAIT_OWNER or WAIT_COMMIT.
 */
enum sc_action sc_plan_discard(const struct sc_view *v);

/**
 * sc_action_name() - for traces and tests
 * @a: an action
 *
 * Context: any.
 * Return: a static string.
 */
const char *sc_action_name(enum sc_action a);

#endif
