/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of the commit thread, the only user of the metadata engine.
 */
#ifndef SC_COMMIT_H
#define SC_COMMIT_H

#include "target.h"

/* ---- commit.c -------------------------------------------------------------- */

/**
 * sc_commit_create() - make the commit thread's state, but no thread
 * @c: the cache
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sc_commit_create(struct sc_cache *c);

/**
 * sc_commit_stop() - stop the thread, last commit and checkpoint
 * @c: the cache, no I/O and no flusher any more
 *
 * Context: process, may sleep.
 */
void sc_commit_stop(struct sc_cache *c);

/**
 * sc_commit_destroy() - free
 * @c: the cache, the thread stopped, nobody left to ask for commits
 *
 * Context: process, may sleep.
 */
void sc_commit_destroy(struct sc_cache *c);

/**
 * sc_commit_bio() - complete a bio after the next commit
 * @c: the cache
 * @bio: a FLUSH, or a write with FUA that has been done
 *
 * Context: any, hard irq included.
 */
void sc_commit_bio(struct sc_cache *c, struct bio *bio);

/**
 * sc_commit_ticket() - ask for a commit of all that is pending now
 * @c: the cache
 *
 * Context: any; a shard lock may be held.
 * Return: what sc_commit_wait() wants.
 */
u64 sc_commit_ticket(struct sc_cache *c);

/**
 * sc_commit_wait() - wait for it
 * @c: the cache
 * @ticket: of sc_commit_ticket()
 *
 * Context: process, may sleep.
 * Return: 0, or -EIO if the metadata cannot be written any more.
 */
int sc_commit_wait(struct sc_cache *c, u64 ticket);

/**
 * sc_commit_sync() - flush and commit, as a FLUSH request does
 * @c: the cache
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_commit_sync(struct sc_cache *c);

/**
 * sc_origin_flush() - make what was written to the origin durable (rule 7)
 * @c: the cache
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_origin_flush(struct sc_cache *c);

/**
 * sc_origin_failed() - has the last flush of the origin failed?
 * @c: the cache
 *
 * Context: any.
 * Return: true until one succeeds: what was destaged meanwhile may be lost.
 */
bool sc_origin_failed(const struct sc_cache *c);

/**
 * sc_origin_gave_up() - has one flush of the origin after another failed?
 * @c: the cache
 *
 * What is held until such a flush (rule 7) will not become a free slot then.
 *
 * Context: any.
 * Return: true until one succeeds.
 */
bool sc_origin_gave_up(const struct sc_cache *c);

/**
 * sc_origin_is_flushed() - is all that the foreground wrote there durable?
 * @c: the cache
 *
 * Context: any.
 * Return: false if a foreground write has completed since the last flush began.
 */
bool sc_origin_is_flushed(struct sc_cache *c);

/**
 * sc_commit_error() - can the metadata still be written?
 * @c: the cache
 *
 * Context: any.
 * Return: 0, or -EIO; set before the slots of a failed transaction are let go.
 */
int sc_commit_error(const struct sc_cache *c);

/**
 * sc_commit_note_held() - a slot was held: an origin flush is due some time
 * @c: the cache
 *
 * Context: any, the slot's shard lock is held.
 */
void sc_commit_note_held(struct sc_cache *c);

/**
 * sc_commit_held() - does some slot wait for an origin flush?
 * @c: the cache
 *
 * Context: any.
 * Return: true if one may.
 */
bool sc_commit_held(const struct sc_cache *c);

/**
 * sc_commit_stats() - the engine's figures for status
 * @c: the cache
 * @st: all set
 *
 * Context: process.
 */
void sc_commit_stats(struct sc_cache *c, struct sc_meta_stats *st);

/* ---- flush.c --------------------------------------------------------------- */

/**
 * sc_commit_note_unsettled() - something is dirty that no durable record knows
 * @c: the cache
 *
 * Context: any, the slot's shard lock is held; before the write is acknowledged.
 */
void sc_commit_note_unsettled(struct sc_cache *c);

/**
 * sc_flush_map() - map a FLUSH: one that needs the cache device's flush only
 * goes there, any other to the commit thread
 * @c: the cache
 * @bio: it
 * @io: of the bio; of kind SC_IO_FLUSH, it wants sc_flush_end() at its end
 *
 * Context: any.
 * Return: what dm's map operation returns.
 */
int sc_flush_map(struct sc_cache *c, struct bio *bio, struct sc_io *io);

/**
 * sc_flush_end() - that flush has ended
 * @c: the cache
 * @ok: well
 *
 * Context: any, hard irq included.
 * Return: @ok; if false, the bio has to go through sc_commit_bio(), whose next
 * cycle then treats the cache device as failed.
 */
bool sc_flush_end(struct sc_cache *c, bool ok);

/* ---- meta-io.c ------------------------------------------------------------- */

extern const struct sc_meta_io sc_meta_io_ops;

#endif
