/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cache without data: a map and a policy, driven by reads and writes of
 * blocks, one after the other.
 */
#ifndef TEST_POLICY_RIG_H
#define TEST_POLICY_RIG_H

#include "policy.h"

struct rig {
	struct sc_map *map;
	struct sc_policy *p;
	u64 nr_hits;
	u64 nr_misses;
};

static inline void rig_create_subs(struct rig *r, const char *policy,
				   u32 nr_slots, unsigned int ghost, u8 nr_subs)
{
	struct sc_geom g = {
		.block_shift = 3 + ilog2(nr_subs),
		.sub_shift = 3,
		.nr_subs = nr_subs,
		.run_shift = 4,
		.nr_slots = nr_slots,
		.nr_oblocks = 1ULL << 40,
		.origin_sectors = 1ULL << 43,
	};
	sc_oblock_t bad;

	*r = (struct rig){ .map = sc_map_create(&g) };
	assert(r->map);
	assert(!sc_map_load_end(r->map, &bad));
	r->p = sc_policy_create(policy, r->map, 10, ghost);
	assert(r->p);
}

/* Blocks of one sub-block, a tenth of the slots for newcomers. */
static inline void rig_create(struct rig *r, const char *policy, u32 nr_slots,
			      unsigned int ghost)
{
	rig_create_subs(r, policy, nr_slots, ghost, 1);
}

/* Ten slots, of which slot 0 was cached at the last activation already. */
static inline void rig_create_loaded(struct rig *r, const char *policy,
				     u8 hint)
{
	struct sc_geom g = {
		.block_shift = 3,
		.sub_shift = 3,
		.nr_subs = 1,
		.run_shift = 4,
		.nr_slots = 10,
		.nr_oblocks = 1ULL << 40,
		.origin_sectors = 1ULL << 43,
	};
	struct sc_record rec = { .valid = 1, .hint = hint };
	sc_oblock_t bad;

	*r = (struct rig){ .map = sc_map_create(&g) };
	assert(r->map);
	r->p = sc_policy_create(policy, r->map, 10, 50);
	assert(r->p);
	sc_map_load(r->map, &rec, 1);
	assert(!sc_map_load_end(r->map, &bad));
}

static inline void rig_destroy(struct rig *r)
{
	sc_policy_destroy(r->p);
	sc_map_destroy(r->map);
}

/* Give up a slot that is in no queue; nothing is ever committed here. */
static inline void rig_drop(struct rig *r, u32 slot)
{
	bool empty = sc_map_invalidate(r->map, slot,
				       sc_slot_valid(r->map, slot));
	bool resting = sc_map_retire(r->map, slot);

	assert(empty && resting);
	sc_map_free(r->map, slot);
}

/* Return: the shard of a slot. */
static inline struct sc_shard *rig_shard(const struct rig *r, u32 slot)
{
	return &r->map->shards[sc_slot_shard(sc_map_slot(r->map, slot))];
}

static inline enum sc_queue_id rig_queue(const struct rig *r, u32 slot)
{
	return sc_slot_queue(sc_map_slot(r->map, slot));
}

/* A read hit. */
static inline void rig_touch(struct rig *r, u32 slot)
{
	sc_slot_touch(rig_shard(r, slot), sc_map_slot(r->map, slot));
}

/* All of a slot has been destaged. */
static inline void rig_clean(struct rig *r, u32 slot)
{
	sc_map_mark_clean(r->map, slot, sc_slot_dirty(r->map, slot));
	sc_policy_cleaned(r->p, slot);
}

/* Return: a victim, SC_NIL if @calls calls find none. */
static inline u32 rig_victim(struct rig *r, u32 shard, u32 calls)
{
	u32 slot = SC_NIL;

	while (calls-- && slot == SC_NIL)
		slot = sc_policy_victim(r->p, shard);
	return slot;
}

static inline u32 rig_find(struct rig *r, u64 block)
{
	struct sc_run run = sc_map_run(r->map, to_oblock(block));

	return sc_map_find(r->map, &run, to_oblock(block));
}

/* Put a block into a slot, clean or dirty, not busy any more. */
static inline u32 rig_insert(struct rig *r, u64 block, bool dirty)
{
	struct sc_run run = sc_map_run(r->map, to_oblock(block));
	u32 slot = sc_map_alloc(r->map, run.shard);
	u16 all = sc_all_subs(&r->map->geom);

	if (slot == SC_NIL)
		return slot;
	sc_map_insert(r->map, &run, slot, to_oblock(block));
	sc_policy_insert(r->p, slot);
	sc_map_publish(r->map, slot, all, dirty ? all : 0);
	sc_map_slot(r->map, slot)->flags &= ~SC_BUSY;
	return slot;
}

static inline void rig_fill(struct rig *r, u64 from, u32 nr)
{
	while (nr--)
		rig_insert(r, from++, false);
}

/* Return: true for a hit; a miss is cached, if a victim is found. */
static inline bool rig_access(struct rig *r, u64 block, bool write)
{
	struct sc_run run = sc_map_run(r->map, to_oblock(block));
	struct sc_shard *sh = &r->map->shards[run.shard];
	u32 slot = rig_find(r, block);

	if (slot != SC_NIL) {
		rig_touch(r, slot);
		if (write)
			sc_map_mark_dirty(r->map, slot, 1);
		r->nr_hits++;
		return true;
	}
	r->nr_misses++;
	if (!sh->nr_free) {
		slot = rig_victim(r, run.shard, 100);
		if (slot != SC_NIL)
			rig_drop(r, slot);
	}
	rig_insert(r, block, write);
	return false;
}

#endif
