// SPDX-License-Identifier: GPL-2.0-only
/*
 * Grace periods: waiting for the I/O that found a slot in the map and uses it
 * without owning it, at the price of one per-CPU count at its begin and end.
 *
 * I/O joins the epoch in force while it holds the lock of the slot's shard.
 * The waiter turns the epoch and then takes each shard lock once: I/O that
 * looked up a slot before has counted itself in the old epoch by then, and I/O
 * that looks up later joins the new one. From there on the old epoch's counters
 * only fall. Adding them up CPU by CPU can therefore come out too high but never
 * too low, and 0 is the truth. Two epochs suffice as one waiter works at a time
 * and leaves the other epoch empty.
 */
#include "target.h"

int sc_grace_init(struct sc_grace *g)
{
	mutex_init(&g->lock);
	init_waitqueue_head(&g->wait);
	g->count = alloc_percpu(struct sc_grace_count);
	return g->count ? 0 : -ENOMEM;
}

void sc_grace_exit(struct sc_grace *g)
{
	free_percpu(g->count);
}

static bool grace_over(const struct sc_grace *g, unsigned int epoch)
{
	long sum = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		sum += READ_ONCE(per_cpu_ptr(g->count, cpu)->nr[epoch]);
	return !sum;
}

void sc_grace_wait(struct sc_cache *c)
{
	struct sc_grace *g = &c->grace;
	unsigned int old;
	u32 i;

	mutex_lock(&g->lock);
	old = g->epoch;
	WRITE_ONCE(g->epoch, !old);
	for (i = 0; i < c->map->nr_shards; i++) {
		spin_lock_irq(&c->locks[i].lock);
		spin_unlock_irq(&c->locks[i].lock);
	}
	WRITE_ONCE(g->waiting, true);
	/* Pairs with sc_grace_put(): it sees us waiting or we see its count. */
	smp_mb();
	wait_event(g->wait, grace_over(g, old));
	WRITE_ONCE(g->waiting, false);
	mutex_unlock(&g->lock);
}
