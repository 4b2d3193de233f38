// SPDX-License-Identifier: GPL-2.0-only
/*
 * Status: per-CPU counters and the shards' figures gathered into the struct
 * that core/status.c prints.
 */
#include <linux/slab.h>

#include "commit-thread.h"
#include "status.h"
#include "text.h"

/*
 * A figure of a shard without its lock. Its owner changes it by plain words,
 * each of which is a value that it had: no writer needs to know of us.
 */
#define sc_peek(figure)	data_race(READ_ONCE(figure))

u64 sc_stats_sum(const struct sc_target *t, enum sc_counter counter)
{
	u64 sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(t->stats, cpu)->counter[counter]);
	return sum;
}

u64 sc_stats_nr_dirty(const struct sc_cache *c)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < c->map->nr_shards; i++)
		sum += sc_peek(c->map->shards[i].nr_dirty);
	return sum;
}

u64 sc_stats_bytes(const struct sc_cache *c)
{
	return c->map->bytes + sc_dirty_bytes(c->dirty) +
	       sc_policy_bytes(c->policy) + sizeof(*c) +
	       (u64)c->map->nr_shards * sizeof(*c->locks) +
	       sizeof(*c->admission.admit) +
	       SC_WRITER_SLOTS * sizeof(atomic_t);
}

static void status_of_map(const struct sc_cache *c, struct sc_status_info *s)
{
	const struct sc_shard *sh;
	u32 i;

	for (i = 0; i < c->map->nr_shards; i++) {
		sh = &c->map->shards[i];
		s->slots.used += sc_peek(sh->nr_mapped);
		s->dirty_sectors += (u64)sc_peek(sh->nr_dirty_subs)
				    << c->geom.sub_shift;
		s->free_slots += sc_peek(sh->nr_free);
		s->retiring_slots += sc_peek(sh->nr_retiring) +
				     sc_peek(sh->nr_resting);
	}
	s->slots.total = c->geom.nr_slots;
	s->nr_dirty = sc_stats_nr_dirty(c);
}

static void status_of_cache(struct sc_cache *c, struct sc_status_info *s)
{
	struct sc_meta_stats st;

	sc_commit_stats(c, &st);
	s->health = READ_ONCE(c->health);
	s->meta.used = st.nr_used;
	s->meta.total = st.nr_blocks;
	s->journal.used = st.journal_used;
	s->journal.total = st.journal_blocks;
	s->needs_check = READ_ONCE(c->needs_check);
	s->ram_bytes = sc_stats_bytes(c);
	spin_lock_irq(&c->admission.lock);
	s->budget_used = sc_admit_used(c->admission.admit) >> 11;
	spin_unlock_irq(&c->admission.lock);
	status_of_map(c, s);
}

static void status_info(struct sc_target *t, char *result, unsigned int maxlen)
{
	struct sc_status_info *s = kzalloc(sizeof(*s), GFP_NOIO);
	int i;

	if (!s)
		return;
	s->config = t->config;
	memcpy(s->uuid, t->uuid, sizeof(s->uuid));
	for (i = 0; i < SC_NR_COUNTERS; i++)
		s->counter[i] = sc_stats_sum(t, i);
	mutex_lock(&t->lock);
	if (t->cache)
		status_of_cache(t->cache, s);
	mutex_unlock(&t->lock);
	sc_status_emit(s, result, maxlen);
	kfree(s);
}

static void status_table(struct sc_target *t, char *result,
			 unsigned int maxlen)
{
	struct sc_text text;
	int leg;

	sc_text_init(&text, result, maxlen);
	for (leg = 0; leg < SC_NR_LEGS; leg++)
		sc_text_add(&text, "%s ", t->dev[leg]->name);
	sc_config_emit_table(&t->config, &text);
}

void sc_target_status(struct dm_target *ti, status_type_t type,
		      unsigned int flags, char *result, unsigned int maxlen)
{
	struct sc_target *t = ti->private;

	switch (type) {
	case STATUSTYPE_INFO:
		/* What dm-cache does, too: let what is under way be counted. */
		if (!(flags & SC_STATUS_NOFLUSH))
			sc_target_commit(t);
		status_info(t, result, maxlen);
		break;
	case STATUSTYPE_TABLE:
		status_table(t, result, maxlen);
		break;
	case STATUSTYPE_IMA:
		*result = '\0';
		break;
	}
}
