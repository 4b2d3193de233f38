// SPDX-License-Identifier: GPL-2.0-only
/*
 * dm's end_io operation: what a request that was remapped at once leaves to do.
 * Runs in any context, hard irq included.
 */
#include "io.h"
#include "trace.h"

/* The slot that was replaced by a newer one of the same block, if any. */
static void publish_retire_older(struct sc_cache *c, u32 i)
{
	u32 older = sc_map_find_older(c->map, i);

	if (older != SC_NIL &&
	    !(sc_map_slot(c->map, older)->flags & SC_RETIRING))
		sc_slot_drop(c, older);
	else
		sc_slot_promoted(c, i);
}

static void publish_block(struct sc_cache *c, u32 i, u16 subs, bool dirty)
{
	sc_map_publish(c->map, i, subs, dirty ? subs : 0);
	if (dirty)
		sc_slot_dirtied(c, i, subs);
	/*
	 * The older slot's unmap becomes pending before the new one can be
	 * committed clean, as no destage touches a block with an older slot.
	 */
	publish_retire_older(c, i);
}

void sc_io_publish(struct sc_cache *c, u64 sector, u32 nr_sectors, bool dirty,
		   bool ok)
{
	const struct sc_geom *g = &c->geom;
	struct sc_run run = sc_map_run(c->map, sc_sector_block(g, sector));
	struct sc_lock *l = &c->locks[run.shard];
	u64 pos, end = sector + nr_sectors;
	unsigned long flags;
	u32 i;

	spin_lock_irqsave(&l->lock, flags);
	for (pos = sector; pos < end; pos = sc_block_end(g, pos)) {
		i = sc_map_find(c->map, &run, sc_sector_block(g, pos));
		if (WARN_ON_ONCE(i == SC_NIL))
			continue;
		if (ok)
			publish_block(c, i,
				      sc_subs_whole(g, pos,
						    min(end, sc_block_end(g, pos))),
				      dirty);
		sc_slot_end_owner(c, i);
	}
	spin_unlock_irqrestore(&l->lock, flags);
}

/* Try again in a job, which knows what else can be done. */
static int end_retry(struct sc_cache *c, struct bio *bio, struct sc_io *io)
{
	bio->bi_iter = io->iter;
	bio->bi_iter.bi_sector = io->sector;
	/* Else a clone would take the partition's offset for added already. */
	bio_clear_flag(bio, BIO_REMAPPED);
	bio->bi_status = BLK_STS_OK;
	/* The block layer takes it off for a disk without a volatile cache. */
	if (io->fua)
		bio->bi_opf |= REQ_FUA;
	io->commit = false;
	io->failed = true;
	if (bio_op(bio) == REQ_OP_READ)
		atomic_inc(&c->admission.fills);
	sc_job_queue(c, bio);
	return DM_ENDIO_INCOMPLETE;
}

static void end_origin_write(struct sc_cache *c, struct sc_io *io, bool ok)
{
	if (!ok)
		sc_fail_io(c, SC_LEG_ORIGIN, true);
	/* Even a failed write may have changed something. */
	atomic64_inc(&c->origin_wseq);
	sc_writers_end(c, io->sector, io->nr_sectors);
	sc_origin_end(c);
}

static void end_origin_read(struct sc_cache *c, bool ok)
{
	if (!ok)
		sc_fail_io(c, SC_LEG_ORIGIN, false);
	sc_origin_end(c);
}

/* A write to the cache device has ended. */
static int end_cache_write(struct sc_cache *c, struct bio *bio,
			   struct sc_io *io, blk_status_t error)
{
	u8 kind = io->kind;

	io->kind = SC_IO_PLAIN;
	if (kind == SC_IO_OVERWRITE)
		sc_grace_put(&c->grace, io->epoch);
	else
		sc_io_publish(c, io->sector, io->nr_sectors, true, !error);
	if (error) {
		sc_fail_io(c, SC_LEG_CACHE, true);
		return end_retry(c, bio, io);
	}
	if (!io->commit)
		return DM_ENDIO_DONE;
	io->commit = false;
	sc_commit_bio(c, bio);
	return DM_ENDIO_INCOMPLETE;
}

static int end_flush(struct sc_cache *c, struct bio *bio, struct sc_io *io,
		     bool ok)
{
	io->kind = SC_IO_PLAIN;
	if (sc_flush_end(c, ok))
		return DM_ENDIO_DONE;
	bio->bi_status = BLK_STS_OK;
	sc_commit_bio(c, bio);
	return DM_ENDIO_INCOMPLETE;
}

int sc_io_end(struct dm_target *ti, struct bio *bio, blk_status_t *error)
{
	struct sc_target *t = ti->private;
	struct sc_cache *c = t->cache;
	struct sc_io *io = sc_bio_io(bio);
	u8 kind = io->kind;

	/* Most are hits, and nobody looks at their state again. */
	if (likely((kind == SC_IO_READ || kind == SC_IO_OVERWRITE) &&
		   !*error && !io->commit)) {
		sc_grace_put(&c->grace, io->epoch);
		return DM_ENDIO_DONE;
	}
	switch (kind) {
	case SC_IO_READ:
		io->kind = SC_IO_PLAIN;
		sc_grace_put(&c->grace, io->epoch);
		sc_fail_io(c, SC_LEG_CACHE, false);
		return end_retry(c, bio, io);
	case SC_IO_OVERWRITE:
	case SC_IO_ALLOC:
		return end_cache_write(c, bio, io, *error);
	case SC_IO_FLUSH:
		return end_flush(c, bio, io, !*error);
	case SC_IO_ORIGIN_READ:
		/* Read-ahead may be refused for want of memory alone. */
		end_origin_read(c, !*error || bio->bi_opf & REQ_RAHEAD);
		break;
	case SC_IO_ORIGIN:
		end_origin_write(c, io, !*error);
		break;
	}
	io->kind = SC_IO_PLAIN;
	return DM_ENDIO_DONE;
}
