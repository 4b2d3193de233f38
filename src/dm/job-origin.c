// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs that write the origin: around the cache, or through it. In both the
 * sub-blocks are durably invalid before the origin is touched (rule 4).
 */
#include "job.h"
#include "trace.h"

/**
 * struct sc_span - neighbouring blocks written together
 * @run: that they are in; around the cache, that the last of them is in
 * @sector: first sector
 * @end: behind the last
 * @nr: blocks
 * @nr_hits: of these, cached before
 * @commit: some durable record may still map them
 * @slot: written through only: busy
 * @keep: the same: sub-blocks that will be valid
 */
struct sc_span {
	struct sc_run run;
	u64 sector;
	u64 end;
	u32 nr;
	u32 nr_hits;
	bool commit;
	u32 slot[SC_JOB_BLOCKS];
	u16 keep[SC_JOB_BLOCKS];
};

/* Own the block's slot or a new one; nothing of it is valid until the end. */
static void span_add_both(struct sc_job *j, struct sc_span *s, u32 i,
			  const struct sc_view *v)
{
	struct sc_cache *c = j->c;

	s->keep[s->nr] = v->whole | (v->touched & v->valid);
	if (v->live) {
		sc_map_slot(c->map, i)->flags |= SC_BUSY;
		sc_slot_invalidate(c, i, v->touched);
	} else {
		i = sc_io_take_slot(c, &s->run,
				    sc_sector_block(&c->geom, s->end));
	}
	s->slot[s->nr] = i;
	s->commit |= v->touched & v->dvalid;
}

static void span_add_drop(struct sc_job *j, struct sc_span *s, u32 i,
			  const struct sc_view *v)
{
	struct sc_cache *c = j->c;

	if (!v->live || !(v->touched & (v->valid | v->dvalid)))
		return;
	sc_count(c, invalidations);
	s->commit |= v->touched & v->dvalid;
	sc_slot_invalidate(c, i, v->touched);
}

static bool span_joins(struct sc_job *j, const struct sc_view *v,
		       const struct sc_run *run, bool both)
{
	enum sc_action act = sc_plan_write(v);

	if (!both)
		return act == SC_ACT_DROP || act == SC_ACT_ORIGIN;
	return act == SC_ACT_BOTH &&
	       (v->live || j->c->map->shards[run->shard].nr_free);
}

static void span_collect(struct sc_job *j, struct sc_span *s, bool both)
{
	const struct sc_geom *g = &j->c->geom;
	u64 limit = min(sc_job_piece_end(j), sc_run_end(g, s->end));
	struct sc_view v;
	u32 i;

	while (s->end < limit) {
		i = sc_job_look(j, &v, &s->run, s->end, limit);
		if (!span_joins(j, &v, &s->run, both))
			break;
		if (both)
			span_add_both(j, s, i, &v);
		else
			span_add_drop(j, s, i, &v);
		s->nr++;
		s->nr_hits += v.live;
		s->end = min(sc_block_end(g, s->end), limit);
	}
}

/* The part of block @n. */
static void span_block(const struct sc_geom *g, const struct sc_span *s, u32 n,
		       u64 *begin, u64 *end)
{
	u64 base = round_down(s->sector, sc_block_sectors(g)) +
		   ((u64)n << g->block_shift);

	*begin = max(base, s->sector);
	*end = min(sc_block_end(g, base), s->end);
}

/* Write the slots of neighbouring blocks; a slot that fails keeps nothing. */
static void span_write_slots(struct sc_job *j, struct sc_span *s)
{
	const struct sc_geom *g = &j->c->geom;
	struct sc_job_part part = { .leg = SC_LEG_CACHE };
	u64 begin, end, from;
	u32 n = 0, first;

	while (n < s->nr) {
		first = n;
		span_block(g, s, n, &from, &end);
		while (++n < s->nr && s->slot[n] == s->slot[n - 1] + 1)
			span_block(g, s, n, &begin, &end);
		part.dev_sector = sc_slot_sector(g, to_cblock(s->slot[first])) +
				  (from & (sc_block_sectors(g) - 1));
		part.skip = from - s->sector;
		part.nr_sectors = end - from;
		sc_count_add(j->c, cache_write_bytes,
			     part.nr_sectors << SECTOR_SHIFT);
		if (sc_job_io(j, &part))
			while (first < n)
				s->keep[first++] = 0;
	}
}

static void origin_end_io(struct bio *bio)
{
	complete(bio->bi_private);
}

static int span_write(struct sc_job *j, struct sc_span *s, bool both)
{
	struct sc_job_part part = {
		.leg = SC_LEG_ORIGIN,
		.dev_sector = s->sector,
		.nr_sectors = s->end - s->sector,
	};
	DECLARE_COMPLETION_ONSTACK(done);
	struct bio *clone = sc_job_clone(j, &part, &j->c->pools.leg_bios);
	int r;

	clone->bi_private = &done;
	clone->bi_end_io = origin_end_io;
	sc_origin_begin(j->c);
	submit_bio(clone);
	if (both)
		span_write_slots(j, s);
	wait_for_completion_io(&done);
	sc_origin_end(j->c);
	r = blk_status_to_errno(clone->bi_status);
	bio_put(clone);
	if (r)
		sc_fail_io(j->c, SC_LEG_ORIGIN, true);
	atomic64_inc(&j->c->origin_wseq);
	return r;
}

/* Give the slots back, with what they hold now. */
static void span_end_both(struct sc_job *j, struct sc_span *s, bool ok)
{
	struct sc_cache *c = j->c;
	struct sc_lock *l = &c->locks[s->run.shard];
	u32 n;

	spin_lock_irq(&l->lock);
	for (n = 0; n < s->nr; n++) {
		if (ok && s->keep[n]) {
			/* Rule 7: the origin has it, but not durably. */
			sc_job_hold(c, s->slot[n]);
			sc_slot_promoted(c, s->slot[n]);
			sc_map_publish(c->map, s->slot[n], s->keep[n], 0);
		}
		sc_slot_end_owner(c, s->slot[n]);
	}
	spin_unlock_irq(&l->lock);
}

/*
 * Around the cache, which keeps no slot, over as many runs as go the same way:
 * one commit and one write for all of them. Each run is counted as having a
 * writer before its lock is dropped, so that what was looked at stays as it is.
 * Nothing is waited for meanwhile but the locks. Returns the last run's lock.
 */
static struct sc_lock *span_collect_around(struct sc_job *j, struct sc_span *s,
					   struct sc_lock *l)
{
	const struct sc_geom *g = &j->c->geom;
	sc_oblock_t b;
	u64 begin;

	for (;;) {
		begin = s->end;
		b = sc_sector_block(g, begin);
		span_collect(j, s, false);
		if (s->end > begin)
			sc_writers_begin(j->c, b);
		if (s->end < sc_run_end(g, begin) ||
		    s->end >= sc_job_piece_end(j))
			return l;
		spin_unlock_irq(&l->lock);
		s->run = sc_map_run(j->c->map, sc_sector_block(g, s->end));
		l = &j->c->locks[s->run.shard];
		spin_lock_irq(&l->lock);
	}
}

int sc_job_origin(struct sc_job *j, const struct sc_run *run,
		  struct sc_lock *l, enum sc_action act)
	__releases(shard)
{
	struct sc_cache *c = j->c;
	u64 sector = sc_job_sector(j);
	sc_oblock_t b = sc_sector_block(&c->geom, sector);
	struct sc_span s = { .run = *run, .sector = sector, .end = sector };
	bool both = act == SC_ACT_BOTH, failed;
	int r = 0;

	/* A write around on its way might land on the origin after ours. */
	if (both && sc_writers_busy(c, b)) {
		spin_unlock_irq(&l->lock);
		sc_writers_wait(c, b);
		return 0;
	}
	if (both)
		span_collect(j, &s, true);
	else
		l = span_collect_around(j, &s, l);
	if (!s.nr) {
		/* The mode changed since the plan was made. */
		spin_unlock_irq(&l->lock);
		return 0;
	}
	if (s.commit)
		r = sc_job_wait_commit(j, l);
	else
		spin_unlock_irq(&l->lock);
	/* Whether or not it is hopeless now: look again first (rule 4). */
	failed = s.commit && sc_commit_error(c);
	if (!r && !failed)
		r = span_write(j, &s, both);
	if (both)
		span_end_both(j, &s, !r && !failed);
	else
		sc_writers_end(c, sector, s.end - sector);
	if (!r && !failed) {
		sc_count_add(c, write_misses, s.nr - s.nr_hits);
		sc_count_add(c, write_hits, s.nr_hits);
		sc_job_advance(j, s.end);
	}
	return r;
}
