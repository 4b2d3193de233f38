// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which caches there are: those at work, for dm lets two tables open one device,
 * but two caches must not work on it; and those that are parked.
 *
 * DOC: parked
 *
 * A suspend ends a cache, and a resume reads everything anew, so that another
 * table may come between. With a dead SSD nothing can be read, and the origin,
 * which could go on, would be lost to its users with it. So a cache in ill health
 * is kept, stopped, until a resume has begun anew, or goes on with it.
 */
#include <linux/list.h>
#include <linux/mutex.h>

#include "target.h"

static DEFINE_MUTEX(active_lock);
static LIST_HEAD(active_caches);

static struct block_device *leg(const struct sc_target *t, enum sc_leg leg)
{
	return t->dev[leg]->bdev;
}

/* The origin may serve several, at different times or places. */
static bool shares_device(const struct sc_target *a, const struct sc_target *b)
{
	return leg(a, SC_LEG_METADATA) == leg(b, SC_LEG_METADATA) ||
	       leg(a, SC_LEG_METADATA) == leg(b, SC_LEG_CACHE) ||
	       leg(a, SC_LEG_CACHE) == leg(b, SC_LEG_METADATA) ||
	       leg(a, SC_LEG_CACHE) == leg(b, SC_LEG_CACHE);
}

int sc_active_add(struct sc_cache *c, struct sc_reason *why)
{
	struct sc_cache *other;
	int r = 0;

	mutex_lock(&active_lock);
	list_for_each_entry(other, &active_caches, active)
		if (!other->parked && shares_device(c->target, other->target))
			r = -EBUSY;
	if (r)
		sc_reason_set(why, "the metadata or cache device is in use by another cache");
	else
		list_add(&c->active, &active_caches);
	mutex_unlock(&active_lock);
	return r;
}

void sc_active_remove(struct sc_cache *c)
{
	mutex_lock(&active_lock);
	list_del_init(&c->active);
	mutex_unlock(&active_lock);
}

void sc_active_park(struct sc_cache *c)
{
	mutex_lock(&active_lock);
	c->parked = true;
	mutex_unlock(&active_lock);
}

static bool same_devices(const struct sc_target *a, const struct sc_target *b)
{
	int n;

	for (n = 0; n < SC_NR_LEGS; n++)
		if (leg(a, n) != leg(b, n))
			return false;
	return true;
}

struct sc_cache *sc_active_take(struct sc_target *t, const struct sc_cache *new)
{
	struct sc_cache *other, *found = NULL;
	bool busy = false;

	mutex_lock(&active_lock);
	list_for_each_entry(other, &active_caches, active) {
		if (other == new || !shares_device(t, other->target))
			continue;
		busy |= !other->parked;
		if (other->parked && (new || same_devices(t, other->target)))
			found = other;
	}
	if (busy)
		found = NULL;
	if (found) {
		found->parked = false;
		found->target = t;
	}
	mutex_unlock(&active_lock);
	return found;
}

struct sc_cache *sc_active_take_from(struct sc_target *t)
{
	struct sc_cache *other, *found = NULL;

	mutex_lock(&active_lock);
	list_for_each_entry(other, &active_caches, active)
		if (other->parked && other->target == t)
			found = other;
	/* Whoever wants its devices need not wait until it is freed. */
	if (found)
		list_del_init(&found->active);
	mutex_unlock(&active_lock);
	return found;
}
