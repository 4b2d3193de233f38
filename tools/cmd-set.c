// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache set: tunables are changed, now and in ssdcachetab.
 */
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
	{ "key", "KEY", CELL_TEXT, 0, NULL },
	{ "value", "VALUE", CELL_NUMBER, 0, NULL },
	{ "unit", "UNIT", CELL_TEXT, 1, NULL },
	{ "default", "DEFAULT", CELL_NUMBER, 2, NULL },
	{ "help", "MEANING", CELL_TEXT, 3, NULL },
	COLUMN_END
};

/* Without a pair: what there is to set. */
static int show(const struct sc_config *c)
{
	struct json_object *rows = json_object_new_array(), *row;
	const struct sc_tunable *t;

	for (t = sc_tunables; t < sc_tunables + SC_NR_TUNABLES; t++) {
		row = json_object_new_object();
		json_object_object_add(row, "key",
				       json_object_new_string(t->name));
		json_object_object_add(row, "value", json_object_new_int64(
			sc_tunable_get(&c->tune, (unsigned int)(t - sc_tunables))));
		json_object_object_add(row, "unit",
				       json_object_new_string(t->unit));
		json_object_object_add(row, "default",
				       json_object_new_int64(t->def));
		json_object_object_add(row, "help",
				       json_object_new_string(t->help));
		json_object_array_add(rows, row);
	}
	report_table(columns, rows);
	return 0;
}

static int show_of(const char *name)
{
	struct sc_status_info info;
	int r = cache_status(name, &info);

	return r ? r : show(&info.config);
}

static int run(int argc, char **argv)
{
	enum cache_run state;
	int r;

	if (argc == 1)
		return cache_exit_code(show_of(argv[0]));
	r = cache_run(argv[0], &state);
	if (!r && save)
		r = change_saved(argv[0], argv + 1, argc - 1, false);
	if (!r && (state == CACHE_RUNNING || !save))
		r = change_live(argv[0], argv + 1, argc - 1);
	if (!r && save)
		r = change_saved(argv[0], argv + 1, argc - 1, true);
	return cache_exit_code(r);
}

const struct verb cmd_set = {
	.name = "set",
	.args = "NAME [KEY=VALUE...]",
	.summary = "change tunables of a running cache, or show them all",
	.min_args = 1,
	.max_args = NO_LIMIT,
	.options = options,
	.run = run,
};
