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
 * struct sc_commit - the commit thread
 * @thread: the thread
 * @lock: protects @bios, @wanted, @started, @stats; innermost, hard irq safe
 * @bios: complete after the next cycle
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
 * @origin_lock: one flush of the origin at a time
 * @flushed_wseq: sc_cache.origin_wseq when the last good flush began
 * @origin_flushed: when that was, in jiffies
 * @origin_error: a flush of the origin failed and no FLUSH has told it yet
 * @held: some slot was held since it began
 * @cache_flush: a flush of the cache device on its way
 * @cache_flushed: it has ended
 * @nr_ended: transactions that ended well
 * @nr_records: in the transaction being built or on its way
 * @records: these
 * @stats: copy of the engine's
 */
struct sc_commit {
	struct task_struct *thread;
	spinlock_t lock;
	struct bio_list bios;
	bool wanted;
	bool flush;
	u64 started;
	u64 done;
	wait_queue_head_t work;
	wait_queue_head_t done_wait;
	int error;
	bool dirty_records;
	bool failed;
	struct mutex origin_lock;
	u64 flushed_wseq;
	unsigned long origin_flushed;
	bool origin_error;
	bool held;
	struct bio cache_flush;
	struct completion cache_flushed;
	u64 nr_ended;
	u32 nr_records;
	struct sc_capture *records;
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

#endif
