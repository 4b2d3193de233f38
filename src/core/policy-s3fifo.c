// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: s3fifo
 *
 * S3-FIFO (J. Yang et al., "FIFO queues are all you need for cache eviction",
 * SOSP 2023). Most blocks of a disk's load are touched once in a long time, so
 * most newcomers are worth nothing and should go soon. They enter a small
 * queue; one that was hit there is promoted to the main queue when it reaches
 * the old end, the others are evicted and remembered in the ghost. A block that
 * misses while it is remembered enters the main queue at once. At the main
 * queue's old end a slot that was hit goes round again, once for each counted
 * hit up to three.
 *
 * Nothing moves on a hit, which is why it needs so little: a counter of two
 * bits, written only until it is saturated.
 *
 * Differences to the paper, each for a load of disks or a cache of disk size:
 *
 * - Hits soon after admission do not count. A file system reads and writes a
 *   block several times within a moment; such a burst says nothing about the
 *   future. "Soon" is while a slot is in the newest quarter of the small queue,
 *   measured by stamps (sc_slot_touch()).
 * - One counted hit promotes.
 * - The ghost is half as long as the cache and stores fingerprints.
 * - A dirty slot at the old end is not waited for but set aside, and is the
 *   next victim of its queue when it has become clean.
 * - A search takes a bounded number of steps and then gives up for the moment.
 */
#include "policy.h"

#define S3_FREQ_MAX	3
/*
 * A stamp lasts for a sixth of the small queue. Slots that carry the current or
 * the previous stamp, 1/6 to 1/3 of the queue, 1/4 on average, are too young.
 * The 8 stamps last for 1 1/3 queues, so that none comes round too early.
 */
#define S3_STAMPS	6
#define S3_SKIP		2

/**
 * struct s3_hunt - one search for a victim
 * @p: the policy
 * @shard: where
 * @nr_blocked: slots met in a row that could not go, by queue
 */
struct s3_hunt {
	struct sc_policy *p;
	struct sc_shard *shard;
	u32 nr_blocked[SC_NR_QUEUES];
};

static u32 small_target(const struct sc_policy *p, const struct sc_shard *sh)
{
	/* Changed by a message at any time: any one value is good. */
	u32 part = READ_ONCE(p->small_part);

	return max_t(u32, 1, reciprocal_scale(sh->nr_slots, part));
}

static void advance_stamp(const struct sc_policy *p, struct sc_shard *sh)
{
	u32 target = small_target(p, sh);

	if (++sh->stamp_fill < target / S3_STAMPS)
		return;
	sh->stamp_fill = 0;
	sh->stamp++;
	/* In a smaller queue than this, two stamps would be all of it. */
	sh->stamp_skip = target < S3_STAMPS ? 0 : S3_SKIP;
}

static void s3_init(struct sc_policy *p)
{
	sc_policy_set_shards(p, S3_FREQ_MAX);
}

static bool s3_admit(struct sc_policy *p __maybe_unused,
		     sc_oblock_t b __maybe_unused,
		     bool write __maybe_unused)
{
	return true;
}

static void s3_insert(struct sc_policy *p, u32 slot)
{
	struct sc_slot *s = sc_map_slot(p->map, slot);
	struct sc_shard *sh = &p->map->shards[sc_slot_shard(s)];

	sc_slot_set_freq(s, 0);
	if (p->ghost && sc_ghost_take(p->ghost, sc_slot_shard(s),
				      sc_slot_block(s))) {
		sc_queue_push(p->map, slot, SC_Q_MAIN);
		return;
	}
	sc_slot_set_stamp(s, sh->stamp);
	sc_queue_push(p->map, slot, SC_Q_SMALL);
	advance_stamp(p, sh);
}

/*
 * Hints of newcomers are stored when they are committed and seldom later, so
 * after a crash most slots say "small": those still in use are hit and promoted
 * before they get to the old end.
 */
static u32 s3_load(u8 hint)
{
	bool is_small = sc_hint_queue(hint) == SC_Q_SMALL;

	/* As old as can be, the shards' first stamp being 0: its hits count. */
	return (is_small ? SC_Q_SMALL : SC_Q_MAIN) << SC_QUEUE_SHIFT |
	       sc_hint_freq(hint) << SC_FREQ_SHIFT | 1u << SC_STAMP_SHIFT;
}

/* Nothing can be gained there now: empty, or too many in a row cannot go. */
static bool is_exhausted(const struct s3_hunt *hunt, enum sc_queue_id q)
{
	u32 nr = hunt->shard->queue[q].nr;

	return hunt->nr_blocked[q] >= min_t(u32, nr, SC_VICTIM_STEPS / 2);
}

static enum sc_queue_id choose_queue(const struct s3_hunt *hunt)
{
	u32 target = small_target(hunt->p, hunt->shard);
	enum sc_queue_id q = SC_Q_MAIN, other = SC_Q_SMALL;

	if (hunt->shard->queue[SC_Q_SMALL].nr >= target) {
		q = SC_Q_SMALL;
		other = SC_Q_MAIN;
	}
	if (!is_exhausted(hunt, q))
		return q;
	return is_exhausted(hunt, other) ? SC_Q_NONE : other;
}

/* A slot of the main queue that was hit goes round, of the small one, up. */
static bool was_hit(struct s3_hunt *hunt, u32 slot, enum sc_queue_id q)
{
	struct sc_slot *s = sc_map_slot(hunt->p->map, slot);
	u32 freq = sc_slot_freq(s);

	if (!freq)
		return false;
	sc_slot_set_freq(s, q == SC_Q_SMALL ? 0 : freq - 1);
	sc_policy_requeue(hunt->p, slot, SC_Q_MAIN);
	/* It may be worth to go on there. */
	hunt->nr_blocked[q] = 0;
	hunt->nr_blocked[SC_Q_MAIN] = 0;
	return true;
}

/* Return: the slot if it was evicted, else it is elsewhere now. */
static u32 try_evict(struct s3_hunt *hunt, u32 slot, enum sc_queue_id q)
{
	struct sc_policy *p = hunt->p;
	const struct sc_slot *s = sc_map_slot(p->map, slot);

	switch (sc_policy_judge(p, slot)) {
	case SC_EVICTABLE:
		if (q == SC_Q_SMALL && p->ghost)
			sc_ghost_add(p->ghost, sc_slot_shard(s),
				     sc_slot_block(s));
		sc_queue_remove(p->map, slot);
		return slot;
	case SC_UNCLEAN:
		sc_policy_set_aside(p, slot);
		hunt->nr_blocked[q] = 0;
		break;
	case SC_BLOCKED:
		hunt->nr_blocked[q]++;
		sc_policy_requeue(p, slot, q);
		break;
	}
	return SC_NIL;
}

static u32 s3_victim(struct sc_policy *p, u32 shard)
{
	struct s3_hunt hunt = { .p = p, .shard = &p->map->shards[shard] };
	enum sc_queue_id q;
	u32 step, slot;

	for (step = 0; step < SC_VICTIM_STEPS; step++) {
		q = choose_queue(&hunt);
		if (q == SC_Q_NONE)
			break;
		slot = hunt.shard->queue[q].tail;
		if (was_hit(&hunt, slot, q))
			continue;
		slot = try_evict(&hunt, slot, q);
		if (slot != SC_NIL)
			return slot;
	}
	return SC_NIL;
}

const struct sc_policy_type sc_policy_s3fifo = {
	.name = "s3fifo",
	.has_ghost = true,
	.init = s3_init,
	.admit = s3_admit,
	.insert = s3_insert,
	.load = s3_load,
	.victim = s3_victim,
	.cleaned = sc_policy_bring_back,
	.hint = sc_policy_pack_hint,
};
