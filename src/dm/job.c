// SPDX-License-Identifier: GPL-2.0-only
/*
 * Jobs: their queues, their I/O, their end.
 */
#include "job.h"
#include "trace.h"

struct bio *sc_job_clone(struct sc_job *j, const struct sc_job_part *part,
			 struct bio_set *bs)
{
	struct bio *clone = bio_alloc_clone(sc_bdev(j->c, part->leg), j->bio,
					    GFP_NOIO, bs);

	bio_advance(clone, part->skip << SECTOR_SHIFT);
	clone->bi_iter.bi_size = part->nr_sectors << SECTOR_SHIFT;
	clone->bi_iter.bi_sector = part->dev_sector;
	/* Nobody polls for it: we wait for its interrupt. */
	clone->bi_opf &= ~(REQ_POLLED | REQ_RAHEAD);
	/* What is on the cache device becomes durable by a commit. */
	if (part->leg == SC_LEG_CACHE)
		clone->bi_opf &= ~REQ_FUA;
	return clone;
}

int sc_job_io(struct sc_job *j, const struct sc_job_part *part)
{
	struct bio *clone = sc_job_clone(j, part, &j->c->pools.bios);
	bool write = op_is_write(bio_op(clone));
	int r;

	if (part->leg == SC_LEG_ORIGIN)
		sc_origin_begin(j->c);
	r = submit_bio_wait(clone);
	if (part->leg == SC_LEG_ORIGIN)
		sc_origin_end(j->c);
	bio_put(clone);
	if (r)
		sc_fail_io(j->c, part->leg, write);
	return r;
}

int sc_job_slot_io(struct sc_job *j, u32 i, u64 end)
{
	const struct sc_geom *g = &j->c->geom;
	u64 sector = sc_job_sector(j);
	struct sc_job_part part = {
		.leg = SC_LEG_CACHE,
		.dev_sector = sc_slot_sector(g, to_cblock(i)) +
			      (sector & (sc_block_sectors(g) - 1)),
		.nr_sectors = end - sector,
	};

	if (op_is_write(bio_op(j->bio)))
		sc_count_add(j->c, cache_write_bytes,
			     part.nr_sectors << SECTOR_SHIFT);
	return sc_job_io(j, &part);
}

int sc_job_buffer_io(struct sc_cache *c, blk_opf_t opf,
		     const struct sc_job_part *part, void *buf)
{
	struct dm_io_region region = {
		.bdev = sc_bdev(c, part->leg),
		.sector = part->dev_sector,
		.count = part->nr_sectors,
	};
	struct dm_io_request req = {
		.bi_opf = opf,
		.mem.type = sc_mem_type(buf),
		.mem.ptr.addr = buf + (part->skip << SECTOR_SHIFT),
		.client = c->pools.io,
	};
	int r = sc_dm_io(&req, &region);

	if (r)
		sc_fail_io(c, part->leg, op_is_write(opf));
	else if (op_is_write(opf) && part->leg == SC_LEG_CACHE)
		sc_count_add(c, cache_write_bytes,
			     part->nr_sectors << SECTOR_SHIFT);
	return r;
}

struct sc_lock *sc_job_lock(struct sc_job *j, struct sc_run *run)
	__acquires(shard)
{
	struct sc_cache *c = j->c;
	struct sc_lock *l;

	*run = sc_map_run(c->map, sc_sector_block(&c->geom, sc_job_sector(j)));
	l = &c->locks[run->shard];
	spin_lock_irq(&l->lock);
	return l;
}

u32 sc_job_look(struct sc_job *j, struct sc_view *v, const struct sc_run *run,
		u64 sector, u64 end)
{
	u32 i;

	/* Before the look: what it sees may be newer, never older. */
	j->ill = READ_ONCE(j->c->health) != SC_RW;
	i = sc_io_look(j->c, v, run, sector, end);
	if (j->io->bypass || j->io->failed)
		v->admit = false;
	if (j->io->failed && v->mode != SC_PASSTHROUGH)
		v->mode = SC_WRITEAROUND;
	return i;
}

void sc_job_hold(struct sc_cache *c, u32 i)
{
	if (sc_origin_is_flushed(c))
		return;
	sc_map_hold(c->map, i);
	sc_commit_note_held(c);
}

int sc_job_wait_commit(struct sc_job *j, struct sc_lock *l)
	__releases(shard)
{
	u64 ticket = sc_commit_ticket(j->c);

	spin_unlock_irq(&l->lock);
	return sc_commit_wait(j->c, ticket) && j->ill ? -EIO : 0;
}

void sc_job_complete(struct sc_job *j, int r)
{
	struct bio *bio = j->bio;

	j->bio = NULL;
	bio->bi_status = errno_to_blk_status(r);
	if (!r && j->io->commit) {
		j->io->commit = false;
		sc_commit_bio(j->c, bio);
		return;
	}
	bio_endio(bio);
}

static int job_step(struct sc_job *j)
{
	switch (bio_op(j->bio)) {
	case REQ_OP_READ:
		return sc_job_read(j);
	case REQ_OP_WRITE:
		return sc_job_write(j);
	default:
		return sc_job_discard(j);
	}
}

static void job_work(struct work_struct *work)
{
	struct sc_io *io = container_of(work, struct sc_io, work);
	struct bio *bio = dm_bio_from_per_bio_data(io, sizeof(*io));
	struct sc_target *t = io->target;
	struct sc_job j = { .c = t->cache, .bio = bio, .io = io };
	bool read = bio_op(bio) == REQ_OP_READ;
	int r = 0;

	io->commit = bio->bi_opf & REQ_FUA;
	while (j.bio && j.bio->bi_iter.bi_size && !r)
		r = job_step(&j);
	if (j.bio)
		sc_job_complete(&j, r);
	if (read)
		atomic_dec(&j.c->admission.fills);
}

void sc_job_queue(struct sc_cache *c, struct bio *bio)
{
	struct sc_io *io = sc_bio_io(bio);

	io->target = c->target;
	INIT_WORK(&io->work, job_work);
	queue_work(bio_op(bio) == REQ_OP_READ ? c->fill_wq : c->write_wq,
		   &io->work);
}
