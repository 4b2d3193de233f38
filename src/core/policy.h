/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract between the cache and its replacement policies: which slot to
 * evict next, and whether a missed block should be cached at all. A policy
 * decides, it does nothing: no I/O, no change of the map but its queues.
 *
 * A hit is counted by sc_slot_touch() alone, with no call into the policy. The
 * slot's counter, stamp and queue are the policy's; stamp_fill, stamp,
 * freq_max and stamp_skip of the shard as well.
 *
 * Every mapped slot is in exactly one queue, from insert() or sc_map_load() until
 * victim() or sc_queue_remove() takes it out. SC_Q_DIRTY holds slots that would
 * have been evicted but are dirty; cleaned() brings them back.
 */
#ifndef SC_POLICY_H
#define SC_POLICY_H

#include "ghost.h"
#include "map.h"

/* A victim is looked for in so many steps at most. */
#define SC_VICTIM_STEPS	32u

struct sc_policy_type;

/**
 * struct sc_policy - a policy at work on a map
 * @type: its operations
 * @map: the slots
 * @ghost: blocks seen lately, NULL if nobody wants it
 * @small_part: share of the small queue among a shard's slots, as a fraction of
 *              2^32; read without lock
 */
struct sc_policy {
	const struct sc_policy_type *type;
	struct sc_map *map;
	struct sc_ghost *ghost;
	u32 small_part;
};

/**
 * struct sc_policy_type - what a policy can do
 * @name: as written in the table line
 * @has_ghost: wants a ghost
 * @init: set up every shard, once, before any other operation
 * @admit: should a missed block be cached at all?
 * @insert: a slot was mapped: put it into a queue
 * @load: flags for a slot that was mapped at the last activation already: its
 *	queue, counter and stamp, from the hint that was stored
 * @victim: find a slot to evict
 * @cleaned: a slot of SC_Q_DIRTY is clean now: to the old end of its queue
 * @hint: what to store of a slot
 *
 * All but @init and @load run under the lock of the slot's shard, in any context, hard
 * interrupts included, and do a bounded amount of work. The wrappers below say
 * what each expects.
 */
struct sc_policy_type {
	const char *name;
	bool has_ghost;
	void (*init)(struct sc_policy *p);
	bool (*admit)(struct sc_policy *p, sc_oblock_t b, bool write);
	void (*insert)(struct sc_policy *p, u32 slot);
	u32 (*load)(u8 hint);
	u32 (*victim)(struct sc_policy *p, u32 shard);
	void (*cleaned)(struct sc_policy *p, u32 slot);
	u8 (*hint)(const struct sc_policy *p, u32 slot);
};

/**
 * sc_policy_find() - look up a policy by name
 * @name: its name or one of its other names
 *
 * Context: any.
 * Return: the policy, or NULL if there is none of that name.
 */
const struct sc_policy_type *sc_policy_find(const char *name);

/**
 * sc_policy_create() - put a policy to work
 * @name: one that sc_policy_find() knows
 * @m: the map, before the first sc_map_load(), which asks the policy's hint_flags
 *     where a slot belongs
 * @small_percent: share of the small queue, 1 to 90
 * @ghost_percent: length of the ghost relative to the slots, 0 to 100
 *
 * Context: may sleep.
 * Return: the policy, or NULL without memory.
 */
struct sc_policy *sc_policy_create(const char *name, struct sc_map *m,
				   unsigned int small_percent,
				   unsigned int ghost_percent);

/**
 * sc_policy_destroy() - end its work
 * @p: the policy or NULL
 *
 * Context: may sleep; no user left.
 */
void sc_policy_destroy(struct sc_policy *p);

/**
 * sc_policy_set_small() - change the share of the small queue
 * @p: the policy
 * @percent: 1 to 90
 *
 * Slots move when the next victims are looked for.
 *
 * Context: any; one caller at a time.
 */
void sc_policy_set_small(struct sc_policy *p, unsigned int percent);

/**
 * sc_policy_bytes() - count memory
 * @p: the policy
 *
 * Context: any.
 * Return: what the policy takes beyond the map.
 */
u64 sc_policy_bytes(const struct sc_policy *p);

/**
 * sc_policy_seen() - was a missed block touched a short while ago?
 * @p: the policy
 * @shard: of the block
 * @b: the block; remembered from now on
 *
 * For the write budget: see sc_admit_fill_allowed(). Call it only while the
 * budget is exceeded, else the ghost fills with blocks that are cached anyway.
 *
 * Context: any, shard lock held.
 * Return: true if it was; never if there is no ghost.
 */
bool sc_policy_seen(struct sc_policy *p, u32 shard, sc_oblock_t b);

/**
 * sc_policy_admit() - should a missed block be cached at all?
 * @p: the policy
 * @b: the block
 * @write: it is about to be written
 *
 * Context: any, shard lock held.
 * Return: false: send the I/O to the origin alone.
 */
static inline bool sc_policy_admit(struct sc_policy *p, sc_oblock_t b,
				   bool write)
{
	return p->type->admit(p, b, write);
}

/**
 * sc_policy_insert() - a slot holds a block now
 * @p: the policy
 * @slot: after sc_map_insert(), perhaps busy, in no queue
 *
 * Context: any, shard lock held.
 */
static inline void sc_policy_insert(struct sc_policy *p, u32 slot)
{
	p->type->insert(p, slot);
}

/**
 * sc_policy_victim() - find a slot to evict
 * @p: the policy
 * @shard: the shard that needs slots
 *
 * Dirty slots met are set aside in SC_Q_DIRTY. Others that cannot go now (busy,
 * held) are moved to the new end of their queue.
 *
 * Context: any, shard lock held.
 * Return: a slot that is clean, neither busy, being copied, held nor retiring,
 * and in no queue any more: the caller invalidates and retires it. SC_NIL if
 * SC_VICTIM_STEPS steps found none; another call may.
 */
static inline u32 sc_policy_victim(struct sc_policy *p, u32 shard)
{
	return p->type->victim(p, shard);
}

/**
 * sc_policy_cleaned() - nothing of a slot is dirty any more
 * @p: the policy
 * @slot: mapped; nothing happens unless it had been set aside
 *
 * To be called whenever the last dirty sub-block of a slot becomes clean or
 * invalid while something else of it stays valid.
 *
 * Context: any, shard lock held.
 */
static inline void sc_policy_cleaned(struct sc_policy *p, u32 slot)
{
	if (sc_slot_queue(sc_map_slot(p->map, slot)) == SC_Q_DIRTY)
		p->type->cleaned(p, slot);
}

/**
 * sc_policy_hint() - what the metadata device shall remember of a slot
 * @p: the policy
 * @slot: mapped
 *
 * A changed hint alone is no reason to commit.
 *
 * Context: any, shard lock held.
 * Return: the hint for sc_record; 0 says nothing.
 */
static inline u8 sc_policy_hint(const struct sc_policy *p, u32 slot)
{
	return p->type->hint(p, slot);
}

/* ---- for the policies themselves ------------------------------------------- */

extern const struct sc_policy_type sc_policy_s3fifo;
extern const struct sc_policy_type sc_policy_lru;
extern const struct sc_policy_type sc_policy_cleaner;

/**
 * enum sc_verdict - what can be done with a slot at the old end of a queue
 * @SC_EVICTABLE: evict it
 * @SC_UNCLEAN: some of it is dirty
 * @SC_BLOCKED: in use for a moment
 */
enum sc_verdict {
	SC_EVICTABLE,
	SC_UNCLEAN,
	SC_BLOCKED,
};

/**
 * sc_policy_judge() - can a slot be evicted?
 * @p: the policy
 * @slot: a slot in a queue
 *
 * Context: any, shard lock held.
 * Return: the verdict.
 */
enum sc_verdict sc_policy_judge(const struct sc_policy *p, u32 slot);

/**
 * sc_policy_requeue() - move a slot to the new end of a queue
 * @p: the policy
 * @slot: a slot in any queue or none
 * @q: the queue
 *
 * Context: any, shard lock held.
 */
void sc_policy_requeue(struct sc_policy *p, u32 slot, enum sc_queue_id q);

/**
 * sc_policy_set_aside() - a slot would be evicted but is dirty
 * @p: the policy
 * @slot: a slot in SC_Q_SMALL or SC_Q_MAIN; its stamp remembers which
 *
 * Context: any, shard lock held.
 */
void sc_policy_set_aside(struct sc_policy *p, u32 slot);

/**
 * sc_policy_bring_back() - put it where it was, to be the next victim
 * @p: the policy
 * @slot: a slot in SC_Q_DIRTY
 *
 * Context: any, shard lock held.
 */
void sc_policy_bring_back(struct sc_policy *p, u32 slot);

/**
 * sc_policy_home() - which queue a slot belongs to
 * @p: the policy
 * @slot: a slot in a queue
 *
 * Context: any, shard lock held.
 * Return: SC_Q_SMALL or SC_Q_MAIN, for one set aside the queue it came from.
 */
enum sc_queue_id sc_policy_home(const struct sc_policy *p, u32 slot);

/**
 * sc_policy_set_shards() - say how hits are counted
 * @p: the policy
 * @freq_max: where a slot's counter stops
 *
 * Context: init.
 */
void sc_policy_set_shards(struct sc_policy *p, u8 freq_max);

/**
 * sc_policy_pack_hint() - the hint that all policies use
 * @p: the policy
 * @slot: a slot in a queue
 *
 * Context: any, shard lock held.
 * Return: the slot's queue in bits 0 and 1, its counter in bits 2 and 3.
 */
u8 sc_policy_pack_hint(const struct sc_policy *p, u32 slot);

static inline enum sc_queue_id sc_hint_queue(u8 hint)
{
	return hint & 3;
}

static inline u32 sc_hint_freq(u8 hint)
{
	return hint >> 2 & 3;
}

/**
 * sc_policy_clock() - find a victim where SC_Q_MAIN is all there is
 * @p: the policy
 * @shard: the shard that needs slots
 *
 * The oldest slot goes, unless it was hit: then it becomes the newest, and its
 * hits are forgotten.
 *
 * Context: any, shard lock held.
 * Return: as sc_policy_victim().
 */
u32 sc_policy_clock(struct sc_policy *p, u32 shard);

#endif
