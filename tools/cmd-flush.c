// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache flush: everything dirty is written back to the origin.
 */
#include "lib/cache.h"
#include "lib/report.h"
#include "lib/verb.h"

static int run(int argc, char **argv)
{
	struct sc_status_info info;
	int i, r = 0;

	for (i = 0; !r && i < argc; i++) {
		r = cache_drain(argv[i]);
		if (!r && !cache_status(argv[i], &info))
			cache_observe(argv[i], &info);
	}
	return cache_exit_code(r);
}

const struct verb cmd_flush = {
	.name = "flush",
	.args = "NAME...",
	.summary = "write everything dirty back, and wait for that",
	.min_args = 1,
	.max_args = NO_LIMIT,
	.run = run,
};
