// SPDX-License-Identifier: GPL-2.0-only
/*
 * Constructor and destructor: the table line and the devices. Nothing is read
 * from the devices here, as another table may still be using them.
 */
#define DM_MSG_PREFIX "ssdcache"

#include <linux/reboot.h>
#include <linux/slab.h>

#include "target.h"

/* dm prints ti->error and keeps the pointer: the text must stay. */
static void ctr_error(struct dm_target *ti, const struct sc_reason *why)
{
	DMERR("%s: %s", dm_table_device_name(ti->table), why->text);
	ti->error = "Invalid table, see the line above";
}

static int open_devices(struct sc_target *t, char **argv, struct sc_reason *why)
{
	static const char *const names[] = { "metadata", "cache", "origin" };
	int leg, r;

	for (leg = 0; leg < SC_NR_LEGS; leg++) {
		/* A read-only table may still have to fill and to commit. */
		r = dm_get_device(t->ti, argv[leg],
				  leg == SC_LEG_ORIGIN ?
					  dm_table_get_mode(t->ti->table) :
					  SC_OPEN_RW,
				  &t->dev[leg]);
		if (r) {
			t->dev[leg] = NULL;
			sc_reason_set(why, "%s the %s device %s",
				      r == -ENOMEM ? "no memory to open" :
						     "cannot open",
				      names[leg], argv[leg]);
			return r;
		}
	}
	return 0;
}

static int check_distinct(struct sc_target *t, struct sc_reason *why)
{
	if (t->dev[SC_LEG_METADATA]->bdev != t->dev[SC_LEG_CACHE]->bdev &&
	    t->dev[SC_LEG_CACHE]->bdev != t->dev[SC_LEG_ORIGIN]->bdev &&
	    t->dev[SC_LEG_METADATA]->bdev != t->dev[SC_LEG_ORIGIN]->bdev)
		return 0;
	sc_reason_set(why, "metadata, cache and origin must be three different devices");
	return -EINVAL;
}

static int check_sizes(struct sc_target *t, struct sc_reason *why)
{
	u64 origin = bdev_nr_sectors(t->dev[SC_LEG_ORIGIN]->bdev);

	if (t->ti->len > origin) {
		sc_reason_set(why, "the target is longer than the origin: %llu sectors, the origin has %llu",
			      (u64)t->ti->len, origin);
		return -EINVAL;
	}
	if (bdev_nr_sectors(t->dev[SC_LEG_CACHE]->bdev) <
	    t->config.block_sectors) {
		sc_reason_set(why, "the cache device is smaller than one block of %u sectors",
			      t->config.block_sectors);
		return -EINVAL;
	}
	return 0;
}

static void set_capabilities(struct dm_target *ti)
{
	ti->num_flush_bios = 1;
	ti->flush_supported = true;
	ti->num_discard_bios = 1;
	ti->discards_supported = true;
	sc_need_stable_writes(ti);
	ti->per_io_data_size = sizeof(struct sc_io);
}

static int reboot_notify(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	sc_target_commit(container_of(nb, struct sc_target, reboot));
	return NOTIFY_DONE;
}

static void target_free(struct sc_target *t)
{
	int leg;

	for (leg = 0; leg < SC_NR_LEGS; leg++)
		if (t->dev[leg])
			dm_put_device(t->ti, t->dev[leg]);
	free_percpu(t->stats);
	mutex_destroy(&t->lock);
	kfree(t);
}

static int target_init(struct sc_target *t, unsigned int argc, char **argv,
		       struct sc_reason *why)
{
	int r = sc_config_parse_table(&t->config, argc, argv, why);

	if (r)
		return r;
	t->stats = alloc_percpu(struct sc_stats);
	if (!t->stats)
		return -ENOMEM;
	r = open_devices(t, argv, why);
	if (!r)
		r = check_distinct(t, why);
	if (!r)
		r = check_sizes(t, why);
	return r;
}

int sc_target_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct sc_target *t = kzalloc(sizeof(*t), GFP_KERNEL);
	struct sc_reason why;
	int r;

	sc_reason_set(&why, "no memory");
	if (!t) {
		ctr_error(ti, &why);
		return -ENOMEM;
	}
	t->ti = ti;
	mutex_init(&t->lock);
	init_waitqueue_head(&t->no_users);
	r = target_init(t, argc, argv, &why);
	if (r) {
		ctr_error(ti, &why);
		target_free(t);
		return r;
	}
	set_capabilities(ti);
	t->reboot.notifier_call = reboot_notify;
	register_reboot_notifier(&t->reboot);
	ti->private = t;
	return 0;
}

void sc_target_dtr(struct dm_target *ti)
{
	struct sc_target *t = ti->private;
	struct sc_cache *parked;

	unregister_reboot_notifier(&t->reboot);
	/* dm may skip postsuspend if a resume failed half way. */
	if (t->cache)
		sc_cache_destroy(t->cache);
	while ((parked = sc_active_take_from(t)))
		sc_cache_destroy(parked);
	target_free(t);
}
