// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module and dm's side of a target: its operations, suspend and resume.
 */
#define DM_MSG_PREFIX "ssdcache"

#include <linux/module.h>
#include <linux/sched/mm.h>

#include <ssdcache/abi.h>

#include "target.h"

#define CREATE_TRACE_POINTS
#include "trace.h"

/*
 * The largest discard in one piece. Until it is over nothing is filled or
 * destaged in its runs, nor in those that share a counter with them.
 */
#define MAX_DISCARD_SECTORS	(16u << 11)

static int target_preresume(struct dm_target *ti)
{
	struct sc_target *t = ti->private;
	struct sc_reason why;
	struct sc_cache *c;
	unsigned int noio;
	int r = 0;

	mutex_lock(&t->lock);
	/* Still here after a suspend that was undone. */
	if (t->cache)
		goto out;
	/* The device is suspended: memory must not be sought by writing to it. */
	noio = memalloc_noio_save();
	c = sc_cache_resume(t, &why);
	memalloc_noio_restore(noio);
	if (IS_ERR(c)) {
		r = PTR_ERR(c);
		DMERR("%s: %s", dm_table_device_name(ti->table), why.text);
	} else {
		t->cache = c;
	}
out:
	mutex_unlock(&t->lock);
	return r;
}

/* dm waits for messages after this: they must not take long. */
static void target_presuspend(struct dm_target *ti)
{
	struct sc_target *t = ti->private;

	if (t->cache)
		sc_flusher_interrupt(t->cache, true);
}

static void target_presuspend_undo(struct dm_target *ti)
{
	struct sc_target *t = ti->private;

	if (t->cache)
		sc_flusher_interrupt(t->cache, false);
}

static void target_postsuspend(struct dm_target *ti)
{
	struct sc_target *t = ti->private;
	unsigned int noio;

	mutex_lock(&t->lock);
	while (t->nr_users) {
		mutex_unlock(&t->lock);
		wait_event(t->no_users, !READ_ONCE(t->nr_users));
		mutex_lock(&t->lock);
	}
	noio = memalloc_noio_save();
	if (t->cache)
		sc_cache_suspend(t->cache);
	t->cache = NULL;
	memalloc_noio_restore(noio);
	mutex_unlock(&t->lock);
}

void sc_target_commit(struct sc_target *t)
{
	mutex_lock(&t->lock);
	if (t->cache)
		sc_commit_wait(t->cache, sc_commit_ticket(t->cache));
	mutex_unlock(&t->lock);
}

static int target_iterate_devices(struct dm_target *ti,
				  iterate_devices_callout_fn fn, void *data)
{
	struct sc_target *t = ti->private;
	struct dm_dev *cache = t->dev[SC_LEG_CACHE];
	int r = fn(ti, cache, 0, bdev_nr_sectors(cache->bdev), data);

	return r ? r : fn(ti, t->dev[SC_LEG_ORIGIN], 0, ti->len, data);
}

static void target_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct sc_target *t = ti->private;
	u32 block_bytes = t->config.block_sectors << SECTOR_SHIFT;
	u32 sub_bytes = max(block_bytes / SC_MAX_SUBS,
			    SC_MIN_BLOCK_SECTORS << SECTOR_SHIFT);

	limits->io_min = max(limits->io_min, sub_bytes);
	sc_set_stable_writes(limits);
	sc_set_discard_limits(limits, min_t(u64, MAX_DISCARD_SECTORS, ti->len),
			      sub_bytes);
}

#define TARGET_OPERATIONS				\
	.module = THIS_MODULE,				\
	.ctr = sc_target_ctr,				\
	.dtr = sc_target_dtr,				\
	.map = sc_io_map,				\
	.end_io = sc_io_end,				\
	.presuspend = target_presuspend,		\
	.presuspend_undo = target_presuspend_undo,	\
	.preresume = target_preresume,			\
	.postsuspend = target_postsuspend,		\
	.status = sc_target_status,			\
	.message = sc_target_message,			\
	.iterate_devices = target_iterate_devices,	\
	.io_hints = target_io_hints

static struct target_type sc_target_type = {
	.name = SC_TARGET_NAME,
	.version = { SC_VERSION_MAJOR, SC_VERSION_MINOR, SC_VERSION_PATCH },
	TARGET_OPERATIONS,
};

static struct target_type sc_claimed_type = {
	.name = SC_CLAIMED_NAME,
	.version = { SC_CLAIMED_MAJOR, SC_CLAIMED_MINOR, SC_CLAIMED_PATCH },
	TARGET_OPERATIONS,
};

static bool claim_dm_cache;
module_param(claim_dm_cache, bool, 0444);
MODULE_PARM_DESC(claim_dm_cache,
		 "be the target \"cache\" as well, in dm-cache's place");

/*
 * Without the name there still is the target of our own, on which the root
 * file system may be: that dm-cache was here first is no reason to go.
 */
static void register_claimed(void)
{
	if (!claim_dm_cache || !dm_register_target(&sc_claimed_type))
		return;
	DMERR("cannot claim the target \"" SC_CLAIMED_NAME
	      "\": unload dm-cache, then load this module again");
	claim_dm_cache = false;
}

static int __init sc_init(void)
{
	int r = dm_register_target(&sc_target_type);

	if (!r)
		register_claimed();
	return r;
}

static void __exit sc_exit(void)
{
	if (claim_dm_cache)
		dm_unregister_target(&sc_claimed_type);
	dm_unregister_target(&sc_target_type);
}

module_init(sc_init);
module_exit(sc_exit);

MODULE_DESCRIPTION("device-mapper cache with exact recovery");
MODULE_LICENSE("GPL");
/* dm asks for this when a table names the target. */
MODULE_ALIAS("dm-" SC_TARGET_NAME);
