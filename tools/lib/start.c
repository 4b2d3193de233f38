// SPDX-License-Identifier: GPL-2.0-only
/*
 * Starting a cache.
 *
 * DOC: what may be done without the fast device
 *
 *   state file           fast device missing       fast device there
 *   dirty=no             alone, with a warning     normally
 *   dirty=maybe          refused, or --degraded    normally
 *   dirty=no, alone      alone, with a warning     what it holds is dropped
 *   dirty=maybe, alone   alone, with a warning     refused, or --forget
 *
 * In the last row the user has agreed to do without what only the cache had; it
 * is not thrown away before the user agrees to that, too.
 */
#include "cache.h"
#include "exit.h"
#include "program.h"
#include "report.h"
#include "start.h"
#include "state.h"

/* ---- the initramfs --------------------------------------------------------- */

/* Images that start this cache have been told otherwise. */
static int set_alone(const struct tab_entry *e, struct state *s, bool alone)
{
	if (s->alone == alone)
		return 0;
	s->alone = alone;
	return tab_other(e, TAB_INITRD) ? state_note_initramfs() : 0;
}

/* While the machine boots it waits until /boot is there, so we must not. */
static void renew_initramfs(void)
{
	static const char *const start[] = {
		"systemctl", "--no-block", "start", "ssdcache-renew.service",
		NULL
	};

	if (state_initramfs_is_old() && program_run(start, NULL))
		report_warning("the initramfs must be made anew before the next reboot, for it does not know of this: update-initramfs -u -k all, or dracut --force --regenerate-all");
}

/* ---- without the fast device ----------------------------------------------- */

static int refuse_alone(const struct tab_entry *e, const char *missing)
{
	report_error("%s: %s is missing, and it may hold data that %s lacks",
		     e->name, missing, e->origin);
	report_error("%s: connect it and start again; only if it is lost for good: 'ssdcache start --degraded %s' starts from the origin, which then lacks what was written last, and needs a file system check",
		     e->name, e->name);
	return EXIT_REFUSED;
}

static int note_alone(const struct tab_entry *e, struct state *s)
{
	int r = set_alone(e, s, true);

	return r ? r : state_save(e->name, s);
}

static int start_alone(const struct tab_entry *e, const char *missing,
		       const struct start_options *o)
{
	struct state s;
	int r, lock = state_lock(e->name);

	state_load(e->name, &s);
	if (s.maybe_dirty && !s.alone && !o->degraded) {
		state_unlock(lock);
		return refuse_alone(e, missing);
	}
	r = lock < 0 ? -EIO : note_alone(e, &s);
	state_unlock(lock);
	if (r) {
		report_error("%s: not started without %s, for it could not be noted that the cache is old then",
			     e->name, missing);
		return EXIT_FAILED;
	}
	r = cache_activate_alone(e);
	if (r)
		return cache_exit_code(r);
	report_warning("%s: %s is missing, %s is used without a cache%s",
		       e->name, missing, e->origin,
		       s.maybe_dirty ? " and lacks what was written last" : "");
	return EXIT_DONE;
}

/* ---- with it --------------------------------------------------------------- */

static int refuse_old(const struct tab_entry *e)
{
	report_error("%s: %s was used without the cache, so what the cache holds is old; some of it may be all that is left of what was written before that",
		     e->name, e->origin);
	report_error("%s: 'ssdcache start --forget %s' gives it up and starts with an empty cache",
		     e->name, e->name);
	return EXIT_REFUSED;
}

/* Empty the cache, then note that it is no longer old. */
static int forget(const struct tab_entry *e, struct state *s)
{
	int r = set_alone(e, s, false);

	if (!r)
		r = cache_forget(e);
	if (r)
		return r;
	report_warning("%s: the origin was used without the cache, which begins empty",
		       e->name);
	s->maybe_dirty = false;
	return 0;
}

/* What the cache is from now on, before it is. */
static int note_whole(const struct tab_entry *e, const struct start_options *o)
{
	struct state s;
	int r = 0;

	state_load(e->name, &s);
	if (s.alone && s.maybe_dirty && !o->forget)
		return refuse_old(e);
	if (s.alone)
		r = forget(e, &s);
	s.maybe_dirty |= e->config.mode == SC_WRITEBACK;
	if (!r)
		r = state_save(e->name, &s);
	return cache_exit_code(r);
}

static int start_whole(const struct tab_entry *e,
		       const struct cache_devices *d,
		       const struct start_options *o)
{
	struct sc_status_info info;
	struct sc_reason why;
	int lock, r = cache_fits(e, d, &why);

	if (r) {
		report_error("%s: %s", e->name, why.text);
		return EXIT_FAILED;
	}
	lock = state_lock(e->name);
	r = lock < 0 ? EXIT_FAILED : note_whole(e, o);
	state_unlock(lock);
	if (r)
		return r;
	r = cache_activate(e, d);
	if (!r && !cache_status(e->name, &info))
		cache_observe(e->name, &info);
	return cache_exit_code(r);
}

/* ---- which? ---------------------------------------------------------------- */

static const char *missing_device(const struct tab_entry *e)
{
	if (!blk_exists(e->cache))
		return e->cache;
	if (*e->metadata && !blk_exists(e->metadata))
		return e->metadata;
	return NULL;
}

static int start(const struct tab_entry *e, const struct start_options *o)
{
	const char *missing = missing_device(e);
	struct cache_devices d;
	struct sc_reason why;
	int r;

	if (!blk_exists(e->origin)) {
		report_error("%s: the origin %s is missing", e->name,
			     e->origin);
		return EXIT_MISSING;
	}
	if (missing)
		return start_alone(e, missing, o);
	if (cache_need_target())
		return EXIT_FAILED;
	r = cache_open(e, &d, &why);
	if (r) {
		report_error("%s: %s", e->name, why.text);
		return cache_exit_code(r);
	}
	r = start_whole(e, &d, o);
	cache_close(&d);
	return r;
}

int cache_start(const struct tab_entry *e, const struct start_options *o)
{
	enum cache_run run;
	int r = cache_run(e->name, &run);

	if (r)
		return cache_exit_code(r);
	if (run == CACHE_STOPPED) {
		r = start(e, o);
		renew_initramfs();
		return r;
	}
	report_note("%s runs already", e->name);
	return EXIT_DONE;
}
