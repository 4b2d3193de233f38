// SPDX-License-Identifier: GPL-2.0-only
/*
 * systemd's generator for ssdcachetab: what each line needs and what needs it,
 * around the template ssdcache@.service.
 *
 *   ssdcache-generator DIRECTORY [...]
 *
 * DOC: order
 *
 * An origin is hidden from systemd by our udev rule, so no unit can wait for its
 * device: the service waits itself, for as long as x-systemd.device-timeout
 * says, and then starts with what there is. A mount or a check of a file system
 * finds the service through the device /dev/mapper/NAME, which requires it, and
 * is stopped before it, for systemd orders mounts after blockdev@DEVICE.target
 * and this service before that.
 *
 * A cache that the initramfs started (x-initrd.attach) carries the root file
 * system: nobody can stop it, so nobody tries. The others need the directory
 * of the state files.
 */
#include <ctype.h>
#include <limits.h>
#include <sys/stat.h>
#include <unistd.h>

#include "report.h"
#include "tab.h"
#include "unit.h"

#define OPTION_TIMEOUT	"x-systemd.device-timeout="
#define DEFAULT_TIMEOUT	90u
#define MAX_TIMEOUT	86400u
#define TEMPLATE	"ssdcache@.service"
#define INITRD_SERVICE	"ssdcache-initrd.service"
#define RENEW_SERVICE	"ssdcache-renew.service"
#define TARGET		"local-fs.target"
#define STATE_DIR	"/var/lib/ssdcache"

/**
 * struct names - how systemd calls what belongs to a cache
 * @service: the unit's name
 * @device: the cached device's, without ".device"
 */
struct names {
	char service[UNIT_NAME_BYTES + sizeof(TEMPLATE)];
	char device[UNIT_NAME_BYTES];
};

static int make_names(const struct tab_entry *e, struct names *n)
{
	char path[PATH_MAX], escaped[UNIT_NAME_BYTES];

	snprintf(path, sizeof(path), "/dev/mapper/%s", e->name);
	if (unit_escape(path, n->device) || unit_escape(e->name, escaped)) {
		report_error("%s: too long a name for systemd", e->name);
		return -ENAMETOOLONG;
	}
	snprintf(n->service, sizeof(n->service), "ssdcache@%s.service",
		 escaped);
	return 0;
}

/* ---- files ----------------------------------------------------------------- */

static FILE *open_drop_in(const char *dir, const char *unit)
{
	char path[PATH_MAX];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s.d", dir, unit);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s.d/50-ssdcachetab.conf", dir, unit);
	f = fopen(path, "we");
	if (!f)
		report_error("cannot write %s: %s", path, strerror(errno));
	return f;
}

static int close_drop_in(FILE *f)
{
	int bad = ferror(f);

	if (!fclose(f) && !bad)
		return 0;
	report_error("cannot write a unit: %s", strerror(errno));
	return -EIO;
}

/* Let @unit have our @service, of @file, among its @kind: wants or requires. */
static int pull_in(const char *dir, const char *unit, const char *kind,
		   const char *service, const char *file)
{
	char path[PATH_MAX], to[PATH_MAX];

	snprintf(to, sizeof(to), UNIT_DIR "/%s", file);
	snprintf(path, sizeof(path), "%s/%s.%s", dir, unit, kind);
	mkdir(path, 0755);
	snprintf(path, sizeof(path), "%s/%s.%s/%s", dir, unit, kind, service);
	if (!symlink(to, path) || errno == EEXIST)
		return 0;
	report_error("cannot make %s: %s", path, strerror(errno));
	return -EIO;
}

/* ---- a cache --------------------------------------------------------------- */

/* Below it there may be a device that another service makes. */
static void put_after(FILE *f, const char *path)
{
	char name[UNIT_NAME_BYTES];

	if (*path && !unit_escape(path, name))
		fprintf(f, "After=blockdev@%s.target\n", name);
}

static void put_wait(FILE *f, const char *path, unsigned int timeout)
{
	if (!*path)
		return;
	fprintf(f, "ExecStartPre=-udevadm wait --timeout=%u ", timeout);
	unit_quote(f, path);
	fputc('\n', f);
}

static unsigned int timeout_of(const struct tab_entry *e)
{
	const char *text = tab_other(e, OPTION_TIMEOUT);
	unsigned long seconds;
	char *end;

	if (!text)
		return DEFAULT_TIMEOUT;
	seconds = strtoul(text, &end, 10);
	if (isdigit((unsigned char)*text) && !*end && seconds <= MAX_TIMEOUT)
		return seconds;
	report_error("%s: " OPTION_TIMEOUT " must be seconds, got '%s'",
		     e->name, text);
	return DEFAULT_TIMEOUT;
}

static int put_service(const char *dir, const struct tab_entry *e,
		       const struct names *n)
{
	FILE *f = open_drop_in(dir, n->service);
	unsigned int timeout = timeout_of(e);

	if (!f)
		return -EIO;
	fprintf(f, "[Unit]\nSourcePath=%s\n", tab_path());
	fprintf(f, "Wants=blockdev@%s.target\nBefore=blockdev@%s.target\n",
		n->device, n->device);
	put_after(f, e->origin);
	put_after(f, e->cache);
	put_after(f, e->metadata);
	if (!e->noauto && !e->nofail)
		fprintf(f, "Before=" TARGET "\n");
	if (!tab_other(e, TAB_INITRD))
		fprintf(f, "Conflicts=umount.target\nBefore=umount.target\n"
			"RequiresMountsFor=" STATE_DIR "\n\n[Service]\n");
	else
		fprintf(f, "\n[Service]\nExecStop=\n");
	put_wait(f, e->origin, timeout);
	put_wait(f, e->cache, timeout);
	put_wait(f, e->metadata, timeout);
	return close_drop_in(f);
}

/* The service gives up in its own time. */
static int put_device(const char *dir, const struct names *n)
{
	char unit[UNIT_NAME_BYTES + sizeof(".device")];
	FILE *f;

	snprintf(unit, sizeof(unit), "%s.device", n->device);
	f = open_drop_in(dir, unit);
	if (!f)
		return -EIO;
	fprintf(f, "[Unit]\nJobRunningTimeoutSec=infinity\n");
	return close_drop_in(f) ?: pull_in(dir, unit, "requires", n->service,
					     TEMPLATE);
}

static int put_cache(const char *dir, const struct tab_entry *e)
{
	struct names n;
	int r = make_names(e, &n);

	if (!r)
		r = put_service(dir, e, &n);
	if (r || e->noauto)
		return r;
	r = put_device(dir, &n);
	if (!r)
		r = pull_in(dir, TARGET, e->nofail ? "wants" : "requires",
			    n.service, TEMPLATE);
	if (!r && tab_other(e, TAB_INITRD))
		r = pull_in(dir, TARGET, "wants", INITRD_SERVICE,
			    INITRD_SERVICE) ?:
		    pull_in(dir, TARGET, "wants", RENEW_SERVICE, RENEW_SERVICE);
	return r;
}

int main(int argc, char **argv)
{
	struct tab tab;
	unsigned int i;
	int r;

	report_begin("ssdcache-generator");
	if (argc < 2) {
		report_error("where to?");
		return EXIT_FAILURE;
	}
	r = tab_read(&tab);
	for (i = 0; !r && i < tab.nr; i++)
		r = put_cache(argv[1], &tab.entries[i]);
	tab_free(&tab);
	return r ? EXIT_FAILURE : EXIT_SUCCESS;
}
