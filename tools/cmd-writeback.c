// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache writeback: dirty blocks to the origin, without the kernel module.
 */
#include "lib/destage.h"
#include "lib/place.h"
#include "lib/report.h"
#include "lib/verb.h"
#include "offline.h"

static struct writeback_opts own;

static const struct option_spec options[] = {
	OPT_TEXT("metadata", 'm', "DEVICE", "metadata device", &own.metadata),
	OPT_TEXT("cache", 'c', "DEVICE", "cache device", &own.cache),
	OPT_TEXT("origin", 'o', "DEVICE", "origin", &own.origin),
	OPT_FLAG("list-failed-blocks", 'l',
		 "name each block that could not be written back",
		 &own.list_failed),
	OPT_FLAG("no-metadata-update", 'n',
		 "leave the metadata alone: the blocks stay dirty",
		 &own.keep_metadata),
	OPT_END
};

static const struct column columns[] = {
	{ "written", "blocks written back", CELL_NUMBER, 0, NULL },
	{ "bytes", "data", CELL_SIZE, 0, NULL },
	{ "failed", "blocks failed", CELL_NUMBER, 0, NULL },
	COLUMN_END
};

/**
 * struct writeback - a run
 * @rest: the cache
 * @opts: as given
 * @failed: blocks that failed, an array, with --list-failed-blocks
 */
struct writeback {
	struct rest rest;
	const struct writeback_opts *opts;
	struct json_object *failed;
};

/* Durable on the origin: what was dirty is clean. */
static int on_written(void *ctx, const struct sc_record *rec, u32 nr)
{
	struct writeback *w = ctx;
	struct sc_record *clean;
	int code;
	u32 i;

	if (w->opts->keep_metadata)
		return EXIT_DONE;
	clean = calloc(nr, sizeof(*clean));
	if (!clean) {
		report_error("no memory");
		return EXIT_FAILED;
	}
	for (i = 0; i < nr; i++) {
		clean[i] = rec[i];
		clean[i].dirty = 0;
	}
	code = rest_commit(&w->rest, clean, nr);
	free(clean);
	return code;
}

static void on_failed(void *ctx, const struct sc_record *rec)
{
	struct writeback *w = ctx;
	u64 block = from_oblock(rec->block);

	report_error("slot %u, block %llu: cannot be written back",
		     from_cblock(rec->slot), (unsigned long long)block);
	json_object_array_add(w->failed, json_object_new_uint64(block));
}

static void print(const struct writeback *w, const struct destage *d)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "written",
			       json_object_new_uint64(d->nr_written));
	json_object_object_add(o, "bytes",
			       json_object_new_uint64(d->sectors <<
						      SC_SECTOR_SHIFT));
	json_object_object_add(o, "failed",
			       json_object_new_uint64(d->nr_failed));
	if (report_is_json() && w->opts->list_failed)
		json_object_object_add(o, "failed_blocks",
				       json_object_get(w->failed));
	report_fields(columns, o);
}

static int write_all(struct writeback *w)
{
	struct destage d = {
		.rest = &w->rest,
		.written = on_written,
		.failed = w->opts->list_failed ? on_failed : NULL,
		.ctx = w,
	};
	bool update = !w->opts->keep_metadata;
	int code, code2 = EXIT_DONE;

	code = update ? rest_start(&w->rest) : EXIT_DONE;
	if (code)
		return code;
	code = destage_run(&d);
	/* What could be written is clean, whatever became of the others. */
	if (update)
		code2 = rest_end(&w->rest);
	print(w, &d);
	if (d.nr_failed)
		report_error("%llu blocks could not be written back and stay dirty",
			     (unsigned long long)d.nr_failed);
	return code ?: code2;
}

int writeback_run(const struct writeback_opts *opts)
{
	struct rest_how how = {
		.metadata = opts->metadata,
		.cache = opts->cache,
		.origin = opts->origin,
		.write = !opts->keep_metadata,
		.write_origin = true,
	};
	struct writeback w = { .opts = opts };
	struct sc_check check;
	int code;

	if (!opts->metadata || !opts->cache || !opts->origin) {
		report_error("which devices? Metadata, cache and origin are needed");
		return EXIT_USAGE;
	}
	w.failed = json_object_new_array();
	code = rest_open(&w.rest, &how);
	if (!code)
		code = rest_settle(&w.rest, &check, NULL, NULL);
	if (!code)
		code = write_all(&w);
	rest_close(&w.rest);
	json_object_put(w.failed);
	return code;
}

static int run(int argc, char **argv)
{
	int code = EXIT_DONE;

	if (argc)
		code = place_find(argv[0], &own.metadata, &own.cache,
				  &own.origin);
	return code ?: writeback_run(&own);
}

const struct verb cmd_writeback = {
	.name = "writeback",
	.args = "NAME | --metadata DEVICE --cache DEVICE --origin DEVICE",
	.summary = "write the dirty blocks of a cache that is not in use to the origin",
	.max_args = 1,
	.options = options,
	.run = run,
};
