// SPDX-License-Identifier: GPL-2.0-only
/*
 * The target: construction from the table line, and the way of a bio. See
 * simdisk.h for the locks.
 */
#include <linux/module.h>
#include <linux/slab.h>

#include "compat.h"
#include "simdisk.h"
#include "vcache.h"

#define MAX_CACHE_KB	(1024 * 1024)
#define MAX_SHUFFLE_US	(1000 * 1000)
#define MAX_DISCARD	(128 * 1024)	/* sectors */

/* ---- counters ------------------------------------------------------------- */

void sim_stats_sum(const struct sim_disk *sd, struct sim_stats *sum)
{
	int cpu, i;

	memset(sum, 0, sizeof(*sum));
	for_each_possible_cpu(cpu) {
		const struct sim_stats *s = per_cpu_ptr(sd->stats, cpu);

		for (i = 0; i < SIM_NR_KINDS; i++) {
			sum->nr[i] += READ_ONCE(s->nr[i]);
			sum->bytes[i] += READ_ONCE(s->bytes[i]);
		}
	}
}

void sim_stats_reset(struct sim_disk *sd)
{
	int cpu;

	for_each_possible_cpu(cpu)
		memset(per_cpu_ptr(sd->stats, cpu), 0, sizeof(*sd->stats));
	spin_lock_irq(&sd->group->lock);
	sd->nr_failed = 0;
	sd->serve.hdd.nr_seeks = 0;
	sd->serve.max_nr = sd->serve.nr;
	sd->serve.busy_ns = 0;
	sd->serve.busy_since = ktime_get_ns();
	spin_unlock_irq(&sd->group->lock);
	if (sd->vcache)
		sim_vcache_reset_stats(sd->vcache);
}

/* ---- the way of a bio ----------------------------------------------------- */

static enum sim_kind bio_kind(const struct bio *bio)
{
	if (bio_op(bio) == REQ_OP_READ)
		return SIM_READ;
	if (bio_op(bio) == REQ_OP_DISCARD)
		return SIM_DISCARD;
	/* dm sends a write's preflush as an empty bio of its own. */
	return bio->bi_iter.bi_size ? SIM_WRITE : SIM_FLUSH;
}

static void set_req(struct sim_disk *sd, struct sim_req *req,
		    const struct bio *bio, enum sim_kind kind)
{
	req->kind = kind;
	req->fua = bio->bi_opf & REQ_FUA;
	req->sector = kind == SIM_FLUSH ? 0 :
		dm_target_offset(sd->ti, bio->bi_iter.bi_sector);
	req->nr = bio_sectors(bio);
}

void sim_io_complete(struct sim_io *io)
{
	struct bio *bio = sim_io_bio(io);

	/* Written before the queues are drained, with a full lock between. */
	if (READ_ONCE(io->disk->state) != SIM_ON)
		bio->bi_status = BLK_STS_IOERR;
	bio->bi_end_io = io->end_io;
	bio_endio(bio);
}

void sim_io_served(struct sim_io *io, blk_status_t status)
{
	struct sim_disk *sd = io->disk;
	unsigned long flags;
	bool queued = false;

	if (status)
		sim_io_bio(io)->bi_status = status;
	if (!status && sd->config.model != SIM_NULL) {
		spin_lock_irqsave(&sd->group->lock, flags);
		queued = sd->state == SIM_ON;
		if (queued)
			sim_serve_add(sd, io);
		spin_unlock_irqrestore(&sd->group->lock, flags);
	}
	if (!queued)
		sim_io_complete(io);
}

static void data_end_io(struct bio *bio)
{
	struct sim_io *io = dm_per_bio_data(bio, sizeof(*io));

	sim_io_served(io, bio->bi_status);
}

/* A discard that the backing device does not know is a hint not taken. */
static bool is_noop(struct sim_disk *sd, enum sim_kind kind)
{
	return kind == SIM_DISCARD && !bdev_max_discard_sectors(sd->dev->bdev);
}

void sim_io_submit(struct sim_io *io)
{
	struct sim_disk *sd = io->disk;
	struct bio *bio = sim_io_bio(io);

	if (is_noop(sd, io->req.kind)) {
		sim_io_served(io, BLK_STS_OK);
		return;
	}
	sim_remap(sd, bio);
	bio->bi_end_io = data_end_io;
	dm_submit_bio_remap(bio, NULL);
}

static bool is_hooked(const struct sim_disk *sd)
{
	return sd->config.model != SIM_NULL || sd->vcache;
}

static int map_hooked(struct sim_disk *sd, struct bio *bio, enum sim_kind kind)
{
	struct sim_io *io = dm_per_bio_data(bio, sizeof(*io));

	io->disk = sd;
	io->end_io = bio->bi_end_io;
	set_req(sd, &io->req, bio, kind);
	if (sd->vcache && !sim_vcache_bypass(sd->vcache, &io->req)) {
		sim_vcache_queue(sd->vcache, io);
		return DM_MAPIO_SUBMITTED;
	}
	if (is_noop(sd, kind)) {
		sim_io_served(io, BLK_STS_OK);
		return DM_MAPIO_SUBMITTED;
	}
	sim_remap(sd, bio);
	bio->bi_end_io = data_end_io;
	return DM_MAPIO_REMAPPED;
}

static bool admit(struct sim_disk *sd, struct bio *bio, enum sim_kind kind)
{
	struct sim_req req;

	set_req(sd, &req, bio, kind);
	return sim_power_admit(sd, &req);
}

static int sim_map(struct dm_target *ti, struct bio *bio)
{
	struct sim_disk *sd = ti->private;
	enum sim_kind kind = bio_kind(bio);

	this_cpu_inc(sd->stats->nr[kind]);
	this_cpu_add(sd->stats->bytes[kind], bio->bi_iter.bi_size);
	if (unlikely(READ_ONCE(sd->guarded)) && !admit(sd, bio, kind))
		return DM_MAPIO_KILL;
	if (is_hooked(sd))
		return map_hooked(sd, bio, kind);
	if (unlikely(is_noop(sd, kind))) {
		bio_endio(bio);
		return DM_MAPIO_SUBMITTED;
	}
	sim_remap(sd, bio);
	return DM_MAPIO_REMAPPED;
}

/* ---- construction --------------------------------------------------------- */

static int parse_model(const char *word, enum sim_model *model)
{
	static const char * const names[] = {
		[SIM_NULL] = "null", [SIM_HDD] = "hdd", [SIM_SSD] = "ssd",
	};
	int i = match_string(names, ARRAY_SIZE(names), word);

	if (i < 0)
		return i;
	*model = i;
	return 0;
}

static int parse_key(struct sim_config *c, const char *key, const char *value)
{
	u64 v;

	if (!strcmp(key, "group"))
		return strscpy(c->group, value, sizeof(c->group)) > 0 ?
		       0 : -EINVAL;
	if (kstrtou64(value, 10, &v))
		return -EINVAL;
	if (!strcmp(key, "seed"))
		c->seed = v;
	else if (!strcmp(key, "cache_kb") && v <= MAX_CACHE_KB)
		c->cache_kb = v;
	else if (!strcmp(key, "hold") && v <= 1)
		c->hold = v;
	else if (!strcmp(key, "shuffle") && v <= MAX_SHUFFLE_US)
		c->shuffle_us = v;
	else if (!strcmp(key, "discard") && v <= 1)
		c->discard = v;
	else if (!strcmp(key, "flush") && v <= 1)
		c->flush = v;
	else
		return -EINVAL;
	return 0;
}

static int parse_config(struct dm_target *ti, struct sim_config *c,
			struct dm_arg_set *as)
{
	if (parse_model(dm_shift_arg(as), &c->model)) {
		ti->error = "The model is none of hdd, ssd, null";
		return -EINVAL;
	}
	if (as->argc % 2) {
		ti->error = "A key without a value";
		return -EINVAL;
	}
	c->discard = c->model == SIM_SSD;
	/* Even with nothing to lose there are flushes to time and to count. */
	c->flush = true;
	while (as->argc) {
		const char *key = dm_shift_arg(as);

		if (parse_key(c, key, dm_shift_arg(as))) {
			ti->error = "An unknown key or a bad value";
			return -EINVAL;
		}
	}
	return 0;
}

static int get_backing(struct dm_target *ti, struct sim_disk *sd,
		       struct dm_arg_set *as)
{
	const char *path = dm_shift_arg(as);
	u64 start;
	int r;

	if (kstrtou64(dm_shift_arg(as), 10, &start) || start != (sector_t)start) {
		ti->error = "Bad offset";
		return -EINVAL;
	}
	sd->start = start;
	r = dm_get_device(ti, path, dm_table_get_mode(ti->table), &sd->dev);
	if (r)
		ti->error = "Cannot open the backing device";
	return r;
}

static void free_disk(struct dm_target *ti, struct sim_disk *sd)
{
	sim_vcache_destroy(sd);
	if (sd->dev)
		dm_put_device(ti, sd->dev);
	free_percpu(sd->stats);
	kfree(sd);
}

static void set_target(struct dm_target *ti, struct sim_disk *sd)
{
	ti->num_flush_bios = 1;
	ti->flush_supported = sd->config.flush || sd->config.cache_kb;
	ti->num_discard_bios = sd->config.discard;
	ti->discards_supported = sd->config.discard;
	ti->per_io_data_size = is_hooked(sd) ? sizeof(struct sim_io) : 0;
	ti->private = sd;
}

static int sim_ctr(struct dm_target *ti, unsigned int argc, char **argv)
{
	struct dm_arg_set as = { .argc = argc, .argv = argv };
	struct sim_disk *sd;
	int r = -ENOMEM;

	if (argc < 3) {
		ti->error = "Wanted: <dev> <offset> hdd|ssd|null [<key> <value>]*";
		return -EINVAL;
	}
	sd = kzalloc(sizeof(*sd), GFP_KERNEL);
	if (!sd)
		return -ENOMEM;
	sd->ti = ti;
	sd->stats = alloc_percpu(struct sim_stats);
	if (!sd->stats)
		goto err_free;
	r = get_backing(ti, sd, &as);
	if (!r)
		r = parse_config(ti, &sd->config, &as);
	if (r)
		goto err_free;
	sim_serve_init(sd);
	r = sd->config.cache_kb ? sim_vcache_create(sd) : 0;
	if (!r)
		r = sim_group_join(sd);
	if (r)
		goto err_free;
	set_target(ti, sd);
	return 0;

err_free:
	free_disk(ti, sd);
	return r;
}

static void sim_dtr(struct dm_target *ti)
{
	struct sim_disk *sd = ti->private;

	sim_group_leave(sd);
	sim_serve_exit(sd);
	free_disk(ti, sd);
}

/* An orderly end, or the handing over to another table: nothing is lost. */
static void sim_postsuspend(struct dm_target *ti)
{
	struct sim_disk *sd = ti->private;

	if (sd->vcache)
		sim_vcache_drain(sd->vcache);
}

static int sim_iterate_devices(struct dm_target *ti,
			       iterate_devices_callout_fn fn, void *data)
{
	struct sim_disk *sd = ti->private;

	return fn(ti, sd->dev, sd->start, ti->len, data);
}

static void sim_io_hints(struct dm_target *ti, struct queue_limits *limits)
{
	struct sim_disk *sd = ti->private;

	sim_limits_set_discard(limits, sd->config.discard ? MAX_DISCARD : 0);
	sim_limits_set_rotational(limits, sd->config.model == SIM_HDD);
}

static struct target_type simdisk_target = {
	.name = "simdisk",
	.version = { 1, 0, 0 },
	.module = THIS_MODULE,
	.ctr = sim_ctr,
	.dtr = sim_dtr,
	.map = sim_map,
	.postsuspend = sim_postsuspend,
	.message = sim_message,
	.status = sim_status,
	.iterate_devices = sim_iterate_devices,
	.io_hints = sim_io_hints,
};

static int __init simdisk_init(void)
{
	return dm_register_target(&simdisk_target);
}
module_init(simdisk_init);

static void __exit simdisk_exit(void)
{
	dm_unregister_target(&simdisk_target);
}
module_exit(simdisk_exit);

MODULE_DESCRIPTION("A simulated disk, for tests");
MODULE_LICENSE("GPL");
