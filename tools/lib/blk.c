// SPDX-License-Identifier: GPL-2.0-only
/*
 * Block devices. The only file that uses libblkid.
 */
#include <blkid/blkid.h>
#include <dirent.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "blk.h"
#include "codec.h"
#include "report.h"
#include "text.h"

/* ---- opening --------------------------------------------------------------- */

static int open_fault(struct sc_reason *why, const char *path, int err)
{
	sc_reason_set(why, "%.100s: %s", path, strerror(err));
	return -err;
}

int blk_open(struct blk *b, const char *path, struct sc_reason *why)
{
	struct stat st;
	u64 bytes = 0;

	memset(b, 0, sizeof(*b));
	b->fd = -1;
	/* Not a FIFO that waits for a writer. */
	b->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (b->fd < 0)
		return open_fault(why, path, errno);
	b->path = path;
	if (fstat(b->fd, &st) || !S_ISBLK(st.st_mode)) {
		blk_close(b);
		return open_fault(why, path, ENOTBLK);
	}
	if (ioctl(b->fd, BLKGETSIZE64, &bytes)) {
		blk_close(b);
		return open_fault(why, path, errno);
	}
	b->number = st.st_rdev;
	b->sectors = bytes >> SC_SECTOR_SHIFT;
	return 0;
}

void blk_close(struct blk *b)
{
	if (b->path && b->fd >= 0)
		close(b->fd);
	b->path = NULL;
	b->fd = -1;
}

bool blk_exists(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISBLK(st.st_mode);
}

/* ---- users ----------------------------------------------------------------- */

/* The mount point of a device in a line of mountinfo. */
static bool mount_point(const char *line, dev_t number, char *text)
{
	unsigned int major, minor;
	char where[128];

	if (sscanf(line, "%*d %*d %u:%u %*s %127s", &major, &minor, where) != 3 ||
	    makedev(major, minor) != number)
		return false;
	scnprintf(text, BLK_TEXT_BYTES, "mounted on %s", where);
	return true;
}

static bool is_swap(const char *line, dev_t number, char *text)
{
	struct stat st;
	char path[128];

	if (sscanf(line, "%127s", path) != 1 || stat(path, &st) ||
	    !S_ISBLK(st.st_mode) || st.st_rdev != number)
		return false;
	scnprintf(text, BLK_TEXT_BYTES, "used for swap");
	return true;
}

static bool find_line(const char *path,
		      bool (*fits)(const char *line, dev_t number, char *text),
		      dev_t number, char *text)
{
	FILE *f = fopen(path, "re");
	char *line = NULL;
	size_t size = 0;
	bool found = false;

	while (f && !found && getline(&line, &size, f) > 0)
		found = fits(line, number, text);
	free(line);
	if (f)
		fclose(f);
	return found;
}

/* A device above it, by the name that device-mapper gives or the kernel's. */
static bool find_holder(dev_t number, char *text)
{
	char path[384], name[128];
	struct dirent *e;
	bool found = false;
	FILE *f;
	DIR *d;

	scnprintf(path, sizeof(path), "/sys/dev/block/%u:%u/holders",
		  major(number), minor(number));
	d = opendir(path);
	while (d && !found && (e = readdir(d))) {
		if (*e->d_name == '.')
			continue;
		found = true;
		scnprintf(path, sizeof(path), "/sys/block/%s/dm/name",
			  e->d_name);
		scnprintf(name, sizeof(name), "%s", e->d_name);
		f = fopen(path, "re");
		if (f && fgets(name, sizeof(name), f))
			name[strcspn(name, "\n")] = '\0';
		if (f)
			fclose(f);
		scnprintf(text, BLK_TEXT_BYTES, "used by the device %s", name);
	}
	if (d)
		closedir(d);
	return found;
}

bool blk_user(const struct blk *b, char *text)
{
	int fd;

	if (find_line("/proc/self/mountinfo", mount_point, b->number, text) ||
	    find_line("/proc/swaps", is_swap, b->number, text) ||
	    find_holder(b->number, text))
		return true;
	fd = open(b->path, O_RDONLY | O_EXCL | O_CLOEXEC);
	if (fd >= 0) {
		close(fd);
		return false;
	}
	if (errno != EBUSY)
		return false; /* what is wrong will be seen by whoever uses it */
	scnprintf(text, BLK_TEXT_BYTES,
		  "in use, or one of its partitions is");
	return true;
}

/* ---- contents -------------------------------------------------------------- */

static bool holds_ours(int fd)
{
	u8 block[SC_META_BLOCK_BYTES];

	return pread(fd, block, sizeof(block), 0) == sizeof(block) &&
	       sc_codec_has_magic(block);
}

static blkid_probe probe_new(int fd)
{
	blkid_probe p = blkid_new_probe();

	if (!p)
		return NULL;
	if (blkid_probe_set_device(p, fd, 0, 0) ||
	    blkid_probe_enable_superblocks(p, 1) ||
	    blkid_probe_set_superblocks_flags(p, BLKID_SUBLKS_TYPE |
					      BLKID_SUBLKS_LABEL |
					      BLKID_SUBLKS_USAGE |
					      BLKID_SUBLKS_MAGIC) ||
	    blkid_probe_enable_partitions(p, 1) ||
	    blkid_probe_set_partitions_flags(p, BLKID_PARTS_MAGIC)) {
		blkid_free_probe(p);
		return NULL;
	}
	return p;
}

static void add_found(blkid_probe p, struct sc_text *t)
{
	const char *type = NULL, *usage = NULL, *label = NULL;
	bool table = false;

	if (blkid_probe_lookup_value(p, "TYPE", &type, NULL)) {
		if (blkid_probe_lookup_value(p, "PTTYPE", &type, NULL))
			return;
		table = true;
	}
	blkid_probe_lookup_value(p, "USAGE", &usage, NULL);
	blkid_probe_lookup_value(p, "LABEL", &label, NULL);
	sc_text_add(t, "%s%s", t->len ? ", " : "", type);
	if (table)
		sc_text_add(t, " partition table");
	else if (usage)
		sc_text_add(t, " %s", usage);
	if (label)
		sc_text_add(t, " '%.40s'", label);
}

int blk_content(const struct blk *b, char *text)
{
	blkid_probe p = probe_new(b->fd);
	struct sc_text t;
	int r = p ? 0 : -1;

	sc_text_init(&t, text, BLK_TEXT_BYTES);
	if (holds_ours(b->fd))
		sc_text_add(&t, "an ssdcache's data");
	while (p && !(r = blkid_do_probe(p)))
		add_found(p, &t);
	if (p)
		blkid_free_probe(p);
	if (r < 0 && !t.len) {
		sc_text_add(&t, "cannot be read");
		return -EIO;
	}
	return t.len > 0;
}

/* ---- erasing --------------------------------------------------------------- */

static int write_fault(const char *path, int err)
{
	report_error("cannot write to %s: %s", path, strerror(err));
	return -err;
}

static int zero_range(int fd, u64 offset, u64 bytes)
{
	static const u8 zeroes[SC_META_BLOCK_BYTES];
	ssize_t n;

	while (bytes) {
		n = pwrite(fd, zeroes, min_t(u64, bytes, sizeof(zeroes)),
			   (off_t)offset);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : ENOSPC;
		offset += (u64)n;
		bytes -= (u64)n;
	}
	return fsync(fd) ? errno : 0;
}

int blk_zero(const char *path, u64 offset, u64 bytes)
{
	int fd = open(path, O_WRONLY | O_EXCL | O_CLOEXEC);
	int err = fd < 0 ? errno : zero_range(fd, offset, bytes);

	if (fd >= 0 && close(fd) && !err)
		err = errno;
	return err ? write_fault(path, err) : 0;
}

int blk_wipe(const char *path)
{
	int fd = open(path, O_RDWR | O_EXCL | O_CLOEXEC);
	blkid_probe p;
	int err = 0;

	if (fd < 0)
		return write_fault(path, errno);
	p = probe_new(fd);
	while (p && !err && !blkid_do_probe(p))
		if (blkid_do_wipe(p, 0))
			err = EIO;
	if (p)
		blkid_free_probe(p);
	if (!err)
		err = zero_range(fd, 0, SC_META_BLOCK_BYTES);
	if (close(fd) && !err)
		err = errno;
	return err ? write_fault(path, err) : 0;
}

/* udev watches for the end of writing. */
void blk_review(const char *path)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd >= 0)
		close(fd);
}

/* ---- names ----------------------------------------------------------------- */

static bool is_link(const char *path)
{
	struct stat st;

	return !lstat(path, &st) && S_ISLNK(st.st_mode);
}

/* A link below a directory that leads to the device. */
static bool find_link(const char *dir, dev_t number, char *buf)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	struct stat st;
	bool found = false;

	while (d && !found && (e = readdir(d))) {
		scnprintf(buf, PATH_MAX, "%s/%s", dir, e->d_name);
		found = *e->d_name != '.' && !stat(buf, &st) &&
			S_ISBLK(st.st_mode) && st.st_rdev == number;
	}
	if (d)
		closedir(d);
	return found;
}

bool blk_stable_path(const struct blk *b, char *buf)
{
	static const char *const dirs[] = {
		"/dev/mapper", "/dev/disk/by-id", "/dev/disk/by-partuuid",
		"/dev/disk/by-path",
	};
	char given[PATH_MAX]; /* it may stand in @buf */
	unsigned int i;

	scnprintf(given, sizeof(given), "%s", b->path);
	/* A name that somebody gave on purpose, as LVM does. */
	if (!strncmp(given, "/dev/", 5) &&
	    (is_link(given) || !strncmp(given, "/dev/mapper/", 12))) {
		scnprintf(buf, PATH_MAX, "%s", given);
		return true;
	}
	for (i = 0; i < ARRAY_SIZE(dirs); i++)
		if (find_link(dirs[i], b->number, buf))
			return true;
	scnprintf(buf, PATH_MAX, "%s", given);
	return false;
}
