// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache start: caches of ssdcachetab are taken into use.
 */
#include "lib/cache-json.h"
#include "lib/report.h"
#include "lib/start.h"
#include "lib/verb.h"

static bool all;
static struct start_options agreed;

static const struct option_spec options[] = {
	OPT_FLAG("all", 'a', "all but those with noauto", &all),
	OPT_FLAG("degraded", 'd',
		 "if the cache device is missing, start from the origin alone though it lacks what was written last",
		 &agreed.degraded),
	OPT_FLAG("forget", 0,
		 "give up what the cache holds, if the origin was used without it",
		 &agreed.forget),
	OPT_END
};

static int start_all(const struct tab *tab)
{
	int r = tab->nr_bad ? EXIT_USAGE : EXIT_DONE, r2;
	unsigned int i;

	for (i = 0; i < tab->nr; i++) {
		if (tab->entries[i].noauto)
			continue;
		r2 = cache_start(&tab->entries[i], &agreed);
		r = r ? r : r2;
	}
	return r;
}

static int start_named(const struct tab *tab, int argc, char **argv)
{
	const struct tab_entry *e;
	int i, r = EXIT_DONE, r2;

	for (i = 0; i < argc; i++) {
		e = tab_find(tab, argv[i]);
		r2 = EXIT_MISSING;
		if (e)
			r2 = cache_start(e, &agreed);
		else
			report_error("%s is not in %s", argv[i], tab_path());
		r = r ? r : r2;
	}
	return r;
}

static int run(int argc, char **argv)
{
	struct tab tab;
	int r;

	if (all == (argc > 0)) {
		report_error("name caches or give --all, not both");
		return EXIT_USAGE;
	}
	if (all && (agreed.degraded || agreed.forget)) {
		report_error("--degraded and --forget are for caches that are named");
		return EXIT_USAGE;
	}
	if (tab_read(&tab))
		return EXIT_FAILED;
	r = all ? start_all(&tab) : start_named(&tab, argc, argv);
	tab_free(&tab);
	return r;
}

const struct verb cmd_start = {
	.name = "start",
	.args = "NAME... | --all",
	.summary = "take caches of ssdcachetab into use",
	.max_args = NO_LIMIT,
	.options = options,
	.run = run,
};
