// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache list: the caches there are, and their devices.
 */
#include "lib/cache-json.h"
#include "lib/report.h"
#include "lib/verb.h"

static const struct column columns[] = {
	{ "name", "NAME", CELL_TEXT, 0, NULL },
	{ "state", "STATE", CELL_TEXT, 0, NULL },
	{ "mode", "MODE", CELL_TEXT, 1, NULL },
	{ "origin", "ORIGIN", CELL_TEXT, 2, NULL },
	{ "cache", "CACHE", CELL_TEXT, 3, NULL },
	{ "metadata", "METADATA", CELL_TEXT, 4, NULL },
	COLUMN_END
};

static int add_row(const struct cache_view *v, void *context)
{
	return json_object_array_add(context, cache_json(v));
}

static int run(int argc, char **argv)
{
	struct json_object *rows = json_object_new_array();
	int r = cache_each(argv, argc, add_row, rows);

	if (r && !json_object_array_length(rows))
		json_object_put(rows);
	else
		report_table(columns, rows);
	return cache_exit_code(r);
}

const struct verb cmd_list = {
	.name = "list",
	.args = "[NAME...]",
	.summary = "list the caches and their devices",
	.max_args = NO_LIMIT,
	.run = run,
};
