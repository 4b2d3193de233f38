/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A disk with a volatile write cache, in memory. What was written but neither
 * flushed nor forced is lost, kept, reordered or torn at 512 bytes when the
 * power is cut, as the random numbers will have it.
 */
#ifndef SIM_DISK_H
#define SIM_DISK_H

#include "env.h"
#include "sim-rng.h"

#define SIM_SECTOR		512
#define SIM_BLOCK		4096
#define SIM_BLOCK_SECTORS	(SIM_BLOCK / SIM_SECTOR)

/**
 * struct sim_block - 4 KiB of a disk
 * @media: what survives
 * @seen: what is read
 */
struct sim_block {
	u8 media[SIM_BLOCK];
	u8 seen[SIM_BLOCK];
};

/**
 * struct sim_pending - a sector in the volatile cache
 * @sector: where
 * @write: number of the write it came with
 * @data: what
 */
struct sim_pending {
	u32 sector;
	u32 write;
	u8 data[SIM_SECTOR];
};

/**
 * struct sim_disk - the disk
 * @nr_blocks: its size
 * @blocks: NULL where never written
 * @pending: the volatile cache, oldest first
 * @nr_pending: sectors there
 * @max_pending: sectors that there is memory for
 * @nr_writes: counts writes
 * @bad: block that cannot be read; -1: none
 */
struct sim_disk {
	u32 nr_blocks;
	struct sim_block **blocks;
	struct sim_pending *pending;
	u32 nr_pending;
	u32 max_pending;
	u32 nr_writes;
	s64 bad;
};

/** sim_disk_init() - a disk full of zeroes */
void sim_disk_init(struct sim_disk *d, u32 nr_blocks);

/** sim_disk_exit() - throw it away */
void sim_disk_exit(struct sim_disk *d);

/** sim_disk_copy() - make @to, which is initialized, the same as @from */
void sim_disk_copy(struct sim_disk *to, const struct sim_disk *from);

/** sim_disk_read() - read sectors; -EIO if one is bad or out of range */
int sim_disk_read(const struct sim_disk *d, u64 sector, void *data, u32 nr);

/** sim_disk_write() - write sectors to the volatile cache */
int sim_disk_write(struct sim_disk *d, u64 sector, const void *data, u32 nr);

/** sim_disk_force() - make some sectors durable as they are now */
void sim_disk_force(struct sim_disk *d, u64 sector, u32 nr);

/** sim_disk_flush() - make everything durable */
void sim_disk_flush(struct sim_disk *d);

/** sim_disk_cut() - the power fails and comes back */
void sim_disk_cut(struct sim_disk *d, struct rng *rng);

/** sim_disk_block() - the bytes of a block as read and, both, as stored */
struct sim_block *sim_disk_block(struct sim_disk *d, u32 block);

#endif
