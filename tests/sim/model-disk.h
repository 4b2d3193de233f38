/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disks with a volatile cache, and I/O that takes its time: it moves sector by
 * sector, overtakes other I/O, and when the power fails each sector that was
 * neither flushed nor forced is kept, lost, or kept in an older version.
 */
#ifndef MODEL_DISK_H
#define MODEL_DISK_H

#include "env.h"
#include "sim-rng.h"

#define SECTOR_BYTES	512u

/**
 * struct model_pending - a sector in the volatile cache
 * @sector: where
 * @io: number of the I/O that brought it
 * @ended: when that I/O ended, counted in ended I/O of this disk; 0: not yet
 * @data: what
 */
struct model_pending {
	u64 sector;
	u64 io;
	u64 ended;
	u8 data[SECTOR_BYTES];
};

/**
 * struct model_disk - a disk
 * @name: for messages
 * @nr_sectors: its size
 * @weight: how fast its I/O moves compared to that of others
 * @seen: what is read
 * @media: what survives
 * @pending: the volatile cache, in the order of arrival
 * @nr_pending: sectors there
 * @max_pending: sectors that there is memory for
 * @nr_io: counts I/O submitted
 * @nr_ended: counts I/O ended
 * @fails: chances in 256 that a read, write (or discard) or flush fails
 * @through: no volatile cache
 * @lives: fails for ever after one request less; 0: does not
 */
struct model_disk {
	const char *name;
	u64 nr_sectors;
	u32 weight;
	u8 *seen;
	u8 *media;
	struct model_pending *pending;
	u32 nr_pending;
	u32 max_pending;
	u64 nr_io;
	u64 nr_ended;
	u32 fails[3];
	bool through;
	u32 lives;
};

enum model_op {
	MODEL_READ,
	MODEL_WRITE,
	MODEL_FLUSH,	/* no I/O, only an index of @fails */
	MODEL_DISCARD,
};

/**
 * struct model_io - one I/O
 * @disk: where
 * @op: what
 * @preflush: first make durable what had ended when this was submitted
 * @fua: is durable when it ends
 * @sector: first sector
 * @nr_sectors: length, perhaps 0
 * @data: from or to
 * @end: called when it has ended; may free it
 * @ctx: for @end
 * @number: of this I/O on its disk
 * @covers: the flush makes durable what had ended up to here
 * @flushed: the flush is done
 * @done: sectors done
 * @limit: fails when so many are done; beyond its end: it does not
 */
struct model_io {
	struct model_disk *disk;
	enum model_op op;
	bool preflush;
	bool fua;
	u64 sector;
	u32 nr_sectors;
	u8 *data;
	void (*end)(struct model_io *io, int r);
	void *ctx;
	u64 number;
	u64 covers;
	bool flushed;
	u32 done;
	u32 limit;
};

/** model_disk_init() - a disk full of zeroes */
void model_disk_init(struct model_disk *d, const char *name, u64 nr_sectors);
void model_disk_exit(struct model_disk *d);

/** model_disk_settle() - all that was written is durable */
void model_disk_settle(struct model_disk *d);

/** model_disk_cut() - the power fails and comes back */
void model_disk_cut(struct model_disk *d, struct rng *rng);

/** model_disk_format() - write the media, as if long ago */
void model_disk_format(struct model_disk *d, u64 sector, const void *data);

/** model_disk_peek() - a sector as it is read now */
const u8 *model_disk_peek(const struct model_disk *d, u64 sector);

/** model_io_submit() - begin */
void model_io_submit(struct model_io *io);

/** model_io_pending() - is any on its way? */
bool model_io_pending(void);

/** model_io_step() - one of them moves on, perhaps to its end */
void model_io_step(void);

/** model_io_forget() - the power has failed: drop all of it */
void model_io_forget(void);

/** model_power_off - all I/O fails and changes nothing */
extern bool model_power_off;

/** model_io_weight - of 16 steps, how many are I/O if tasks could run, too */
extern u32 model_io_weight;

#endif
