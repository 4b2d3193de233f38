// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache stop: caches are taken out of use. What they hold, dirty data too,
 * stays there until they are started again.
 */
#include "lib/cache-json.h"
#include "lib/report.h"
#include "lib/verb.h"

static bool all;

static const struct option_spec options[] = {
	OPT_FLAG("all", 'a', "all that run", &all),
	OPT_END
};

static int stop_one(const struct cache_view *v, void *context)
{
	int *worst = context, r;

	if (v->run == CACHE_STOPPED) {
		if (!all)
			report_note("%s does not run", v->name);
		return 0;
	}
	r = cache_exit_code(cache_deactivate(v->name));
	*worst = *worst ? *worst : r;
	return 0;
}

static int run(int argc, char **argv)
{
	int r, worst = EXIT_DONE;

	if (all == (argc > 0)) {
		report_error("name caches or give --all, not both");
		return EXIT_USAGE;
	}
	r = cache_each(argv, argc, stop_one, &worst);
	return r ? cache_exit_code(r) : worst;
}

const struct verb cmd_stop = {
	.name = "stop",
	.args = "NAME... | --all",
	.summary = "take caches out of use; dirty data stays in the cache",
	.max_args = NO_LIMIT,
	.options = options,
	.run = run,
};
