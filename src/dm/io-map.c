// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm's map operation: everything that can be done at once. A request is cut
 * where its blocks no longer share one answer; what has to wait for something
 * becomes a job. Lock: one shard lock at a time.
 */
#include "io.h"
#include "trace.h"

#define LARGE_SECTORS	512	/* as long as a disk's way there */

/* ---- looking at a run -------------------------------------------------------- */

/*
 * Slots that follow each other as their blocks do, each holding one sub-block.
 * What lies behind the slot is looked at without asking the chains: the block
 * number says whether it is the next one, and the shard whether we hold the
 * lock of what we read. Beside a newer slot that is still being written an
 * older one may be found: what it has is what the block holds until then.
 */
static u64 hit_end_plain(struct sc_cache *c, const struct sc_run *run, u32 i,
			 u64 sector, u64 limit)
{
	const struct sc_geom *g = &c->geom;
	const u32 mask = SC_SHARD_MASK | SC_HASHED | SC_V | SC_BLOCK_HI;
	struct sc_shard *sh = &c->map->shards[run->shard];
	struct sc_slot *s = sc_map_slot(c->map, i), *last;
	u64 b = from_oblock(sc_sector_block(g, sector)), pos;
	u32 want = run->shard << SC_SHARD_SHIFT | SC_HASHED | SC_V |
		   (u32)(b >> 32);

	last = sc_map_slot(c->map, g->nr_slots - 1);
	sc_slot_touch(sh, s);
	for (pos = sc_block_end(g, sector); pos < limit;
	     pos += sc_block_sectors(g)) {
		/* Within a run the upper part of the number is the same. */
		if (s == last || (READ_ONCE(s[1].flags) & mask) != want ||
		    s[1].block_lo != (u32)(b + 1))
			return pos;
		b++;
		s++;
		sc_slot_touch(sh, s);
	}
	return limit;
}

u64 sc_io_hit_end(struct sc_cache *c, const struct sc_run *run, u32 i,
		  u64 sector, u64 end)
{
	const struct sc_geom *g = &c->geom;
	struct sc_shard *sh = &c->map->shards[run->shard];
	enum sc_mode mode = sc_cache_mode(c);
	u64 pos, limit = min(end, sc_run_end(g, sector));
	u32 next;

	if (g->nr_subs == 1 && likely(mode != SC_PASSTHROUGH))
		return hit_end_plain(c, run, i, sector, limit);
	sc_slot_touch(sh, sc_map_slot(c->map, i));
	for (pos = sc_sub_end(g, sector); pos < limit;
	     pos = sc_sub_end(g, pos)) {
		if (!(pos & (sc_block_sectors(g) - 1))) {
			next = sc_map_find(c->map, run, sc_sector_block(g, pos));
			if (next != i + 1 ||
			    !(sc_io_readable(c, next, mode) & 1))
				return pos;
			i = next;
			sc_slot_touch(sh, sc_map_slot(c->map, i));
		} else if (!(sc_io_readable(c, i, mode) >>
			     sc_sub_index(g, pos) & 1)) {
			return pos;
		}
	}
	return limit;
}

u64 sc_io_miss_end(struct sc_cache *c, const struct sc_run *run, u64 sector,
		   u64 end)
{
	const struct sc_geom *g = &c->geom;
	enum sc_mode mode = sc_cache_mode(c);
	u64 pos = sector, limit = min(end, sc_run_end(g, sector));
	u32 i = sc_map_find(c->map, run, sc_sector_block(g, sector));

	while (pos < limit) {
		if (i != SC_NIL && sc_io_readable(c, i, mode) >>
				   sc_sub_index(g, pos) & 1)
			return pos;
		pos = sc_sub_end(g, pos);
		if (pos < limit && !(pos & (sc_block_sectors(g) - 1)))
			i = sc_map_find(c->map, run, sc_sector_block(g, pos));
	}
	return limit;
}

/*
 * Records can no longer be written. If the label's epoch could be raised, those
 * that call something clean do not count any more (rule 9). Those that call it
 * dirty do: what the slot holds must stay the newest. After all was abandoned,
 * none counts.
 */
static void look_ill(struct sc_view *v, enum sc_records records)
{
	v->admit = false;
	if (records == SC_RECORDS_ALL)
		return;
	if (records == SC_RECORDS_NONE) {
		v->dvalid = 0;
		v->older_dirty = false;
	} else if (!v->settling) {
		/* Of a failed transaction's slots any record may say dirty. */
		v->dvalid &= ~v->dclean;
	}
	v->dclean = 0;
	v->dirty |= v->dvalid & v->valid;
	v->older = v->older_dirty;
}

u32 sc_io_look(struct sc_cache *c, struct sc_view *v, const struct sc_run *run,
	       u64 sector, u64 end)
{
	u32 i;

	v->mode = sc_cache_mode(c);
	i = sc_view_block(v, c->map, run, sector,
			  min(end, sc_block_end(&c->geom, sector)));
	v->busy |= i != SC_NIL && sc_io_copied_first(c, i);
	v->admit = sc_policy_admit(c->policy,
				   sc_sector_block(&c->geom, sector), true);
	if (unlikely(READ_ONCE(c->health) != SC_RW)) {
		/* Pairs with sc_fail_health(): what records are worth is set. */
		smp_rmb();
		look_ill(v, READ_ONCE(c->records));
	}
	return i;
}

bool sc_io_slot_free(struct sc_cache *c, u32 shard)
{
	return c->map->shards[shard].nr_free && !sc_shard_at_limit(c, shard);
}

u32 sc_io_take_slot(struct sc_cache *c, const struct sc_run *run,
		    sc_oblock_t b)
{
	u32 i = sc_map_alloc(c->map, run->shard);

	sc_map_insert(c->map, run, i, b);
	sc_reclaim_check(c, run->shard);
	return i;
}

/* ---- endings ----------------------------------------------------------------- */

/* Go on with the part of the bio before @end only. */
static void map_cut(struct bio *bio, struct sc_io *io, u64 end)
{
	u32 nr_sectors = end - io->sector;

	if (nr_sectors < bio_sectors(bio))
		dm_accept_partial_bio(bio, nr_sectors);
	io->nr_sectors = nr_sectors;
	io->iter = bio->bi_iter;
}

static int map_origin(struct sc_cache *c, struct bio *bio, struct sc_io *io,
		      u64 end)
{
	map_cut(bio, io, end);
	sc_origin_begin(c);
	bio_set_dev(bio, sc_bdev(c, SC_LEG_ORIGIN));
	return DM_MAPIO_REMAPPED;
}

static int map_job(struct sc_cache *c, struct bio *bio, struct sc_io *io,
		   u64 end)
{
	map_cut(bio, io, min(end, sc_run_end(&c->geom, io->sector)));
	sc_job_queue(c, bio);
	return DM_MAPIO_SUBMITTED;
}

static u64 nr_blocks(const struct sc_cache *c, const struct sc_io *io)
{
	u8 shift = c->geom.block_shift;

	return ((io->sector + io->nr_sectors - 1) >> shift) -
	       (io->sector >> shift) + 1;
}

/*
 * Most requests lie in one block, and most blocks are one sub-block: the flags
 * of one slot tell all there is to know.
 */
static inline bool map_is_single(const struct sc_cache *c,
				 const struct bio *bio, u64 sector)
{
	u32 block_sectors = sc_block_sectors(&c->geom);

	return !c->map->masks && (sector & (block_sectors - 1)) +
				 bio_sectors(bio) <= block_sectors;
}

/* What the straight way has in registers, others find out again. */
static struct sc_run map_run(const struct sc_cache *c, const struct sc_io *io)
{
	return sc_map_run(c->map, sc_sector_block(&c->geom, io->sector));
}

/* From here on the slot is used without owning it. */
static inline void map_use_slot(struct sc_cache *c, struct sc_io *io, u32 shard)
	__releases(shard)
{
	io->epoch = sc_grace_get(&c->grace);
	spin_unlock_irq(&c->locks[shard].lock);
}

/* A request that map_is_single(), with what it wants in slot @i. */
static __always_inline void map_one_hit(struct sc_cache *c, struct bio *bio,
					struct sc_io *io, u32 shard, u32 i)
	__releases(shard)
{
	sc_slot_touch(&c->map->shards[shard], sc_map_slot(c->map, i));
	map_use_slot(c, io, shard);
	io->nr_sectors = bio_sectors(bio);
	io->iter = bio->bi_iter;
	sc_io_remap(c, bio, i, io->sector);
}

/* To be asked once for each request that misses. */
static bool map_sequential(struct sc_cache *c, u64 sector, u64 end, bool write)
{
	struct sc_admission *a = &c->admission;
	unsigned long flags;
	bool r;

	spin_lock_irqsave(&a->lock, flags);
	r = sc_admit_sequential(a->admit, sector, end - sector, write);
	spin_unlock_irqrestore(&a->lock, flags);
	return r;
}

/* ---- around the cache --------------------------------------------------------- */

/*
 * Blocks without a slot, within one run; the run is marked so that nothing of
 * it is filled meanwhile.
 */
static u64 map_uncached_end(struct sc_cache *c, const struct sc_run *run,
			    u64 sector, u64 end)
{
	const struct sc_geom *g = &c->geom;
	u64 pos = sector, limit = min(end, sc_run_end(g, sector));

	while (pos < limit &&
	       sc_map_find(c->map, run, sc_sector_block(g, pos)) == SC_NIL)
		pos = sc_block_end(g, pos);
	if (pos > sector)
		sc_writers_begin(c, sc_sector_block(g, sector));
	return min(pos, limit);
}

/* A piece that goes around the cache keeps no slot: it may go on in next runs. */
static u64 map_extend(struct sc_cache *c, u64 sector, u64 end, bool write)
{
	struct sc_run run;
	struct sc_lock *l;
	u64 next;

	while (sector < end) {
		run = sc_map_run(c->map, sc_sector_block(&c->geom, sector));
		l = &c->locks[run.shard];
		spin_lock_irq(&l->lock);
		if (write)
			next = map_uncached_end(c, &run, sector, end);
		else
			next = sc_io_miss_end(c, &run, sector, end);
		spin_unlock_irq(&l->lock);
		if (next == sector)
			break;
		map_sequential(c, sector, next, write);
		sector = next;
		if (sector < sc_run_end(&c->geom, sector - 1))
			break;
	}
	return sector;
}

/* ---- reads ------------------------------------------------------------------- */

static bool map_may_fill(struct sc_cache *c, const struct sc_view *v,
			 const struct sc_run *run, u64 sector, u64 end)
{
	sc_oblock_t b = sc_sector_block(&c->geom, sector);

	if (map_sequential(c, sector, end, false)) {
		sc_count(c, sequential_bypasses);
		return false;
	}
	if (sc_plan_read(v) != SC_ACT_MISS ||
	    !sc_tune(&c->target->config.tune.read_fill) ||
	    !sc_policy_admit(c->policy, b, false))
		return false;
	if (sc_admit_exceeded(c->admission.admit) &&
	    !sc_policy_seen(c->policy, run->shard, b))
		return false;
	if (!c->map->shards[run->shard].nr_free || sc_writers_busy(c, b) ||
	    atomic_read(&c->admission.fills) >= SC_MAX_FILLS) {
		sc_reclaim_check(c, run->shard);
		sc_count(c, fills_dropped);
		return false;
	}
	return true;
}

static noinline int map_read_missed(struct sc_cache *c, struct bio *bio,
				    struct sc_io *io)
	__releases(shard)
{
	struct sc_run run = map_run(c, io);
	struct sc_lock *l = &c->locks[run.shard];
	u64 end = io->sector + bio_sectors(bio), miss_end;
	struct sc_view v;
	bool fill;

	sc_io_look(c, &v, &run, io->sector, end);
	/* A read that begins in a gap stops where the gap ends. */
	v.touched = BIT(sc_sub_index(&c->geom, io->sector));
	miss_end = sc_io_miss_end(c, &run, io->sector, end);
	fill = miss_end > io->sector &&
	       map_may_fill(c, &v, &run, io->sector, miss_end);
	spin_unlock_irq(&l->lock);
	/* The mode changed between two looks: a job looks again. */
	if (fill || miss_end == io->sector) {
		atomic_inc(&c->admission.fills);
		return map_job(c, bio, io, fill ? miss_end : end);
	}
	if (miss_end == sc_run_end(&c->geom, io->sector))
		miss_end = map_extend(c, miss_end, end, false);
	io->kind = SC_IO_ORIGIN_READ;
	map_origin(c, bio, io, miss_end);
	sc_count_add(c, read_misses, nr_blocks(c, io));
	sc_count(c, bypass_reads);
	trace_sc_map(c, io->sector, io->nr_sectors, SC_ACT_BYPASS);
	return DM_MAPIO_REMAPPED;
}

static inline bool map_readable(const struct sc_cache *c, u32 i,
				u64 sector)
{
	u16 subs;

	if (i == SC_NIL)
		return false;
	subs = sc_io_readable(c, i, sc_cache_mode(c));
	return c->map->masks ? subs >> sc_sub_index(&c->geom, sector) & 1 :
			       subs;
}

/* A hit of several sub-blocks, perhaps. */
static noinline int map_read_long(struct sc_cache *c, struct bio *bio,
				  struct sc_io *io, u32 i)
	__releases(shard)
{
	struct sc_run run = map_run(c, io);
	u64 sector = io->sector;
	u64 end = sc_io_hit_end(c, &run, i, sector, sector + bio_sectors(bio));

	io->kind = SC_IO_READ;
	map_use_slot(c, io, run.shard);
	map_cut(bio, io, end);
	sc_io_remap(c, bio, i, sector);
	sc_count_add(c, read_hits, nr_blocks(c, io));
	trace_sc_map(c, io->sector, io->nr_sectors, SC_ACT_HIT);
	return DM_MAPIO_REMAPPED;
}

static int map_read(struct sc_cache *c, struct bio *bio, struct sc_io *io)
{
	u64 sector = io->sector;
	sc_oblock_t b = sc_sector_block(&c->geom, sector);
	struct sc_run run = sc_map_run(c->map, b);
	u32 i;

	spin_lock_irq(&c->locks[run.shard].lock);
	i = sc_map_find(c->map, &run, b);
	if (unlikely(!map_readable(c, i, sector)))
		return map_read_missed(c, bio, io);
	if (unlikely(!map_is_single(c, bio, sector)))
		return map_read_long(c, bio, io, i);
	io->kind = SC_IO_READ;
	map_one_hit(c, bio, io, run.shard, i);
	sc_count(c, read_hits);
	trace_sc_map(c, io->sector, io->nr_sectors, SC_ACT_HIT);
	return DM_MAPIO_REMAPPED;
}

/* ---- writes ------------------------------------------------------------------ */

/*
 * The short cut through sc_plan_write() for what is written again and again: a
 * slot with all that is touched valid, and none of it durably clean (rule 3).
 */
static bool map_can_overwrite(const struct sc_cache *c, u32 i, u16 touched,
			      enum sc_mode mode)
{
	const struct sc_map *m = c->map;
	u16 dvalid;

	if (i == SC_NIL || sc_map_slot(m, i)->flags & SC_BUSY ||
	    sc_io_copied_first(c, i) || touched & ~sc_slot_valid(m, i))
		return false;
	dvalid = sc_slot_dvalid(m, i);
	if (touched & dvalid & ~sc_slot_ddirty(m, i))
		return false;
	return mode == SC_WRITEBACK ? READ_ONCE(c->health) == SC_RW :
				      touched & sc_slot_dirty(m, i);
}

static u16 block_touched(const struct sc_geom *g, u64 sector, u64 end)
{
	return sc_subs_touched(g, sector, min(end, sc_block_end(g, sector)));
}

/*
 * FUA needs a commit unless the records are durable already. After a failed
 * transaction nobody knows which are.
 */
static void map_strip_fua(struct sc_cache *c, struct bio *bio,
			  struct sc_io *io, bool settled)
{
	if (!(bio->bi_opf & REQ_FUA) || (settled && !sc_commit_error(c)))
		return;
	bio->bi_opf &= ~REQ_FUA;
	io->commit = true;
}

/*
 * Shorter still: the slot is dirty already, so that nothing of it changes, nor
 * of the sweep's bitmap, and whoever made it dirty has asked for the commit if
 * one is due. In every mode and in ill health what is dirty stays write-back.
 */
static inline bool map_can_rewrite(const struct sc_cache *c, u32 i)
{
	u32 flags;

	if (i == SC_NIL)
		return false;
	flags = sc_map_slot(c->map, i)->flags;
	return (flags & (SC_V | SC_D | SC_BUSY | SC_COPYING)) == (SC_V | SC_D) &&
	       (flags & (SC_DV | SC_DD)) != SC_DV;
}

static int map_overwrite(struct sc_cache *c, struct bio *bio, struct sc_io *io,
			 const struct sc_run *run, u32 first)
	__releases(shard)
{
	const struct sc_geom *g = &c->geom;
	struct sc_shard *sh = &c->map->shards[run->shard];
	u64 pos = io->sector, end = pos + bio_sectors(bio);
	u64 limit = min(end, sc_run_end(g, pos));
	enum sc_mode mode = sc_cache_mode(c);
	bool settled = true;
	u32 i = first, next;
	u16 touched;

	for (;;) {
		touched = block_touched(g, pos, end);
		sc_slot_touch(sh, sc_map_slot(c->map, i));
		sc_slot_dirtied(c, i, touched);
		settled &= sc_map_settled(c->map, i, touched);
		pos = sc_block_end(g, pos);
		if (pos >= limit)
			break;
		next = sc_map_find(c->map, run, sc_sector_block(g, pos));
		if (next != i + 1 ||
		    !map_can_overwrite(c, next, block_touched(g, pos, end),
				       mode))
			break;
		i = next;
	}
	io->kind = SC_IO_OVERWRITE;
	map_use_slot(c, io, run->shard);
	map_cut(bio, io, min(pos, limit));
	map_strip_fua(c, bio, io, settled);
	sc_io_remap(c, bio, first, io->sector);
	sc_count_add(c, write_hits, nr_blocks(c, io));
	sc_count_add(c, cache_write_bytes, bio->bi_iter.bi_size);
	trace_sc_map(c, io->sector, io->nr_sectors, SC_ACT_OVERWRITE);
	return DM_MAPIO_REMAPPED;
}

/* Blocks of the run as far as their slots are neighbours. */
static int map_alloc(struct sc_cache *c, struct bio *bio, struct sc_io *io,
		     const struct sc_run *run, struct sc_view *v)
	__releases(shard)
{
	const struct sc_geom *g = &c->geom;
	const struct sc_shard *sh = &c->map->shards[run->shard];
	u64 pos = io->sector, end = pos + bio_sectors(bio);
	u64 limit = min(end, sc_run_end(g, pos));
	u32 first = sh->free_head, i;
	bool replaces = v->live;

	do {
		i = sc_io_take_slot(c, run, sc_sector_block(g, pos));
		pos = sc_block_end(g, pos);
		if (pos >= limit || sh->free_head != i + 1 ||
		    !sc_io_slot_free(c, run->shard))
			break;
		sc_io_look(c, v, run, pos, end);
	} while (sc_plan_write(v) == SC_ACT_ALLOC && v->live == replaces);
	io->kind = SC_IO_ALLOC;
	spin_unlock_irq(&c->locks[run->shard].lock);
	map_cut(bio, io, min(pos, limit));
	map_strip_fua(c, bio, io, false);
	sc_io_remap(c, bio, first, io->sector);
	if (replaces)
		sc_count_add(c, write_hits, nr_blocks(c, io));
	else
		sc_count_add(c, write_misses, nr_blocks(c, io));
	sc_count_add(c, cache_write_bytes, bio->bi_iter.bi_size);
	trace_sc_map(c, io->sector, io->nr_sectors, SC_ACT_ALLOC);
	return DM_MAPIO_REMAPPED;
}

static int map_origin_write(struct sc_cache *c, struct bio *bio,
			    struct sc_io *io, const struct sc_run *run)
	__releases(shard)
{
	u64 end = io->sector + bio_sectors(bio), pos;

	pos = map_uncached_end(c, run, io->sector, end);
	spin_unlock_irq(&c->locks[run->shard].lock);
	if (pos == io->sector)
		return map_job(c, bio, io, end);
	if (pos == sc_run_end(&c->geom, io->sector))
		pos = map_extend(c, pos, end, true);
	io->kind = SC_IO_ORIGIN;
	map_origin(c, bio, io, pos);
	sc_count_add(c, write_misses, nr_blocks(c, io));
	sc_count(c, bypass_writes);
	trace_sc_map(c, io->sector, io->nr_sectors, SC_ACT_ORIGIN);
	return DM_MAPIO_REMAPPED;
}

/* How far a stream goes around the cache from here on, dropping what is clean. */
static u64 map_dropped_end(struct sc_cache *c, u64 sector, u64 end)
{
	const struct sc_geom *g = &c->geom;
	u64 pos = sector, begin, limit;
	enum sc_action act = SC_ACT_DROP;
	struct sc_run run;
	struct sc_view v;

	while (pos < end && (act == SC_ACT_DROP || act == SC_ACT_ORIGIN)) {
		begin = pos;
		limit = min(end, sc_run_end(g, pos));
		run = sc_map_run(c->map, sc_sector_block(g, pos));
		spin_lock_irq(&c->locks[run.shard].lock);
		for (; pos < limit; pos = sc_block_end(g, pos)) {
			sc_io_look(c, &v, &run, pos, end);
			v.admit = false;
			act = sc_plan_write(&v);
			if (act != SC_ACT_DROP && act != SC_ACT_ORIGIN)
				break;
		}
		spin_unlock_irq(&c->locks[run.shard].lock);
		pos = min(pos, limit);
		if (begin > sector && pos > begin)
			map_sequential(c, begin, pos, true);
	}
	return pos;
}

/* One job, one commit and one write to the origin for as much as possible. */
static int map_drop(struct sc_cache *c, struct bio *bio, struct sc_io *io,
		    u64 end)
{
	u64 pos = map_dropped_end(c, io->sector, end);

	/* Something has changed meanwhile: the job looks again. */
	if (pos == io->sector)
		return map_job(c, bio, io, end);
	map_cut(bio, io, pos);
	sc_job_queue(c, bio);
	return DM_MAPIO_SUBMITTED;
}

/*
 * Is the origin the better place? Not for a file system's log: somebody waits for
 * each write. At dirty_limit a disk takes what is large at once, while small
 * writes had better wait for the flusher's sorted ones.
 */
static bool map_write_around(struct sc_cache *c, const struct bio *bio,
			     const struct sc_run *run, u64 sector, u64 end)
{
	if (bio->bi_opf & (REQ_META | REQ_FUA))
		return false;
	end = min(end, sc_run_end(&c->geom, sector));
	if (map_sequential(c, sector, end, true)) {
		sc_count(c, sequential_bypasses);
		return true;
	}
	return bio_sectors(bio) >= LARGE_SECTORS &&
	       sc_tune(&c->target->config.tune.sequential_cutoff) &&
	       sc_shard_at_limit(c, run->shard);
}

static noinline int map_write_decide(struct sc_cache *c, struct bio *bio,
				     struct sc_io *io, u32 i)
	__releases(shard)
{
	struct sc_run run = map_run(c, io);
	u64 end = io->sector + bio_sectors(bio);
	struct sc_lock *l = &c->locks[run.shard];
	struct sc_view v;

	if (map_can_overwrite(c, i, block_touched(&c->geom, io->sector, end),
			      sc_cache_mode(c)))
		return map_overwrite(c, bio, io, &run, i);
	sc_io_look(c, &v, &run, io->sector, end);
	if (v.admit && !(v.touched & v.dirty) &&
	    map_write_around(c, bio, &run, io->sector, end)) {
		io->bypass = true;
		v.admit = false;
	}
	switch (sc_plan_write(&v)) {
	case SC_ACT_ALLOC:
		if (sc_io_slot_free(c, run.shard))
			return map_alloc(c, bio, io, &run, &v);
		break;
	case SC_ACT_ORIGIN:
		return map_origin_write(c, bio, io, &run);
	case SC_ACT_DROP:
		spin_unlock_irq(&l->lock);
		return map_drop(c, bio, io, end);
	default:
		break;
	}
	spin_unlock_irq(&l->lock);
	return map_job(c, bio, io, end);
}

static int map_write(struct sc_cache *c, struct bio *bio, struct sc_io *io)
{
	sc_oblock_t b = sc_sector_block(&c->geom, io->sector);
	struct sc_run run = sc_map_run(c->map, b);
	u32 i;

	spin_lock_irq(&c->locks[run.shard].lock);
	i = sc_map_find(c->map, &run, b);
	/* What FUA asks for depends on the records. */
	if (unlikely(!map_can_rewrite(c, i) ||
		     !map_is_single(c, bio, io->sector) ||
		     bio->bi_opf & REQ_FUA))
		return map_write_decide(c, bio, io, i);
	io->kind = SC_IO_OVERWRITE;
	map_one_hit(c, bio, io, run.shard, i);
	sc_count(c, write_hits);
	sc_count_add(c, cache_write_bytes, bio->bi_iter.bi_size);
	trace_sc_map(c, io->sector, io->nr_sectors, SC_ACT_OVERWRITE);
	return DM_MAPIO_REMAPPED;
}

/* ---- map --------------------------------------------------------------------- */

int sc_io_map(struct dm_target *ti, struct bio *bio)
{
	struct sc_target *t = ti->private;
	struct sc_cache *c = t->cache;
	struct sc_io *io = sc_bio_io(bio);

	io->kind = SC_IO_PLAIN;
	io->fua = bio->bi_opf & REQ_FUA;
	io->commit = false;
	io->bypass = false;
	io->failed = false;
	io->throttled = false;
	if (unlikely(bio->bi_opf & REQ_PREFLUSH))
		return sc_flush_map(c, bio, io);
	io->sector = dm_target_offset(ti, bio->bi_iter.bi_sector);
	bio->bi_iter.bi_sector = io->sector;
	switch (bio_op(bio)) {
	case REQ_OP_READ:
		return map_read(c, bio, io);
	case REQ_OP_WRITE:
		return map_write(c, bio, io);
	case REQ_OP_DISCARD:
		io->nr_sectors = bio_sectors(bio);
		io->iter = bio->bi_iter;
		sc_job_queue(c, bio);
		return DM_MAPIO_SUBMITTED;
	default:
		return DM_MAPIO_KILL;
	}
}
