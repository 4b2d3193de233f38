// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs of discards: forget the sub-blocks, make that durable, pass down. Only
 * whole sub-blocks are given up, on the origin as well: the rest of a sub-block
 * may be cached, and must not change on the origin behind the cache's back.
 */
#include "job.h"
#include "trace.h"

struct sc_discard {
	u64 begin;
	u64 end;
	u64 marked;	/* runs up to here count as being written */
	bool commit;
	bool dropped;
};

/* Returns what the job has to wait for, or ORIGIN if the block is done. */
static enum sc_action discard_block(struct sc_job *j, struct sc_discard *d,
				    const struct sc_run *run, u64 sector)
{
	struct sc_cache *c = j->c;
	struct sc_view v;
	u32 i = sc_job_look(j, &v, run, sector, d->end);
	enum sc_action act = sc_plan_discard(&v);

	if (act != SC_ACT_DROP)
		return act;
	if (sc_map_slot(c->map, i)->flags & SC_COPYING)
		return SC_ACT_WAIT_OWNER;
	d->commit |= v.whole & v.dvalid;
	d->dropped = true;
	sc_slot_invalidate(c, i, v.whole);
	return SC_ACT_ORIGIN;
}

/* Forget the part of one run; may stop to wait and is called again then. */
static u64 discard_run(struct sc_job *j, struct sc_discard *d, u64 sector)
{
	struct sc_cache *c = j->c;
	const struct sc_geom *g = &c->geom;
	u64 limit = min(d->end, sc_run_end(g, sector));
	struct sc_run run = sc_map_run(c->map, sc_sector_block(g, sector));
	struct sc_lock *l = &c->locks[run.shard];
	enum sc_action act = SC_ACT_ORIGIN;

	spin_lock_irq(&l->lock);
	/* From here on nobody fills what we forget. */
	if (sector >= d->marked) {
		sc_writers_begin(c, sc_sector_block(g, sector));
		d->marked = sc_run_end(g, sector);
	}
	while (sector < limit) {
		act = discard_block(j, d, &run, sector);
		if (act != SC_ACT_ORIGIN)
			break;
		sector = min(sc_block_end(g, sector), limit);
	}
	if (act == SC_ACT_WAIT_OWNER)
		sc_shard_wait(l);
	spin_unlock_irq(&l->lock);
	if (act == SC_ACT_WAIT_COMMIT)
		sc_commit_wait(c, sc_commit_ticket(c));
	return sector;
}

static int discard_origin(struct sc_job *j, const struct sc_discard *d)
{
	struct sc_cache *c = j->c;
	struct sc_job_part part = {
		.leg = SC_LEG_ORIGIN,
		.dev_sector = d->begin,
		.nr_sectors = d->end - d->begin,
	};
	int r;

	if (c->target->config.features & SC_FEATURE_NO_DISCARD_PASSDOWN ||
	    !bdev_max_discard_sectors(sc_bdev(c, SC_LEG_ORIGIN))) {
		/* Rule 7: a fill would read what a destage wrote and nobody flushed. */
		if (d->dropped && sc_origin_failed(c))
			atomic64_inc(&c->origin_wseq);
		return 0;
	}
	r = sc_job_io(j, &part);
	atomic64_inc(&c->origin_wseq);
	return r;
}

static int discard_range(struct sc_job *j, struct sc_discard *d)
{
	struct sc_cache *c = j->c;
	u64 sector = d->begin;
	bool forgotten;
	int r = 0;

	/* It is advice, and nothing can be forgotten durably. */
	while (sector < d->end && READ_ONCE(c->health) == SC_RW) {
		sector = discard_run(j, d, sector);
		cond_resched();
	}
	forgotten = sector == d->end &&
		    (!d->commit || !sc_commit_wait(c, sc_commit_ticket(c)));
	/* A write in place on its way must not land on what is filled later. */
	if (d->dropped)
		sc_grace_wait(c);
	if (forgotten)
		r = discard_origin(j, d);
	if (d->marked)
		sc_writers_end(c, d->begin, min(d->marked, d->end) - d->begin);
	return r;
}

int sc_job_discard(struct sc_job *j)
{
	const struct sc_geom *g = &j->c->geom;
	u64 sector = sc_job_sector(j), end = sc_job_end(j);
	struct sc_discard d = {
		.begin = round_up(sector, sc_sub_sectors(g)),
		.end = end == g->origin_sectors ?
			       end : round_down(end, sc_sub_sectors(g)),
	};
	int r = 0;

	sc_count(j->c, discards);
	if (d.begin < d.end)
		r = discard_range(j, &d);
	j->bio->bi_iter.bi_size = 0;
	return r;
}
