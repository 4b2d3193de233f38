/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The flusher's state, for flusher.c (when and how fast) and destage.c (one
 * batch).
 */
#ifndef SC_FLUSHER_THREAD_H
#define SC_FLUSHER_THREAD_H

#include "target.h"

#define SC_BATCH_SLOTS	1024u
#define SC_BATCH_JOBS	256u
#define SC_NR_BUFFERS	64u
#define SC_NOTHING_LEFT	(~0ULL)
/* Beside the foreground. Long enough to be worth a seek there and back. */
#define SC_TURN_MS	8

/**
 * struct sc_destage_slot - a slot being destaged
 * @slot: its number, SC_COPYING
 * @mask: sub-blocks
 * @failed: could not be read or written
 * @left: not begun, the batch ended early
 */
struct sc_destage_slot {
	u32 slot;
	u16 mask;
	bool failed;
	bool left;
};

enum sc_destage_state {
	SC_JOB_NEW,
	SC_JOB_READING,
	SC_JOB_READ,
	SC_JOB_WRITING,
	SC_JOB_WRITTEN,
};

/**
 * struct sc_destage_job - neighbouring sectors of the origin, one write
 * @batch: that it belongs to
 * @sector: of the origin
 * @nr_sectors: at most SC_BUFFER_SECTORS
 * @first: its first slot in the batch
 * @nr: slots
 * @pending: reads on their way
 * @state: enum sc_destage_state
 * @error: something failed
 * @buf: while reading or writing
 */
struct sc_destage_job {
	struct sc_batch *batch;
	u64 sector;
	u32 nr_sectors;
	u16 first;
	u16 nr;
	atomic_t pending;
	u8 state;
	bool error;
	void *buf;
};

/**
 * struct sc_batch - what is destaged between two flushes of the origin
 * @c: the cache
 * @nr_slots: in @slots
 * @nr_jobs: in @jobs
 * @nr_failed: slots of @slots that could not be read or written
 * @left: sector of the first that was not begun; SC_NOTHING_LEFT
 * @began: when the first slot was moved, ns; 0: not yet
 * @most: jobs are enough
 * @missed: first block left out that was dirty before the sweep began, or
 *	SC_NOTHING_LEFT
 * @spare_hot: leave alone what is written, or read, again and again
 * @hot: how many were
 * @unsettled: dirty blocks that a commit would make destageable
 * @dead: jobs in a row of which nothing could be moved, see job_failed()
 * @waiting: wakes the flusher when I/O ends
 * @slots: in the order of the sweep
 * @jobs: the same
 * @buffers: free ones
 * @nr_buffers: how many of these
 */
struct sc_batch {
	struct sc_cache *c;
	u32 nr_slots;
	u32 nr_jobs;
	u32 nr_failed;
	u64 left;
	u64 began;
	u32 most;
	u64 missed;
	bool spare_hot;
	u32 hot;
	u32 unsettled;
	u32 dead;
	wait_queue_head_t waiting;
	struct sc_destage_slot slots[SC_BATCH_SLOTS];
	struct sc_destage_job jobs[SC_BATCH_JOBS];
	void *buffers[SC_NR_BUFFERS];
	u32 nr_buffers;
};

/**
 * struct sc_sweep - the flusher's way over the origin, once and again
 * @at: block to go on at
 * @begun: sweeps begun
 * @done: the last of them that destaged all that was dirty when it began, as
 *        far as records called it so
 * @failed: how many found something that cannot be destaged
 * @missed: the present one has left out something of that
 * @back_at: block that it went back to, as it was in the way of a drain
 * @back: how often
 * @spared: it has left out what is hot
 * @failing: it has found something that cannot be destaged
 * @looked: nanoseconds that it has spent looking for what is dirty
 */
struct sc_sweep {
	u64 at;
	u64 begun;
	u64 done;
	u64 failed;
	bool missed;
	u64 back_at;
	u32 back;
	bool spared;
	bool failing;
	u64 looked;
};

/**
 * struct sc_flusher - the flusher thread
 * @thread: the thread
 * @work: where it waits
 * @kicked: look again
 * @urgent: somebody needs clean slots; sweeps left
 * @drain: destage all, for so many callers
 * @drain_wait: where they wait
 * @stopped: the thread does not run
 * @interrupted: a suspend wants them to go
 * @errors: batches in a row that failed
 * @tries: batches that ended, well or not
 * @sweep: where it is
 * @sweeping: above dirty_low, until dirty_target is reached
 * @was_dirty: an event is due when nothing is dirty any more
 * @ticked: when the write budget was last looked after, in jiffies
 * @budget_bytes: written to the cache device when last counted
 * @seen_bytes: the same, to see whether anybody writes
 * @last_write: when that was seen to change, in jiffies
 * @hits: blocks found in the cache, when last looked
 * @hits_seen: when that was, in jiffies
 * @busy: what came of it, see cache_busy()
 * @turn: the batch began beside the foreground
 * @batch: the only one
 */
struct sc_flusher {
	struct task_struct *thread;
	wait_queue_head_t work;
	bool kicked;
	atomic_t urgent;
	atomic_t drain;
	wait_queue_head_t drain_wait;
	bool stopped;
	bool interrupted;
	unsigned int errors;
	unsigned int tries;
	struct sc_sweep sweep;
	bool sweeping;
	bool was_dirty;
	unsigned long ticked;
	u64 budget_bytes;
	u64 seen_bytes;
	unsigned long last_write;
	u64 hits;
	unsigned long hits_seen;
	bool busy;
	bool turn;
	struct sc_batch *batch;
};

/**
 * sc_batch_create() - all memory that destaging will ever need
 * @c: the cache
 *
 * Context: may sleep.
 * Return: the batch or NULL.
 */
struct sc_batch *sc_batch_create(struct sc_cache *c);
void sc_batch_destroy(struct sc_batch *b);

/**
 * sc_batch_collect() - take dirty blocks in the order of the origin
 * @b: an empty batch
 * @at: block to begin with; set to the one to go on at
 *
 * Context: process, may sleep.
 * Return: true at the end of the origin; @at is 0 then, and not else.
 */
bool sc_batch_collect(struct sc_batch *b, u64 *at);

/**
 * sc_batch_run() - write them back
 * @b: a collected batch
 * @depth: writes in flight, asked before each; 0: begin no more once a slot has
 *	   been moved. What is left stays dirty.
 *
 * Context: process, may sleep.
 * Return: 0, or -EIO if the origin could not be flushed, or nothing could be
 * read or written.
 */
int sc_batch_run(struct sc_batch *b,
		 unsigned int (*depth)(struct sc_cache *c));

#endif
