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
 * (mutex; message, status, suspend) > sc_commit.origin.lock (mutex) >
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
 * @nr_users: messages at work on it without @lock
 * @no_users: for that to reach 0
 * @config: what table and messages say; single values are read without lock
 * @uuid: of the metadata, zero before the first resume
 * @stats: counters, survive a suspend
 * @reboot: commits before the machine goes down
 */
struct sc_target {
	struct dm_target *ti;
	struct dm_dev *dev[SC_NR_LEGS];
	struct mutex lock;
	struct sc_cache *cache;
	unsigned int nr_users;
	wait_queue_head_t no_users;
	struct sc_config config;
	u8 uuid[SC_UUID_BYTES];
	struct sc_stats __percpu *stats;
	struct notifier_block reboot;
};

/**
 * struct sc_lock - the lock of one shard
 * @lock: protects the shard of the same number, its slots and chains
 * @wait: for the end of a transition of one of its slots
 * @failed: destages of its slots that failed since one made room for writes
 * @resting: slots unhashed, linked by hash_next, until reclaim takes them
 */
struct sc_lock {
	spinlock_t lock;
	u32 resting;
	u32 failed;
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
 * @origin_ios: foreground requests to the origin under way
 * @writers: foreground writes to the origin under way, by run
 * @writers_wait: for one of them to reach 0
 */
struct sc_admission {
	spinlock_t lock;
	struct sc_admit *admit;
	atomic_t fills;
	atomic_t origin_ios;
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
 * enum sc_records - which durable records may still be read one day
 * @SC_RECORDS_ALL: all
 * @SC_RECORDS_DIRTY: only those that call something dirty (rule 9)
 * @SC_RECORDS_NONE: none: the origin goes on alone, see abandon.c
 */
enum sc_records {
	SC_RECORDS_ALL,
	SC_RECORDS_DIRTY,
	SC_RECORDS_NONE,
};

/**
 * struct sc_cache - a cache at work
 * @target: whose
 * @active: in the list of caches
 * @parked: not at work, see active.c
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
 * @records: enum sc_records; only ever more
 * @needs_check: dirty data was lost, or metadata could not be written
 * @event: raises a dm event
 * @reclaim: makes free slots
 * @reclaim_wq: for @reclaim and @event
 * @fill_wq: jobs of reads
 * @write_wq: jobs of writes and discards
 * @pools: memory for I/O
 * @origin_wseq: foreground origin writes completed
 * @last_origin_io: when foreground I/O to the origin last began or ended, in jiffies
 */
struct sc_cache {
	struct sc_target *target;
	struct list_head active;
	bool parked;
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
	unsigned int records;
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
 * @SC_IO_FLUSH: it is a FLUSH of the cache device
 */
enum sc_io_kind {
	SC_IO_PLAIN,
	SC_IO_READ,
	SC_IO_OVERWRITE,
	SC_IO_ALLOC,
	SC_IO_ORIGIN_READ,
	SC_IO_ORIGIN,
	SC_IO_FLUSH,
};

/**
 * struct sc_io - what belongs to a bio
 * @epoch: of the grace period that it joined
 * @kind: enum sc_io_kind
 * @fua: it came with REQ_FUA, which the bio may lose on its way
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
	u8 epoch;
	u8 kind;
	bool fua;
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

/* How dm-io is to take memory that may be in one piece or not. */
static inline enum dm_io_mem_type sc_mem_type(const void *data)
{
	return is_vmalloc_addr(data) ? DM_IO_VMA : DM_IO_KMEM;
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

/* ---- active.c -------------------------------------------------------------- */

/**
 * sc_active_add() - a cache wants to work on its devices
 * @c: the cache
 * @why: the reason of failure
 *
 * Context: process, may sleep.
 * Return: 0, or -EBUSY if another one does.
 */
int sc_active_add(struct sc_cache *c, struct sc_reason *why);

/**
 * sc_active_remove() - a cache has come to its end
 * @c: the cache, added or not
 *
 * Context: process, may sleep.
 */
void sc_active_remove(struct sc_cache *c);

/**
 * sc_active_park() - a cache waits for the next resume
 * @c: the cache, not at work; belongs to the list from now on
 *
 * Context: process, may sleep.
 */
void sc_active_park(struct sc_cache *c);

/**
 * sc_active_take() - the parked cache on a target's devices
 * @t: the target, to which it belongs from now on
 * @new: the cache that works there now, or NULL: all three devices are the same
 *
 * Context: process, may sleep.
 * Return: one that the caller has to free, start or park, or NULL.
 */
struct sc_cache *sc_active_take(struct sc_target *t,
				const struct sc_cache *new);

/**
 * sc_active_take_from() - a parked cache that a target has left behind
 * @t: the target
 *
 * Context: process, may sleep.
 * Return: one that the caller has to free, or NULL.
 */
struct sc_cache *sc_active_take_from(struct sc_target *t);

/* ---- cache.c --------------------------------------------------------------- */

/**
 * sc_cache_resume() - read the metadata and get to work
 * @t: the target, no I/O yet
 * @why: the reason of failure
 *
 * If that cannot be, a parked cache goes on in its state.
 *
 * Context: may sleep; allocates without I/O.
 * Return: the cache or ERR_PTR().
 */
struct sc_cache *sc_cache_resume(struct sc_target *t, struct sc_reason *why);

/**
 * sc_cache_suspend() - commit everything, stop all threads, free or park
 * @c: the cache, no I/O any more; not the caller's any more
 *
 * Context: may sleep.
 */
void sc_cache_suspend(struct sc_cache *c);

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

/* ---- abandon.c ------------------------------------------------------------- */

/**
 * sc_abandon() - go on without metadata and cache device
 * @c: the cache, nothing dirty; neither metadata nor label can be written
 *
 * Context: the commit thread, or nobody else uses the engine; may sleep.
 */
void sc_abandon(struct sc_cache *c);

/**
 * sc_abandoned() - has the origin gone on without these devices?
 * @c: the cache, its metadata open
 *
 * Context: process, may sleep.
 * Return: true if so, as long as the module has been loaded.
 */
bool sc_abandoned(struct sc_cache *c);

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

/* ---- job.c: requests that must wait, in process context -------------------- */

/**
 * sc_job_queue() - let a job do a bio
 * @c: the cache
 * @bio: the request; its sector is the target's
 *
 * Context: any, hard irq included.
 */
void sc_job_queue(struct sc_cache *c, struct bio *bio);

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

#include "commit.h"
#include "fail.h"
#include "flusher.h"
#include "slot.h"

#endif
