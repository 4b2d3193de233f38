/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A job: one request in process context, written as straight code that waits
 * where it must. It never waits for a job that has not begun: what it waits for
 * is owned by a job at work, by I/O on its way, or by one of the two threads.
 */
#ifndef SC_JOB_H
#define SC_JOB_H

#include "io.h"

/* Blocks of a run, for block sizes up to SC_BUFFER_BYTES. */
#define SC_JOB_BLOCKS	16

/**
 * struct sc_job - a request being done
 * @c: the cache
 * @bio: the request, its iterator stands at the next sector to do; NULL once it
 *       has been completed
 * @io: of the bio
 * @ill: no commit could be had when it last looked
 */
struct sc_job {
	struct sc_cache *c;
	struct bio *bio;
	struct sc_io *io;
	bool ill;
};

static inline u64 sc_job_sector(const struct sc_job *j)
{
	return j->bio->bi_iter.bi_sector;
}

static inline u64 sc_job_end(const struct sc_job *j)
{
	return bio_end_sector(j->bio);
}

/*
 * How far one decision may reach. Once the cache has failed the request, dirty
 * sub-blocks still go to their slot but all others around it.
 */
static inline u64 sc_job_piece_end(const struct sc_job *j)
{
	if (unlikely(j->io->failed))
		return min(sc_job_end(j),
			   sc_sub_end(&j->c->geom, sc_job_sector(j)));
	return sc_job_end(j);
}

/**
 * struct sc_job_part - a piece of a job's request and where it goes
 * @leg: which device
 * @dev_sector: where on it
 * @skip: sectors of the request, from where it stands, to leave out
 * @nr_sectors: length
 */
struct sc_job_part {
	enum sc_leg leg;
	u64 dev_sector;
	u32 skip;
	u32 nr_sectors;
};

/**
 * sc_job_clone() - make a bio for a part of the request
 * @j: the job
 * @part: which part
 * @bs: where from; a job holds one bio of each set at most
 *
 * Context: process, may sleep.
 * Return: the bio, not submitted.
 */
struct bio *sc_job_clone(struct sc_job *j, const struct sc_job_part *part,
			 struct bio_set *bs);

/**
 * sc_job_io() - do a part of the request and wait for it
 * @j: the job
 * @part: which part
 *
 * Failures are counted.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_job_io(struct sc_job *j, const struct sc_job_part *part);

/**
 * sc_job_slot_io() - the same, for the request's next sectors and a slot
 * @j: the job
 * @i: the slot
 * @end: behind the last sector to do, in the same block
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_job_slot_io(struct sc_job *j, u32 i, u64 end);

/**
 * sc_job_buffer_io() - move a buffer from or to a device
 * @c: the cache
 * @opf: REQ_OP_READ or REQ_OP_WRITE
 * @part: where; @skip counts sectors of the buffer
 * @buf: the buffer
 *
 * Failures are counted.
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_job_buffer_io(struct sc_cache *c, blk_opf_t opf,
		     const struct sc_job_part *part, void *buf);

/**
 * sc_job_advance() - the sectors up to @end are done
 * @j: the job
 * @end: behind the last
 *
 * Context: process.
 */
static inline void sc_job_advance(struct sc_job *j, u64 end)
{
	bio_advance(j->bio, (end - sc_job_sector(j)) << SECTOR_SHIFT);
}

/**
 * sc_job_lock() - lock the run that the job's next sector is in
 * @j: the job
 * @run: set
 *
 * Context: process.
 * Return: the shard's lock, held.
 */
struct sc_lock *sc_job_lock(struct sc_job *j, struct sc_run *run)
	__acquires(shard);

/**
 * sc_job_look() - as sc_io_look(), for a request that may have failed once
 * @j: the job
 * @v: the view
 * @run: of the block
 * @sector: begin
 * @end: behind the request
 *
 * Context: the shard's lock is held.
 * Return: the slot or SC_NIL.
 */
u32 sc_job_look(struct sc_job *j, struct sc_view *v, const struct sc_run *run,
		u64 sector, u64 end);

/**
 * sc_job_wait_commit() - wait for a commit of all that is pending now
 * @j: the job, looks again afterwards
 * @l: the shard's lock, held; released
 *
 * If the metadata fails meanwhile, the next look will find another way. If it
 * had failed before, there is none.
 *
 * Context: process, may sleep.
 * Return: 0 or -EIO.
 */
int sc_job_wait_commit(struct sc_job *j, struct sc_lock *l)
	__releases(shard);

/**
 * sc_job_hold() - what was copied from the origin may not be durable there
 * @c: the cache
 * @i: a slot that holds it (rule 7)
 *
 * Context: the shard's lock is held.
 */
void sc_job_hold(struct sc_cache *c, u32 i);

/**
 * sc_job_complete() - complete the request
 * @j: the job; its @bio is gone afterwards
 * @r: 0 or -errno
 *
 * Context: process.
 */
void sc_job_complete(struct sc_job *j, int r);

/**
 * sc_job_read() - do the next piece of a read
 * @j: the job
 *
 * Context: process, may sleep.
 * Return: 0 or -errno; the piece is done, or it was the last and the request
 * has been completed.
 */
int sc_job_read(struct sc_job *j);

/**
 * sc_job_write() - do the next piece of a write, or wait for what is in its way
 * @j: the job
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_job_write(struct sc_job *j);

/**
 * sc_job_origin() - write the next piece to the origin, and to slots if wanted
 * @j: the job
 * @run: of its next sector
 * @l: the shard's lock, held; released
 * @act: SC_ACT_BOTH, SC_ACT_DROP or SC_ACT_ORIGIN
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_job_origin(struct sc_job *j, const struct sc_run *run,
		  struct sc_lock *l, enum sc_action act)
	__releases(shard);

/**
 * sc_job_discard() - do a discard
 * @j: the job
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_job_discard(struct sc_job *j);

#endif
