// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a FLUSH needs, and how many of them share it.
 *
 * DOC: a FLUSH without a commit
 *
 * Rule 6 wants two things durable: the data that was acknowledged, and the
 * records without which it would not be found. A write over what a durable
 * record calls dirty already needs no record. So the commit knows whether any
 * write since the last one needs one (sc_crowd.unsettled), and a FLUSH that
 * finds none is a flush of the cache device and nothing else: the bio itself
 * goes there, no thread is woken.
 *
 * DOC: a crowd
 *
 * With several writers, each of which waits for its FLUSH before it writes
 * again, a flush that starts as soon as the last one has ended covers those
 * who came meanwhile, and misses those whom that end has just set free: they
 * form two groups that take turns, and each waits two flushes long. So the
 * commit thread remembers how many there were, waiting or just served, and
 * gives the others half a flush's time to come. They are waited for, not the
 * time: when the last is there it starts. One writer alone is never a crowd.
 */
#include <linux/kthread.h>

#include "commit-thread.h"

/* Nobody waits longer than that for others. */
#define GATHER_MAX_NS	(1 * NSEC_PER_MSEC)

void sc_commit_note_unsettled(struct sc_cache *c)
{
	struct sc_crowd *w = &c->commit->crowd;

	/* The slot's pending bit first, see sc_flush_take(). */
	smp_mb();
	if (!READ_ONCE(w->unsettled))
		WRITE_ONCE(w->unsettled, true);
}

/* ---- straight to the cache device -------------------------------------------- */

static bool flush_begin(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;
	struct sc_crowd *w = &k->crowd;
	unsigned long flags;
	bool direct;

	if (READ_ONCE(c->health) != SC_RW || !sc_origin_is_flushed(c))
		return false;
	/* A good flush of the origin may have followed one that failed. */
	smp_rmb();
	if (READ_ONCE(k->origin.error))
		return false;
	spin_lock_irqsave(&k->lock, flags);
	direct = !w->direct && !w->nr_waiting && !w->nr_served &&
		 w->nr_before <= 1 && !READ_ONCE(w->unsettled) &&
		 !w->settling && !w->failed && !READ_ONCE(k->error);
	if (direct)
		w->direct = true;
	spin_unlock_irqrestore(&k->lock, flags);
	if (direct)
		sc_count(c, cache_flushes);
	return direct;
}

int sc_flush_map(struct sc_cache *c, struct bio *bio, struct sc_io *io)
{
	if (!flush_begin(c)) {
		sc_commit_bio(c, bio);
		return DM_MAPIO_SUBMITTED;
	}
	sc_count(c, flushes);
	io->kind = SC_IO_FLUSH;
	bio_set_dev(bio, sc_bdev(c, SC_LEG_CACHE));
	return DM_MAPIO_REMAPPED;
}

bool sc_flush_end(struct sc_cache *c, bool ok)
{
	struct sc_commit *k = c->commit;
	struct sc_crowd *w = &k->crowd;
	unsigned long flags;
	bool lost;

	spin_lock_irqsave(&k->lock, flags);
	w->direct = false;
	if (!ok)
		WRITE_ONCE(w->failed, true);
	/* What another flush failed for meanwhile, this one may have missed. */
	lost = w->failed || READ_ONCE(k->error);
	spin_unlock_irqrestore(&k->lock, flags);
	if (!ok)
		sc_fail_io(c, SC_LEG_CACHE, true);
	return !lost;
}

/* ---- in the commit thread ---------------------------------------------------- */

static bool flush_gathered(const struct sc_crowd *w)
{
	return READ_ONCE(w->nr_waiting) >= w->gather || kthread_should_stop();
}

void sc_flush_gather(struct sc_cache *c)
{
	struct sc_commit *k = c->commit;
	struct sc_crowd *w = &k->crowd;
	u64 ns = min_t(u64, w->cycle_ns / 2, GATHER_MAX_NS);
	bool wait;

	spin_lock_irq(&k->lock);
	wait = w->nr_waiting && w->nr_waiting < w->nr_before && ns;
	if (wait)
		WRITE_ONCE(w->gather, w->nr_before);
	spin_unlock_irq(&k->lock);
	if (!wait)
		return;
	wait_event_hrtimeout(k->work, flush_gathered(w), ns_to_ktime(ns));
	WRITE_ONCE(w->gather, 0);
}

bool sc_flush_take(struct sc_cache *c, struct bio_list *bios)
{
	struct sc_commit *k = c->commit;
	struct sc_crowd *w = &k->crowd;
	bool flush;

	spin_lock_irq(&k->lock);
	*bios = k->bios;
	bio_list_init(&k->bios);
	w->nr_served = w->nr_waiting;
	w->nr_waiting = 0;
	WRITE_ONCE(k->wanted, false);
	flush = k->flush || w->nr_served || w->failed;
	k->flush = false;
	w->settling |= READ_ONCE(w->unsettled);
	WRITE_ONCE(w->unsettled, false);
	k->started++;
	spin_unlock_irq(&k->lock);
	/*
	 * Before the scan of the pending bits. Pairs with the barrier in
	 * sc_commit_note_unsettled(): whoever still saw "unsettled" set has set
	 * a bit that the scan will see.
	 */
	smp_mb();
	w->begun_ns = ktime_get_ns();
	return flush;
}

void sc_flush_done(struct sc_cache *c, bool ok)
{
	struct sc_commit *k = c->commit;
	struct sc_crowd *w = &k->crowd;
	u64 ns = ktime_get_ns() - w->begun_ns;

	spin_lock_irq(&k->lock);
	if (ok)
		w->settling = false;
	if (w->nr_served) {
		w->nr_before = w->nr_served + w->nr_waiting;
		w->cycle_ns = (w->cycle_ns * 3 + ns) / 4;
	}
	w->nr_served = 0;
	spin_unlock_irq(&k->lock);
}
