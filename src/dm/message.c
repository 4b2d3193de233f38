// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages, understood by core/message.c. Under the target's mutex, so that no
 * suspend takes the cache away meanwhile.
 */
#define DM_MSG_PREFIX "ssdcache"

#include "message.h"
#include "target.h"

static int message_set(struct sc_target *t, const struct sc_message *m)
{
	struct sc_cache *c = t->cache;
	const struct sc_tunables *tune = &t->config.tune;

	sc_message_apply(&t->config, m);
	if (!c)
		return 0;
	spin_lock_irq(&c->admission.lock);
	if (m->tunable == SC_TUN_sequential_cutoff)
		sc_admit_set_cutoff(c->admission.admit,
				    (u64)tune->sequential_cutoff << 1);
	if (m->tunable == SC_TUN_write_budget)
		sc_admit_set_budget(c->admission.admit,
				    (u64)tune->write_budget << 20);
	spin_unlock_irq(&c->admission.lock);
	if (m->tunable == SC_TUN_small_queue)
		sc_policy_set_small(c->policy, tune->small_queue);
	sc_flusher_kick(c);
	return 0;
}

/*
 * Passthrough reads the origin without a look at the cache's dirty blocks, so
 * there must be none, nor a write under way that makes one.
 */
static int message_mode(struct sc_target *t, const struct sc_message *m)
{
	struct sc_cache *c = t->cache;
	enum sc_mode old = t->config.mode;

	if (m->mode != SC_PASSTHROUGH || !c) {
		sc_message_apply(&t->config, m);
		if (c)
			sc_flusher_kick(c);
		return 0;
	}
	WRITE_ONCE(t->config.mode, SC_WRITETHROUGH);
	flush_workqueue(c->write_wq);
	sc_grace_wait(c);
	sc_cache_wait_owners(c);
	if (sc_stats_nr_dirty(c)) {
		WRITE_ONCE(t->config.mode, old);
		DMERR("mode passthrough: there are dirty blocks, flush them first");
		return -EBUSY;
	}
	sc_message_apply(&t->config, m);
	return 0;
}

/*
 * In passthrough mode nothing is dirty, unless the metadata has failed: then
 * what a durable record calls dirty is written in its slot again.
 */
static int invalidate_range(struct sc_cache *c, const struct sc_slot_range *r)
{
	struct sc_lock *l;
	int ret = 0;
	u32 i;

	for (i = r->begin; i < r->end; i++) {
		struct sc_slot *s = sc_map_slot(c->map, i);

		l = &c->locks[sc_slot_shard(s)];
		spin_lock_irq(&l->lock);
		while (s->flags & (SC_BUSY | SC_COPYING))
			sc_shard_wait(l);
		if (sc_slot_dirty(c->map, i)) {
			ret = -EBUSY;
		} else if (s->flags & SC_HASHED && !(s->flags & SC_RETIRING)) {
			sc_slot_drop(c, i);
			sc_count(c, invalidations);
		}
		spin_unlock_irq(&l->lock);
		cond_resched();
	}
	return ret;
}

static int message_invalidate(struct sc_target *t, const struct sc_message *m)
{
	struct sc_cache *c = t->cache;
	struct sc_slot_range range;
	struct sc_reason why;
	unsigned int pass, n;
	int r = 0, s;

	if (!c)
		return -EINVAL;
	for (pass = 0; pass < 2; pass++) {
		for (n = 0; n < m->nr_ranges; n++) {
			if (sc_message_range(m->ranges[n], c->geom.nr_slots,
					     &range, &why)) {
				DMERR("%s", why.text);
				return -EINVAL;
			}
			if (pass && invalidate_range(c, &range))
				r = -EBUSY;
		}
	}
	if (r)
		DMERR("invalidate_cblocks: dirty blocks were left alone");
	s = sc_commit_sync(c);
	return r ? r : s;
}

/*
 * May take hours, so not under the mutex that status takes, too. A suspend
 * hurries it and waits for its end.
 */
static int message_flush(struct sc_target *t)
{
	struct sc_cache *c = t->cache;
	int r;

	if (!c)
		return -EINVAL;
	t->nr_users++;
	mutex_unlock(&t->lock);
	r = sc_flusher_drain(c);
	mutex_lock(&t->lock);
	if (!--t->nr_users)
		wake_up_all(&t->no_users);
	return r;
}

static int message_do(struct sc_target *t, const struct sc_message *m)
{
	int cpu;

	switch (m->kind) {
	case SC_MSG_SET:
		return message_set(t, m);
	case SC_MSG_MODE:
		return message_mode(t, m);
	case SC_MSG_FLUSH:
		return message_flush(t);
	case SC_MSG_INVALIDATE:
		return message_invalidate(t, m);
	case SC_MSG_STATS_RESET:
		for_each_possible_cpu(cpu)
			memset(per_cpu_ptr(t->stats, cpu), 0,
			       sizeof(struct sc_stats));
		return 0;
	case SC_MSG_IGNORED:
		return 0;
	}
	return -EINVAL;
}

int sc_target_message(struct dm_target *ti, unsigned int argc, char **argv,
		      char *result, unsigned int maxlen)
{
	struct sc_target *t = ti->private;
	struct sc_message m;
	struct sc_reason why;
	int r;

	mutex_lock(&t->lock);
	r = sc_message_parse(&m, &t->config, argc, argv, &why);
	if (r)
		DMERR("message: %s", why.text);
	else
		r = message_do(t, &m);
	mutex_unlock(&t->lock);
	return r;
}
