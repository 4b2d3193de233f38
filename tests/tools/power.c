// SPDX-License-Identifier: GPL-2.0-only
/*
 * The power: pwrite() and fdatasync() of the program under test come here. A write
 * reaches the file at once, so that it can be read; what was there before is kept
 * until a flush, for the case that the power fails.
 */
#define _GNU_SOURCE
#include <sys/stat.h>
#include <unistd.h>

#include "power.h"
#include "random.h"

#define SECTOR		512u
#define MAX_FILES	8

/**
 * struct pending - a sector that is not durable
 * @file: which file
 * @write: number of its write
 * @sector: which sector
 * @old: what was there
 * @new: what is there now
 */
struct pending {
	u32 file;
	u32 write;
	u64 sector;
	u8 old[SECTOR];
	u8 new[SECTOR];
};

/**
 * struct file - a file that was written
 * @fd: of our own
 * @ino: which it is
 */
struct file {
	int fd;
	ino_t ino;
};

static struct file files[MAX_FILES];
static u32 nr_files;
static struct pending *pending;
static u32 nr_pending, max_pending;
static u32 writes, writes_left;
static bool failed;
/* Else everything goes straight to the file. */
static bool watching;

static u32 find_file(int fd)
{
	struct stat st;
	u32 i;

	assert(!fstat(fd, &st));
	for (i = 0; i < nr_files; i++)
		if (files[i].ino == st.st_ino)
			return i;
	assert(nr_files < MAX_FILES);
	files[i].fd = dup(fd);
	files[i].ino = st.st_ino;
	assert(files[i].fd >= 0);
	nr_files++;
	return i;
}

static bool tick(void)
{
	writes++;
	if (!failed && writes_left && writes == writes_left)
		failed = true;
	if (failed)
		errno = EIO;
	return !failed;
}

static void remember(int fd, const u8 *data, u64 at)
{
	struct pending *p;

	if (nr_pending == max_pending) {
		max_pending = 2 * max_pending + 64;
		pending = realloc(pending, max_pending * sizeof(*pending));
		assert(pending);
	}
	p = &pending[nr_pending++];
	p->file = find_file(fd);
	p->write = writes;
	p->sector = at / SECTOR;
	assert(pread(fd, p->old, SECTOR, (off_t)at) == SECTOR);
	memcpy(p->new, data, SECTOR);
}

/* The write at which the power fails may land as well. */
ssize_t __wrap_pwrite(int fd, const void *data, size_t bytes, off_t at)
{
	bool was_off = failed, is_on;
	size_t i;

	if (!watching)
		return __real_pwrite(fd, data, bytes, at);
	is_on = tick();
	if (was_off)
		return -1;
	assert(bytes % SECTOR == 0 && at % SECTOR == 0);
	for (i = 0; i < bytes; i += SECTOR)
		remember(fd, (const u8 *)data + i, (u64)at + i);
	assert(__real_pwrite(fd, data, bytes, at) == (ssize_t)bytes);
	return is_on ? (ssize_t)bytes : -1;
}

int __wrap_fdatasync(int fd)
{
	u32 file, kept = 0, i;

	if (!watching)
		return 0; /* nothing is durable here but by chance */
	file = find_file(fd);
	if (!tick())
		return -1;
	for (i = 0; i < nr_pending; i++)
		if (pending[i].file != file)
			pending[kept++] = pending[i];
	nr_pending = kept;
	return 0;
}

void power_on(u32 left)
{
	nr_pending = 0;
	writes = 0;
	writes_left = left;
	failed = false;
	watching = true;
}

static void put_sector(const struct pending *p, const u8 *data)
{
	assert(__real_pwrite(files[p->file].fd, data, SECTOR,
			     (off_t)p->sector * SECTOR) == SECTOR);
}

static void lose(enum power_loss loss)
{
	u32 salt = random_below(1u << 30), i;

	for (i = nr_pending; i--;)
		put_sector(&pending[i], pending[i].old);
	if (loss != POWER_SOME)
		return;
	for (i = 0; i < nr_pending; i++)
		if ((pending[i].write * 2654435761u ^ salt) >> 7 & 1 ||
		    !random_below(4))
			put_sector(&pending[i], pending[i].new);
}

bool power_off(enum power_loss loss)
{
	bool was = failed;
	u32 i;

	if (loss != POWER_KILL)
		lose(loss);
	for (i = 0; i < nr_files; i++)
		close(files[i].fd);
	nr_files = 0;
	power_on(0);
	watching = false;
	return was;
}

u32 power_writes(void)
{
	return writes;
}
