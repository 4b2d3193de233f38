// SPDX-License-Identifier: GPL-2.0-only
/*
 * For the udev rule that hides origins: whether a device is one.
 *
 *   ssdcache-origin NODE [LINK...]     of the device, links as udev has them
 *
 * Prints SSDCACHE_ORIGIN=NAME, the cache's, and exits with 0 if it is.
 */
#include <sys/stat.h>

#include "report.h"
#include "tab.h"

static bool same_path(const char *path, const char *link)
{
	return !strcmp(path, link) ||
	       (!strncmp(path, "/dev/", 5) && !strcmp(path + 5, link));
}

/* Its links are being made just now; those of before are there. */
static bool same_device(const char *path, const struct stat *node)
{
	struct stat s;

	return S_ISBLK(node->st_mode) && !stat(path, &s) &&
	       S_ISBLK(s.st_mode) && s.st_rdev == node->st_rdev;
}

static bool is_origin(const struct tab_entry *e, int argc, char **argv,
		      const struct stat *node)
{
	int i;

	for (i = 1; i < argc; i++)
		if (same_path(e->origin, argv[i]))
			return true;
	return same_device(e->origin, node);
}

int main(int argc, char **argv)
{
	struct stat node = {};
	struct tab tab;
	unsigned int i;
	int r = EXIT_FAILURE;

	report_begin("ssdcache-origin");
	if (argc < 2 || tab_read(&tab))
		return EXIT_FAILURE;
	if (stat(argv[1], &node))
		node.st_mode = 0;
	for (i = 0; i < tab.nr; i++)
		if (is_origin(&tab.entries[i], argc, argv, &node)) {
			printf("SSDCACHE_ORIGIN=%s\n", tab.entries[i].name);
			r = EXIT_SUCCESS;
			break;
		}
	tab_free(&tab);
	return r;
}
