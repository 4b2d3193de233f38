/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A block device, or a file that stands for one, read and written past the page
 * cache, in which the kernel's own I/O to the device would not be seen.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_DISK_H
#define SC_TOOLS_DISK_H

#include "types.h"

/**
 * struct disk - an open device, or a part of one
 * @path: as the user wrote it
 * @fd: -1: not open
 * @start: sector of the device where it begins
 * @sectors: its size
 * @is_block: a block device, no file
 */
struct disk {
	const char *path;
	int fd;
	u64 start;
	u64 sectors;
	bool is_block;
};

/**
 * disk_open() - open a device that nobody else uses
 * @d: the device
 * @path: a block device or a file; with "@START+SECTORS" behind it, a part of
 *	one; without SECTORS, all from there on
 * @writable: whether it will be written
 * @beside: an open device of which it may be another part, or NULL; as writable
 *
 * A block device that is mounted, a part of another device or opened this way
 * by somebody else is refused. What is wrong has been said when it returns.
 *
 * Return: 0; -EBUSY; -ENOENT; another -errno.
 */
int __must_check disk_open(struct disk *d, const char *path, bool writable,
			   const struct disk *beside);

/**
 * disk_close() - close it
 * @d: the device; may be closed already
 */
void disk_close(struct disk *d);

/**
 * disk_same() - whether two overlap
 * @a: an open device
 * @b: an open device
 *
 * Return: true if a sector of one is a sector of the other.
 */
bool disk_same(const struct disk *a, const struct disk *b);

/**
 * disk_read() - read sectors
 * @d: an open device
 * @sector: the first
 * @data: where to
 * @nr: how many
 *
 * Return: 0; -EIO, also behind the end; another -errno.
 */
int __must_check disk_read(const struct disk *d, u64 sector, void *data,
			   u64 nr);

/**
 * disk_write() - write sectors; durable after the next flush
 * @d: a device open for writing
 * @sector: the first
 * @data: what
 * @nr: how many
 *
 * Return: 0; -EIO, also behind the end; another -errno.
 */
int __must_check disk_write(const struct disk *d, u64 sector, const void *data,
			    u64 nr);

/**
 * disk_flush() - make durable what was written
 * @d: a device open for writing
 *
 * Return: 0 or -errno.
 */
int __must_check disk_flush(const struct disk *d);

#endif
