// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small text files that are replaced as a whole.
 */
#include <fcntl.h>
#include <libgen.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "report.h"

static int fault(const char *what, const char *path, int err)
{
	report_error("cannot %s %s: %s", what, path, strerror(err));
	return -err;
}

static int open_dir(const char *path)
{
	char copy[PATH_MAX];

	scnprintf(copy, sizeof(copy), "%s", path);
	return open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

/* The directory is what is locked, for the file is another one each time. */
int file_lock(const char *path)
{
	int dir = open_dir(path);
	int r;

	if (dir < 0) {
		fault("open the directory of", path, errno);
		return -1;
	}
	do {
		r = flock(dir, LOCK_EX);
	} while (r && errno == EINTR);
	if (!r)
		return dir;
	fault("lock", path, errno);
	close(dir);
	return -1;
}

void file_unlock(int lock)
{
	if (lock >= 0)
		close(lock);
}

static int write_all(int fd, const char *text, size_t len)
{
	ssize_t n;

	while (len) {
		n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n ? errno : EIO;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) ? errno : 0;
}

static int write_new(const char *new, const char *path, const char *text,
		     size_t len)
{
	struct stat st = { .st_mode = 0644 };
	int fd, err;

	stat(path, &st);
	unlink(new); /* left behind by one that was killed */
	fd = open(new, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return errno;
	err = write_all(fd, text, len);
	if (!err && st.st_ino && fchown(fd, st.st_uid, st.st_gid))
		err = errno;
	if (!err && fchmod(fd, st.st_mode & 07777))
		err = errno;
	if (close(fd) && !err)
		err = errno;
	return err;
}

int file_replace(const char *path, const char *text, size_t len)
{
	char real[PATH_MAX], new[PATH_MAX + 8];
	int err, dir;

	if (!realpath(path, real))
		scnprintf(real, sizeof(real), "%s", path);
	scnprintf(new, sizeof(new), "%s.new", real);
	err = write_new(new, real, text, len);
	if (!err && rename(new, real))
		err = errno;
	if (err) {
		unlink(new);
		return fault("write", path, err);
	}
	dir = open_dir(real);
	if (dir >= 0) {
		fsync(dir);
		close(dir);
	}
	return 0;
}
