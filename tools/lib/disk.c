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
#include "text.h"

#define BOUNCE_BYTES	(1u << 20)

static _Alignas(SC_META_BLOCK_BYTES) u8 bounce[BOUNCE_BYTES];

static int refuse(const struct disk *d, int r)
{
	if (r == -EBUSY)
		report_error("%.300s: in use: mounted, or a part of an active device",
			     d->path);
	else if (r == -ERANGE)
		report_error("%.300s: this part is outside of the device",
			     d->path);
	else
		report_error("%.300s: %s", d->path, strerror(-r));
	return r;
}

/**
 * struct part - a path, and which part is meant
 * @base: the device's path
 * @start: first sector
 * @sectors: how many; 0: all behind @start
 */
struct part {
	char base[PATH_MAX];
	u64 start;
	u64 sectors;
};

/* A file whose name has an '@' in it is meant if there is one. */
static int split(const char *path, struct part *p)
{
	char *at, *plus;

	*p = (struct part){ .start = 0 };
	if (strlen(path) >= sizeof(p->base))
		return -ENAMETOOLONG;
	memcpy(p->base, path, strlen(path) + 1);
	at = strrchr(p->base, '@');
	plus = at ? strchr(at, '+') : NULL;
	if (!plus || !access(path, F_OK))
		return 0;
	*at = '\0';
	*plus = '\0';
	if (sc_text_to_u64(at + 1, &p->start) ||
	    (plus[1] && (sc_text_to_u64(plus + 1, &p->sectors) || !p->sectors)))
		return -ENOENT;
	return 0;
}

static int find_size(struct disk *d, const struct part *p)
{
	off_t end = lseek(d->fd, 0, SEEK_END);
	u64 all;

	if (end < 0)
		return -errno;
	all = (u64)end >> SC_SECTOR_SHIFT;
	if (p->start > all || p->sectors > all - p->start)
		return -ERANGE;
	d->start = p->start;
	d->sectors = p->sectors ?: all - p->start;
	return 0;
}

static bool is_same_device(int fd, const struct stat *st)
{
	struct stat other;

	if (fd < 0 || fstat(fd, &other))
		return false;
	return S_ISBLK(st->st_mode) ?
		       S_ISBLK(other.st_mode) && st->st_rdev == other.st_rdev :
		       st->st_dev == other.st_dev && st->st_ino == other.st_ino;
}

/* Opened once only: the kernel would take the second time for a stranger's. */
static int open_once(const char *path, const struct stat *st, bool writable,
		     const struct disk *beside)
{
	int flags = (writable ? O_RDWR : O_RDONLY) | O_CLOEXEC;

	if (!S_ISBLK(st->st_mode))
		return open(path, flags);
	if (beside && is_same_device(beside->fd, st))
		return fcntl(beside->fd, F_DUPFD_CLOEXEC, 0);
	return open(path, flags | O_EXCL | O_DIRECT);
}

int disk_open(struct disk *d, const char *path, bool writable,
	      const struct disk *beside)
{
	struct part part;
	struct stat st;
	int r;

	*d = (struct disk){ .path = path, .fd = -1 };
	r = split(path, &part);
	if (r)
		return refuse(d, r);
	if (stat(part.base, &st))
		return refuse(d, -errno);
	d->is_block = S_ISBLK(st.st_mode);
	if (!d->is_block && !S_ISREG(st.st_mode)) {
		report_error("%.300s: neither a block device nor a file", path);
		return -ENOTBLK;
	}
	d->fd = open_once(part.base, &st, writable, beside);
	if (d->fd < 0)
		return refuse(d, -errno);
	r = find_size(d, &part);
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
	struct stat st;

	if (a->fd < 0 || b->fd < 0 || fstat(a->fd, &st) ||
	    !is_same_device(b->fd, &st))
		return false;
	return a->start < b->start + b->sectors &&
	       b->start < a->start + a->sectors;
}

static bool fits(const struct disk *d, u64 sector, u64 nr)
{
	return nr <= d->sectors && sector <= d->sectors - nr;
}

/* All of the bounce buffer's first @bytes, from the disk or to it. */
static int move_part(int fd, bool write, size_t bytes, u64 at)
{
	u8 *data = bounce;
	ssize_t n;

	for (; bytes; data += n, at += n, bytes -= n) {
		n = write ? pwrite(fd, data, bytes, at) :
			    pread(fd, data, bytes, at);
		if (!n)
			return -EIO;
		if (n < 0 && errno != EINTR)
			return -errno;
		n = max(n, 0);
	}
	return 0;
}

/* By way of the bounce buffer: @to is read, or else @from is written. */
static int move(const struct disk *d, u64 sector, u8 *to, const u8 *from,
		u64 nr)
{
	u64 bytes = nr << SC_SECTOR_SHIFT, done = 0;
	u64 at = (d->start + sector) << SC_SECTOR_SHIFT;
	size_t part;
	int r;

	if (!fits(d, sector, nr))
		return -EIO;
	for (; done < bytes; done += part) {
		part = min(bytes - done, BOUNCE_BYTES);
		if (from)
			memcpy(bounce, from + done, part);
		r = move_part(d->fd, from, part, at + done);
		if (r)
			return r;
		if (to)
			memcpy(to + done, bounce, part);
	}
	return 0;
}

int disk_read(const struct disk *d, u64 sector, void *data, u64 nr)
{
	return move(d, sector, data, NULL, nr);
}

int disk_write(const struct disk *d, u64 sector, const void *data, u64 nr)
{
	return move(d, sector, NULL, data, nr);
}

int disk_flush(const struct disk *d)
{
	return fdatasync(d->fd) ? -errno : 0;
}
