// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache status: how caches are doing.
 */
#include <ssdcache/abi.h>

#include "lib/cache-json.h"
#include "lib/report.h"
#include "lib/verb.h"

static bool watch;
static u64 interval = 2, count;

static const struct option_spec options[] = {
	OPT_FLAG("watch", 'w', "show it again and again, until q", &watch),
	OPT_NUMBER("interval", 'i', "SECONDS", "how often, default 2",
		   &interval),
	OPT_NUMBER("count", 'n', "N", "with --watch, end after so many times",
		   &count),
	OPT_END
};

static bool is_not_zero(struct json_object *v)
{
	return json_object_get_uint64(v) > 0;
}

static bool is_true(struct json_object *v)
{
	return json_object_get_boolean(v);
}

static bool is_alone(struct json_object *v)
{
	return !strcmp(json_object_get_string(v),
		       cache_run_name(CACHE_ALONE));
}

static bool is_unhealthy(struct json_object *v)
{
	return strcmp(json_object_get_string(v), SC_WORD_STATE_RW);
}

static const struct column row[] = {
	{ "name", "NAME", CELL_TEXT, 0, NULL },
	{ "state", "STATE", CELL_TEXT, 1, is_alone },
	{ "health", "HEALTH", CELL_TEXT, 0, is_unhealthy },
	{ "mode", "MODE", CELL_TEXT, 2, NULL },
	{ "hit_percent", "HITS", CELL_PERCENT, 1, NULL },
	{ "dirty_bytes", "DIRTY", CELL_SIZE, 0, NULL },
	{ "used_percent", "USED", CELL_PERCENT, 3, NULL },
	{ "cache_bytes", "SIZE", CELL_SIZE, 4, NULL },
	{ "errors", "ERRORS", CELL_NUMBER, 1, is_not_zero },
	COLUMN_END
};

static const struct column fields[] = {
	{ "name", "name", CELL_TEXT, 0, NULL },
	{ "state", "state", CELL_TEXT, 0, is_alone },
	{ "health", "health", CELL_TEXT, 0, is_unhealthy },
	{ "needs_check", "needs check", CELL_TEXT, 0, is_true },
	{ "mode", "mode", CELL_TEXT, 0, NULL },
	{ "policy", "policy", CELL_TEXT, 0, NULL },
	{ "origin", "origin", CELL_TEXT, 0, NULL },
	{ "cache", "cache", CELL_TEXT, 0, NULL },
	{ "metadata", "metadata", CELL_TEXT, 0, NULL },
	{ "block_bytes", "block size", CELL_SIZE, 0, NULL },
	{ "cache_bytes", "cache size", CELL_SIZE, 0, NULL },
	{ "used_bytes", "used", CELL_SIZE, 0, NULL },
	{ "used_percent", "used part", CELL_PERCENT, 0, NULL },
	{ "dirty_bytes", "dirty", CELL_SIZE, 0, NULL },
	{ "dirty_percent", "dirty part", CELL_PERCENT, 0, NULL },
	{ "hit_percent", "hits", CELL_PERCENT, 0, NULL },
	{ "read_hit_percent", "hits, reads", CELL_PERCENT, 0, NULL },
	{ "write_hit_percent", "hits, writes", CELL_PERCENT, 0, NULL },
	{ "metadata_bytes", "metadata size", CELL_SIZE, 0, NULL },
	{ "ram_bytes", "memory", CELL_SIZE, 0, NULL },
	{ "errors", "errors", CELL_NUMBER, 0, is_not_zero },
	COLUMN_END
};

static int add_row(const struct cache_view *v, void *context)
{
	if (v->run == CACHE_RUNNING)
		cache_observe(v->name, &v->info);
	return json_object_array_add(context, cache_json(v));
}

/* One by its name is told of at length. */
static int show(int argc, char **argv)
{
	struct json_object *rows = json_object_new_array();
	int r = cache_each(argv, argc, add_row, rows);

	if (r && !json_object_array_length(rows))
		goto out;
	if (argc == 1)
		report_fields(fields, json_object_get(
				      json_object_array_get_idx(rows, 0)));
	else
		report_table(row, json_object_get(rows));
out:
	json_object_put(rows);
	return r;
}

static int run(int argc, char **argv)
{
	u64 n = 0;
	int r;

	if (!interval || interval > 86400) {
		report_error("--interval: must be from 1 to 86400 seconds");
		return EXIT_USAGE;
	}
	if (watch)
		screen_begin();
	do {
		r = show(argc, argv);
		if (watch)
			screen_frame();
	} while (!r && watch && ++n != count && screen_wait((double)interval));
	screen_end();
	return cache_exit_code(r);
}

const struct verb cmd_status = {
	.name = "status",
	.args = "[NAME...]",
	.summary = "show how caches are doing: in short, or one at length",
	.max_args = NO_LIMIT,
	.options = options,
	.run = run,
};
