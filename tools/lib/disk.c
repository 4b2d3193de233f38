// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices and files. Direct I/O wants aligned memory, which a buffer of our own
 * provides.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "disk.h"
#include "report.h"

#define BOUNCE_BYTES	(1u << 20)

static _Alignas(SC_META_BLOCK_BYTES) u8 bounce[BOUNCE_BYTES];

static int refuse(const struct disk *d, int r)
{
	if (r == -EBUSY)
		report_error("%.300s: in use: mounted, or a part of an active device",
			     d->path);
	else
		report_error("%.300s: %s", d->path, strerror(-r));
	return r;
}

static int find_size(struct disk *d)
{
	off_t end = lseek(d->fd, 0, SEEK_END);

	if (end < 0)
		return -errno;
	d->sectors = (u64)end >> SC_SECTOR_SHIFT;
	return 0;
}

int disk_open(struct disk *d, const char *path, bool writable)
{
	int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;
	struct stat st;
	int r;

	*d = (struct disk){ .path = path, .fd = -1 };
	if (stat(path, &st))
		return refuse(d, -errno);
	d->is_block = S_ISBLK(st.st_mode);
	if (!d->is_block && !S_ISREG(st.st_mode)) {
		report_error("%.300s: neither a block device nor a file", path);
		return -ENOTBLK;
	}
	if (d->is_block)
		flags |= O_EXCL | O_DIRECT;
	d->fd = open(path, flags);
	if (d->fd < 0)
		return refuse(d, -errno);
	r = find_size(d);
	if (!r)
		return 0;
	disk_close(d);
	return refuse(d, r);
}

void disk_close(struct disk *d)
{
	if (d->fd >= 0)
		close(d->fd);
	d->fd = -1;
}

bool disk_same(const struct disk *a, const struct disk *b)
{
	struct stat st, st2;

	if (a->fd < 0 || b->fd < 0 || a->is_block != b->is_block ||
	    fstat(a->fd, &st) || fstat(b->fd, &st2))
		return false;
	if (a->is_block)
		return st.st_rdev == st2.st_rdev;
	return st.st_dev == st2.st_dev && st.st_ino == st2.st_ino;
}

static bool fits(const struct disk *d, u64 sector, u64 nr)
{
	return nr <= d->sectors && sector <= d->sectors - nr;
}

static int read_all(int fd, u8 *data, size_t bytes, u64 at)
{
	ssize_t n;

	for (; bytes; data += n, at += n, bytes -= n) {
		n = pread(fd, data, bytes, at);
		if (!n)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		n = max(n, 0);
	}
	return 0;
}

static int write_all(int fd, const u8 *data, size_t bytes, u64 at)
{
	ssize_t n;

	for (; bytes; data += n, at += n, bytes -= n) {
		n = pwrite(fd, data, bytes, at);
		if (!n)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		n = max(n, 0);
	}
	return 0;
}

int disk_read(const struct disk *d, u64 sector, void *data, u64 nr)
{
	u64 bytes = nr << SC_SECTOR_SHIFT, at = sector << SC_SECTOR_SHIFT;
	size_t part;
	u8 *to = data;
	int r;

	if (!fits(d, sector, nr))
		return -EIO;
	for (; bytes; bytes -= part, at += part, to += part) {
		part = min(bytes, BOUNCE_BYTES);
		r = read_all(d->fd, bounce, part, at);
		if (r)
			return r;
		memcpy(to, bounce, part);
	}
	return 0;
}

int disk_write(const struct disk *d, u64 sector, const void *data, u64 nr)
{
	u64 bytes = nr << SC_SECTOR_SHIFT, at = sector << SC_SECTOR_SHIFT;
	const u8 *from = data;
	size_t part;
	int r;

	if (!fits(d, sector, nr))
		return -EIO;
	for (; bytes; bytes -= part, at += part, from += part) {
		part = min(bytes, BOUNCE_BYTES);
		memcpy(bounce, from, part);
		r = write_all(d->fd, bounce, part, at);
		if (r)
			return r;
	}
	return 0;
}

int disk_flush(const struct disk *d)
{
	return fdatasync(d->fd) ? -errno : 0;
}
