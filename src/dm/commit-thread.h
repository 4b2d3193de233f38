/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The commit thread's state, for commit.c and meta-io.c.
 */
#ifndef SC_COMMIT_THREAD_H
#define SC_COMMIT_THREAD_H

#include "target.h"

/* Records of one transaction at most; the journal may allow fewer. */
#define SC_COMMIT_RECORDS	4096u

/**
 * struct sc_capture - a record on its way
 * @rec: what is to be committed
 * @old: what durable records said before
 */
struct sc_capture {
	struct sc_record rec;
	struct sc_record old;
};

/**
 * struct sc_crowd - the FLUSHes under way, see flush.c
 * @nr_waiting: for the next cycle
 * @nr_served: by the cycle under way
 * @nr_before: that were waiting or being served when the last cycle ended
 * @gather: the thread waits for so many to come
 * @cycle_ns: about what a cycle that serves some takes
 * @begun_ns: when the cycle under way began
 * @direct: one has gone to the cache device by itself
 * @failed: such a one has failed
 * @unsettled: a write that no durable record knows may have been acknowledged
 * @settling: the same, until the cycle under way has ended well
 */
struct sc_crowd {
	u32 nr_waiting;
	u32 nr_served;
	u32 nr_before;
	u32 gather;
	u64 cycle_ns;
	u64 begun_ns;
	bool direct;
	bool failed;
	bool unsettled;
	bool settling;
};

/**
 * struct sc_voiding - letting the metadata say that they are of no use, abandon.c
 * @tried: when that was last tried, in jiffies
 * @done: it was done
 */
struct sc_voiding {
	unsigned long tried;
	bool done;
};

/**
 * struct sc_origin_flushes - what is known of the flushes of the origin
 * @lock: one at a time
 * @wseq: sc_cache.origin_wseq when the last good one began
 * @last: when the last one ended, well or not, in jiffies
 * @error: one failed and no FLUSH has told it yet
 * @failures: how many failed since one succeeded
 */
struct sc_origin_flushes {
	struct mutex lock;
	u64 wseq;
	unsigned long last;
	bool error;
	unsigned int failures;
};

/**
 * struct sc_commit - the commit thread
 * @thread: the thread
 * @lock: protects what follows up to @started, and @stats; innermost,
 *	hard irq safe
 * @bios: complete after the next cycle
 * @crowd: how many wait, and need to
 * @wanted: somebody asks for a cycle
 * @flush: with a flush of the devices even if no record is pending
 * @started: number of the last cycle begun
 * @done: number of the last cycle ended
 * @work: where the thread waits
 * @done_wait: where others wait for @done
 * @error: nothing can be made durable any more; set before the slots of the
 *	failed transaction are let go
 * @dirty_records: with @error: a durable record may call something dirty
 * @failed: the same, set after the state has changed; nobody waits any more
 * @origin: the flushes of the origin
 * @held: some slot was held since it began
 * @read_done: the read of metadata on its way has ended
 * @read_error: how
 * @cache_flush: a flush of the cache device on its way
 * @cache_flushed: it has ended
 * @nr_ended: transactions that ended well
 * @nr_records: in the transaction being built or on its way
 * @records: these
 * @voiding: of an abandoned cache's metadata
 * @stats: copy of the engine's
 */
struct sc_commit {
	struct task_struct *thread;
	spinlock_t lock;
	struct bio_list bios;
	struct sc_crowd crowd;
	bool wanted;
	bool flush;
	u64 started;
	u64 done;
	wait_queue_head_t work;
	wait_queue_head_t done_wait;
	int error;
	bool dirty_records;
	bool failed;
	struct sc_origin_flushes origin;
	bool held;
	struct completion read_done;
	int read_error;
	struct bio cache_flush;
	struct completion cache_flushed;
	u64 nr_ended;
	u32 nr_records;
	struct sc_capture *records;
	struct sc_voiding voiding;
	struct sc_meta_stats stats;
};

/**
 * sc_commit_start() - let the thread run
 * @c: the cache, complete
 *
 * Context: process.
 * Return: 0 or -errno.
 */
int sc_commit_start(struct sc_cache *c);

/* ---- flush.c ----------------------------------------------------------------- */

/**
 * sc_flush_gather() - let the rest of a crowd come
 * @c: the cache
 *
 * Context: the commit thread, before sc_flush_take().
 */
void sc_flush_gather(struct sc_cache *c);

/**
 * sc_flush_take() - begin a cycle
 * @c: the cache
 * @bios: set to those that it will complete
 *
 * Context: the commit thread.
 * Return: whether the devices have to be flushed even if no record is pending.
 */
bool sc_flush_take(struct sc_cache *c, struct bio_list *bios);

/**
 * sc_flush_done() - all that was pending when the cycle began is durable
 * @c: the cache
 * @ok: if not, no later FLUSH will do without a cycle
 *
 * Context: the commit thread, before the bios are completed.
 */
void sc_flush_done(struct sc_cache *c, bool ok);

#endif
