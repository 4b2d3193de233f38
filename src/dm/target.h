/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The shell's structures and the contracts between its files.
 *
 * DOC: two lives
 *
 * A struct sc_target lives from constructor to destructor: the devices, the
 * configuration, the counters. A struct sc_cache lives from preresume to
 * postsuspend: it is all that was read from the metadata device and everything
 * that works on it. While a target is suspended it has no cache object, so two
 * tables for the same devices never hold the same state twice, and a resume
 * always begins with what is on the metadata device.
 *
 * DOC: locks
 *
 * docs/locking.md has the order and the reasons. In short: sc_target.lock
 * (mutex; message, status, suspend) > sc_commit.origin_lock (mutex) >
 * sc_lock.lock (spinlock, one per shard, hard irq safe) > sc_commit.lock,
 * sc_lock.wait, sc_admission.lock (spinlocks). No two shard locks at once.
 */
#ifndef SC_TARGET_H
#define SC_TARGET_H

#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/dm-io.h>
#include <linux/mempool.h>
#include <linux/mutex.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>

#include "admit.h"
#include "compat.h"
#include "config.h"
#include "counter.h"
#include "dirty.h"
#include "map.h"
#include "meta.h"
#include "policy.h"
#include "view.h"

/* The largest piece a job or a destage moves at once, and its buffer. */
#define SC_BUFFER_BYTES		65536u
#define SC_BUFFER_SECTORS	(SC_BUFFER_BYTES >> SC_SECTOR_SHIFT)
/* Fills at work; beyond these a missed read bypasses. */
#define SC_MAX_FILLS		64
#define SC_MAX_WRITE_JOBS	128
/* Counters of origin writes on their way, by run. */
#define SC_WRITER_SLOTS		1024u

enum sc_leg {
	SC_LEG_METADATA,
	SC_LEG_CACHE,
	SC_LEG_ORIGIN,
	SC_NR_LEGS,
};

/** struct sc_stats - one CPU's counters */
struct sc_stats {
	u64 counter[SC_NR_COUNTERS];
};

/**
 * struct sc_target - a table line come alive
 * @ti: dm's side
 * @dev: the devices by enum sc_leg
 * @lock: protects @cache against message and status
 * @cache: the live state, NULL while suspended
 * @config: what table and messages say; single values are read without lock
 * @args: the devices' names as the table gave them
 * @uuid: of the metadata, zero before the first resume
 * @stats: counters, survive a suspend
 * @reboot: commits before the machine goes down
 */
struct sc_target {
	struct dm_target *ti;
	struct dm_dev *dev[SC_NR_LEGS];
	struct mutex lock;
	struct sc_cache *cache;
	struct sc_config config;
	char *args[SC_NR_LEGS];
	u8 uuid[SC_UUID_BYTES];
	struct sc_stats __percpu *stats;
	struct notifier_block reboot;
};

/**
 * struct sc_lock - the lock of one shard
 * @lock: protects the shard of the same number, its slots and chains
 * @wait: for the end of a transition of one of its slots
 * @resting: slots unhashed, linked by hash_next, until reclaim takes them
 */
struct sc_lock {
	spinlock_t lock;
	u32 resting;
	wait_queue_head_t wait;
} ____cacheline_aligned_in_smp;

/**
 * struct sc_grace - waits for the I/O that found a slot and uses it unowned
 * @count: I/O of both epochs, counted on the CPU that began or ended it
 * @epoch: which of the two new I/O joins
 * @waiting: somebody waits for the other to reach 0
 * @lock: one waiter at a time
 * @wait: where
 */
struct sc_grace {
	struct sc_grace_count __percpu *count;
	unsigned int epoch;
	bool waiting;
	struct mutex lock;
	wait_queue_head_t wait;
};

/** struct sc_grace_count - one CPU's part; one alone may be negative */
struct sc_grace_count {
	long nr[2];
};

/**
 * struct sc_admission - who may enter the cache
 * @lock: protects @admit
 * @admit: streams and write budget
 * @fills: fill jobs under way
 * @origin_reads: foreground reads of the origin under way
 * @writers: foreground writes to the origin under way, by run
 * @writers_wait: for one of them to reach 0
 */
struct sc_admission {
	spinlock_t lock;
	struct sc_admit *admit;
	atomic_t fills;
	atomic_t origin_reads;
	atomic_t *writers;
	wait_queue_head_t writers_wait;
};

struct sc_commit;
struct sc_flusher;

/**
 * struct sc_pools - memory for I/O, so that none of it ever waits for I/O of
 * others to be allocated (P7)
 * @bios: one clone for each job
 * @leg_bios: a second one, for the other leg
 * @buffers: SC_BUFFER_BYTES each, at most one for each job
 * @io: dm-io client
 */
struct sc_pools {
	struct bio_set bios;
	struct bio_set leg_bios;
	mempool_t buffers;
	struct dm_io_client *io;
};

/**
 * struct sc_cache - a cache at work
 * @target: whose
 * @active: in the list of caches at work
 * @geom: a copy, for the hot path
 * @map: slots; each shard under its lock
 * @locks: one per shard
 * @policy: under the same locks
 * @dirty: which parts of the origin have dirty blocks
 * @meta: the engine; only the commit thread uses it once that runs
 * @grace: ends of unowned I/O
 * @admission: streams, fills, writers
 * @commit: the commit thread
 * @flusher: the flusher thread
 * @health: enum sc_health; only ever gets worse
 * @needs_check: dirty data was lost, or metadata could not be written
 * @event: raises a dm event
 * @reclaim: makes free slots
 * @reclaim_wq: for @reclaim and @event
 * @fill_wq: jobs of reads
 * @write_wq: jobs of writes and discards
 * @pools: memory for I/O
 * @origin_wseq: foreground origin writes completed
 * @last_origin_io: when foreground I/O last went to the origin, in jiffies
 */
struct sc_cache {
	struct sc_target *target;
	struct list_head active;
	struct sc_geom geom;
	struct sc_map *map;
	struct sc_lock *locks;
	struct sc_policy *policy;
	struct sc_dirty *dirty;
	struct sc_meta *meta;
	struct sc_grace grace;
	struct sc_admission admission;
	struct sc_commit *commit;
	struct sc_flusher *flusher;
	unsigned int health;
	bool needs_check;
	struct work_struct event;
	struct work_struct reclaim;
	struct workqueue_struct *reclaim_wq;
	struct workqueue_struct *fill_wq;
	struct workqueue_struct *write_wq;
	struct sc_pools pools;
	atomic64_t origin_wseq;
	unsigned long last_origin_io;
};

/**
 * enum sc_io_kind - what sc_io_end() has to do for a bio
 * @SC_IO_PLAIN: nothing
 * @SC_IO_READ: it read a slot unowned
 * @SC_IO_OVERWRITE: it wrote a slot unowned
 * @SC_IO_ALLOC: it wrote busy slots, publish them
 * @SC_IO_ORIGIN_READ: it read the origin
 * @SC_IO_ORIGIN: it wrote the origin
 */
enum sc_io_kind {
	SC_IO_PLAIN,
	SC_IO_READ,
	SC_IO_OVERWRITE,
	SC_IO_ALLOC,
	SC_IO_ORIGIN_READ,
	SC_IO_ORIGIN,
};

/**
 * struct sc_io - what belongs to a bio
 * @kind: enum sc_io_kind
 * @epoch: of the grace period that it joined
 * @commit: it is complete only after a commit (FUA)
 * @bypass: part of a long stream: no new slot for it
 * @throttled: it has waited for a slot
 * @failed: the cache device failed it: the origin must do
 * @nr_sectors: length
 * @sector: where on the target
 * @iter: the bio's iterator before it was remapped
 * @work: a job of its own
 * @target: for @work
 */
struct sc_io {
	u8 kind;
	u8 epoch;
	bool commit;
	bool bypass;
	bool failed;
	bool throttled;
	u32 nr_sectors;
	u64 sector;
	struct bvec_iter iter;
	struct work_struct work;
	struct sc_target *target;
};

static inline struct sc_io *sc_bio_io(struct bio *bio)
{
	return dm_per_bio_data(bio, sizeof(struct sc_io));
}

static inline struct block_device *sc_bdev(const struct sc_cache *c,
					   enum sc_leg leg)
{
	return c->target->dev[leg]->bdev;
}

#define sc_count(c, name) \
	this_cpu_inc((c)->target->stats->counter[SC_CNT_##name])
#define sc_count_add(c, name, n) \
	this_cpu_add((c)->target->stats->counter[SC_CNT_##name], n)

static inline u32 sc_tune(u32 const *value)
{
	return READ_ONCE(*value);
}

/**
 * sc_cache_mode() - the mode in force
 * @c: the cache
 *
 * Context: any.
 * Return: what table or message asked for, or what is left of it in ill health.
 */
static inline enum sc_mode sc_cache_mode(const struct sc_cache *c)
{
	unsigned int health = READ_ONCE(c->health);
	enum sc_mode mode = READ_ONCE(c->target->config.mode);

	if (likely(health == SC_RW))
		return mode;
	return health == SC_RO ? SC_WRITEAROUND : SC_PASSTHROUGH;
}

/* ---- cache.c --------------------------------------------------------------- */

/**
 * sc_cache_create() - read the metadata and get to work
 * @t: the target, no I/O yet
 * @why: the reason of failure
 *
 * Context: may sleep; allocates without I/O.
 * Return: the cache or ERR_PTR().
 */
struct sc_cache *sc_cache_create(struct sc_target *t, struct sc_reason *why);

/**
 * sc_cache_destroy() - commit everything, stop all threads, free
 * @c: the cache, no I/O any more
 *
 * Context: may sleep.
 */
void sc_cache_destroy(struct sc_cache *c);

/**
 * sc_cache_wait_owners() - wait until no slot is busy
 * @c: the cache; nothing makes new ones busy for long
 *
 * Context: process, may sleep.
 */
void sc_cache_wait_owners(struct sc_cache *c);

/* ---- io-map.c, io-end.c ---------------------------------------------------- */

/**
 * sc_io_map() - dm's map operation
 * @ti: the target
 * @bio: a request
 *
 * Context: process, does not sleep.
 * Return: DM_MAPIO_*.
 */
int sc_io_map(struct dm_target *ti, struct bio *bio);

/**
 * sc_io_end() - dm's end_io operation
 * @ti: the target
 * @bio: done
 * @error: its status
 *
 * Context: any, hard irq included.
 * Return: DM_ENDIO_DONE, or DM_ENDIO_INCOMPLETE if the bio goes on.
 */
int sc_io_end(struct dm_target *ti, struct bio *bio, blk_status_t *error);

/**
 * sc_io_publish() - the data of busy slots is on the cache device
 * @c: the cache
 * @sector: of the first of them on the target
 * @nr_sectors: whole sub-blocks, within one run
 * @dirty: newer than the origin
 * @ok: false: the write failed, the slots are dropped
 *
 * The slots are no longer busy after this.
 *
 * Context: any, hard irq included; takes the shard's lock.
 */
void sc_io_publish(struct sc_cache *c, u64 sector, u32 nr_sectors, bool dirty,
		   bool ok);

/* ---- slot.c: steps that map.h's transitions need around them --------------- */

/**
 * sc_slot_end_owner() - the owner of a busy slot is done with it
 * @c: the cache
 * @i: the slot; kept if something is valid, retired else
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_end_owner(struct sc_cache *c, u32 i);

/**
 * sc_slot_promoted() - count a block that enters the cache
 * @c: the cache
 * @i: a slot being published; one that is known already does not count
 *
 * Context: any, the shard's lock is held.
 */
static inline void sc_slot_promoted(struct sc_cache *c, u32 i)
{
	if (sc_slot_queue(sc_map_slot(c->map, i)) == SC_Q_NONE)
		sc_count(c, promotions);
}

/**
 * sc_slot_drop() - a slot that is not busy leaves the cache
 * @c: the cache
 * @i: the slot, not being copied
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_drop(struct sc_cache *c, u32 i);

/**
 * sc_slot_invalidate() - sub-blocks of a slot no longer hold anything
 * @c: the cache
 * @i: the slot, not retiring; dropped if nothing is left and it is not busy
 * @mask: sub-blocks
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_invalidate(struct sc_cache *c, u32 i, u16 mask);

/**
 * sc_slot_rest() - an unhashed slot waits for reclaim
 * @c: the cache
 * @i: the slot
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_rest(struct sc_cache *c, u32 i);

/**
 * sc_slot_dirtied() - mark sub-blocks dirty, and the origin's bitmap
 * @c: the cache
 * @i: the slot
 * @mask: valid sub-blocks
 *
 * Context: any, the shard's lock is held.
 */
void sc_slot_dirtied(struct sc_cache *c, u32 i, u16 mask);

/**
 * sc_shard_wake() - a transition of one of the shard's slots ended
 * @l: the shard's lock, held
 *
 * Context: any.
 */
static inline void sc_shard_wake(struct sc_lock *l)
{
	/* Waiters queue themselves under the same lock: no barrier needed. */
	if (waitqueue_active(&l->wait))
		wake_up_all(&l->wait);
}

/**
 * sc_shard_wait() - wait for the next such end
 * @l: the shard's lock, held; dropped meanwhile, held again on return
 *
 * Context: process, may sleep. The caller looks again at what it waits for.
 */
void sc_shard_wait(struct sc_lock *l);

/* ---- grace.c --------------------------------------------------------------- */

/**
 * sc_grace_init() - begin with nothing in use
 * @g: zeroed
 *
 * Context: process, may sleep.
 * Return: 0 or -ENOMEM.
 */
int sc_grace_init(struct sc_grace *g);
/**
 * sc_grace_exit() - free
 * @g: zeroed or begun, nothing in use
 *
 * Context: process, may sleep.
 */
void sc_grace_exit(struct sc_grace *g);

/**
 * sc_grace_get() - begin to use a slot without owning it
 * @g: grace
 *
 * Context: any, the lock of the slot's shard is held.
 * Return: what sc_grace_put() wants.
 */
static inline unsigned int sc_grace_get(struct sc_grace *g)
{
	unsigned int epoch = READ_ONCE(g->epoch);

	this_cpu_inc(g->count->nr[epoch]);
	return epoch;
}

/**
 * sc_grace_put() - the use has ended
 * @g: grace
 * @epoch: as sc_grace_get() returned it
 *
 * Context: any, hard irq included.
 */
static inline void sc_grace_put(struct sc_grace *g, unsigned int epoch)
{
	this_cpu_dec(g->count->nr[epoch]);
	/* Pairs with the barrier in sc_grace_wait(): it sees 0 or we see it. */
	smp_mb();
	if (unlikely(READ_ONCE(g->waiting)))
		wake_up(&g->wait);
}

/**
 * sc_grace_wait() - wait until all uses that began before have ended
 * @c: the cache
 *
 * Context: process, may sleep; no shard lock held.
 */
void sc_grace_wait(struct sc_cache *c);

/* ---- job.c: requests that must wait, in process context -------------------- */

/**
 * sc_job_queue() - let a job do a bio
 * @c: the cache
 * @bio: the request; its sector is the target's
 *
 * Context: any, hard irq included.
 */
void sc_job_queue(struct sc_cache *c, struct bio *bio);

/* ---- writers.c ------------------------------------------------------------- */

/**
 * sc_writers_begin() - a foreground write to the origin begins in a run
 * @c: the cache
 * @b: a block of the run
 *
 * From now on nothing of that run is filled or destaged.
 *
 * Context: any, the run's shard lock is held.
 */
void sc_writers_begin(struct sc_cache *c, sc_oblock_t b);

/**
 * sc_writers_end() - it has completed, well or not
 * @c: the cache
 * @sector: where it began
 * @nr_sectors: its length; all runs touched were begun
 *
 * Context: any, hard irq included.
 */
void sc_writers_end(struct sc_cache *c, u64 sector, u32 nr_sectors);

/**
 * sc_writers_busy() - is one on its way?
 * @c: the cache
 * @b: a block
 *
 * Context: any, the run's shard lock is held.
 * Return: true if the origin may be changing there.
 */
bool sc_writers_busy(struct sc_cache *c, sc_oblock_t b);

/**
 * sc_writers_wait() - wait until none is
 * @c: the cache
 * @b: a block
 *
 * Context: process, may sleep.
 */
void sc_writers_wait(struct sc_cache *c, sc_oblock_t b);

/* ---- reclaim.c ------------------------------------------------------------- */

/**
 * sc_reclaim_check() - have slots freed if a shard runs low
 * @c: the cache
 * @shard: its number
 *
 * Context: any, the shard's lock is held.
 */
void sc_reclaim_check(struct sc_cache *c, u32 shard);

/**
 * sc_reclaim_kick() - have resting slots freed
 * @c: the cache
 *
 * Context: any.
 */
void sc_reclaim_kick(struct sc_cache *c);
/**
 * sc_reclaim_work() - the work item
 * @work: of a cache
 *
 * Context: process, may sleep.
 */
void sc_reclaim_work(struct work_struct *work);

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

/* ---- meta-io.c ------------------------------------------------------------- */

extern const struct sc_meta_io sc_meta_io_ops;

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
 * sc_flusher_gave_up() - does the origin refuse to be written?
 * @c: the cache
 *
 * Context: any.
 * Return: true after many failed attempts in a row.
 */
bool sc_flusher_gave_up(const struct sc_cache *c);

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
 * Context: process, may sleep.
 * Return: 0; -EINTR by a signal or a suspend; -EIO if the origin cannot be
 * written.
 */
int sc_flusher_drain(struct sc_cache *c);

/* ---- fail.c ---------------------------------------------------------------- */

/**
 * sc_fail_io() - count and log a failed I/O, change the state if it must
 * @c: the cache
 * @leg: which device
 * @write: a write, flush or discard
 *
 * Context: any, hard irq included.
 */
void sc_fail_io(struct sc_cache *c, enum sc_leg leg, bool write);

/**
 * sc_fail_health() - enter a worse state
 * @c: the cache
 * @health: which
 * @why: one log line
 *
 * Context: any.
 */
void sc_fail_health(struct sc_cache *c, enum sc_health health,
		    const char *why);
/**
 * sc_fail_event_work() - the work item of events
 * @work: of a cache
 *
 * Context: process, may sleep.
 */
void sc_fail_event_work(struct work_struct *work);

/**
 * sc_fail_lost() - a dirty block cannot be read
 * @c: the cache
 *
 * Context: any.
 */
void sc_fail_lost(struct sc_cache *c);

/* ---- message.c, stats.c ---------------------------------------------------- */

/**
 * sc_target_message() - dm's message operation
 * @ti: the target
 * @argc: words
 * @argv: the words
 * @result: not used
 * @maxlen: of it
 *
 * Context: process, may sleep.
 * Return: 0 or -errno.
 */
int sc_target_message(struct dm_target *ti, unsigned int argc, char **argv,
		      char *result, unsigned int maxlen);
/**
 * sc_target_status() - dm's status operation
 * @ti: the target
 * @type: what is wanted
 * @flags: dm's
 * @result: where to
 * @maxlen: bytes there
 *
 * Context: process, may sleep.
 */
void sc_target_status(struct dm_target *ti, status_type_t type,
		      unsigned int flags, char *result, unsigned int maxlen);
/**
 * sc_stats_bytes() - memory that a cache takes
 * @c: the cache
 *
 * Context: any.
 * Return: bytes.
 */
u64 sc_stats_bytes(const struct sc_cache *c);
/**
 * sc_stats_sum() - a counter, all CPUs together
 * @t: the target
 * @counter: which
 *
 * Context: any.
 * Return: the sum of figures read one after the other.
 */
u64 sc_stats_sum(const struct sc_target *t, enum sc_counter counter);

/**
 * sc_stats_nr_dirty() - slots with something dirty
 * @c: the cache
 *
 * Context: any, no lock.
 * Return: the sum of figures read one after the other.
 */
u64 sc_stats_nr_dirty(const struct sc_cache *c);

/* ---- ctr.c ----------------------------------------------------------------- */

/**
 * sc_target_commit() - commit what is pending, if the target is active
 * @t: the target
 *
 * Context: process, may sleep.
 */
void sc_target_commit(struct sc_target *t);
/**
 * sc_target_ctr() - dm's constructor
 * @ti: the new target
 * @argc: words
 * @argv: the table line
 *
 * Context: process, may sleep.
 * Return: 0 or -errno, the reason in the log and in @ti->error.
 */
int sc_target_ctr(struct dm_target *ti, unsigned int argc, char **argv);
/**
 * sc_target_dtr() - dm's destructor
 * @ti: a target, suspended
 *
 * Context: process, may sleep.
 */
void sc_target_dtr(struct dm_target *ti);

#endif
