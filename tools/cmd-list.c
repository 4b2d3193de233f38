// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache list: the caches there are.
 */
#include <ssdcache/abi.h>

#include "lib/dm.h"
#include "lib/report.h"
#include "lib/verb.h"

static const struct column columns[] = {
	{ "name", "NAME", CELL_TEXT, 0, NULL },
	COLUMN_END
};

static int add_row(const char *name, void *context)
{
	struct json_object *row = json_object_new_object();

	json_object_object_add(row, "name", json_object_new_string(name));
	json_object_array_add(context, row);
	return 0;
}

static int run(int argc, char **argv)
{
	struct json_object *rows = json_object_new_array();

	(void)argc;
	(void)argv;
	if (mapped_each(SC_TARGET_NAME, add_row, rows)) {
		json_object_put(rows);
		return EXIT_FAILED;
	}
	report_table(columns, rows);
	return EXIT_DONE;
}

const struct verb cmd_list = {
	.name = "list",
	.args = "",
	.summary = "list the caches",
	.max_args = 0,
	.run = run,
};
