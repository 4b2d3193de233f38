// SPDX-License-Identifier: GPL-2.0-only
/*
 * The flusher thread, "ssdcache/<major>:<minor>": decides when to destage, and
 * how deep the queue to the origin may be.
 *
 * It sweeps the origin upwards and starts again at its begin (C-SCAN). Above
 * dirty_low it works down to dirty_target even while the origin is busy; when
 * the foreground has left the origin alone, and written nothing to the cache,
 * for idle_ms it cleans everything. Up to dirty_high it spares what is hot and
 * rests between batches while the cache device is busy.
 *
 * DOC: beside the foreground
 *
 * A disk serves next what is nearest: writes in the order of the origin that
 * are followed by more of them keep its head where they are, however few are
 * in flight, and reads elsewhere wait. One write now and then costs a seek
 * there and one back. So beside the foreground the flusher takes turns: for
 * SC_TURN_MS it writes with a small queue, then it leaves the origin alone for
 * REST times as long, or until nobody else wants it for a while. A batch that
 * begins when nobody has for longer ends with the first request. From dirty_high
 * half the way to dirty_limit it rests less and less and the queue gets deeper;
 * from there on, when somebody waits for clean slots, or in ill health for all of
 * it, it has no manners.
 */
#include <linux/kthread.h>

#include "flusher-thread.h"
#include "trace.h"

/* A foreground that was there so short a while ago will be back. */
#define RECENT_MS	100
#define REST		31
/* Longer are errors. */
#define TURN_MAX_MS	1000
/* Of destage_depth, beside the foreground; and so many writes in a turn. */
#define TURN_DEPTH(full)	DIV_ROUND_UP(full, 8)
#define TURN_JOBS(depth)	(2 * (depth))
/* What was in the way may have gone by then; how often a drain looks. */
#define RETRY_MS	20
#define RETRIES		5
#define TICK_MS		1000
/* Hits in a millisecond that make the cache device busy; how often to look. */
#define BUSY_HITS	1
#define BUSY_MS		100
/* After a sweep that spared what is hot the next one may take so long. */
#define HOT_MS		100
#define BACKOFF_MAX	5

static struct sc_tunables *tune(struct sc_cache *c)
{
	return &c->target->config.tune;
}

static u64 dirty_percent(struct sc_cache *c)
{
	return div_u64(sc_stats_nr_dirty(c) * 100, c->geom.nr_slots);
}

/* The tick that is due may come at once. */
static bool origin_quiet_for(struct sc_cache *c, unsigned int ms)
{
	return time_after_eq(jiffies, READ_ONCE(c->last_origin_io) +
			     msecs_to_jiffies(ms) + 1);
}

/* Must everything go, at once? */
static bool pressed(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;

	return atomic_read(&f->urgent) || atomic_read(&f->drain) ||
	       sc_cache_mode(c) != SC_WRITEBACK ||
	       c->policy->type == &sc_policy_cleaner;
}

static u64 foreground_hits(struct sc_cache *c)
{
	return sc_stats_sum(c->target, SC_CNT_read_hits) +
	       sc_stats_sum(c->target, SC_CNT_write_hits);
}

/* So much is served from the cache that each read for us costs somebody. */
static bool cache_busy(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;
	unsigned int ms = jiffies_to_msecs(jiffies - f->hits_seen);
	u64 hits;

	if (ms < BUSY_MS)
		return f->busy;
	hits = foreground_hits(c);
	/* A reset sets it back. */
	f->busy = hits > f->hits && hits - f->hits >= (u64)ms * BUSY_HITS;
	f->hits = hits;
	f->hits_seen = jiffies;
	return f->busy;
}

static bool foreground_left(struct sc_cache *c, unsigned int ms)
{
	if (atomic_read(&c->admission.origin_ios))
		return false;
	/* Pairs with sc_origin_end(). */
	smp_rmb();
	return origin_quiet_for(c, ms);
}

/* From here on, so that writers need not wait: some shards are ahead of others. */
static u32 no_manners(struct sc_cache *c)
{
	return (sc_tune(&tune(c)->dirty_high) +
		sc_tune(&tune(c)->dirty_limit) + 1) / 2;
}

/* Does the origin belong to others while we are at it? */
static bool must_yield(struct sc_cache *c, unsigned int ms)
{
	struct sc_flusher *f = c->flusher;

	/* In ill health a FLUSH waits for all of it. */
	if (atomic_read(&f->urgent) ||
	    (atomic_read(&f->drain) && READ_ONCE(c->health) != SC_RW))
		return false;
	return !foreground_left(c, ms) && dirty_percent(c) < no_manners(c);
}

/* @most up to dirty_high, @least from where there are no manners. */
static u64 by_dirtiness(struct sc_cache *c, u64 most, u64 least)
{
	u32 high = sc_tune(&tune(c)->dirty_high);
	u32 limit = no_manners(c);
	u64 percent = dirty_percent(c);

	if (percent <= high)
		return most;
	if (percent >= limit)
		return least;
	return div_u64(most * (limit - percent) + least * (percent - high),
		       limit - high);
}

static u64 since(u64 ns)
{
	return div_u64(ktime_get_ns() - ns, NSEC_PER_MSEC);
}

/* Has what the foreground leaves us come to an end? */
static bool turn_is_over(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;

	if (!f->turn)
		return atomic_read(&c->admission.origin_ios);
	return f->batch->began && since(f->batch->began) >= SC_TURN_MS;
}

static u32 turn_depth(struct sc_cache *c)
{
	u32 full = sc_tune(&tune(c)->destage_depth);

	return by_dirtiness(c, TURN_DEPTH(full), full);
}

static unsigned int flusher_depth(struct sc_cache *c)
{
	if (!must_yield(c, RECENT_MS))
		return sc_tune(&tune(c)->destage_depth);
	return turn_is_over(c) ? 0 : turn_depth(c);
}

/* Nobody has written to the cache for so long, as far as was looked. */
static bool writes_quiet_for(struct sc_cache *c, unsigned int ms)
{
	struct sc_flusher *f = c->flusher;
	u64 bytes = sc_stats_sum(c->target, SC_CNT_cache_write_bytes);

	if (bytes != f->seen_bytes)
		f->last_write = jiffies;
	f->seen_bytes = bytes;
	return time_after_eq(jiffies, f->last_write + msecs_to_jiffies(ms));
}

static bool idle(struct sc_cache *c)
{
	unsigned int ms = sc_tune(&tune(c)->idle_ms);

	return writes_quiet_for(c, ms) && foreground_left(c, ms);
}

static bool flusher_wants(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;
	u64 percent, nr_dirty = sc_stats_nr_dirty(c);

	if (!nr_dirty) {
		f->sweeping = false;
		return false;
	}
	f->was_dirty = true;
	percent = dirty_percent(c);
	if (percent > sc_tune(&tune(c)->dirty_low))
		f->sweeping = true;
	else if (percent <= sc_tune(&tune(c)->dirty_target))
		f->sweeping = false;
	f->batch->spare_hot = !pressed(c) && !idle(c) &&
			      percent < sc_tune(&tune(c)->dirty_high);
	return f->sweeping || pressed(c) || idle(c);
}

static void flusher_wait(struct sc_cache *c, unsigned int ms)
{
	struct sc_flusher *f = c->flusher;

	wait_event_idle_timeout(f->work,
				READ_ONCE(f->kicked) || kthread_should_stop(),
				msecs_to_jiffies(ms));
	/* What the kick was for is looked at after this. */
	smp_store_mb(f->kicked, false);
}

/* Whoever waits for the end of what is dirty. */
static void flusher_tell(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;

	if (!sc_stats_nr_dirty(c) && f->was_dirty) {
		f->was_dirty = false;
		queue_work(c->reclaim_wq, &c->event);
	}
	if (atomic_read(&f->drain))
		wake_up_all(&f->drain_wait);
}

static void flusher_result(struct sc_cache *c, int r)
{
	struct sc_flusher *f = c->flusher;

	WRITE_ONCE(f->errors, r ? min(f->errors + 1, BACKOFF_MAX) : 0);
	/* Pairs with drain_hopeless(). */
	smp_wmb();
	WRITE_ONCE(f->tries, f->tries + 1);
	/* Pairs with sc_flusher_urge(). */
	smp_mb();
	/* Writers that wait for slots look at this when they are woken. */
	if (sc_flusher_gave_up(c))
		queue_work(c->reclaim_wq, &c->event);
	flusher_tell(c);
	if (f->errors)
		flusher_wait(c, TICK_MS << (f->errors - 1));
}

/* Nothing could be destaged in a whole sweep: see what is in the way. */
static void flusher_stuck(struct sc_cache *c, struct sc_batch *b)
{
	if (b->unsettled && sc_commit_error(c))
		flusher_result(c, -EIO);
	else if (b->unsettled)
		sc_commit_wait(c, sc_commit_ticket(c));
	else if (!b->hot)
		flusher_wait(c, RETRY_MS);
}

static void sweep_begin(struct sc_flusher *f)
{
	WRITE_ONCE(f->sweep.begun, f->sweep.begun + 1);
	f->sweep.missed = false;
	f->sweep.back_at = SC_NOTHING_LEFT;
	f->sweep.failing = false;
	f->sweep.spared = false;
	f->sweep.looked = 0;
	/* Who does not see the new number did its writes before we look. */
	smp_mb();
}

static void sweep_end(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;

	/* Urgent until a whole sweep has passed that began after the call. */
	atomic_dec_if_positive(&f->urgent);
	if (f->sweep.failing)
		WRITE_ONCE(f->sweep.failed, f->sweep.failed + 1);
	else if (!f->sweep.missed)
		WRITE_ONCE(f->sweep.done, f->sweep.begun);
	flusher_tell(c);
}

/* The write budget is filled and spent once a tick, not on the I/O path. */
static void flusher_budget(struct sc_cache *c)
{
	struct sc_admission *a = &c->admission;
	u64 bytes = sc_stats_sum(c->target, SC_CNT_cache_write_bytes);
	u64 last = c->flusher->budget_bytes;

	c->flusher->budget_bytes = bytes;
	spin_lock_irq(&a->lock);
	sc_admit_write(a->admit, ktime_to_ms(ktime_get()),
		       bytes > last ? (bytes - last) >> SECTOR_SHIFT : 0);
	spin_unlock_irq(&a->lock);
}

static void flusher_tick(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;

	if (time_after_eq(jiffies, f->ticked + msecs_to_jiffies(TICK_MS))) {
		f->ticked = jiffies;
		flusher_budget(c);
	}
}

/*
 * After a turn that ended then the origin is for others, if they want it. A short
 * one counts as a whole: it costs two seeks, too. Of a batch that was none nobody
 * knows how much of it anybody has waited for.
 */
static void flusher_yield(struct sc_cache *c, u64 ended)
{
	struct sc_flusher *f = c->flusher;
	u64 began = f->batch->began ?: ended;
	u64 ms = clamp_t(u64, div_u64(ended - began, NSEC_PER_MSEC), SC_TURN_MS,
			 f->turn ? TURN_MAX_MS : 4 * SC_TURN_MS);

	while (since(ended) < ms * by_dirtiness(c, REST, 0) &&
	       must_yield(c, RECENT_MS) && !kthread_should_stop()) {
		flusher_wait(c, RETRY_MS);
		flusher_tell(c);
		flusher_tick(c);
	}
}

/* After so much work for others, who use the cache device. */
static void flusher_rest(struct sc_cache *c, u64 ns, unsigned int least_ms)
{
	u64 ms = div_u64(REST * ns, NSEC_PER_MSEC);

	flusher_wait(c, clamp_t(u64, ms, least_ms, TICK_MS));
}

static bool may_spare(struct sc_cache *c)
{
	return !pressed(c) &&
	       dirty_percent(c) <= sc_tune(&tune(c)->dirty_high);
}

/* Nobody minds if it takes longer. */
static bool may_rest(struct sc_cache *c)
{
	return may_spare(c) && cache_busy(c);
}

/* Before the next sweep, if it would find the same. */
static void sweep_rest(struct sc_cache *c)
{
	struct sc_sweep *s = &c->flusher->sweep;

	if (s->spared && may_spare(c))
		flusher_rest(c, s->looked, HOT_MS);
	else if (s->failing)
		flusher_wait(c, RETRY_MS);
}

/* Returns whether that was the end of a sweep. */
static bool flusher_look(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;
	struct sc_batch *b = f->batch;
	u64 began = ktime_get_ns();
	bool end;

	if (!f->sweep.at)
		sweep_begin(f);
	f->turn = must_yield(c, RECENT_MS);
	/* After one that moved nothing there has to be one that can. */
	b->most = f->turn && !f->errors ? TURN_JOBS(turn_depth(c)) :
					  SC_BATCH_JOBS;
	end = sc_batch_collect(b, &f->sweep.at);
	f->sweep.spared |= b->hot;
	f->sweep.failing |= b->unsettled && sc_commit_error(c);
	f->sweep.looked += ktime_get_ns() - began;
	return end;
}

/*
 * What was collected and not begun comes next. What was in use in a drain is looked
 * at some times more before it counts as missed, or a sweep beside others would
 * never be without. Returns whether it goes on at an earlier block.
 */
static bool sweep_back(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;
	struct sc_sweep *s = &f->sweep;
	struct sc_batch *b = f->batch;
	u64 at = SC_NOTHING_LEFT;

	if (b->left != SC_NOTHING_LEFT)
		at = from_oblock(sc_sector_block(&c->geom, b->left));
	if (b->missed < at) {
		if (s->back_at != b->missed)
			s->back = 0;
		s->back_at = b->missed;
		/* At block 0 it would be another sweep. */
		if (b->missed && s->back++ < RETRIES && !s->missed &&
		    atomic_read(&f->drain) && !atomic_read(&f->urgent) &&
		    READ_ONCE(c->health) == SC_RW)
			at = b->missed;
		else
			s->missed = true;
	}
	if (at == SC_NOTHING_LEFT)
		return false;
	s->at = at;
	if (!b->nr_slots)
		flusher_stuck(c, b);
	return true;
}

static void flusher_batch(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;
	struct sc_batch *b = f->batch;
	u64 began = ktime_get_ns(), ended = began;
	bool whole = !f->sweep.at, end = flusher_look(c);
	int r = 0;

	if (b->nr_slots) {
		r = sc_batch_run(b, flusher_depth);
		ended = ktime_get_ns();
		f->sweep.failing |= r || b->nr_failed;
	}
	if (sweep_back(c))
		end = false;
	if (end)
		sweep_end(c);
	if (b->nr_slots)
		flusher_result(c, r);
	else if (whole && end)
		flusher_stuck(c, b);
	if (end)
		sweep_rest(c);
	if (b->nr_slots && may_rest(c))
		flusher_rest(c, ended - began, 0);
	if (b->nr_slots)
		flusher_yield(c, ended);
}

static int flusher_thread(void *data)
{
	struct sc_cache *c = data;

	c->flusher->ticked = jiffies;
	while (!kthread_should_stop()) {
		if (flusher_wants(c)) {
			flusher_batch(c);
		} else {
			flusher_tell(c);
			flusher_wait(c, min_t(u32, TICK_MS,
					      max(sc_tune(&tune(c)->idle_ms), 10u)));
		}
		flusher_tick(c);
		cond_resched();
	}
	return 0;
}

void sc_flusher_deepen(struct sc_cache *c)
{
	wake_up(&c->flusher->batch->waiting);
}

void sc_flusher_kick(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;

	WRITE_ONCE(f->kicked, true);
	wake_up(&f->work);
	wake_up(&f->batch->waiting);
}

void sc_flusher_urge(struct sc_cache *c)
{
	atomic_set(&c->flusher->urgent, 2);
	/* Pairs with flusher_result(): it sees us urgent or we see it well. */
	smp_mb();
	/* After an error it waits for the device, however much others hurry. */
	if (!READ_ONCE(c->flusher->errors))
		sc_flusher_kick(c);
}

bool sc_flusher_gave_up(const struct sc_cache *c)
{
	return READ_ONCE(c->flusher->errors) == BACKOFF_MAX;
}

void sc_flusher_interrupt(struct sc_cache *c, bool on)
{
	WRITE_ONCE(c->flusher->interrupted, on);
	wake_up_all(&c->flusher->drain_wait);
}

/**
 * struct drain - what somebody waits for
 * @swept: this sweep will have begun after the call
 * @failed: so many failed sweeps are enough
 * @tries: batches that had ended; one more is owed, also if many have failed
 */
struct drain {
	u64 swept;
	u64 failed;
	unsigned int tries;
};

static struct drain drain_begin(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;
	struct drain d = {
		.failed = READ_ONCE(f->sweep.failed) + BACKOFF_MAX,
		.tries = READ_ONCE(f->tries),
	};

	/* Pairs with sweep_begin(). */
	smp_mb();
	d.swept = READ_ONCE(f->sweep.begun) + 1;
	atomic_inc(&f->drain);
	/* The kick is seen after the count. */
	smp_mb__after_atomic();
	sc_flusher_kick(c);
	return d;
}

/* While nothing else becomes dirty what is rewritten is waited for, too. */
static bool sweep_will_do(struct sc_cache *c)
{
	return READ_ONCE(c->health) != SC_RW || sc_cache_mode(c) == SC_WRITEBACK;
}

static bool drain_done(struct sc_cache *c, const struct drain *d)
{
	return !sc_stats_nr_dirty(c) ||
	       (READ_ONCE(c->flusher->sweep.done) >= d->swept &&
		sweep_will_do(c));
}

static bool drain_hopeless(struct sc_cache *c, const struct drain *d)
{
	struct sc_flusher *f = c->flusher;
	bool tried = READ_ONCE(f->tries) != d->tries;

	/* Pairs with flusher_result(): the tries before what came of them. */
	smp_rmb();
	return READ_ONCE(f->stopped) || READ_ONCE(f->sweep.failed) >= d->failed ||
	       (tried && sc_flusher_gave_up(c));
}

/* Ends well or not; what came true is kept, others may write meanwhile. */
static int drain_wait(struct sc_cache *c, const struct drain *d)
{
	struct sc_flusher *f = c->flusher;
	bool done = false;

	wait_event_idle(f->drain_wait, (done = drain_done(c, d)) ||
				       drain_hopeless(c, d));
	atomic_dec(&f->drain);
	return done ? 0 : -EIO;
}

int sc_flusher_sweep(struct sc_cache *c)
{
	struct drain d = drain_begin(c);

	return drain_wait(c, &d);
}

int sc_flusher_empty(struct sc_cache *c)
{
	struct drain d = drain_begin(c);

	d.swept = ~0ULL;
	d.failed = ~0ULL;
	return drain_wait(c, &d);
}

int sc_flusher_drain(struct sc_cache *c)
{
	struct sc_flusher *f = c->flusher;
	struct drain d;
	bool done = false;
	int r;

	/* What is dirty now is told from what will be by its record. */
	sc_commit_sync(c);
	d = drain_begin(c);
	r = wait_event_interruptible(f->drain_wait,
				     (done = drain_done(c, &d)) ||
				     drain_hopeless(c, &d) ||
				     READ_ONCE(f->interrupted));
	atomic_dec(&f->drain);
	if (done)
		return sc_commit_error(c) ? sc_origin_flush(c) :
					    sc_commit_sync(c);
	return r || READ_ONCE(f->interrupted) ? -EINTR : -EIO;
}

int sc_flusher_create(struct sc_cache *c)
{
	struct sc_flusher *f = kzalloc(sizeof(*f), GFP_KERNEL);

	if (!f)
		return -ENOMEM;
	c->flusher = f;
	init_waitqueue_head(&f->work);
	init_waitqueue_head(&f->drain_wait);
	f->budget_bytes = sc_stats_sum(c->target, SC_CNT_cache_write_bytes);
	f->hits = foreground_hits(c);
	f->hits_seen = jiffies;
	f->stopped = true;
	f->batch = sc_batch_create(c);
	return f->batch ? 0 : -ENOMEM;
}

int sc_flusher_start(struct sc_cache *c)
{
	struct task_struct *thread;

	thread = kthread_run(flusher_thread, c, "ssdcache/%s",
			     dm_table_device_name(c->target->ti->table));
	if (IS_ERR(thread))
		return PTR_ERR(thread);
	c->flusher->thread = thread;
	WRITE_ONCE(c->flusher->stopped, false);
	return 0;
}

void sc_flusher_stop(struct sc_cache *c)
{
	if (!c->flusher || !c->flusher->thread)
		return;
	kthread_stop(c->flusher->thread);
	c->flusher->thread = NULL;
	/* Nobody is to wait for it any more. */
	WRITE_ONCE(c->flusher->stopped, true);
	wake_up_all(&c->flusher->drain_wait);
}

void sc_flusher_destroy(struct sc_cache *c)
{
	if (!c->flusher)
		return;
	sc_batch_destroy(c->flusher->batch);
	kfree(c->flusher);
	c->flusher = NULL;
}
