// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table of policies, and what they have in common.
 */
#include "policy.h"

/* dm-cache's names are good for the default, so that its tables carry over. */
static const struct {
	const char *name;
	const struct sc_policy_type *type;
} policies[] = {
	{ "s3fifo", &sc_policy_s3fifo },
	{ "lru", &sc_policy_lru },
	{ "cleaner", &sc_policy_cleaner },
	{ "default", &sc_policy_s3fifo },
	{ "smq", &sc_policy_s3fifo },
	{ "mq", &sc_policy_s3fifo },
};

const struct sc_policy_type *sc_policy_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policies); i++)
		if (!strcmp(policies[i].name, name))
			return policies[i].type;
	return NULL;
}

struct sc_policy *sc_policy_create(const char *name, struct sc_map *m,
				   unsigned int small_percent,
				   unsigned int ghost_percent)
{
	const struct sc_policy_type *type = sc_policy_find(name);
	struct sc_policy *p = sc_env_alloc(1, sizeof(*p));
	u64 nr = div_u64((u64)m->geom.nr_slots * ghost_percent, 100);
	u8 hint;

	if (!p || sc_env_warn_once(!type)) {
		sc_env_free(p);
		return NULL;
	}
	p->type = type;
	p->map = m;
	sc_policy_set_small(p, small_percent);
	if (type->has_ghost && ghost_percent) {
		p->ghost = sc_ghost_create(m->nr_shards, (u32)nr);
		if (!p->ghost) {
			sc_env_free(p);
			return NULL;
		}
	}
	type->init(p);
	for (hint = 0; hint < SC_NR_HINTS; hint++)
		m->hint_flags[hint] = type->load(hint);
	return p;
}

void sc_policy_destroy(struct sc_policy *p)
{
	if (!p)
		return;
	sc_ghost_destroy(p->ghost);
	sc_env_free(p);
}

void sc_policy_set_small(struct sc_policy *p, unsigned int percent)
{
	/* Rounded up, so that 10 % of 100 slots are 10. */
	u32 part = (u32)div_u64(((u64)percent << 32) + 99, 100);

	/* Read under the locks of the shards, none of which is held here. */
	WRITE_ONCE(p->small_part, part);
}

u64 sc_policy_bytes(const struct sc_policy *p)
{
	return sizeof(*p) + (p->ghost ? p->ghost->bytes : 0);
}

bool sc_policy_seen(struct sc_policy *p, u32 shard, sc_oblock_t b)
{
	if (!p->ghost)
		return false;
	if (sc_ghost_has(p->ghost, shard, b))
		return true;
	sc_ghost_add(p->ghost, shard, b);
	return false;
}

/* ---- for the policies themselves ------------------------------------------- */

enum sc_verdict sc_policy_judge(const struct sc_policy *p, u32 slot)
{
	u32 flags = sc_map_slot(p->map, slot)->flags;

	if (sc_slot_dirty(p->map, slot))
		return SC_UNCLEAN;
	/* Rule 5: a slot whose destaged data waits for a flush stays. */
	if (flags & (SC_BUSY | SC_COPYING | SC_REDIRTY | SC_HELD | SC_RETIRING))
		return SC_BLOCKED;
	return SC_EVICTABLE;
}

void sc_policy_requeue(struct sc_policy *p, u32 slot, enum sc_queue_id q)
{
	sc_queue_remove(p->map, slot);
	sc_queue_push(p->map, slot, q);
}

enum sc_queue_id sc_policy_home(const struct sc_policy *p, u32 slot)
{
	const struct sc_slot *s = sc_map_slot(p->map, slot);
	enum sc_queue_id q = sc_slot_queue(s);

	/* The stamp has a meaning of its own in the small queue only. */
	return q == SC_Q_DIRTY ? (enum sc_queue_id)sc_slot_stamp(s) : q;
}

void sc_policy_set_aside(struct sc_policy *p, u32 slot)
{
	struct sc_slot *s = sc_map_slot(p->map, slot);

	sc_slot_set_stamp(s, sc_slot_queue(s));
	sc_policy_requeue(p, slot, SC_Q_DIRTY);
}

void sc_policy_bring_back(struct sc_policy *p, u32 slot)
{
	struct sc_slot *s = sc_map_slot(p->map, slot);
	enum sc_queue_id home = sc_policy_home(p, slot);

	sc_queue_remove(p->map, slot);
	/* As old as can be: its hits have counted since it was set aside. */
	sc_slot_set_stamp(s, p->map->shards[sc_slot_shard(s)].stamp + 1);
	sc_queue_push_tail(p->map, slot, home);
}

void sc_policy_set_shards(struct sc_policy *p, u8 freq_max)
{
	struct sc_shard *sh = p->map->shards;
	u32 i;

	for (i = 0; i < p->map->nr_shards; i++, sh++) {
		sh->freq_max = freq_max;
		sh->stamp = 0;
		sh->stamp_fill = 0;
		sh->stamp_skip = 0;
	}
}

u8 sc_policy_pack_hint(const struct sc_policy *p, u32 slot)
{
	u32 freq = sc_slot_freq(sc_map_slot(p->map, slot));

	return (u8)(sc_policy_home(p, slot) | freq << 2);
}

u32 sc_policy_clock(struct sc_policy *p, u32 shard)
{
	struct sc_queue *queue = &p->map->shards[shard].queue[SC_Q_MAIN];
	u32 slot, step;

	for (step = 0; step < SC_VICTIM_STEPS && queue->nr; step++) {
		slot = queue->tail;
		if (sc_slot_freq(sc_map_slot(p->map, slot))) {
			sc_slot_set_freq(sc_map_slot(p->map, slot), 0);
			sc_policy_requeue(p, slot, SC_Q_MAIN);
			continue;
		}
		switch (sc_policy_judge(p, slot)) {
		case SC_EVICTABLE:
			sc_queue_remove(p->map, slot);
			return slot;
		case SC_UNCLEAN:
			sc_policy_set_aside(p, slot);
			break;
		case SC_BLOCKED:
			sc_policy_requeue(p, slot, SC_Q_MAIN);
			break;
		}
	}
	return SC_NIL;
}
