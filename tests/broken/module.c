// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module in one piece: all of src/dm, with names that belong to a rule of
 * the design led through a place where the rule can be broken. The sources know
 * nothing of it. It is included by what breaks rules on a model machine
 * (tests/sim) and in a virtual one (kernel.c), never built into ssdcache.ko.
 */
#include "../../src/dm/job.h"
#include "../../src/dm/target.h"

#include "rules.h"

static bool broken(enum sc_break rule)
{
	return sc_broken == rule;
}

/* ---- places where a rule can be broken ------------------------------------- */

static enum sc_action broken_plan_write(const struct sc_view *v)
{
	struct sc_view blind = *v;

	if (broken(SC_BREAK_OVERWRITE_CLEAN) && sc_plan_write(v) == SC_ACT_MARK)
		blind.dclean = 0;
	return sc_plan_write(&blind);
}

static bool broken_retire(struct sc_map *m, u32 i)
{
	if (sc_map_retire(m, i))
		return true;
	if (!broken(SC_BREAK_EARLY_REUSE) ||
	    sc_map_slot(m, i)->flags & SC_COMMITTING)
		return false;
	sc_map_unhash(m, i);
	return true;
}

static int broken_wait(struct sc_cache *c, u64 ticket)
{
	return broken(SC_BREAK_EARLY_ORIGIN) ? 0 : sc_commit_wait(c, ticket);
}

static int broken_job_wait(struct sc_job *j, struct sc_lock *l)
	__releases(shard)
{
	if (!broken(SC_BREAK_EARLY_ORIGIN))
		return sc_job_wait_commit(j, l);
	sc_commit_ticket(j->c);
	spin_unlock_irq(&l->lock);
	return 0;
}

static int broken_destage_flush(struct sc_cache *c)
{
	return broken(SC_BREAK_EARLY_CLEAN) ? 0 : sc_origin_flush(c);
}

static void broken_commit_bio(struct sc_cache *c, struct bio *bio)
{
	if (!broken(SC_BREAK_EARLY_FLUSH)) {
		sc_commit_bio(c, bio);
		return;
	}
	bio->bi_status = BLK_STS_OK;
	bio_endio(bio);
}

static void broken_hold(struct sc_map *m, u32 i)
{
	if (!broken(SC_BREAK_NO_HOLD))
		sc_map_hold(m, i);
}

static void broken_grace(struct sc_cache *c)
{
	if (!broken(SC_BREAK_NO_GRACE))
		sc_grace_wait(c);
}

static void broken_mark_dirty(struct sc_map *m, u32 i, u16 mask)
{
	sc_map_mark_dirty(m, i, mask);
	if (broken(SC_BREAK_NO_REDIRTY))
		sc_map_slot(m, i)->flags &= ~SC_REDIRTY;
}

static bool broken_settled(const struct sc_map *m, u32 i, u16 mask)
{
	return broken(SC_BREAK_UNSETTLED) || sc_map_settled(m, i, mask);
}

static void broken_note(struct sc_cache *c)
{
	if (!broken(SC_BREAK_DIRECT_FLUSH))
		sc_commit_note_unsettled(c);
}

static int broken_epoch(struct sc_meta *m)
{
	return broken(SC_BREAK_NO_EPOCH) ? 0 : sc_meta_raise_epoch(m);
}

static u32 broken_older(const struct sc_map *m, u32 i)
{
	return broken(SC_BREAK_UNSETTLED) ? SC_NIL : sc_map_find_older(m, i);
}

static bool broken_writers(struct sc_cache *c, sc_oblock_t b)
{
	return !broken(SC_BREAK_NO_WRITERS) && sc_writers_busy(c, b);
}

static bool broken_skip(struct sc_cache *c, struct block_device *bdev)
{
	return broken(SC_BREAK_NO_ORIGIN_FLUSH) &&
	       bdev == sc_bdev(c, SC_LEG_ORIGIN);
}

static int broken_issue_flush(struct sc_cache *c, struct block_device *bdev)
{
	return broken_skip(c, bdev) ? 0 : blkdev_issue_flush(bdev);
}

static void broken_cache_flush(struct bio *bio)
{
	if (broken(SC_BREAK_NO_CACHE_FLUSH))
		bio_endio(bio);
	else
		submit_bio(bio);
}

static unsigned int broken_preflush(void)
{
	return broken(SC_BREAK_NO_META_FLUSH) ? 0 : SC_IO_PREFLUSH;
}

static unsigned int broken_fua(void)
{
	return broken(SC_BREAK_NO_META_FUA) ? 0 : SC_IO_FUA;
}

/* ---- the module ------------------------------------------------------------ */

#include "../../src/dm/abandon.c"
#include "../../src/dm/active.c"
#include "../../src/dm/cache.c"

#define blkdev_issue_flush(bdev)	broken_issue_flush(c, bdev)
#define sc_meta_raise_epoch(m)		broken_epoch(m)
#include "../../src/dm/commit.c"
#undef blkdev_issue_flush
#undef sc_meta_raise_epoch

#include "../../src/dm/ctr.c"

#define sc_origin_flush(c)		broken_destage_flush(c)
#define sc_map_settled(m, i, mask)	broken_settled(m, i, mask)
#define sc_map_find_older(m, i)		broken_older(m, i)
#define sc_grace_wait(c)		broken_grace(c)
#define sc_writers_busy(c, b)		broken_writers(c, b)
#include "../../src/dm/destage.c"
#undef sc_origin_flush
#undef sc_map_settled
#undef sc_map_find_older
#undef sc_grace_wait

#include "../../src/dm/fail.c"

#define sc_commit_bio(c, bio)		broken_commit_bio(c, bio)
#include "../../src/dm/flush.c"
#include "../../src/dm/flusher.c"
#include "../../src/dm/grace.c"

#define sc_plan_write(v)		broken_plan_write(v)
#include "../../src/dm/io-end.c"
#include "../../src/dm/io-map.c"

#define sc_map_hold(m, i)		broken_hold(m, i)
#include "../../src/dm/job.c"
#undef sc_map_hold

#include "../../src/dm/job-read.c"
#include "../../src/dm/job-write.c"
#undef sc_writers_busy

#define sc_commit_wait(c, ticket)	broken_wait(c, ticket)
#define sc_job_wait_commit(j, l)	broken_job_wait(j, l)
#include "../../src/dm/job-discard.c"
#include "../../src/dm/job-origin.c"
#undef sc_commit_wait
#undef sc_job_wait_commit
#undef sc_plan_write
#undef sc_commit_bio

#include "../../src/dm/main.c"
#include "../../src/dm/message.c"
#define sc_grace_wait(c)		broken_grace(c)
#include "../../src/dm/reclaim.c"
#undef sc_grace_wait

#define sc_map_retire(m, i)		broken_retire(m, i)
#define sc_map_mark_dirty(m, i, mask)	broken_mark_dirty(m, i, mask)
#define sc_commit_note_unsettled(c)	broken_note(c)
#include "../../src/dm/slot.c"
#undef sc_map_retire
#undef sc_map_mark_dirty
#undef sc_commit_note_unsettled

#include "../../src/dm/stats.c"
#include "../../src/dm/writers.c"

/* Last, as the flags do not come back. */
#define submit_bio(bio)			broken_cache_flush(bio)
#undef SC_IO_PREFLUSH
#define SC_IO_PREFLUSH			broken_preflush()
#undef SC_IO_FUA
#define SC_IO_FUA			broken_fua()
#include "../../src/dm/meta-io.c"
#undef submit_bio
