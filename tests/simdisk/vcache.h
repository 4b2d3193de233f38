/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The volatile write cache of a disk.
 */
#ifndef SIMDISK_VCACHE_H
#define SIMDISK_VCACHE_H

#include <linux/xarray.h>

#include "simdisk.h"

/**
 * DOC: the volatile write cache
 *
 * Unflushed sectors are in memory, in pages with one bit per sector, and only
 * there: the backing device has what is durable. One worker, an ordered
 * queue, does all that changes the content, one bio after the other, so that
 * the content needs no lock and every step may sleep:
 *
 * - a write is copied into pages; when there are too many, the oldest ones
 *   are written out (destaged) first. A page keeps its age when it is written
 *   again, so that destaging reorders writes;
 * - FUA destages the pages of its range, FLUSH all of them;
 * - a read that meets held sectors reads all from the backing device and lays
 *   the held sectors over that;
 * - a power cut queues a settling step behind what is queued already. Writes
 *   in that queue are taken in yet, as they were on their way at the cut, and
 *   end with an error.
 */

/**
 * struct sim_vcache - the cache of one disk.
 * @disk: the disk.
 * @pages: the content, struct sim_page by sector / PAGE_SECTORS.
 * @age: the same, oldest first.
 * @nr_pages: how many.
 * @max_pages: so many may be.
 * @low_pages: destage when there are more.
 * @nr_sectors: held sectors.
 * @nr_destaged: sectors written out so far.
 * @nr_lost: sectors lost in power cuts so far.
 * @lock: protects what follows, up to @drain.
 * @queue: I/Os that wait for the worker.
 * @nr_queued: how many.
 * @nr_picked: how many were picked from it at random.
 * @settle: power was cut.
 * @drain: destage all.
 * @wq: runs @work.
 * @work: the worker.
 */
struct sim_vcache {
	struct sim_disk *disk;
	struct xarray pages;
	struct list_head age;
	unsigned int nr_pages;
	unsigned int max_pages;
	unsigned int low_pages;
	unsigned int nr_sectors;
	u64 nr_destaged;
	u64 nr_lost;
	spinlock_t lock;
	struct list_head queue;
	unsigned int nr_queued;
	u64 nr_picked;
	bool settle;
	bool drain;
	struct workqueue_struct *wq;
	struct work_struct work;
};

/**
 * sim_vcache_create() - make an empty cache for a disk.
 * @sd: the disk; sd->vcache is set.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int sim_vcache_create(struct sim_disk *sd);

/**
 * sim_vcache_destroy() - free it and what it holds.
 * @sd: the disk; may have none.
 *
 * Context: may sleep.
 */
void sim_vcache_destroy(struct sim_disk *sd);

/**
 * sim_vcache_bypass() - ask whether a request need not go by the worker.
 * @vc: the cache.
 * @req: the request.
 *
 * Context: any.
 * Return: true for a read while nothing is held, unless the order is random.
 */
static inline bool sim_vcache_bypass(const struct sim_vcache *vc,
				     const struct sim_req *req)
{
	return req->kind == SIM_READ && !READ_ONCE(vc->nr_pages) &&
	       !vc->disk->config.shuffle_us;
}

/**
 * sim_vcache_queue() - hand an I/O to the worker; sim_io_served() follows.
 * @vc: the cache.
 * @io: the I/O.
 *
 * Context: any.
 */
void sim_vcache_queue(struct sim_vcache *vc, struct sim_io *io);

/**
 * sim_vcache_settle() - power is cut: decide on the content soon.
 * @vc: the cache.
 *
 * Context: under the group lock.
 */
void sim_vcache_settle(struct sim_vcache *vc);

/**
 * sim_vcache_wait() - wait until the worker has done all that was queued.
 * @vc: the cache.
 *
 * Context: may sleep.
 */
void sim_vcache_wait(struct sim_vcache *vc);

/**
 * sim_vcache_drain() - destage all, as an orderly shutdown does.
 * @vc: the cache, with no I/O in flight.
 *
 * Context: may sleep.
 */
void sim_vcache_drain(struct sim_vcache *vc);

/**
 * sim_vcache_reset_stats() - set its counters to 0.
 * @vc: the cache.
 *
 * Context: any.
 */
static inline void sim_vcache_reset_stats(struct sim_vcache *vc)
{
	WRITE_ONCE(vc->nr_destaged, 0);
	WRITE_ONCE(vc->nr_lost, 0);
}

#endif /* SIMDISK_VCACHE_H */
