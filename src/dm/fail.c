// SPDX-License-Identifier: GPL-2.0-only
/*
 * Failures: counted, logged at a bounded rate, turned into a state that only
 * ever gets worse until the next activation, and into a dm event.
 */
#include <linux/ratelimit.h>

#include "target.h"
#include "text.h"
#include "trace.h"

static void fail_count(struct sc_cache *c, enum sc_leg leg, bool write)
{
	switch (leg) {
	case SC_LEG_METADATA:
		sc_count(c, metadata_errors);
		break;
	case SC_LEG_CACHE:
		if (write)
			sc_count(c, cache_write_errors);
		else
			sc_count(c, cache_read_errors);
		break;
	default:
		if (write)
			sc_count(c, origin_write_errors);
		else
			sc_count(c, origin_read_errors);
	}
}

void sc_fail_io(struct sc_cache *c, enum sc_leg leg, bool write)
{
	static const char *const names[] = { "metadata", "cache", "origin" };
	struct sc_target *t = c->target;

	fail_count(c, leg, write);
	trace_sc_fail(c, leg, write);
	pr_err_ratelimited("ssdcache %s: %s of %s device %s failed\n",
			   dm_table_device_name(t->ti->table),
			   write ? "write" : "read", names[leg],
			   t->dev[leg]->name);
	queue_work(c->reclaim_wq, &c->event);
}

void sc_fail_health(struct sc_cache *c, enum sc_health health, const char *why)
{
	unsigned int old = READ_ONCE(c->health);

	do {
		if (old >= health)
			return;
	} while (!try_cmpxchg(&c->health, &old, health));
	WRITE_ONCE(c->needs_check, true);
	pr_err("ssdcache %s: %s, state is now %s\n",
	       dm_table_device_name(c->target->ti->table), why,
	       sc_health_name(health));
	queue_work(c->reclaim_wq, &c->event);
}

void sc_fail_lost(struct sc_cache *c)
{
	sc_count(c, lost_blocks);
	WRITE_ONCE(c->needs_check, true);
}

/* Tells user space, and whoever waits for what will no longer come. */
void sc_fail_event_work(struct work_struct *work)
{
	struct sc_cache *c = container_of(work, struct sc_cache, event);
	u32 i;

	for (i = 0; i < c->map->nr_shards; i++) {
		spin_lock_irq(&c->locks[i].lock);
		sc_shard_wake(&c->locks[i]);
		spin_unlock_irq(&c->locks[i].lock);
	}
	dm_table_event(c->target->ti->table);
}
