// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache mode: what a write does, now and in ssdcachetab.
 */
#include <ssdcache/abi.h>

#include "lib/cache.h"
#include "lib/change.h"
#include "lib/report.h"
#include "lib/verb.h"

static bool save;

static const struct option_spec options[] = {
	OPT_FLAG("save", 's', "in ssdcachetab, too, for later starts", &save),
	OPT_END
};

static const struct column columns[] = {
	{ "mode", "mode", CELL_TEXT, 0, NULL },
	COLUMN_END
};

static int show(const char *name)
{
	struct json_object *o;
	struct sc_status_info info;
	int r = cache_status(name, &info);

	if (r)
		return r;
	o = json_object_new_object();
	json_object_object_add(o, "mode", json_object_new_string(
				       sc_mode_name(info.config.mode)));
	report_fields(columns, o);
	return 0;
}

static int run(int argc, char **argv)
{
	char pair[80], *pairs[] = { pair };
	enum cache_run state;
	int r;

	if (argc == 1)
		return cache_exit_code(show(argv[0]));
	scnprintf(pair, sizeof(pair), "%s=%s", SC_VERB_MODE, argv[1]);
	r = cache_run(argv[0], &state);
	if (!r && save)
		r = change_saved(argv[0], pairs, 1, false);
	if (!r && (state == CACHE_RUNNING || !save))
		r = change_live(argv[0], pairs, 1);
	if (!r && save)
		r = change_saved(argv[0], pairs, 1, true);
	return cache_exit_code(r);
}

const struct verb cmd_mode = {
	.name = "mode",
	.args = "NAME [writeback|writethrough|writearound|passthrough]",
	.summary = "change what a write does, or show it",
	.min_args = 1,
	.max_args = 2,
	.options = options,
	.run = run,
};
