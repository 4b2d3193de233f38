// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs of writes: one block at a time, decided anew after every wait.
 */
#include "job.h"
#include "trace.h"

/* Marks the sub-blocks dirty first, so that rule 3 holds when it is time. */
static int write_mark(struct sc_job *j, struct sc_lock *l, u32 i, u16 mask)
	__releases(shard)
{
	/* What is marked after a failure nobody would take back. */
	if (!sc_commit_error(j->c))
		sc_slot_dirtied(j->c, i, mask);
	return sc_job_wait_commit(j, l);
}

/*
 * The slot cannot be written, but the request replaces all that is dirty in the
 * sub-blocks: the origin takes it. Until the origin has it durably the record
 * that calls the slot's content dirty must stand, so the order is not rule 4's.
 */
static int write_rescue(struct sc_job *j, struct sc_lock *l, u32 i,
			const struct sc_view *v, u64 end)
	__releases(shard)
{
	struct sc_cache *c = j->c;
	struct sc_job_part part = {
		.leg = SC_LEG_ORIGIN,
		.dev_sector = sc_job_sector(j),
		.nr_sectors = end - sc_job_sector(j),
	};
	int r;

	sc_map_slot(c->map, i)->flags |= SC_BUSY;
	spin_unlock_irq(&l->lock);
	/* No write in place may land after ours. */
	sc_grace_wait(c);
	r = sc_job_io(j, &part);
	atomic64_inc(&c->origin_wseq);
	if (!r)
		r = sc_origin_flush(c);

	spin_lock_irq(&l->lock);
	if (!r)
		sc_slot_invalidate(c, i, v->touched);
	sc_slot_end_owner(c, i);
	spin_unlock_irq(&l->lock);
	if (!r)
		r = sc_commit_wait(c, sc_commit_ticket(c));
	if (!r)
		sc_job_advance(j, end);
	return r;
}

/*
 * A slot could not be written. What is dirty there may be torn: only a write
 * that replaces all of it can go to the origin instead.
 */
static int write_failed(struct sc_job *j, u64 end)
{
	struct sc_cache *c = j->c;
	struct sc_run run;
	struct sc_lock *l = sc_job_lock(j, &run);
	struct sc_view v;
	u32 i;

	j->io->failed = true;
	for (;;) {
		i = sc_job_look(j, &v, &run, sc_job_sector(j), end);
		if (!v.live || !(v.touched & v.dirty))
			break;
		if (v.older)
			/* Rule 4: the origin is about to be written. */
			return sc_job_wait_commit(j, l);
		if (!(sc_map_slot(c->map, i)->flags & (SC_COPYING | SC_BUSY))) {
			if (v.touched & (~v.whole | v.dclean) ||
			    READ_ONCE(c->health) != SC_RW)
				break;
			return write_rescue(j, l, i, &v, end);
		}
		sc_shard_wait(l);
	}
	spin_unlock_irq(&l->lock);
	return v.live && v.touched & v.dirty ? -EIO : 0;
}

static int write_overwrite(struct sc_job *j, struct sc_lock *l, u32 i,
			   const struct sc_view *v, u64 end)
	__releases(shard)
{
	unsigned int epoch;
	int r;

	sc_count(j->c, write_hits);
	sc_slot_dirtied(j->c, i, v->touched);
	epoch = sc_grace_get(&j->c->grace);
	spin_unlock_irq(&l->lock);
	r = sc_job_slot_io(j, i, end);
	sc_grace_put(&j->c->grace, epoch);
	if (r)
		return write_failed(j, end);
	sc_job_advance(j, end);
	return 0;
}

static int write_busy(struct sc_job *j, struct sc_lock *l, u32 i, u64 end)
	__releases(shard)
{
	u64 sector = sc_job_sector(j);
	int r;

	spin_unlock_irq(&l->lock);
	r = sc_job_slot_io(j, i, end);
	sc_io_publish(j->c, sector, end - sector, true, !r);
	if (r)
		return write_failed(j, end);
	sc_job_advance(j, end);
	return 0;
}

static int write_extend(struct sc_job *j, struct sc_lock *l, u32 i,
			const struct sc_view *v, u64 end)
	__releases(shard)
{
	sc_count(j->c, write_hits);
	/* What is valid already must not be committed clean meanwhile. */
	if (v->touched & v->valid)
		sc_slot_dirtied(j->c, i, v->touched & v->valid);
	sc_map_slot(j->c->map, i)->flags |= SC_BUSY;
	return write_busy(j, l, i, end);
}

/*
 * Is there a slot in rule 2's pool? If not, have one made and wait for a
 * change; the caller looks again.
 */
static bool write_slot_free(struct sc_job *j, struct sc_lock *l, u32 shard)
{
	if (sc_io_slot_free(j->c, shard))
		return true;
	if (sc_flusher_gave_up(j->c) || sc_origin_gave_up(j->c) ||
	    sc_shard_is_stuck(j->c, shard) ||
	    !j->c->map->shards[shard].nr_slots) {
		/* No slot will ever be clean: the origin's answer must do. */
		j->io->bypass = true;
		return false;
	}
	if (!j->io->throttled)
		sc_count(j->c, throttled_writes);
	j->io->throttled = true;
	sc_reclaim_kick(j->c);
	sc_flusher_urge(j->c);
	sc_shard_wait(l);
	return false;
}

static int write_alloc(struct sc_job *j, const struct sc_run *run,
		       struct sc_lock *l, u64 end)
	__releases(shard)
{
	u32 i;

	if (!write_slot_free(j, l, run->shard)) {
		spin_unlock_irq(&l->lock);
		return 0;
	}
	sc_count(j->c, write_misses);
	i = sc_io_take_slot(j->c, run,
			    sc_sector_block(&j->c->geom, sc_job_sector(j)));
	return write_busy(j, l, i, end);
}

/* Copy one sub-block from the origin to a busy slot. */
static int edge_copy(struct sc_job *j, u32 i, u64 sector, void *buf)
{
	struct sc_cache *c = j->c;
	const struct sc_geom *g = &c->geom;
	u64 begin = round_down(sector, sc_sub_sectors(g));
	struct sc_job_part part = {
		.leg = SC_LEG_ORIGIN,
		.dev_sector = begin,
		.nr_sectors = min(sc_sub_end(g, begin), g->origin_sectors) -
			      begin,
	};
	int r;

	sc_origin_begin(c);
	r = sc_job_buffer_io(c, REQ_OP_READ, &part, buf);
	sc_origin_end(c);
	part.leg = SC_LEG_CACHE;
	part.dev_sector = sc_slot_sector(g, to_cblock(i)) +
			  (begin & (sc_block_sectors(g) - 1));
	if (!r)
		r = sc_job_buffer_io(c, REQ_OP_WRITE, &part, buf);
	/* The write goes to the origin alone: it needs no neighbours there. */
	if (r)
		j->io->failed = true;
	return r;
}

/* Fill the sub-blocks at the begin and end that are not written whole. */
static int edge_fill(struct sc_job *j, u32 i, u16 edges, u64 end)
{
	const struct sc_geom *g = &j->c->geom;
	u64 sector = sc_job_sector(j);
	void *buf = mempool_alloc(&j->c->pools.buffers, GFP_NOIO);
	int r = 0;

	if (edges >> sc_sub_index(g, sector) & 1)
		r = edge_copy(j, i, sector, buf);
	if (!r && sc_sub_index(g, end - 1) != sc_sub_index(g, sector) &&
	    edges >> sc_sub_index(g, end - 1) & 1)
		r = edge_copy(j, i, end - 1, buf);
	mempool_free(buf, &j->c->pools.buffers);
	return r;
}

/* Own the slot, or a new one; SC_NIL if there is none. */
static u32 edge_own(struct sc_job *j, const struct sc_run *run,
		    struct sc_lock *l, u32 i, bool live)
{
	if (live) {
		sc_map_slot(j->c->map, i)->flags |= SC_BUSY;
		return i;
	}
	if (!write_slot_free(j, l, run->shard))
		return SC_NIL;
	return sc_io_take_slot(j->c, run,
			       sc_sector_block(&j->c->geom, sc_job_sector(j)));
}

static int write_edge(struct sc_job *j, const struct sc_run *run,
		      struct sc_lock *l, u32 i, const struct sc_view *v)
	__releases(shard)
{
	struct sc_cache *c = j->c;
	u16 edges = v->touched & ~v->whole & ~v->valid;
	u64 sector = sc_job_sector(j);
	u64 end = min(sc_job_end(j), sc_block_end(&c->geom, sector));
	int r;

	/* Rule 3: a durable record may still map what was there. */
	if (edges & v->dvalid)
		return sc_job_wait_commit(j, l);
	/* What the origin holds there must stand still while it is copied. */
	if (sc_writers_busy(c, sc_sector_block(&c->geom, sector))) {
		spin_unlock_irq(&l->lock);
		sc_writers_wait(c, sc_sector_block(&c->geom, sector));
		return 0;
	}
	i = edge_own(j, run, l, i, v->live);
	spin_unlock_irq(&l->lock);
	if (i == SC_NIL)
		return 0;
	r = edge_fill(j, i, edges, end);

	spin_lock_irq(&l->lock);
	if (!r) {
		sc_job_hold(c, i);
		sc_map_publish(c->map, i, edges, 0);
	}
	sc_slot_end_owner(c, i);
	spin_unlock_irq(&l->lock);
	return 0;
}

/* In writethrough nobody waits for a slot. */
static bool write_may_admit(struct sc_job *j, const struct sc_view *v,
			    const struct sc_run *run)
{
	if (v->mode == SC_WRITETHROUGH && !v->live &&
	    !j->c->map->shards[run->shard].nr_free)
		j->io->bypass = true;
	return v->admit && !j->io->bypass;
}

int sc_job_write(struct sc_job *j)
{
	struct sc_cache *c = j->c;
	u64 sector = sc_job_sector(j);
	u64 end = min(sc_job_piece_end(j), sc_block_end(&c->geom, sector));
	enum sc_action act;
	struct sc_run run;
	struct sc_lock *l = sc_job_lock(j, &run);
	struct sc_view v;
	u32 i = sc_job_look(j, &v, &run, sector, end);

	v.admit = write_may_admit(j, &v, &run);
	act = sc_plan_write(&v);
	trace_sc_job(c, sector, end - sector, act);
	switch (act) {
	case SC_ACT_OVERWRITE:
		return write_overwrite(j, l, i, &v, end);
	case SC_ACT_EXTEND:
		return write_extend(j, l, i, &v, end);
	case SC_ACT_ALLOC:
		return write_alloc(j, &run, l, end);
	case SC_ACT_EDGE:
		return write_edge(j, &run, l, i, &v);
	case SC_ACT_MARK:
		return write_mark(j, l, i, v.touched & v.valid);
	case SC_ACT_WAIT_OWNER:
		sc_shard_wait(l);
		spin_unlock_irq(&l->lock);
		return 0;
	case SC_ACT_WAIT_COMMIT:
		return sc_job_wait_commit(j, l);
	default:
		return sc_job_origin(j, &run, l, act);
	}
}
