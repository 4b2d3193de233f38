// SPDX-License-Identifier: GPL-2.0-only
/*
 * Keeps free slots ready, so that nobody has to wait for rule 2: picks victims,
 * has their unmapping committed, and frees slots once nobody can still be
 * reading them.
 */
#include "target.h"

/* Begin below 1/64 of the shard, stop at 1/32. */
static u32 low_mark(const struct sc_shard *sh)
{
	return max(sh->nr_slots / 64, 1u);
}

static u32 high_mark(const struct sc_shard *sh)
{
	return max(sh->nr_slots / 32, 2u);
}

static u32 nr_coming(const struct sc_shard *sh)
{
	return sh->nr_free + sh->nr_retiring + sh->nr_resting;
}

void sc_reclaim_kick(struct sc_cache *c)
{
	queue_work(c->reclaim_wq, &c->reclaim);
}

void sc_reclaim_check(struct sc_cache *c, u32 shard)
{
	const struct sc_shard *sh = &c->map->shards[shard];

	if (sh->nr_free <= low_mark(sh) && !work_pending(&c->reclaim))
		sc_reclaim_kick(c);
}

/* So many at a time, as interrupts are off. */
#define EVICT_AT_ONCE	64
#define EVICT_TRIES	16

enum reclaim_result {
	RECLAIM_ENOUGH,
	RECLAIM_MORE,
	RECLAIM_NO_VICTIM,
};

static enum reclaim_result reclaim_evict(struct sc_cache *c, u32 shard)
{
	struct sc_shard *sh = &c->map->shards[shard];
	u32 i, tries = 0, evicted = 0;

	while (nr_coming(sh) < high_mark(sh) &&
	       READ_ONCE(c->health) == SC_RW) {
		if (evicted == EVICT_AT_ONCE)
			return RECLAIM_MORE;
		if (tries++ == EVICT_TRIES)
			return RECLAIM_NO_VICTIM;
		i = sc_policy_victim(c->policy, shard);
		if (i == SC_NIL)
			continue;
		sc_slot_drop(c, i);
		sc_count(c, demotions);
		evicted++;
		tries = 0;
	}
	return RECLAIM_ENOUGH;
}

static void reclaim_free(struct sc_cache *c, u32 i)
{
	struct sc_lock *l;
	u32 next;

	for (; i != SC_NIL; i = next) {
		next = sc_map_slot(c->map, i)->hash_next;
		l = sc_slot_lock(c, i);
		spin_lock_irq(&l->lock);
		sc_map_free(c->map, i);
		sc_shard_wake(l);
		spin_unlock_irq(&l->lock);
	}
}

/* Take over the slots at rest in one shard and put them before @list. */
static u32 reclaim_take(struct sc_cache *c, struct sc_lock *l, u32 list)
{
	u32 first = l->resting, i = first;

	if (first == SC_NIL)
		return list;
	while (sc_map_slot(c->map, i)->hash_next != SC_NIL)
		i = sc_map_slot(c->map, i)->hash_next;
	sc_map_slot(c->map, i)->hash_next = list;
	l->resting = SC_NIL;
	return first;
}

/* No victims: they are dirty, or held until the origin is flushed. */
static void reclaim_press(struct sc_cache *c)
{
	sc_flusher_urge(c);
	/* Given up: the commit thread tries again, see held_too_long(). */
	if (sc_commit_held(c) && !sc_origin_gave_up(c) && !sc_origin_flush(c))
		sc_reclaim_kick(c);
}

/**
 * struct sc_reclaim - what one round over the shards found
 * @list: slots taken over from rest
 * @unmaps: some shard waits for an unmap
 * @short_of: some shard has no victims
 */
struct sc_reclaim {
	u32 list;
	bool unmaps;
	bool short_of;
};

static void reclaim_shard(struct sc_cache *c, u32 shard, struct sc_reclaim *rc)
{
	struct sc_shard *sh = &c->map->shards[shard];
	struct sc_lock *l = &c->locks[shard];
	enum reclaim_result r;

	do {
		spin_lock_irq(&l->lock);
		r = reclaim_evict(c, shard);
		rc->list = reclaim_take(c, l, rc->list);
		rc->unmaps |= sh->nr_retiring && sh->nr_free <= low_mark(sh);
		spin_unlock_irq(&l->lock);
		cond_resched();
	} while (r == RECLAIM_MORE);
	rc->short_of |= r == RECLAIM_NO_VICTIM;
}

void sc_reclaim_work(struct work_struct *work)
{
	struct sc_cache *c = container_of(work, struct sc_cache, reclaim);
	struct sc_reclaim rc = { .list = SC_NIL };
	u32 shard;

	for (shard = 0; shard < c->map->nr_shards; shard++)
		reclaim_shard(c, shard, &rc);
	if (rc.unmaps)
		sc_commit_ticket(c);
	if (rc.list != SC_NIL) {
		sc_grace_wait(c);
		reclaim_free(c, rc.list);
	}
	if (rc.short_of)
		reclaim_press(c);
}
