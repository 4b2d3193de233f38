// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs of reads: copy a gap from the origin to the reader and, behind the
 * reader's back, to the cache.
 */
#include "job.h"
#include "trace.h"

/**
 * struct sc_fill - a gap being filled
 * @run: that it is in
 * @begin: first sector, at the begin of a sub-block
 * @end: behind the last, at the end of a sub-block or of the origin
 * @nr_slots: blocks that were given a slot
 * @nr_blocks: blocks from @begin to @end
 * @slot: of each, busy, or SC_NIL
 */
struct sc_fill {
	struct sc_run run;
	u64 begin;
	u64 end;
	u32 nr_slots;
	u32 nr_blocks;
	u32 slot[SC_JOB_BLOCKS];
};

static void fill_shape(const struct sc_geom *g, struct sc_fill *f, u64 sector,
		       u64 end)
{
	f->begin = round_down(sector, sc_sub_sectors(g));
	f->end = min(round_up(end, sc_sub_sectors(g)),
		     f->begin + SC_BUFFER_SECTORS);
	f->end = min(f->end, g->origin_sectors);
	f->nr_blocks = ((f->end - 1) >> g->block_shift) -
		       (f->begin >> g->block_shift) + 1;
	f->nr_slots = 0;
}

/* The part of block @n. */
static void fill_block(const struct sc_geom *g, const struct sc_fill *f, u32 n,
		       u64 *begin, u64 *end)
{
	u64 base = round_down(f->begin, sc_block_sectors(g)) +
		   ((u64)n << g->block_shift);

	*begin = max(base, f->begin);
	*end = min(sc_block_end(g, base), f->end);
}

/* Own the slot of one block, or take one. */
static u32 fill_own(struct sc_job *j, struct sc_fill *f, u64 begin, u64 end)
{
	struct sc_cache *c = j->c;
	sc_oblock_t b = sc_sector_block(&c->geom, begin);
	struct sc_view v;
	u32 i = sc_job_look(j, &v, &f->run, begin, end);

	if (v.older || v.busy || !v.admit ||
	    (v.mode != SC_WRITEBACK && v.mode != SC_WRITETHROUGH &&
	     v.mode != SC_WRITEAROUND))
		return SC_NIL;
	/* Rule 3, and what is valid already is not touched. */
	if (v.touched & (v.valid | v.dvalid))
		return SC_NIL;
	if (v.live) {
		sc_map_slot(c->map, i)->flags |= SC_BUSY;
		return i;
	}
	if (!c->map->shards[f->run.shard].nr_free)
		return SC_NIL;
	return sc_io_take_slot(c, &f->run, b);
}

static void fill_claim(struct sc_job *j, struct sc_fill *f)
{
	const struct sc_geom *g = &j->c->geom;
	u64 begin, end;
	u32 n;

	if (sc_writers_busy(j->c, sc_sector_block(g, f->begin)))
		return;
	for (n = 0; n < f->nr_blocks; n++) {
		fill_block(g, f, n, &begin, &end);
		f->slot[n] = fill_own(j, f, begin, end);
		f->nr_slots += f->slot[n] != SC_NIL;
	}
}

/* The blocks from @n to before @last are done; @ok: their slots have the data. */
static void fill_end(struct sc_cache *c, struct sc_fill *f, u32 n, u32 last,
		     bool ok)
{
	struct sc_lock *l = &c->locks[f->run.shard];
	u64 begin, end;

	spin_lock_irq(&l->lock);
	for (; n < last; n++) {
		if (f->slot[n] == SC_NIL)
			continue;
		fill_block(&c->geom, f, n, &begin, &end);
		if (ok) {
			sc_job_hold(c, f->slot[n]);
			sc_map_publish(c->map, f->slot[n],
				       sc_subs_whole(&c->geom, begin, end), 0);
			sc_count(c, fills);
			sc_slot_promoted(c, f->slot[n]);
		}
		sc_slot_end_owner(c, f->slot[n]);
	}
	spin_unlock_irq(&l->lock);
}

/* Write the blocks from @n on whose slots are neighbours; returns the next. */
static u32 fill_write(struct sc_cache *c, struct sc_fill *f, u32 n, void *buf)
{
	struct sc_job_part part = { .leg = SC_LEG_CACHE };
	u64 begin, end, from;
	u32 first = n;
	int r;

	fill_block(&c->geom, f, n, &from, &end);
	part.dev_sector = sc_slot_sector(&c->geom, to_cblock(f->slot[n])) +
			  (from & (sc_block_sectors(&c->geom) - 1));
	part.skip = from - f->begin;
	while (++n < f->nr_blocks && f->slot[n] == f->slot[n - 1] + 1)
		fill_block(&c->geom, f, n, &begin, &end);
	part.nr_sectors = end - from;
	r = sc_job_buffer_io(c, REQ_OP_WRITE, &part, buf);
	fill_end(c, f, first, n, !r);
	return n;
}

/* Publishes or gives up every slot; nothing of the request is looked at. */
static void fill_write_all(struct sc_cache *c, struct sc_fill *f, void *buf)
{
	u32 n = 0;

	while (n < f->nr_blocks)
		if (f->slot[n] == SC_NIL)
			n++;
		else
			n = fill_write(c, f, n, buf);
}

static void copy_to_request(struct sc_job *j, const void *buf, u32 bytes)
{
	struct bvec_iter iter, start = j->bio->bi_iter;
	struct bio_vec bv;

	start.bi_size = bytes;
	__bio_for_each_segment(bv, j->bio, iter, start) {
		memcpy_to_bvec(&bv, buf);
		buf += bv.bv_len;
	}
}

static int read_origin(struct sc_job *j, u64 end)
{
	struct sc_job_part part = {
		.leg = SC_LEG_ORIGIN,
		.dev_sector = sc_job_sector(j),
		.nr_sectors = end - sc_job_sector(j),
	};
	int r = sc_job_io(j, &part);

	if (!r)
		sc_job_advance(j, end);
	return r;
}

/* Read the gap into @buf; the reader gets its part of it. */
static int fill_read(struct sc_job *j, struct sc_fill *f, u64 end, void *buf)
{
	struct sc_job_part part = {
		.leg = SC_LEG_ORIGIN,
		.dev_sector = f->begin,
		.nr_sectors = f->end - f->begin,
	};
	u64 sector = sc_job_sector(j);
	int r;

	sc_origin_begin(j->c);
	r = sc_job_buffer_io(j->c, REQ_OP_READ, &part, buf);
	sc_origin_end(j->c);
	if (r)
		return r;
	copy_to_request(j, buf + ((sector - f->begin) << SECTOR_SHIFT),
			(end - sector) << SECTOR_SHIFT);
	sc_job_advance(j, end);
	if (!j->bio->bi_iter.bi_size)
		sc_job_complete(j, 0);
	return 0;
}

static int fill_do(struct sc_job *j, struct sc_fill *f, u64 end)
{
	struct sc_cache *c = j->c;
	void *buf = mempool_alloc(&c->pools.buffers, GFP_NOIO);
	int r = fill_read(j, f, end, buf);

	if (r)
		fill_end(c, f, 0, f->nr_blocks, false);
	else
		fill_write_all(c, f, buf);
	mempool_free(buf, &c->pools.buffers);
	/* Perhaps only a sector that nobody asked for cannot be read. */
	return r ? read_origin(j, end) : 0;
}

static int read_hit(struct sc_job *j, u32 i, u64 end)
	__releases(shard)
{
	struct sc_lock *l = sc_slot_lock(j->c, i);
	unsigned int epoch = sc_grace_get(&j->c->grace);
	int r;

	spin_unlock_irq(&l->lock);
	r = sc_job_slot_io(j, i, end);
	sc_grace_put(&j->c->grace, epoch);
	if (!r)
		sc_job_advance(j, end);
	return r;
}

/*
 * The cache could not be read: take the origin where it has the same, sub-block
 * by sub-block, and try once more where it has not.
 */
static int read_failed(struct sc_job *j)
{
	struct sc_cache *c = j->c;
	u64 end = sc_job_piece_end(j);
	struct sc_run run;
	struct sc_lock *l = sc_job_lock(j, &run);
	struct sc_view v;
	u32 i = sc_job_look(j, &v, &run, sc_job_sector(j), end);
	int r;

	if (v.live && v.touched & sc_slot_dirty(c->map, i)) {
		r = read_hit(j, i, end);
		if (r)
			sc_fail_lost(c);
		return r;
	}
	/* In ill health a record may still call it dirty: then it stays. */
	if (v.live && !v.busy && !(v.touched & v.dirty))
		sc_slot_invalidate(c, i, v.touched);
	spin_unlock_irq(&l->lock);
	return read_origin(j, end);
}

int sc_job_read(struct sc_job *j)
{
	struct sc_cache *c = j->c;
	const struct sc_geom *g = &c->geom;
	u64 sector = sc_job_sector(j), end;
	struct sc_fill f = { };
	struct sc_lock *l;
	u32 i;

	if (j->io->failed)
		return read_failed(j);
	l = sc_job_lock(j, &f.run);
	i = sc_map_find(c->map, &f.run, sc_sector_block(g, sector));

	if (i != SC_NIL && sc_io_readable(c, i, sc_cache_mode(c)) >>
			   sc_sub_index(g, sector) & 1) {
		sc_count(c, read_hits);
		end = sc_io_hit_end(c, &f.run, i, sector, sc_job_end(j));
		j->io->failed = read_hit(j, i, min(end, sc_block_end(g, sector)));
		return 0;
	}
	end = sc_io_miss_end(c, &f.run, sector, sc_job_end(j));
	if (end == sector) {
		/* The mode changed meanwhile. */
		spin_unlock_irq(&l->lock);
		return 0;
	}
	fill_shape(g, &f, sector, end);
	end = min(end, f.end);
	fill_claim(j, &f);
	spin_unlock_irq(&l->lock);

	sc_count_add(c, read_misses, f.nr_blocks);
	trace_sc_job(c, sector, end - sector,
		     f.nr_slots ? SC_ACT_MISS : SC_ACT_BYPASS);
	return f.nr_slots ? fill_do(j, &f, end) : read_origin(j, end);
}
