// SPDX-License-Identifier: GPL-2.0-only
/*
 * The commit thread: the only user of the metadata engine while the cache
 * works. It gathers the records of all slots that changed, makes them durable
 * in the order of rules 1, 6 and 7, and completes what waited for that.
 *
 * DOC: cycles
 *
 * A cycle begins when somebody asks, or a FLUSH arrives, or commit_interval has
 * passed. All that asked before its begin is served by it; who asks later is
 * served by the next. So every FLUSH that arrives while one is being served
 * shares a single cycle: group commit without a delay.
 *
 * In a cycle: flush the origin if a FLUSH asks for it and the foreground has
 * written there; then one or several transactions of all pending records, each
 * of which flushes the cache device before its last journal block; then
 * complete the bios; then, with nobody waiting, a step of the checkpoint.
 */
#include <linux/kthread.h>

#include "commit-thread.h"
#include "trace.h"

/* Held records want an origin flush at least once in so many intervals. */
#define HELD_INTERVALS	10
/* How often a lost metadata device is looked for. */
#define VOID_RETRY_MS	10000
/* Flushes of the origin that fail in a row: what is held stays so. */
#define ORIGIN_TRIES	5

/* ---- asking ------------------------------------------------------------------ */

void sc_commit_bio(struct sc_cache *c, struct bio *bio)
{
	struct sc_commit *k = c->commit;
	unsigned long flags;

	sc_count(c, flushes);
	spin_lock_irqsave(&k->lock, flags);
	bio_list_add(&k->bios, bio);
	/* Once the thread can take the bio, the cache may end: wake it before. */
	if (++k->crowd.nr_waiting >= k->crowd.gather)
		wake_up(&k->work);
	spin_unlock_irqrestore(&k->lock, flags);
}

static u64 commit_ticket(struct sc_cache *c, bool flush)
{
	struct sc_commit *k = c->commit;
	unsigned long flags;
	u64 ticket;

	spin_lock_irqsave(&k->lock, flags);
	/* Read without the lock by the thread that looks for work. */
	WRITE_ONCE(k->wanted, true);
	k->flush |= flush;
	ticket = k->started + 1;
	spin_unlock_irqrestore(&k->lock, flags);
	wake_up(&k->work);
	return ticket;
}

u64 sc_commit_ticket(struct sc_cache *c)
{
	return commit_ticket(c, false);
}

int sc_commit_wait(struct sc_cache *c, u64 ticket)
{
	struct sc_commit *k = c->commit;

	/*
	 * After a failure no cycle makes anything durable, and one may itself
	 * wait for the flusher, and the flusher for us.
	 */
	wait_event(k->done_wait, READ_ONCE(k->done) >= ticket ||
				 READ_ONCE(k->failed));
	/* Pairs with commit_run(): who sees it done sees that it failed. */
	smp_rmb();
	return READ_ONCE(k->failed) ? -EIO : 0;
}

int sc_commit_error(const struct sc_cache *c)
{
	return READ_ONCE(c->commit->error);
}

int sc_commit_sync(struct sc_cache *c)
{
	int r = sc_origin_flush(c), s;

	s = sc_commit_wait(c, commit_ticket(c, true));
	return r ? r : s;
}

/* ---- the origin's flush ------------------------------------------------------ */

bool sc_origin_is_flushed(struct sc_cache *c)
{
	return atomic64_read(&c->origin_wseq) ==
	       READ_ONCE(c->commit->origin.wseq);
}

void sc_commit_note_held(struct sc_cache *c)
{
	/* The bit of the slot first, see sc_origin_flush(). */
	smp_mb();
	if (!READ_ONCE(c->commit->held))
		WRITE_ONCE(c->commit->held, true);
}

bool sc_commit_held(const struct sc_cache *c)
{
	return READ_ONCE(c->commit->held);
}

/* Records held since before this flush are the ones that it releases. */
static void hold_begin_flush(struct sc_map *m)
{
	u32 i = 0;

	while ((i = sc_bitmap_next(&m->hold, i)) != SC_NIL)
		sc_bitmap_set(&m->holding, i++);
}

static void hold_end_flush(struct sc_cache *c, bool ok)
{
	struct sc_map *m = c->map;
	struct sc_lock *l;
	bool released = false;
	u32 i = 0;

	for (; (i = sc_bitmap_next(&m->holding, i)) != SC_NIL; i++) {
		if (!ok) {
			sc_bitmap_set(&m->hold, i);
			continue;
		}
		l = sc_slot_lock(c, i);
		spin_lock_irq(&l->lock);
		sc_map_release(m, i);
		spin_unlock_irq(&l->lock);
		released = true;
	}
	/* Reclaim may have found nothing but what was held. */
	if (released)
		sc_reclaim_kick(c);
}

bool sc_origin_failed(const struct sc_cache *c)
{
	return READ_ONCE(c->commit->origin.failures);
}

bool sc_origin_gave_up(const struct sc_cache *c)
{
	return READ_ONCE(c->commit->origin.failures) >= ORIGIN_TRIES;
}

int sc_origin_flush(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;
	u64 wseq;
	int r;

	mutex_lock(&k->origin.lock);
	/* What completed before here is covered by the flush. */
	wseq = atomic64_read(&c->origin_wseq);
	WRITE_ONCE(k->held, false);
	/* Who still saw it true has set a bit that the scan will see. */
	smp_mb();
	hold_begin_flush(c->map);
	r = blkdev_issue_flush(sc_bdev(c, SC_LEG_ORIGIN));
	sc_count(c, origin_flushes);
	WRITE_ONCE(k->origin.failures, r ? k->origin.failures + 1 : 0);
	if (r) {
		if (wseq != k->origin.wseq)
			WRITE_ONCE(k->origin.error, true);
		/* Before a later one says flushed, see flush_begin(). */
		smp_wmb();
		WRITE_ONCE(k->held, true);
		sc_fail_io(c, SC_LEG_ORIGIN, true);
	} else {
		WRITE_ONCE(k->origin.wseq, wseq);
	}
	hold_end_flush(c, !r);
	/* Read without the mutex: what is a cycle too early or too late? */
	WRITE_ONCE(k->origin.last, jiffies);
	mutex_unlock(&k->origin.lock);
	return r;
}

/* ---- a transaction ----------------------------------------------------------- */

/* Returns whether the slot has come to rest. */
static void commit_unmark(struct sc_cache *c, u32 i, const struct sc_record *old)
{
	if (!sc_slot_dirty(c->map, i))
		return;
	sc_map_unmark(c->map, i, old);
	if (!sc_slot_dirty(c->map, i))
		sc_policy_cleaned(c->policy, i);
}

static bool commit_apply_one(struct sc_cache *c, const struct sc_capture *cap,
			     bool ok)
{
	u32 i = from_cblock(cap->rec.slot);

	if (!ok) {
		/* If the cache device alone failed nothing was written. */
		sc_map_commit_failed(c->map, &cap->rec, &cap->old,
				     sc_meta_failed(c->meta));
		commit_unmark(c, i, &cap->old);
		return false;
	}
	if (!sc_map_committed(c->map, &cap->rec))
		return false;
	sc_slot_rest(c, i);
	return true;
}

/* The records' transaction has ended: the durable view moves on. */
static void commit_apply(struct sc_cache *c, bool ok)
{
	struct sc_commit *k = c->commit;
	struct sc_lock *l;
	bool rest = false;
	u32 n, i;

	for (n = 0; n < k->nr_records; n++) {
		i = from_cblock(k->records[n].rec.slot);
		l = sc_slot_lock(c, i);
		spin_lock_irq(&l->lock);
		rest |= commit_apply_one(c, &k->records[n], ok);
		sc_shard_wake(l);
		spin_unlock_irq(&l->lock);
	}
	k->nr_records = 0;
	if (rest)
		sc_reclaim_kick(c);
}

static int commit_end(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;
	int r = sc_meta_commit_end(c->meta);

	trace_sc_commit(c, k->started, k->nr_records, r);
	if (r) {
		/* Before the slots are let go, see sc_commit_error(). */
		WRITE_ONCE(k->error, -EIO);
	} else {
		k->nr_ended++;
		sc_count(c, cache_flushes);
		sc_count_add(c, commit_records, k->nr_records);
		if (k->nr_records)
			sc_count(c, commits);
	}
	commit_apply(c, !r);
	return r;
}

/* Read the record of a slot whose pending bit was cleared; false if none. */
static bool commit_capture(struct sc_cache *c, u32 i, struct sc_capture *cap)
{
	struct sc_lock *l = sc_slot_lock(c, i);
	bool r;

	spin_lock_irq(&l->lock);
	sc_map_durable(c->map, i, &cap->old);
	r = sc_map_capture(c->map, i, &cap->rec);
	if (r)
		cap->rec.hint = sc_policy_hint(c->policy, i);
	spin_unlock_irq(&l->lock);
	return r;
}

/* A transaction with room for one more record. */
static int commit_make_room(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;
	int r;

	if (k->nr_records < SC_COMMIT_RECORDS && !sc_meta_commit_full(c->meta))
		return 0;
	r = commit_end(c);
	return r ? r : sc_meta_commit_begin(c->meta);
}

static int commit_add(struct sc_cache *c, u32 i)
{
	struct sc_commit *k = c->commit;
	struct sc_capture *cap = &k->records[k->nr_records];

	if (!commit_capture(c, i, cap))
		return 0;
	/* Captured, so that its transaction has to end even if it failed. */
	k->nr_records++;
	return sc_meta_commit_add(c->meta, &cap->rec);
}

/* All that is pending; the device is flushed even if nothing is. */
static int commit_records(struct sc_cache *c, bool flush)
{
	struct sc_commit *k = c->commit;
	u64 ended = k->nr_ended;
	int r = sc_meta_commit_begin(c->meta);
	u32 i = 0;

	for (; !r && (i = sc_bitmap_next(&c->map->pending, i)) != SC_NIL; i++) {
		r = commit_make_room(c);
		if (!r)
			r = commit_add(c, i);
	}
	if (!r && (k->nr_records || (flush && k->nr_ended == ended)))
		r = commit_end(c);
	if (r) {
		WRITE_ONCE(k->error, -EIO);
		commit_apply(c, false);
	}
	return r;
}

/* ---- a cycle ----------------------------------------------------------------- */

/* Of metadata and cache device the one that failed was counted, or is now. */
/* In state degraded; nobody may be told that a write has failed before. */
static void commit_abandon(struct sc_cache *c)
{
	if (READ_ONCE(c->records) == SC_RECORDS_ALL && !sc_stats_nr_dirty(c))
		sc_abandon(c);
}

/* Marks that no transaction has taken up, and none will. */
static void commit_unmark_all(struct sc_cache *c)
{
	struct sc_record old;
	struct sc_lock *l;
	u32 i;

	for (i = 0; i < c->geom.nr_slots; i++) {
		if (!(i & 0xffff))
			cond_resched();
		l = sc_slot_lock(c, i);
		spin_lock_irq(&l->lock);
		sc_map_durable(c->map, i, &old);
		if (!(sc_map_slot(c->map, i)->flags & SC_COMMITTING))
			commit_unmark(c, i, &old);
		spin_unlock_irq(&l->lock);
	}
}

static void commit_failed(struct sc_cache *c)
{
	bool metadata = sc_meta_failed(c->meta);

	WRITE_ONCE(c->commit->error, -EIO);
	commit_unmark_all(c);
	/* Only this thread changes what records say, and so what is asked. */
	c->commit->dirty_records = data_race(sc_map_any_dirty_record(c->map));
	if (metadata)
		sc_fail_io(c, SC_LEG_METADATA, true);
	/* What records are worth before the state, see sc_io_look(). */
	if (sc_meta_raise_epoch(c->meta)) {
		commit_abandon(c);
		sc_fail_health(c, SC_DEGRADED,
			       "neither metadata nor label can be written");
	} else {
		WRITE_ONCE(c->records, SC_RECORDS_DIRTY);
		sc_fail_health(c, SC_RO,
			       metadata ? "metadata cannot be written" :
					  "the cache device cannot be flushed");
	}
	WRITE_ONCE(c->commit->failed, true);
	wake_up_all(&c->commit->done_wait);
}

/* Perhaps the metadata device is back: then let it tell what became of it. */
static void commit_void(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;

	if (c->records != SC_RECORDS_NONE || k->voiding.done)
		return;
	k->voiding.tried = jiffies;
	k->voiding.done = !sc_meta_void(c->meta);
	if (k->voiding.done)
		pr_info("ssdcache %s: the metadata device is back, and empty\n",
			dm_table_device_name(c->target->ti->table));
}

static void commit_degraded(struct sc_cache *c)
{
	if (likely(READ_ONCE(c->health) != SC_DEGRADED))
		return;
	commit_abandon(c);
	if (time_after(jiffies, c->commit->voiding.tried +
		       msecs_to_jiffies(VOID_RETRY_MS)))
		commit_void(c);
}

/*
 * Without commits, what is on the origin is durable, and nothing else can be: a
 * FLUSH waits until all that was dirty is destaged. Records that call a slot
 * dirty still count at the next start, so the slot must not fall back to what it
 * held then.
 */
static int commit_without(struct sc_cache *c)
{
	int r = sc_flusher_sweep(c);

	if (READ_ONCE(c->health) == SC_DEGRADED)
		commit_abandon(c);
	if (r || !c->commit->dirty_records ||
	    READ_ONCE(c->records) == SC_RECORDS_NONE)
		return r;
	sc_count(c, cache_flushes);
	r = blkdev_issue_flush(sc_bdev(c, SC_LEG_CACHE));
	if (!r || sc_stats_nr_dirty(c))
		return r;
	/*
	 * The cache device is dead, and the origin has all that it held. As
	 * long as the metadata cannot say so the records count.
	 */
	if (sc_meta_void(c->meta))
		return r;
	c->commit->voiding.done = true;
	sc_abandon(c);
	sc_fail_health(c, SC_DEGRADED, "the cache device is given up");
	return 0;
}

static bool held_too_long(struct sc_cache *c)
{
	unsigned int ms = sc_tune(&c->target->config.tune.commit_interval);

	return (!sc_origin_is_flushed(c) || sc_commit_held(c)) &&
	       time_after(jiffies, READ_ONCE(c->commit->origin.last) +
			  msecs_to_jiffies(HELD_INTERVALS * ms));
}

static int commit_cycle(struct sc_cache *c, bool flush)
{
	struct sc_commit *k = c->commit;
	int origin = 0, r;

	if ((flush && !sc_origin_is_flushed(c)) || held_too_long(c))
		origin = sc_origin_flush(c);
	if (!k->error) {
		/* What the failed flush was for may be lost as well. */
		r = READ_ONCE(k->crowd.failed) ? -EIO : commit_records(c, flush);
		/* Or of one that failed meanwhile. */
		if (READ_ONCE(k->crowd.failed))
			r = -EIO;
		sc_flush_done(c, !r);
		if (r)
			commit_failed(c);
	}
	r = k->error && flush ? commit_without(c) : 0;
	return origin ? origin : r;
}

static void commit_complete(struct sc_cache *c, struct bio_list *bios, int r)
{
	struct bio *bio = bio_list_pop(bios);

	while (bio) {
		bio->bi_status = errno_to_blk_status(r);
		bio_endio(bio);
		bio = bio_list_pop(bios);
		if (bio)
			sc_count(c, coalesced_flushes);
	}
}

/* Tell the metadata that somebody must look at it. */
static void commit_needs_check(struct sc_cache *c)
{
	if (c->commit->error || !READ_ONCE(c->needs_check) ||
	    sc_meta_needs_check(c->meta))
		return;
	if (sc_meta_set_needs_check(c->meta, true))
		commit_failed(c);
}

static void commit_take_stats(struct sc_cache *c)
{
	struct sc_meta_stats st;

	sc_meta_stats(c->meta, &st);
	sc_count_add(c, checkpoints,
		     st.checkpoints - c->commit->stats.checkpoints);
	spin_lock_irq(&c->commit->lock);
	c->commit->stats = st;
	spin_unlock_irq(&c->commit->lock);
}

static void commit_run(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;
	struct bio_list bios;
	bool flush;
	int r;

	sc_flush_gather(c);
	flush = sc_flush_take(c, &bios);
	r = commit_cycle(c, flush);
	/* An error that another flush of the origin met is told to one FLUSH. */
	if (!bio_list_empty(&bios) && xchg(&k->origin.error, false))
		r = -EIO;
	/* Pairs with sc_commit_wait(). */
	smp_wmb();
	WRITE_ONCE(k->done, k->started);
	wake_up_all(&k->done_wait);
	commit_complete(c, &bios, r);
}

static void commit_checkpoint(struct sc_cache *c)
{
	bool done = false;

	if (c->commit->error || !sc_meta_checkpoint_wanted(c->meta))
		return;
	if (sc_meta_checkpoint_step(c->meta, &done))
		commit_failed(c);
}

/* ---- the thread -------------------------------------------------------------- */

static bool commit_has_work(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;

	return kthread_should_stop() || READ_ONCE(k->wanted) ||
	       /* Who adds one wakes the thread afterwards: it looks again. */
	       data_race(!bio_list_empty(&k->bios)) ||
	       (!k->error && sc_meta_checkpoint_wanted(c->meta));
}

static int commit_thread(void *data)
{
	struct sc_cache *c = data;
	struct sc_commit *k = c->commit;
	unsigned int ms;

	while (!kthread_should_stop()) {
		ms = sc_tune(&c->target->config.tune.commit_interval);
		wait_event_idle_timeout(k->work, commit_has_work(c),
					msecs_to_jiffies(ms));
		commit_run(c);
		commit_checkpoint(c);
		commit_needs_check(c);
		commit_degraded(c);
		commit_take_stats(c);
	}
	return 0;
}

int sc_commit_create(struct sc_cache *c)
{
	struct sc_commit *k = kzalloc(sizeof(*k), GFP_KERNEL);

	if (!k)
		return -ENOMEM;
	c->commit = k;
	spin_lock_init(&k->lock);
	mutex_init(&k->origin.lock);
	init_waitqueue_head(&k->work);
	init_waitqueue_head(&k->done_wait);
	bio_list_init(&k->bios);
	k->origin.last = jiffies;
	k->records = kvmalloc_array(SC_COMMIT_RECORDS + 1, sizeof(*k->records),
				    GFP_KERNEL);
	return k->records ? 0 : -ENOMEM;
}

int sc_commit_start(struct sc_cache *c)
{
	struct task_struct *thread;

	commit_take_stats(c);
	thread = kthread_run(commit_thread, c, "ssdcache-commit/%s",
			     dm_table_device_name(c->target->ti->table));
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	c->commit->thread = thread;
	return 0;
}

void sc_commit_stop(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;

	if (!k || !k->thread)
		return;
	kthread_stop(k->thread);
	k->thread = NULL;
	/* A failed flush only keeps records back that equal the origin. */
	sc_origin_flush(c);
	if (k->error) {
		if (c->health == SC_DEGRADED)
			commit_abandon(c);
		commit_void(c);
		return;
	}
	if (commit_records(c, true) || sc_meta_checkpoint(c->meta))
		commit_failed(c);
}

void sc_commit_destroy(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;

	if (!k)
		return;
	kvfree(k->records);
	kfree(k);
	c->commit = NULL;
}

void sc_commit_stats(struct sc_cache *c, struct sc_meta_stats *st)
{
	spin_lock_irq(&c->commit->lock);
	*st = c->commit->stats;
	spin_unlock_irq(&c->commit->lock);
}
