// SPDX-License-Identifier: GPL-2.0-only
/*
 * From metadata to a cache at work, and back.
 */
#include <linux/slab.h>
#include <linux/uuid.h>

#include "commit-thread.h"
#include "flusher-thread.h"
#include "trace.h"

/* ---- parts ------------------------------------------------------------------- */

/*
 * A resume must not fail for want of 64 KiB in one piece, which memory that has
 * been in use for long may not have; nor may it make room by I/O.
 */
static void *buffer_alloc(gfp_t gfp, void *size)
{
	return kvmalloc((size_t)size, gfp);
}

static void buffer_free(void *buf, void *size)
{
	kvfree(buf);
}

static int pools_init(struct sc_pools *p)
{
	int r;

	p->io = dm_io_client_create();
	if (IS_ERR(p->io)) {
		r = PTR_ERR(p->io);
		p->io = NULL;
		return r;
	}
	r = bioset_init(&p->bios, SC_MAX_WRITE_JOBS, 0, 0);
	if (!r)
		r = bioset_init(&p->leg_bios, SC_MAX_WRITE_JOBS, 0, 0);
	if (!r)
		r = mempool_init(&p->buffers, 16, buffer_alloc, buffer_free,
				 (void *)(size_t)SC_BUFFER_BYTES);
	return r;
}

/* All three take what was only zeroed. */
static void pools_exit(struct sc_pools *p)
{
	mempool_exit(&p->buffers);
	bioset_exit(&p->leg_bios);
	bioset_exit(&p->bios);
	if (p->io)
		dm_io_client_destroy(p->io);
}

static int admission_init(struct sc_admission *a, const struct sc_tunables *t)
{
	spin_lock_init(&a->lock);
	init_waitqueue_head(&a->writers_wait);
	a->admit = kzalloc(sizeof(*a->admit), GFP_KERNEL);
	a->writers = kcalloc(SC_WRITER_SLOTS, sizeof(*a->writers), GFP_KERNEL);
	if (!a->admit || !a->writers)
		return -ENOMEM;
	sc_admit_init(a->admit, (u64)t->sequential_cutoff << 1,
		      (u64)t->write_budget << 20);
	return 0;
}

static void admission_exit(struct sc_admission *a)
{
	kfree(a->writers);
	kfree(a->admit);
}

static int queues_init(struct sc_cache *c)
{
	const char *name = dm_table_device_name(c->target->ti->table);

	INIT_WORK(&c->event, sc_fail_event_work);
	INIT_WORK(&c->reclaim, sc_reclaim_work);
	c->reclaim_wq = alloc_workqueue("sc_reclaim/%s",
					WQ_MEM_RECLAIM | SC_WQ_PERCPU, 0,
					name);
	c->fill_wq = alloc_workqueue("sc_fill/%s",
				     WQ_HIGHPRI | WQ_MEM_RECLAIM | WQ_UNBOUND,
				     SC_MAX_FILLS, name);
	c->write_wq = alloc_workqueue("sc_write/%s",
				      WQ_MEM_RECLAIM | WQ_UNBOUND,
				      SC_MAX_WRITE_JOBS, name);
	return c->reclaim_wq && c->fill_wq && c->write_wq ? 0 : -ENOMEM;
}

static int locks_init(struct sc_cache *c)
{
	u32 i;

	c->locks = kcalloc(c->map->nr_shards, sizeof(*c->locks), GFP_KERNEL);
	if (!c->locks)
		return -ENOMEM;
	for (i = 0; i < c->map->nr_shards; i++) {
		spin_lock_init(&c->locks[i].lock);
		init_waitqueue_head(&c->locks[i].wait);
		c->locks[i].resting = SC_NIL;
	}
	return 0;
}

static bool same_disk(const struct sc_target *t)
{
	return t->dev[SC_LEG_METADATA]->bdev->bd_disk ==
	       t->dev[SC_LEG_CACHE]->bdev->bd_disk;
}

/* ---- metadata ---------------------------------------------------------------- */

static int meta_open_once(struct sc_cache *c, struct sc_reason *why)
{
	struct sc_target *t = c->target;
	struct sc_meta_params p = {
		.metadata_sectors = bdev_nr_sectors(sc_bdev(c, SC_LEG_METADATA)),
		.cache_sectors = bdev_nr_sectors(sc_bdev(c, SC_LEG_CACHE)),
		.origin_sectors = t->ti->len,
		.block_sectors = t->config.block_sectors,
		.journal_blocks = t->config.tune.journal_blocks,
		.same_disk = same_disk(t),
	};

	/* A disk that is unplugged has no sectors: that is no wrong table. */
	if (!p.metadata_sectors || !p.cache_sectors) {
		sc_reason_set(why, "the metadata or cache device is gone");
		return -EIO;
	}
	generate_random_uuid(p.uuid);
	strscpy_pad(p.policy, t->config.policy, sizeof(p.policy));
	c->meta = sc_meta_create(&sc_meta_io_ops, c, &p);
	if (!c->meta)
		return -ENOMEM;
	return sc_meta_open(c->meta, why);
}

static int meta_open(struct sc_cache *c, struct sc_reason *why)
{
	int r = meta_open_once(c, why);

	if (r || !sc_abandoned(c))
		return r;
	/* The origin went on without it: begin anew. */
	r = sc_meta_void(c->meta);
	if (r) {
		sc_reason_set(why, "metadata: the origin went on without this cache, and that cannot be written");
		return r;
	}
	sc_meta_destroy(c->meta);
	c->meta = NULL;
	return meta_open_once(c, why);
}

/* A block that the journal calls clean later costs the sweep a look. */
static int load_records(void *ctx, const struct sc_record *rec, u32 nr)
{
	struct sc_cache *c = ctx;
	u32 i;

	cond_resched();
	if (!sc_map_load(c->map, rec, nr))
		return 0;
	for (i = 0; i < nr; i++)
		if (rec[i].dirty)
			sc_dirty_set(c->dirty, rec[i].block);
	return 0;
}

static int cache_load(struct sc_cache *c, struct sc_reason *why)
{
	const struct sc_tunables *tune = &c->target->config.tune;
	sc_oblock_t bad;
	int r;

	c->geom = *sc_meta_geom(c->meta);
	c->map = sc_map_create(&c->geom);
	c->dirty = sc_dirty_create(&c->geom);
	if (!c->map || !c->dirty)
		return -ENOMEM;
	c->policy = sc_policy_create(c->target->config.policy, c->map,
				     tune->small_queue, tune->ghost);
	if (!c->policy)
		return -ENOMEM;
	r = sc_meta_load(c->meta, load_records, why);
	if (r)
		return r;
	r = sc_map_load_end(c->map, &bad);
	if (r) {
		sc_reason_set(why, "corrupt slot table: block %llu is held twice",
			      from_oblock(bad));
		return r;
	}
	return locks_init(c);
}

/* Written by a version that knew more. */
static int cache_check_writable(struct sc_cache *c, struct sc_reason *why)
{
	if (!sc_meta_read_only(c->meta))
		return 0;
	sc_reason_set(why, "metadata: an unknown ro_compat feature forbids writing to it");
	return -EROFS;
}

/* Passthrough may not begin with dirty blocks. */
static int cache_check_mode(struct sc_cache *c, struct sc_reason *why)
{
	u64 nr_dirty = sc_stats_nr_dirty(c);

	if (c->target->config.mode != SC_PASSTHROUGH || !nr_dirty)
		return 0;
	sc_reason_set(why, "passthrough needs a clean cache, but %llu blocks are dirty",
		      nr_dirty);
	return -EBUSY;
}

static int cache_start(struct sc_cache *c, struct sc_reason *why)
{
	int r = cache_check_writable(c, why);

	if (!r)
		r = cache_check_mode(c, why);
	if (r)
		return r;
	sc_reason_set(why, "metadata: cannot be written");
	r = sc_meta_start(c->meta);
	if (r == -EOVERFLOW)
		sc_reason_set(why, "metadata: a counter stands where none can");
	if (r)
		return r;
	/* The engine belongs to the commit thread from here on. */
	if (sc_meta_needs_check(c->meta))
		WRITE_ONCE(c->needs_check, true);
	sc_meta_uuid(c->meta, c->target->uuid);
	sc_reason_set(why, "no threads");
	r = sc_commit_start(c);
	/* Last, as it waits for commits. */
	if (!r)
		r = sc_flusher_start(c);
	return r;
}

/* ---- the whole --------------------------------------------------------------- */

static int cache_init(struct sc_cache *c, struct sc_reason *why)
{
	int r = sc_active_add(c, why);

	if (!r)
		r = pools_init(&c->pools);
	if (!r)
		r = admission_init(&c->admission, &c->target->config.tune);
	if (!r)
		r = sc_grace_init(&c->grace);
	if (!r)
		r = queues_init(c);
	if (!r)
		r = sc_commit_create(c);
	if (!r)
		r = meta_open(c, why);
	if (!r)
		r = cache_load(c, why);
	if (!r)
		r = sc_flusher_create(c);
	if (!r)
		r = cache_start(c, why);
	return r;
}

static struct sc_cache *cache_create(struct sc_target *t, struct sc_reason *why)
{
	struct sc_cache *c = kzalloc(sizeof(*c), GFP_KERNEL);
	int r;

	sc_reason_set(why, "no memory or no device");
	if (!c)
		return ERR_PTR(-ENOMEM);
	c->target = t;
	INIT_LIST_HEAD(&c->active);
	c->last_origin_io = jiffies;
	/* Rule 7: what others wrote to the origin may be in its cache still. */
	atomic64_set(&c->origin_wseq, 1);
	r = cache_init(c, why);
	if (r) {
		sc_cache_destroy(c);
		return ERR_PTR(r);
	}
	return c;
}

static void destroy_wq(struct workqueue_struct *wq)
{
	if (wq)
		destroy_workqueue(wq);
}

/* Dirty blocks whose records cannot be written are nowhere but here. */
static void cache_rescue_dirty(struct sc_cache *c)
{
	if (!c->flusher || !c->flusher->thread)
		return;
	sc_commit_sync(c);
	if (sc_commit_error(c) && sc_flusher_empty(c))
		pr_err("ssdcache %s: %llu dirty blocks could not be written back\n",
		       dm_table_device_name(c->target->ti->table),
		       sc_stats_nr_dirty(c));
}

static void drain_wq(struct workqueue_struct *wq)
{
	if (wq)
		drain_workqueue(wq);
}

/*
 * Jobs first, they may still write behind a reader's back; then the flusher,
 * which needs commits; then the last commit, which feeds reclaim.
 */
static void cache_stop(struct sc_cache *c)
{
	drain_wq(c->write_wq);
	drain_wq(c->fill_wq);
	cache_rescue_dirty(c);
	sc_flusher_stop(c);
	sc_commit_stop(c);
	drain_wq(c->reclaim_wq);
}

static void cache_free(struct sc_cache *c)
{
	destroy_wq(c->write_wq);
	destroy_wq(c->fill_wq);
	destroy_wq(c->reclaim_wq);
	sc_commit_destroy(c);
	sc_flusher_destroy(c);
	kfree(c->locks);
	sc_policy_destroy(c->policy);
	sc_dirty_destroy(c->dirty);
	sc_map_destroy(c->map);
	sc_meta_destroy(c->meta);
	sc_grace_exit(&c->grace);
	admission_exit(&c->admission);
	pools_exit(&c->pools);
	sc_active_remove(c);
	kfree(c);
}

/* Both take a cache at any stage of cache_init(). */
void sc_cache_destroy(struct sc_cache *c)
{
	cache_stop(c);
	cache_free(c);
}

void sc_cache_suspend(struct sc_cache *c)
{
	cache_stop(c);
	/* The last commit may have been what failed. */
	if (c->health == SC_RW)
		cache_free(c);
	else
		sc_active_park(c);
}

static int cache_restart(struct sc_cache *c)
{
	int r;

	sc_meta_uuid(c->meta, c->target->uuid);
	sc_flusher_interrupt(c, false);
	r = sc_commit_start(c);
	if (!r)
		r = sc_flusher_start(c);
	if (r)
		cache_stop(c);
	return r;
}

/* Does the table want what is in memory, and is there room for it? */
static bool cache_fits(const struct sc_cache *c)
{
	const struct sc_target *t = c->target;
	const struct sc_geom *g = &c->geom;
	u64 sectors = bdev_nr_sectors(sc_bdev(c, SC_LEG_CACHE));

	/* None if it is unplugged. A start that failed may have put its label there. */
	return g->origin_sectors == t->ti->len &&
	       sc_block_sectors(g) == t->config.block_sectors &&
	       (!sectors ||
		sc_slot_sector(g, to_cblock(g->nr_slots)) + SC_LABEL_SECTORS <=
			round_down(sectors, SC_LABEL_SECTORS));
}

/*
 * What is in memory may do, as long as nothing says that the devices are others
 * now: they could not be read or written, there was no memory, or something is
 * dirty though the mode is passthrough, which ill health may bring.
 */
static bool may_go_on(int error)
{
	return error == -EIO || error == -ENOMEM || error == -EBUSY;
}

/* What was read before the error, and what was not, may have been exchanged. */
static bool holds_other(struct sc_cache *c, struct sc_reason *why)
{
	/* Nothing of the devices counts any more. */
	if (c->records == SC_RECORDS_NONE || !sc_meta_is_other(c->meta))
		return false;
	sc_reason_set(why, "metadata and cache device are not those of the cache that was suspended");
	return true;
}

static struct sc_cache *cache_go_on(struct sc_target *t, int error,
				    struct sc_reason *why)
{
	/* Also if it cannot go on now: the table it came from may go. */
	struct sc_cache *c = sc_active_take(t, NULL);

	if (!c)
		return ERR_PTR(error);
	if (!may_go_on(error) || !cache_fits(c) || holds_other(c, why) ||
	    cache_restart(c)) {
		sc_active_park(c);
		return ERR_PTR(error);
	}
	pr_warn("ssdcache %s: %s; goes on as before, state is %s\n",
		dm_table_device_name(t->ti->table), why->text,
		sc_health_name(c->health));
	return c;
}

/* Its records have told what was dirty, but for what it had none of. */
static void cache_drop(struct sc_cache *c)
{
	u64 nr_dirty = sc_stats_nr_dirty(c);

	if (nr_dirty)
		pr_warn("ssdcache %s: begins anew with %llu dirty blocks as their records say\n",
			dm_table_device_name(c->target->ti->table), nr_dirty);
	cache_free(c);
}

struct sc_cache *sc_cache_resume(struct sc_target *t, struct sc_reason *why)
{
	struct sc_cache *c = cache_create(t, why), *parked;

	if (IS_ERR(c))
		return cache_go_on(t, PTR_ERR(c), why);
	while ((parked = sc_active_take(t, c)))
		cache_drop(parked);
	return c;
}

void sc_cache_wait_owners(struct sc_cache *c)
{
	struct sc_lock *l;
	struct sc_slot *s;
	u32 i;

	for (i = 0; i < c->geom.nr_slots; i++) {
		s = sc_map_slot(c->map, i);
		if (!(i & 0xffff))
			cond_resched();
		/* One that becomes busy from now on is none to wait for. */
		if (!(data_race(READ_ONCE(s->flags)) & SC_BUSY))
			continue;
		l = sc_slot_lock(c, i);
		spin_lock_irq(&l->lock);
		while (s->flags & SC_BUSY)
			sc_shard_wait(l);
		spin_unlock_irq(&l->lock);
	}
}
