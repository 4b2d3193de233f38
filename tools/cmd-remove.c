// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache remove: everything is written back, then the cache is forgotten, and
 * the origin is what it was before there was a cache, with the newest data.
 */
#include <ssdcache/abi.h>

#include "lib/cache.h"
#include "lib/change.h"
#include "lib/report.h"
#include "lib/start.h"
#include "lib/state.h"
#include "lib/verb.h"

static struct start_options agreed;
static bool lose;

static const struct option_spec options[] = {
	OPT_FLAG("lose", 0,
		 "if the cache device is missing for good: do without what only it held",
		 &lose),
	OPT_END
};

/* Its line goes last: until then it can be tried again. */
static int forget(const struct tab_entry *e)
{
	int r = tab_drop(e->name);

	if (r)
		return EXIT_FAILED;
	state_drop(e->name);
	blk_review(e->origin);
	report_note("%s holds everything, and is without a cache", e->origin);
	return EXIT_DONE;
}

/* ---- a cache that is not there --------------------------------------------- */

static bool is_missing(const struct tab_entry *e)
{
	return !blk_exists(e->cache) ||
	       (*e->metadata && !blk_exists(e->metadata));
}

static int remove_missing(const struct tab_entry *e)
{
	struct state s;
	int r;

	state_load(e->name, &s);
	if (s.maybe_dirty && !lose) {
		report_error("%s: the cache device is missing, and it may hold data that %s lacks; --lose if it is lost for good",
			     e->name, e->origin);
		return EXIT_REFUSED;
	}
	r = cache_deactivate(e->name);
	return r ? cache_exit_code(r) : forget(e);
}

/* ---- one that is ----------------------------------------------------------- */

static int refuse_open(const char *name)
{
	struct mapped_info info;

	if (mapped_info(name, &info))
		return EXIT_FAILED;
	if (!info.open_count)
		return EXIT_DONE;
	report_error("%s/%s is in use: unmount it first", MAPPED_DIR, name);
	return EXIT_REFUSED;
}

/* Nothing may become dirty behind our back: so the mode first. */
static int write_back(const char *name)
{
	char pair[] = SC_VERB_MODE "=" SC_WORD_WRITETHROUGH;
	char *pairs[] = { pair };
	struct sc_status_info info;
	int r = cache_status(name, &info);

	if (!r && info.health == SC_RW)
		r = change_live(name, pairs, 1);
	if (!r)
		r = cache_drain(name);
	if (!r)
		r = cache_status(name, &info);
	if (!r && (info.nr_dirty || !info.slots.total)) {
		report_error("%s: still dirty, it stays as it is", name);
		r = -EIO;
	}
	return r;
}

static int remove_running(const struct tab_entry *e)
{
	int r = refuse_open(e->name);

	if (r)
		return r;
	r = write_back(e->name);
	if (!r)
		r = cache_deactivate(e->name);
	if (!r && cache_forget(e))
		report_warning("%s: what it held is still on %s", e->name,
			       e->cache);
	return r ? cache_exit_code(r) : forget(e);
}

/* What is there is older than the origin: nothing to write back. */
static int remove_alone(const struct tab_entry *e)
{
	int r = cache_deactivate(e->name);

	if (!r && !is_missing(e))
		r = cache_forget(e);
	return r ? cache_exit_code(r) : forget(e);
}

static int run(int argc, char **argv)
{
	static struct tab_entry e; /* large */
	enum cache_run run;
	struct state s;
	int r = cache_find(argv[0], &e);

	(void)argc;
	if (!r)
		r = cache_run(e.name, &run);
	if (r)
		return cache_exit_code(r);
	state_load(e.name, &s);
	if (run != CACHE_RUNNING && s.alone && (!s.maybe_dirty || lose))
		return remove_alone(&e);
	if (run != CACHE_RUNNING && is_missing(&e))
		return remove_missing(&e);
	if (run == CACHE_STOPPED) {
		r = cache_start(&e, &agreed);
		if (r)
			return r;
	}
	return remove_running(&e);
}

const struct verb cmd_remove = {
	.name = "remove",
	.args = "NAME",
	.summary = "write everything back and do away with the cache",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
