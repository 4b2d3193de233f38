// SPDX-License-Identifier: GPL-2.0-only
/*
 * The initramfs and the caches that it starts.
 */
#include <unistd.h>

#include "initrd.h"
#include "program.h"
#include "report.h"
#include "state.h"

static const char *initrd_program(void)
{
	const char *path = getenv("SSDCACHE_INITRD");

	return path && *path ? path : INITRD_STATE;
}

/* Whether there may be an initramfs that starts it, made by us. */
static bool is_started_there(const char *name)
{
	const struct tab_entry *e;
	struct tab tab;
	bool found;

	if (access(initrd_program(), X_OK))
		return false;
	if (tab_read(&tab))
		return true;
	e = tab_find(&tab, name);
	found = e && tab_other(e, OPTION_INITRD);
	tab_free(&tab);
	return found;
}

static int renew(const char *name)
{
	const char *const argv[] = { initrd_program(), "renew", NULL };

	report_note("%s: the initramfs is made anew", name);
	if (!program_run(argv, NULL))
		return 0;
	report_error("%s: the initramfs could not be made anew, and the one there is would start from the origin alone",
		     name);
	return -EIO;
}

int initrd_note_dirty(const char *name)
{
	struct state s;
	int r;

	state_load(name, &s);
	if (s.maybe_dirty && !s.initrd_old)
		return 0;
	s.initrd_old = is_started_there(name);
	s.maybe_dirty = true;
	r = state_save(name, &s);
	if (r || !s.initrd_old)
		return r;
	r = renew(name);
	if (r)
		return r;
	s.initrd_old = false;
	return state_save(name, &s);
}
