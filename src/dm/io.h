/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two executors of requests share: io-map.c, which never waits, and
 * job.c, which may. All of it looks at one run under its shard's lock.
 */
#ifndef SC_IO_H
#define SC_IO_H

#include "target.h"

/**
 * sc_io_readable() - sub-blocks of a slot that a read may take from it
 * @c: the cache
 * @i: the slot
 * @mode: the mode in force
 *
 * Context: the shard's lock is held.
 * Return: the mask.
 */
static inline u16 sc_io_readable(const struct sc_cache *c, u32 i,
				 enum sc_mode mode)
{
	if (unlikely(mode == SC_PASSTHROUGH))
		return sc_slot_dirty(c->map, i);
	return sc_slot_valid(c->map, i);
}

/**
 * sc_io_copied_first() - does a write wait for the destage at work on its block?
 * @c: the cache
 * @i: the slot
 *
 * Outside of writeback, and with the cleaner, what is dirty is to become clean for
 * good. What is written again and again would be dirty again each time.
 *
 * Context: the shard's lock is held.
 * Return: true: wait as for an owner.
 */
static inline bool sc_io_copied_first(const struct sc_cache *c, u32 i)
{
	if (likely(!(sc_map_slot(c->map, i)->flags & SC_COPYING)))
		return false;
	return READ_ONCE(c->health) == SC_RW &&
	       (sc_cache_mode(c) != SC_WRITEBACK ||
		c->policy->type == &sc_policy_cleaner);
}

/**
 * sc_io_hit_end() - how far neighbouring slots can serve a read
 * @c: the cache
 * @run: of the first block
 * @i: slot of the first block, readable at @sector
 * @sector: begin
 * @end: behind the read
 *
 * Counts the hits for the policy.
 *
 * Context: the shard's lock is held.
 * Return: behind the last sector that is readable from there on; within the
 * run.
 */
u64 sc_io_hit_end(struct sc_cache *c, const struct sc_run *run, u32 i,
		  u64 sector, u64 end);

/**
 * sc_io_miss_end() - how far a read finds nothing
 * @c: the cache
 * @run: of the first block
 * @sector: begin, nothing readable there
 * @end: behind the read
 *
 * Context: the shard's lock is held.
 * Return: behind the last sector of the gap; within the run.
 */
u64 sc_io_miss_end(struct sc_cache *c, const struct sc_run *run, u64 sector,
		   u64 end);

/**
 * sc_io_look() - the view of the block at a sector
 * @c: the cache
 * @v: the view, with the mode in force; admit says whether the policy would
 * @run: of the block
 * @sector: begin
 * @end: behind the request, perhaps in a later block
 *
 * In ill health nothing is admitted, and durable records count as far as
 * enum sc_records says.
 *
 * Context: the shard's lock is held.
 * Return: the slot or SC_NIL.
 */
u32 sc_io_look(struct sc_cache *c, struct sc_view *v, const struct sc_run *run,
	       u64 sector, u64 end);

/**
 * sc_io_slot_free() - may a write take a slot now?
 * @c: the cache
 * @shard: of the block
 *
 * Context: the shard's lock is held.
 * Return: false if none is free or too much is dirty.
 */
bool sc_io_slot_free(struct sc_cache *c, u32 shard);

/**
 * sc_io_take_slot() - begin to hold a block
 * @c: the cache
 * @run: of the block
 * @b: the block
 *
 * Context: the shard's lock is held, a slot is free.
 * Return: the slot, busy.
 */
u32 sc_io_take_slot(struct sc_cache *c, const struct sc_run *run,
		    sc_oblock_t b);

/**
 * sc_io_remap() - direct a bio to a slot
 * @c: the cache
 * @bio: the bio
 * @i: the slot
 * @sector: the target's sector
 *
 * Context: any.
 */
static inline void sc_io_remap(const struct sc_cache *c, struct bio *bio,
			       u32 i, u64 sector)
{
	bio_set_dev(bio, sc_bdev(c, SC_LEG_CACHE));
	/* Some devices refuse read-ahead when busy: that is no bad slot. */
	bio->bi_opf &= ~REQ_RAHEAD;
	bio->bi_iter.bi_sector = sc_slot_sector(&c->geom, to_cblock(i)) +
				 (sector & (sc_block_sectors(&c->geom) - 1));
}

#endif
