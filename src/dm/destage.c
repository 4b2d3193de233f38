// SPDX-License-Identifier: GPL-2.0-only
/*
 * One batch of destaging: collect dirty blocks in LBA order, read them from the
 * cache, write them to the origin in that order, flush the origin once, and
 * only then clear what nobody has written since (rule 5).
 */
#include <linux/rcupdate.h>

#include "flusher-thread.h"
#include "job.h"
#include "trace.h"

/* ---- collecting -------------------------------------------------------------- */

static bool batch_full(const struct sc_batch *b)
{
	return b->nr_jobs >= b->most ||
	       b->nr_slots + SC_RUN_HEADS > SC_BATCH_SLOTS ||
	       b->nr_jobs + SC_RUN_HEADS > SC_BATCH_JOBS;
}

/*
 * The origin must not become newer than a durable record that calls a copy in
 * the cache clean. Records that can no longer be written cannot be waited for;
 * if the label's epoch is raised, those that say clean do not count.
 */
static bool slot_may_change_origin(struct sc_cache *c, u32 i, u16 mask)
{
	if (READ_ONCE(c->records) != SC_RECORDS_ALL)
		return true;
	if (sc_map_find_older(c->map, i) != SC_NIL)
		return false;
	if (READ_ONCE(c->health) == SC_RW)
		return sc_map_settled(c->map, i, mask);
	return !(mask & sc_slot_dvalid(c->map, i) & ~sc_slot_ddirty(c->map, i));
}

/*
 * What is used again and again would be dirty again soon, and pay for that with
 * a new slot and two records; unless the policy wants to be rid of it.
 */
static bool slot_is_hot(const struct sc_slot *s)
{
	return sc_slot_freq(s) && sc_slot_queue(s) != SC_Q_DIRTY;
}

/*
 * Left for the next sweep. Who waits for one has had all records committed
 * before, as long as that was possible: what no durable record calls dirty was
 * written since. So was a sub-block alone in its slot whose record is on its way.
 */
static void slot_left(struct sc_batch *b, u32 i, u16 mask)
{
	struct sc_map *m = b->c->map;
	bool on_its_way = !m->masks && sc_map_slot(m, i)->flags & SC_COMMITTING;

	if (READ_ONCE(b->c->health) != SC_RW ||
	    (mask & sc_slot_dvalid(m, i) & sc_slot_ddirty(m, i) && !on_its_way))
		b->missed = min(b->missed,
				from_oblock(sc_slot_block(sc_map_slot(m, i))));
}

/* May so much of this slot be destaged now? */
static bool slot_ready(struct sc_batch *b, u32 i, u16 mask)
{
	struct sc_cache *c = b->c;
	const struct sc_slot *s = sc_map_slot(c->map, i);

	if (s->flags & (SC_BUSY | SC_COPYING) ||
	    sc_writers_busy(c, sc_slot_block(s)))
		return false;
	if (b->spare_hot && slot_is_hot(s)) {
		b->hot++;
		return false;
	}
	if (slot_may_change_origin(c, i, mask))
		return true;
	b->unsettled++;
	return false;
}

static void add_job(struct sc_batch *b, u64 sector, u64 end)
{
	struct sc_destage_job *job = &b->jobs[b->nr_jobs];
	struct sc_destage_job *last = job - 1;
	bool follows = b->nr_jobs && last->sector + last->nr_sectors == sector;

	end = min(end, b->c->geom.origin_sectors);
	if (follows && last->nr_sectors + (end - sector) <= SC_BUFFER_SECTORS) {
		last->nr_sectors += end - sector;
		last->nr = b->nr_slots - last->first;
		return;
	}
	*job = (struct sc_destage_job){
		.batch = b,
		.sector = sector,
		.nr_sectors = end - sector,
		.first = b->nr_slots - 1,
		.nr = 1,
	};
	b->nr_jobs++;
}

/* The dirty sub-blocks of one slot, neighbours in one job. */
static void add_slot(struct sc_batch *b, u32 i, u16 mask)
{
	const struct sc_geom *g = &b->c->geom;
	struct sc_slot *s = sc_map_slot(b->c->map, i);
	u64 base = sc_block_sector(g, sc_slot_block(s));
	u32 sub;

	s->flags = (s->flags & ~SC_REDIRTY) | SC_COPYING;
	b->slots[b->nr_slots++] = (struct sc_destage_slot){ .slot = i, .mask = mask };
	for (sub = 0; sub < g->nr_subs; sub++)
		if (mask >> sub & 1)
			add_job(b, base + ((u64)sub << g->sub_shift),
				base + ((u64)(sub + 1) << g->sub_shift));
}

/* The blocks up to @end, of one run. Returns whether something dirty is left. */
static bool collect_run(struct sc_batch *b, u64 n, u64 end)
{
	struct sc_cache *c = b->c;
	struct sc_run run = sc_map_run(c->map, to_oblock(n));
	struct sc_lock *l = &c->locks[run.shard];
	bool left = false;
	u16 mask;
	u32 i;

	spin_lock_irq(&l->lock);
	for (; n < end; n++) {
		i = sc_map_find(c->map, &run, to_oblock(n));
		if (i == SC_NIL || !sc_slot_dirty(c->map, i))
			continue;
		left = true;
		mask = sc_slot_dirty(c->map, i);
		if (slot_ready(b, i, mask))
			add_slot(b, i, mask);
		else
			slot_left(b, i, mask);
	}
	spin_unlock_irq(&l->lock);
	return left;
}

/*
 * From block @from on, or the granule's begin. Returns the block to go on at:
 * behind the granule, or in it if the batch is full.
 */
static u64 collect_granule(struct sc_batch *b, u32 granule, u64 from)
{
	struct sc_cache *c = b->c;
	u64 step = 1ULL << c->geom.run_shift, end, next, n;
	sc_oblock_t first;
	bool left;

	end = sc_dirty_granule_blocks(c->dirty, granule, &first);
	end += from_oblock(first);
	n = max(from, from_oblock(first));
	left = n > from_oblock(first);
	sc_dirty_clear(c->dirty, granule);
	for (; n < end && !batch_full(b); n = next) {
		next = min(round_down(n, step) + step, end);
		left |= collect_run(b, n, next);
	}
	/* What is copied now may stay dirty: somebody must look again. */
	if (left || n < end)
		sc_dirty_set(c->dirty, first);
	return n < end ? n : (u64)(granule + 1) << c->dirty->granule_shift;
}

bool sc_batch_collect(struct sc_batch *b, u64 *at)
{
	u32 granule = sc_dirty_granule(b->c->dirty, to_oblock(*at));

	b->nr_slots = 0;
	b->nr_jobs = 0;
	b->nr_failed = 0;
	b->left = SC_NOTHING_LEFT;
	b->began = 0;
	b->missed = SC_NOTHING_LEFT;
	b->unsettled = 0;
	b->dead = 0;
	b->hot = 0;
	while (!batch_full(b)) {
		granule = sc_dirty_next(b->c->dirty, granule);
		if (granule == SC_NO_GRANULE) {
			*at = 0;
			return true;
		}
		*at = collect_granule(b, granule, *at);
		granule = sc_dirty_granule(b->c->dirty, to_oblock(*at));
		cond_resched();
	}
	return false;
}

/* After so many jobs of which nothing moved the device is taken for dead. */
#define DEAD_JOBS	8

/* ---- moving ------------------------------------------------------------------ */

static void job_set_state(struct sc_destage_job *job, u8 state)
{
	/* Whoever sees the state may free the batch, but not before the end of this. */
	rcu_read_lock();
	/* What the I/O left behind is seen by who sees the state. */
	smp_store_release(&job->state, state);
	wake_up(&job->batch->waiting);
	rcu_read_unlock();
}

static u8 job_state(const struct sc_destage_job *job)
{
	/* Pairs with job_set_state(). */
	return smp_load_acquire(&job->state);
}

static void job_read_done(unsigned long error, void *context)
{
	struct sc_destage_job *job = context;

	if (error)
		WRITE_ONCE(job->error, true);
	if (atomic_dec_and_test(&job->pending))
		job_set_state(job, SC_JOB_READ);
}

SC_DM_IO_NOTIFY(job_read_done);

static void job_write_done(unsigned long error, void *context)
{
	struct sc_destage_job *job = context;

	if (error)
		WRITE_ONCE(job->error, true);
	job_set_state(job, SC_JOB_WRITTEN);
}

SC_DM_IO_NOTIFY(job_write_done);

static void job_io(struct sc_destage_job *job, blk_opf_t opf,
		   struct dm_io_region *region, void *buf)
{
	bool write = op_is_write(opf);
	struct dm_io_request req = {
		.bi_opf = opf,
		.mem.type = sc_mem_type(buf),
		.mem.ptr.addr = buf,
		.notify.fn = write ? job_write_done_notify :
				     job_read_done_notify,
		.notify.context = job,
		.client = job->batch->c->pools.io,
	};

	if (!sc_dm_io(&req, region))
		return;
	if (write)
		job_write_done(1, job);
	else
		job_read_done(1, job);
}

/* The part of the job that is in its slot @n, and where that slot has it. */
static u64 job_slot_part(const struct sc_destage_job *job, u32 n, u64 sector,
			 struct dm_io_region *region)
{
	struct sc_cache *c = job->batch->c;
	u32 i = job->batch->slots[job->first + n].slot;
	u64 end = min(job->sector + job->nr_sectors,
		      sc_block_end(&c->geom, sector));

	region->bdev = sc_bdev(c, SC_LEG_CACHE);
	region->sector = sc_slot_sector(&c->geom, to_cblock(i)) +
			 (sector & (sc_block_sectors(&c->geom) - 1));
	region->count = end - sector;
	return end;
}

static void job_start_read(struct sc_destage_job *job)
{
	struct sc_batch *b = job->batch;
	struct dm_io_region region;
	u64 sector = job->sector, end;
	u32 n;

	job->buf = b->buffers[--b->nr_buffers];
	job->state = SC_JOB_READING;
	/* One more, so that it cannot end before all have begun. */
	atomic_set(&job->pending, 1);
	for (n = 0; n < job->nr; n++, sector = end) {
		end = job_slot_part(job, n, sector, &region);
		atomic_inc(&job->pending);
		job_io(job, REQ_OP_READ, &region,
		       job->buf + ((sector - job->sector) << SECTOR_SHIFT));
	}
	job_read_done(0, job);
}

static void job_start_write(struct sc_destage_job *job)
{
	struct sc_cache *c = job->batch->c;
	struct dm_io_region region = {
		.bdev = sc_bdev(c, SC_LEG_ORIGIN),
		.sector = job->sector,
		.count = job->nr_sectors,
	};

	job->state = SC_JOB_WRITING;
	sc_count(c, destage_writes);
	job_io(job, REQ_OP_WRITE, &region, job->buf);
}

/* Move the part of one slot and wait for it; returns whether it was moved. */
static bool job_move_part(struct sc_destage_job *job,
			  const struct sc_job_part *from, u64 sector)
{
	struct sc_cache *c = job->batch->c;
	struct sc_job_part to = {
		.leg = SC_LEG_ORIGIN,
		.dev_sector = sector,
		.nr_sectors = from->nr_sectors,
	};

	if (sc_job_buffer_io(c, REQ_OP_READ, from, job->buf)) {
		sc_fail_lost(c);
		return false;
	}
	return !sc_job_buffer_io(c, REQ_OP_WRITE, &to, job->buf);
}

/*
 * One bad sector of cache or origin must not keep its neighbours dirty: slot by
 * slot. Slow, but the device is about to be replaced.
 */
static void job_move_each(struct sc_destage_job *job)
{
	struct sc_batch *b = job->batch;
	struct dm_io_region region;
	u64 sector = job->sector, end;
	struct sc_job_part from = { .leg = SC_LEG_CACHE };
	u32 n, moved = 0;

	for (n = 0; n < job->nr; n++, sector = end) {
		end = job_slot_part(job, n, sector, &region);
		from.dev_sector = region.sector;
		from.nr_sectors = region.count;
		if (job_move_part(job, &from, sector))
			moved++;
		else
			b->slots[job->first + n].failed = true;
	}
	b->dead = moved ? 0 : b->dead + 1;
}

static void job_failed(struct sc_destage_job *job, enum sc_leg leg)
{
	struct sc_batch *b = job->batch;
	u32 n;

	sc_fail_io(b->c, leg, leg == SC_LEG_ORIGIN);
	if (job->nr > 1 && b->dead < DEAD_JOBS) {
		job_move_each(job);
		return;
	}
	if (leg == SC_LEG_CACHE)
		sc_fail_lost(b->c);
	for (n = 0; n < job->nr; n++)
		b->slots[job->first + n].failed = true;
}

static void job_put_buffer(struct sc_destage_job *job)
{
	struct sc_batch *b = job->batch;

	b->buffers[b->nr_buffers++] = job->buf;
	job->buf = NULL;
}

static void job_end(struct sc_destage_job *job, enum sc_leg leg)
{
	if (job->error)
		job_failed(job, leg);
	else
		job->batch->dead = 0;
	job_put_buffer(job);
}

/* Not begun: as if it had never been collected. */
static void job_leave(struct sc_destage_job *job)
{
	struct sc_batch *b = job->batch;
	u32 n;

	b->left = min(b->left, job->sector);
	for (n = 0; n < job->nr; n++)
		b->slots[job->first + n].left = true;
}

/**
 * struct sc_pump - where the batch stands
 * @read: jobs whose read was started
 * @write: jobs whose write was started, or that could not be read
 * @done: jobs that have ended, from the first on
 */
struct sc_pump {
	u32 read;
	u32 write;
	u32 done;
};

/*
 * No more writes are to begin. A slot must have been moved, so that the sweep gets
 * on; where none can be, all are tried.
 */
static bool pump_is_cut(const struct sc_batch *b, unsigned int depth)
{
	return !depth && b->began;
}

/* Was that the last job of a slot, which is well? */
static bool first_slot_ended(const struct sc_batch *b, u32 done)
{
	u32 n = b->jobs[done].first;

	return !b->slots[n].failed &&
	       (done + 1 == b->nr_jobs || b->jobs[done + 1].first > n);
}

/* The rest is left; what is being read for it is waited for. */
static bool pump_cut(struct sc_batch *b, const struct sc_pump *p)
{
	bool moved = b->nr_jobs > p->read;

	while (b->nr_jobs > p->read)
		job_leave(&b->jobs[--b->nr_jobs]);
	return moved;
}

/* Read ahead: as much again as may be written at once. */
static bool pump_may_read(const struct sc_batch *b, const struct sc_pump *p,
			  unsigned int depth)
{
	return p->read < b->nr_jobs && b->nr_buffers &&
	       p->read - p->write < max(depth, 1u) * 2;
}

static bool pump_may_write(const struct sc_batch *b, const struct sc_pump *p,
			   unsigned int depth)
{
	return p->write < p->read &&
	       (pump_is_cut(b, depth) ||
		p->write - p->done < max(depth, 1u)) &&
	       job_state(&b->jobs[p->write]) == SC_JOB_READ;
}

static void pump_write(struct sc_destage_job *job, bool cut)
{
	if (!job->error && !cut) {
		job_start_write(job);
		return;
	}
	if (job->error) {
		job_end(job, SC_LEG_CACHE);
	} else {
		job_leave(job);
		job_put_buffer(job);
	}
	job->state = SC_JOB_WRITTEN;
}

/* Returns whether anything could be done. */
static bool pump(struct sc_batch *b, struct sc_pump *p, unsigned int depth)
{
	struct sc_destage_job *job;
	bool moved = false, cut;

	for (; p->done < p->write; p->done++, moved = true) {
		job = &b->jobs[p->done];
		if (job_state(job) != SC_JOB_WRITTEN)
			break;
		if (job->buf)
			job_end(job, SC_LEG_ORIGIN);
		if (!b->began && first_slot_ended(b, p->done))
			b->began = ktime_get_ns();
	}
	cut = pump_is_cut(b, depth);
	if (cut)
		moved |= pump_cut(b, p);
	for (; pump_may_read(b, p, depth); p->read++, moved = true)
		job_start_read(&b->jobs[p->read]);
	for (; pump_may_write(b, p, depth); p->write++, moved = true)
		pump_write(&b->jobs[p->write], cut);
	return moved;
}

static bool pump_can_move(const struct sc_batch *b, const struct sc_pump *p,
			  unsigned int depth)
{
	if (p->done < p->write && job_state(&b->jobs[p->done]) == SC_JOB_WRITTEN)
		return true;
	return pump_may_read(b, p, depth) || pump_may_write(b, p, depth);
}

/* ---- finishing --------------------------------------------------------------- */

static void finish_slot(struct sc_batch *b, struct sc_destage_slot *d, bool ok)
{
	struct sc_cache *c = b->c;
	struct sc_slot *s = sc_map_slot(c->map, d->slot);
	struct sc_lock *l = sc_slot_lock(c, d->slot);

	spin_lock_irq(&l->lock);
	if (ok && !d->failed && !d->left && !(s->flags & SC_REDIRTY)) {
		sc_map_mark_clean(c->map, d->slot, d->mask);
		sc_count(c, destaged_blocks);
		if (!sc_slot_dirty(c->map, d->slot))
			sc_policy_cleaned(c->policy, d->slot);
	}
	s->flags &= ~(SC_COPYING | SC_REDIRTY);
	/* A success by which nobody who waits for a slot gains does not count. */
	if (d->failed || (!ok && !d->left))
		l->failed++;
	else if (!d->left && !sc_shard_at_limit(c, sc_slot_shard(s)))
		l->failed = 0;
	if (sc_slot_dirty(c->map, d->slot))
		sc_dirty_set(c->dirty, sc_slot_block(s));
	sc_reclaim_check(c, sc_slot_shard(s));
	sc_shard_wake(l);
	spin_unlock_irq(&l->lock);
}

int sc_batch_run(struct sc_batch *b, unsigned int (*depth)(struct sc_cache *c))
{
	struct sc_pump p = { };
	u32 n, nr_left = 0;
	int r;

	if (!b->nr_slots)
		return 0;
	/* Writes that began before COPYING was set must be on the cache. */
	sc_grace_wait(b->c);
	while (p.done < b->nr_jobs)
		if (!pump(b, &p, depth(b->c)))
			wait_event_idle(b->waiting,
					pump_can_move(b, &p, depth(b->c)));
	r = sc_origin_flush(b->c);
	for (n = 0; n < b->nr_slots; n++) {
		b->nr_failed += b->slots[n].failed;
		nr_left += b->slots[n].left && !b->slots[n].failed;
		finish_slot(b, &b->slots[n], !r);
	}
	trace_sc_destage(b->c, b->nr_slots - nr_left, b->nr_jobs, r);
	return r || b->nr_failed == b->nr_slots - nr_left ? -EIO : 0;
}

struct sc_batch *sc_batch_create(struct sc_cache *c)
{
	struct sc_batch *b = kvzalloc(sizeof(*b), GFP_KERNEL);

	if (!b)
		return NULL;
	b->c = c;
	init_waitqueue_head(&b->waiting);
	for (; b->nr_buffers < SC_NR_BUFFERS; b->nr_buffers++) {
		b->buffers[b->nr_buffers] = kvmalloc(SC_BUFFER_BYTES, GFP_KERNEL);
		if (!b->buffers[b->nr_buffers]) {
			sc_batch_destroy(b);
			return NULL;
		}
	}
	return b;
}

void sc_batch_destroy(struct sc_batch *b)
{
	if (!b)
		return;
	/* The last I/O may have told its end and be about to wake us, see job_set_state(). */
	synchronize_rcu();
	while (b->nr_buffers)
		kvfree(b->buffers[--b->nr_buffers]);
	kvfree(b);
}
