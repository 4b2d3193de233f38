/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * simdisk: a simulated disk over any block device, for tests only. See
 * README.md for the table line, the messages and the status line.
 */
#ifndef SIMDISK_H
#define SIMDISK_H

#include <linux/bio.h>
#include <linux/device-mapper.h>
#include <linux/hrtimer.h>
#include <linux/list.h>
#include <linux/percpu.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>

#include "model.h"

#define DM_MSG_PREFIX "simdisk"

#define SIM_MAX_FAULTS		16
#define SIM_NAME_LEN		32

/**
 * DOC: the way of an I/O
 *
 * sim_map() counts it and asks whether it may pass (power, faults). A disk
 * without service times and without a volatile cache then sends it to the
 * backing device as dm-linear does: no hook, no lock, no per-bio data.
 *
 * Else the data come first: from or to the backing device, with our own
 * bi_end_io, or through the worker of the volatile cache. When the data are
 * through, sim_io_served() lets the service time pass, and the bio ends in
 * the timer's interrupt. The data of a write thus are where they belong a
 * little earlier than the caller learns of it, which is a disk's right.
 *
 * DOC: locks
 *
 * groups_lock (mutex, power.c) > sim_group.lock > sim_vcache.lock, the latter
 * two irq-safe spinlocks.
 *
 * groups_lock: the list of groups and their members; power messages.
 * sim_group.lock: power state, service queues, faults of all disks of the
 *	group. One lock, so that a power cut is one instant for all of them.
 *	No bio ends under it.
 * sim_vcache.lock: what waits for the worker. What the cache holds is the
 *	worker's own.
 */

struct sim_vcache;

enum sim_state {
	SIM_ON,
	SIM_OFF,	/* power cut: volatile content is lost */
	SIM_AWAY,	/* unplugged: errors, nothing is lost */
};

enum sim_cut {
	SIM_CUT_DROP,
	SIM_CUT_KEEP,
	SIM_CUT_RANDOM,
};

enum sim_model {
	SIM_NULL,
	SIM_HDD,
	SIM_SSD,
};

/**
 * struct sim_group - disks on one power supply.
 * @lock: see above.
 * @disks: the members; the group lives as long as there are any.
 * @link: in the list of all groups.
 * @name: "" for a disk of its own.
 * @cut_after: cut at this write to any member from now; 0 for never.
 * @cut_mode: of that cut, or of a member's.
 */
struct sim_group {
	spinlock_t lock;
	struct list_head disks;
	struct list_head link;
	char name[SIM_NAME_LEN];
	u64 cut_after;
	enum sim_cut cut_mode;
};

/**
 * struct sim_serve - the queue of a disk, under the group lock.
 * @timer: fires at the end of the next request.
 * @waiting: hdd: requests beyond the disk's own queue, in order of arrival.
 *	     ssd: all requests, by the end of their service.
 * @slot: hdd: requests in the disk's own queue.
 * @nr_slots: how many.
 * @current_io: hdd: the request being served.
 * @nr: requests in service or waiting.
 * @max_nr: the most there were.
 * @busy_ns: time with @nr > 0.
 * @busy_since: start of the present such time, ns.
 * @hdd: model.
 * @ssd: model.
 */
struct sim_serve {
	struct hrtimer timer;
	struct list_head waiting;
	struct sim_io *slot[SIM_HDD_QUEUE];
	unsigned int nr_slots;
	struct sim_io *current_io;
	unsigned int nr;
	unsigned int max_nr;
	u64 busy_ns;
	u64 busy_since;
	struct sim_hdd hdd;
	struct sim_ssd ssd;
};

/**
 * struct sim_stats - counters, per CPU.
 * @nr: requests.
 * @bytes: their length.
 */
struct sim_stats {
	u64 nr[SIM_NR_KINDS];
	u64 bytes[SIM_NR_KINDS];
};

/**
 * struct sim_fault - a rule that fails requests.
 * @kinds: bits of enum sim_kind.
 * @first: first sector; a flush is everywhere.
 * @nr: sectors.
 * @nth: not 0: only the nth request from now fails, then the rule is gone.
 */
struct sim_fault {
	unsigned int kinds;
	u64 first;
	u64 nr;
	u64 nth;
};

/**
 * struct sim_config - the table line.
 * @model: service times.
 * @cache_kb: volatile write cache; 0: write-through.
 * @seed: of all coins.
 * @hold: destage only for a flush or when the cache is full.
 * @shuffle_us: not 0: the cache serves in random order, each after so long.
 * @discard: offer discard.
 * @flush: declare a volatile write cache, so that FLUSH and FUA are sent.
 * @group: power group or "".
 */
struct sim_config {
	enum sim_model model;
	unsigned int cache_kb;
	u64 seed;
	unsigned int shuffle_us;
	bool hold;
	bool discard;
	bool flush;
	char group[SIM_NAME_LEN];
};

/**
 * struct sim_disk - a simulated disk.
 * @ti: the dm target.
 * @dev: backing device.
 * @start: first sector on it.
 * @config: the table line.
 * @stats: counters.
 * @guarded: map() must ask sim_power_admit(). Written under the group lock.
 * @state: power. Written under the group lock.
 * @group: power supply.
 * @group_link: in group->disks.
 * @cut_after: cut the group at this write to the disk from now; 0 for never.
 * @cut_mode: what to do with volatile content at the latest cut.
 * @nr_cuts: how often power was cut; part of the coin's seed.
 * @faults: rules, under the group lock.
 * @nr_faults: how many.
 * @nr_failed: requests failed by a rule.
 * @serve: queue.
 * @vcache: volatile cache, or NULL.
 */
struct sim_disk {
	struct dm_target *ti;
	struct dm_dev *dev;
	sector_t start;
	struct sim_config config;
	struct sim_stats __percpu *stats;
	bool guarded;
	enum sim_state state;
	struct sim_group *group;
	struct list_head group_link;
	u64 cut_after;
	enum sim_cut cut_mode;
	u32 nr_cuts;
	struct sim_fault faults[SIM_MAX_FAULTS];
	unsigned int nr_faults;
	u64 nr_failed;
	struct sim_serve serve;
	struct sim_vcache *vcache;
};

/**
 * struct sim_io - a bio on its way (dm per-bio data).
 * @disk: the disk.
 * @link: in a service queue, or in the worker's.
 * @due: end of service; in an hdd's slot: when it got there. ns.
 * @angle: hdd: rotational position.
 * @req: what it is.
 * @end_io: the bio's own.
 */
struct sim_io {
	struct sim_disk *disk;
	struct list_head link;
	u64 due;
	u32 angle;
	struct sim_req req;
	bio_end_io_t *end_io;
};

static inline struct bio *sim_io_bio(struct sim_io *io)
{
	return dm_bio_from_per_bio_data(io, sizeof(*io));
}

/* main.c */

/**
 * sim_remap() - direct a bio to the backing device.
 * @sd: the disk.
 * @bio: a bio to the target.
 *
 * Context: any.
 */
static inline void sim_remap(struct sim_disk *sd, struct bio *bio)
{
	bio_set_dev(bio, sd->dev->bdev);
	bio->bi_iter.bi_sector = sd->start +
		dm_target_offset(sd->ti, bio->bi_iter.bi_sector);
}

/**
 * sim_io_complete() - end a bio.
 * @io: the I/O; gone after the call.
 *
 * With an error if the power is gone by now.
 *
 * Context: any, not under a lock of ours.
 */
void sim_io_complete(struct sim_io *io);

/**
 * sim_io_served() - the data of an I/O are through: let service time pass.
 * @io: the I/O, which ends at once if it has an error or the disk no times.
 * @status: of the data.
 *
 * Context: any, not under a lock of ours.
 */
void sim_io_served(struct sim_io *io, blk_status_t status);

/**
 * sim_io_submit() - send a bio to the backing device; sim_io_served() follows.
 * @io: the I/O.
 *
 * Context: process, not in map().
 */
void sim_io_submit(struct sim_io *io);

/**
 * sim_stats_sum() - add up the counters of all CPUs.
 * @sd: the disk.
 * @sum: the result.
 *
 * Context: any.
 */
void sim_stats_sum(const struct sim_disk *sd, struct sim_stats *sum);

/**
 * sim_stats_reset() - set all counters to 0.
 * @sd: the disk.
 *
 * Context: any.
 */
void sim_stats_reset(struct sim_disk *sd);

/* serve.c */

/**
 * sim_serve_init() - start with an idle disk.
 * @sd: the disk.
 *
 * Context: process.
 */
void sim_serve_init(struct sim_disk *sd);

/**
 * sim_serve_exit() - stop the timer.
 * @sd: the disk, with nothing in flight.
 *
 * Context: may sleep.
 */
void sim_serve_exit(struct sim_disk *sd);

/**
 * sim_serve_add() - begin the service of an I/O.
 * @sd: the disk; its model is not null.
 * @io: the I/O; sim_io_complete() follows at the end of its service.
 *
 * Context: under the group lock.
 */
void sim_serve_add(struct sim_disk *sd, struct sim_io *io);

/**
 * sim_serve_drain() - take all I/Os out of service.
 * @sd: the disk.
 * @list: gets them; the caller completes them.
 *
 * Context: under the group lock.
 */
void sim_serve_drain(struct sim_disk *sd, struct list_head *list);

/**
 * sim_serve_complete() - complete the I/Os of a list.
 * @list: the list.
 *
 * Context: any, not under a lock of ours.
 */
void sim_serve_complete(struct list_head *list);

/* power.c */

/**
 * sim_group_join() - connect a disk to its power supply.
 * @sd: the disk, config filled in.
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int sim_group_join(struct sim_disk *sd);

/**
 * sim_group_leave() - the reverse.
 * @sd: the disk, with nothing in flight.
 *
 * Context: may sleep.
 */
void sim_group_leave(struct sim_disk *sd);

/**
 * sim_power_guard() - make map() ask, or not.
 * @sd: the disk, whose state or rules changed.
 *
 * Context: under the group lock.
 */
void sim_power_guard(struct sim_disk *sd);

/**
 * sim_power_admit() - ask whether a request may pass.
 * @sd: the disk.
 * @req: the request; a write may be the one that cuts the power.
 *
 * Context: any, not under a lock of ours.
 * Return: false if it must fail.
 */
bool sim_power_admit(struct sim_disk *sd, const struct sim_req *req);

/**
 * sim_power_count_write() - count a write that the volatile cache took over.
 * @sd: the disk; the write may be the one that cuts the power.
 *
 * Context: any, not under a lock of ours.
 */
void sim_power_count_write(struct sim_disk *sd);

/**
 * sim_power_cut() - cut power in one instant; return when what survives of
 * volatile content is on the backing devices and the rest is forgotten.
 * @sd: the disk.
 * @group: not NULL: cut all members of that group instead.
 * @mode: what becomes of volatile content.
 *
 * Context: may sleep.
 * Return: 0 or -ENOENT if there is no such group.
 */
int sim_power_cut(struct sim_disk *sd, const char *group, enum sim_cut mode);

/**
 * sim_power_cut_after() - cut power of the disk's group at a later write.
 * @sd: the disk.
 * @nr: at the nr-th write from now, which fails; 0: call it off.
 * @group: count writes to all members, not only to this one.
 * @mode: what becomes of volatile content.
 *
 * Context: may sleep.
 */
void sim_power_cut_after(struct sim_disk *sd, u64 nr, bool group,
			 enum sim_cut mode);

/**
 * sim_power_revive() - power on again; waits until a cut is through.
 * @sd: the disk.
 * @group: not NULL: revive all members of that group instead.
 *
 * Context: may sleep.
 * Return: 0 or -ENOENT if there is no such group.
 */
int sim_power_revive(struct sim_disk *sd, const char *group);

/**
 * sim_power_plug() - unplug one disk or plug it in again.
 * @sd: the disk.
 * @in: plug it in.
 *
 * Context: may sleep.
 * Return: 0, or -EBUSY if power is cut.
 */
int sim_power_plug(struct sim_disk *sd, bool in);

/* fault.c */

/**
 * sim_fault_add() - add a rule.
 * @sd: the disk.
 * @fault: the rule; copied.
 *
 * Context: may sleep.
 * Return: 0, or -ENOSPC if there are too many rules.
 */
int sim_fault_add(struct sim_disk *sd, const struct sim_fault *fault);

/**
 * sim_fault_clear() - forget all rules.
 * @sd: the disk.
 *
 * Context: may sleep.
 */
void sim_fault_clear(struct sim_disk *sd);

/**
 * sim_fault_hit() - ask whether a request is to fail, and count that.
 * @sd: the disk.
 * @req: the request.
 *
 * Context: under the group lock.
 * Return: true if it is to fail.
 */
bool sim_fault_hit(struct sim_disk *sd, const struct sim_req *req);

/**
 * sim_fault_corrupt() - flip all bits of a range on the backing device.
 * @sd: the disk.
 * @first: first sector.
 * @nr: sectors.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL outside the disk, or an error of the backing device.
 */
int sim_fault_corrupt(struct sim_disk *sd, u64 first, u64 nr);

/* message.c */

/**
 * sim_message() - dm message operation.
 * @ti: the target.
 * @argc: nr of words.
 * @argv: the words.
 * @result: unused.
 * @maxlen: unused.
 *
 * Context: may sleep.
 * Return: 0, -EINVAL for what is not understood, or an error of the action.
 */
int sim_message(struct dm_target *ti, unsigned int argc, char **argv,
		char *result, unsigned int maxlen);

/**
 * sim_status() - dm status operation.
 * @ti: the target.
 * @type: which text.
 * @flags: unused.
 * @result: the text.
 * @maxlen: its room.
 *
 * Context: may sleep.
 */
void sim_status(struct dm_target *ti, status_type_t type,
		unsigned int flags, char *result, unsigned int maxlen);

#endif /* SIMDISK_H */
