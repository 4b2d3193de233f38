/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What is done to slots around the map's transitions: queues and wake-ups, grace
 * periods, writers of the origin, reclaim.
 */
#ifndef SC_SLOT_H
#define SC_SLOT_H

#include "target.h"

/* ---- slot.c: steps that map.h's transitions need around them --------------- */

/**
 * sc_slot_lock() - the lock that protects a slot
 * @c: the cache
 * @i: the slot
 *
 * A slot stays in its shard as long as the cache works. The other bits of the
 * word where that is noted change meanwhile, under the lock asked for.
 *
 * Context: any, no lock.
 * Return: the lock of its shard.
 */
static inline struct sc_lock *sc_slot_lock(struct sc_cache *c, u32 i)
{
	/* Of the word that changes, these bits do not. */
	return &c->locks[data_race(sc_slot_shard(sc_map_slot(c->map, i)))];
}

/**
 * sc_slot_end_owner() - the owner of a busy slot is done with it
 * @c: the cache
 * @i: the slot; kept if something is valid, retired else
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_end_owner(struct sc_cache *c, u32 i);

/**
 * sc_slot_promoted() - count a block that enters the cache
 * @c: the cache
 * @i: a slot being published; one that is known already does not count
 *
 * Context: any, the shard's lock is held.
 */
static inline void sc_slot_promoted(struct sc_cache *c, u32 i)
{
	if (sc_slot_queue(sc_map_slot(c->map, i)) == SC_Q_NONE)
		sc_count(c, promotions);
}

/**
 * sc_slot_drop() - a slot that is not busy leaves the cache
 * @c: the cache
 * @i: the slot, not being copied
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_drop(struct sc_cache *c, u32 i);

/**
 * sc_slot_invalidate() - sub-blocks of a slot no longer hold anything
 * @c: the cache
 * @i: the slot, not retiring; dropped if nothing is left and it is not busy
 * @mask: sub-blocks
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_invalidate(struct sc_cache *c, u32 i, u16 mask);

/**
 * sc_slot_rest() - an unhashed slot waits for reclaim
 * @c: the cache
 * @i: the slot
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_rest(struct sc_cache *c, u32 i);

/**
 * sc_slot_dirtied() - mark sub-blocks dirty, and the origin's bitmap
 * @c: the cache
 * @i: the slot
 * @mask: valid sub-blocks
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_dirtied(struct sc_cache *c, u32 i, u16 mask);

/**
 * sc_shard_wake() - a transition of one of the shard's slots ended
 * @l: the shard's lock, held
 *
 * Context: any.
 */
static inline void sc_shard_wake(struct sc_lock *l)
{
	/* Waiters queue themselves under the same lock: no barrier needed. */
	if (waitqueue_active(&l->wait))
		wake_up_all(&l->wait);
}

/**
 * sc_shard_wait() - wait for the next such end
 * @l: the shard's lock, held; dropped meanwhile, held again on return
 *
 * Context: process, may sleep. The caller looks again at what it waits for.
 */
void sc_shard_wait(struct sc_lock *l);

/**
 * sc_shard_at_limit() - is so much dirty that a write gets no new slot?
 * @c: the cache
 * @shard: which part of it
 *
 * Context: any, the shard's lock is held.
 * Return: true: it waits, or goes to the origin.
 */
static inline bool sc_shard_at_limit(const struct sc_cache *c, u32 shard)
{
	const struct sc_shard *sh = &c->map->shards[shard];
	u32 limit = sc_tune(&c->target->config.tune.dirty_limit);

	return (u64)sh->nr_dirty * 100 >= (u64)sh->nr_slots * limit;
}

/**
 * sc_shard_is_stuck() - have destages failed, and none made room for writes?
 * @c: the cache
 * @shard: which part of it
 *
 * Context: any, the shard's lock is held.
 * Return: true if it were five for each dirty slot, as often as the flusher tries.
 */
static inline bool sc_shard_is_stuck(const struct sc_cache *c, u32 shard)
{
	u32 nr_dirty = c->map->shards[shard].nr_dirty;

	return nr_dirty && c->locks[shard].failed / 5 > nr_dirty;
}

/* ---- grace.c --------------------------------------------------------------- */

/**
 * sc_grace_init() - begin with nothing in use
 * @g: zeroed
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sc_grace_init(struct sc_grace *g);
/**
 * sc_grace_exit() - free
 * @g: zeroed or begun, nothing in use
 *
 * Context: process, may sleep.
 */
void sc_grace_exit(struct sc_grace *g);

/**
 * sc_grace_get() - begin to use a slot without owning it
 * @g: grace
 *
 * Context: any, the lock of the slot's shard is held.
 * Return: what sc_grace_put() wants.
 */
static inline unsigned int sc_grace_get(struct sc_grace *g)
{
	unsigned int epoch = READ_ONCE(g->epoch);

	this_cpu_inc(g->count->nr[epoch]);
	return epoch;
}

/**
 * sc_grace_put() - the use has ended
 * @g: grace
 * @epoch: as sc_grace_get() returned it
 *
 * Context: any, hard irq included.
 */
static inline void sc_grace_put(struct sc_grace *g, unsigned int epoch)
{
	this_cpu_dec(g->count->nr[epoch]);
	/* Pairs with the barrier in sc_grace_wait(): it sees 0 or we see it. */
	smp_mb();
	if (unlikely(READ_ONCE(g->waiting)))
		wake_up(&g->wait);
}

/**
 * sc_grace_wait() - wait until all uses that began before have ended
 * @c: the cache
 *
 * Context: process, may sleep; no shard lock held.
 */
void sc_grace_wait(struct sc_cache *c);

/* ---- writers.c ------------------------------------------------------------- */

/**
 * sc_writers_begin() - a foreground write to the origin begins in a run
 * @c: the cache
 * @b: a block of the run
 *
 * From now on nothing of that run is filled or destaged.
 *
 * Context: any, the run's shard lock is held.
 */
void sc_writers_begin(struct sc_cache *c, sc_oblock_t b);

/**
 * sc_writers_end() - it has completed, well or not
 * @c: the cache
 * @sector: where it began
 * @nr_sectors: its length; all runs touched were begun
 *
 * Context: any, hard irq included.
 */
void sc_writers_end(struct sc_cache *c, u64 sector, u32 nr_sectors);

/**
 * sc_writers_busy() - is one on its way?
 * @c: the cache
 * @b: a block
 *
 * Context: any, the run's shard lock is held.
 * Return: true if the origin may be changing there.
 */
bool sc_writers_busy(struct sc_cache *c, sc_oblock_t b);

/**
 * sc_writers_wait() - wait until none is
 * @c: the cache
 * @b: a block
 *
 * Context: process, may sleep.
 */
void sc_writers_wait(struct sc_cache *c, sc_oblock_t b);

/* ---- reclaim.c ------------------------------------------------------------- */

/**
 * sc_reclaim_check() - have slots freed if a shard runs low
 * @c: the cache
 * @shard: its number
 *
 * Context: any, the shard's lock is held.
 */
void sc_reclaim_check(struct sc_cache *c, u32 shard);

/**
 * sc_reclaim_kick() - have resting slots freed
 * @c: the cache
 *
 * Context: any.
 */
void sc_reclaim_kick(struct sc_cache *c);
/**
 * sc_reclaim_work() - the work item
 * @work: of a cache
 *
 * Context: process, may sleep.
 */
void sc_reclaim_work(struct work_struct *work);

#endif
