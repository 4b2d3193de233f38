/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of the flusher thread.
 */
#ifndef SC_FLUSHER_H
#define SC_FLUSHER_H

#include "target.h"

/* ---- flusher.c ------------------------------------------------------------- */

/**
 * sc_flusher_create() - make the flusher's state, but no thread
 * @c: the cache
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sc_flusher_create(struct sc_cache *c);
/**
 * sc_flusher_start() - let the flusher run
 * @c: the cache, complete
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_flusher_start(struct sc_cache *c);
/**
 * sc_flusher_stop() - end the thread; what it moves is moved first
 * @c: the cache
 *
 * Context: process, may sleep.
 */
void sc_flusher_stop(struct sc_cache *c);
/**
 * sc_flusher_destroy() - free
 * @c: the cache, the thread stopped
 *
 * Context: process, may sleep.
 */
void sc_flusher_destroy(struct sc_cache *c);

/**
 * sc_flusher_urge() - somebody waits for clean slots
 * @c: the cache
 *
 * Context: any.
 */
void sc_flusher_urge(struct sc_cache *c);

/**
 * sc_flusher_kick() - look at the state again
 * @c: the cache
 *
 * Context: any.
 */
void sc_flusher_kick(struct sc_cache *c);

/**
 * sc_flusher_deepen() - the queue to the origin may be deeper now
 * @c: the cache
 *
 * Does not disturb it while it waits, after an error above all.
 *
 * Context: any, hard irq included.
 */
void sc_flusher_deepen(struct sc_cache *c);

/**
 * sc_origin_begin() - foreground I/O goes to the origin
 * @c: the cache
 *
 * Context: any.
 */
static inline void sc_origin_begin(struct sc_cache *c)
{
	WRITE_ONCE(c->last_origin_io, jiffies);
	atomic_inc(&c->admission.origin_ios);
}

/**
 * sc_origin_end() - it has ended
 * @c: the cache
 *
 * Context: any, hard irq included.
 */
static inline void sc_origin_end(struct sc_cache *c)
{
	/* Who sees none under way sees how long ago the last one was. */
	WRITE_ONCE(c->last_origin_io, jiffies);
	if (atomic_dec_and_test(&c->admission.origin_ios))
		sc_flusher_deepen(c);
}

/**
 * sc_flusher_gave_up() - does the origin refuse to be written?
 * @c: the cache
 *
 * Context: any.
 * Return: true after many failed attempts in a row.
 */
bool sc_flusher_gave_up(const struct sc_cache *c);

/**
 * sc_flusher_sweep() - have all that is dirty now destaged, without metadata
 * @c: the cache
 *
 * What is written meanwhile may stay dirty.
 *
 * Context: process, may sleep; by the commit thread.
 * Return: 0; -EIO if something could not be destaged in several attempts.
 */
int sc_flusher_sweep(struct sc_cache *c);

/**
 * sc_flusher_empty() - have everything destaged, without metadata
 * @c: the cache
 *
 * Context: process, may sleep; by the commit thread, or without one.
 * Return: 0; -EIO if the origin cannot be written.
 */
int sc_flusher_empty(struct sc_cache *c);

/**
 * sc_flusher_interrupt() - a suspend begins or ends
 * @c: the cache
 * @on: it begins: sc_flusher_drain() returns early
 *
 * Context: process.
 */
void sc_flusher_interrupt(struct sc_cache *c, bool on);

/**
 * sc_flusher_drain() - destage everything that is dirty now
 * @c: the cache
 *
 * In writeback what is written meanwhile may stay dirty; in the other modes
 * nothing is dirty afterwards.
 *
 * Context: process, may sleep.
 * Return: 0; -EINTR by a signal or a suspend; -EIO if something could not be
 * destaged in several attempts.
 */
int sc_flusher_drain(struct sc_cache *c);

#endif
