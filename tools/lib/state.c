// SPDX-License-Identifier: GPL-2.0-only
/*
 * What must be known of a cache when its fast device is missing.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "file.h"
#include "report.h"
#include "state.h"

#define DEFAULT_DIR	"/var/lib/ssdcache"
/* No cache has such a name. initrd-state and initramfs-renew know it, too. */
#define INITRAMFS_OLD	"initramfs=old"

static const char *state_dir(void)
{
	const char *dir = getenv("SSDCACHE_STATE");

	return dir && *dir ? dir : DEFAULT_DIR;
}

static void state_path(const char *name, char *path)
{
	scnprintf(path, PATH_MAX, "%s/%s", state_dir(), name);
}

int state_lock(const char *name)
{
	char path[PATH_MAX];

	state_path(name, path);
	mkdir(state_dir(), 0755); /* what is wrong with it, the next step says */
	return file_lock(path);
}

void state_unlock(int lock)
{
	file_unlock(lock);
}

void state_load(const char *name, struct state *s)
{
	char path[PATH_MAX], line[64];
	FILE *f;

	s->maybe_dirty = true;
	s->alone = false;
	state_path(name, path);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof(line), f)) {
		if (!strcmp(line, "dirty=no\n"))
			s->maybe_dirty = false;
		else if (!strcmp(line, "alone=yes\n"))
			s->alone = true;
	}
	if (f)
		fclose(f);
}

int state_save(const char *name, const struct state *s)
{
	char path[PATH_MAX], text[64];
	int len;

	state_path(name, path);
	len = scnprintf(text, sizeof(text), "dirty=%s\nalone=%s\n",
			s->maybe_dirty ? "maybe" : "no",
			s->alone ? "yes" : "no");
	return file_replace(path, text, (size_t)len);
}

int state_note_dirty(const char *name)
{
	struct state s;

	state_load(name, &s);
	if (s.maybe_dirty)
		return 0;
	s.maybe_dirty = true;
	return state_save(name, &s);
}

int state_note_initramfs(void)
{
	char path[PATH_MAX];

	state_path(INITRAMFS_OLD, path);
	return file_replace(path, "", 0);
}

bool state_initramfs_is_old(void)
{
	char path[PATH_MAX];
	struct stat st;

	state_path(INITRAMFS_OLD, path);
	if (access(path, F_OK))
		return false;
	return !lstat(state_dir(), &st) && !S_ISLNK(st.st_mode);
}

void state_drop(const char *name)
{
	char path[PATH_MAX];

	state_path(name, path);
	if (unlink(path) && errno != ENOENT)
		report_warning("cannot remove %s: %s", path, strerror(errno));
}
