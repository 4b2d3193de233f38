// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache export: a cache of ours becomes a pool of dm-cache's, its warm blocks
 * where they are; cmd-import.c tells why they can stay. What is under our labels
 * is free there.
 *
 * dm-cache knows whole blocks only. Of a block that is cached in part the rest can
 * be read from the origin into its slot, where nobody looks so far. A block that
 * the end of the origin cuts is never cached there.
 */
#include "geometry.h"
#include "lib/place.h"
#include "lib/report.h"
#include "lib/rest.h"
#include "lib/verb.h"

#define MIN_FOREIGN_SECTORS	64u

static const char *metadata_path, *cache_path, *origin_path, *output_path;
static bool fill;

static const struct option_spec options[] = {
	OPT_TEXT("cache", 'c', "DEVICE", "its cache device", &cache_path),
	OPT_TEXT("origin", 0, "DEVICE", "its origin", &origin_path),
	OPT_FLAG("fill", 0,
		 "complete blocks that are cached in part from the origin",
		 &fill),
	OPT_TEXT("output", 'o', "FILE", "write the dump there", &output_path),
	OPT_END
};

/**
 * struct export - an export under way
 * @rest: the cache
 * @nr: blocks exported
 * @nr_left: clean ones left out
 * @nr_stuck: dirty ones that cannot be exported
 */
struct export {
	struct rest rest;
	u32 nr;
	u32 nr_left;
	u32 nr_stuck;
};

static bool is_whole(const struct sc_geom *g, const struct sc_record *rec)
{
	return rec->valid == sc_all_subs(g) &&
	       sc_block_sector(g, rec->block) + (1u << g->block_shift) <=
		       g->origin_sectors;
}

/* ---- fill ------------------------------------------------------------------ */

static int fill_sub(struct export *e, const struct sc_record *rec, u32 sub,
		    u8 *data)
{
	const struct sc_geom *g = e->rest.geom;
	u64 offset = (u64)sub << g->sub_shift, nr = 1ULL << g->sub_shift;
	int err;

	err = disk_read(&e->rest.origin,
			sc_block_sector(g, rec->block) + offset, data, nr);
	if (!err)
		err = disk_write(&e->rest.cache,
				 sc_slot_sector(g, rec->slot) + offset, data,
				 nr);
	if (err)
		report_error("block %llu: cannot be completed: %s",
			     (unsigned long long)from_oblock(rec->block),
			     strerror(-err));
	return err;
}

/* A block that cannot be whole stays as it is. */
static int fill_slot(struct export *e, u32 slot, u8 *data)
{
	const struct sc_geom *g = e->rest.geom;
	struct sc_record rec, whole;
	int err = 0;
	u32 sub;

	rest_get(&e->rest, to_cblock(slot), &rec);
	whole = rec;
	whole.valid = sc_all_subs(g);
	if (!rec.valid || !is_whole(g, &whole))
		return 0;
	for (sub = 0; sub < g->nr_subs && !err; sub++)
		if (!(rec.valid >> sub & 1))
			err = fill_sub(e, &rec, sub, data);
	if (!err)
		rest_put(&e->rest, &whole);
	return err;
}

static int fill_all(struct export *e)
{
	static u8 data[SC_MAX_BLOCK_SECTORS << SC_SECTOR_SHIFT];
	u32 i, nr = e->rest.geom->nr_slots;
	int err = 0;

	for (i = 0; i < nr && !err; i++) {
		report_progress("completing", i, nr);
		err = fill_slot(e, i, data);
	}
	report_progress_end();
	if (!err)
		err = disk_flush(&e->rest.cache);
	return err ? EXIT_FAILED : EXIT_DONE;
}

/* ---- print ----------------------------------------------------------------- */

static void count(struct export *e)
{
	struct sc_record rec;
	u32 i;

	for (i = 0; i < e->rest.geom->nr_slots; i++) {
		rest_get(&e->rest, to_cblock(i), &rec);
		if (!rec.valid)
			continue;
		if (is_whole(e->rest.geom, &rec))
			e->nr++;
		else if (rec.dirty)
			e->nr_stuck++;
		else
			e->nr_left++;
	}
}

static void print(struct export *e)
{
	const struct dump_writer *w = &dump_xml_foreign;
	struct dump_cache pool;
	struct sc_record rec;
	u32 i;

	rest_describe(&e->rest, e->nr, &pool);
	pool.nr_slots = (u32)(pool.cache_sectors / pool.block_sectors);
	w->begin(&pool);
	for (i = 0; i < e->rest.geom->nr_slots; i++) {
		rest_get(&e->rest, to_cblock(i), &rec);
		if (!rec.valid || !is_whole(e->rest.geom, &rec))
			continue;
		rec.slot = to_cblock(i + 1);
		w->slot(&rec);
	}
	w->end();
}

static int check_geom(const struct sc_geom *g)
{
	if (1u << g->block_shift >= MIN_FOREIGN_SECTORS)
		return EXIT_DONE;
	report_error("dm-cache has no blocks smaller than 32 KiB, but these have %u KiB",
		     (1u << g->block_shift) / 2);
	return EXIT_FAILED;
}

static int export(struct export *e)
{
	struct rest_how how = {
		.metadata = metadata_path,
		.cache = cache_path,
		.origin = origin_path,
		.write_cache = fill,
	};
	struct sc_check check;
	int code;

	code = rest_open(&e->rest, &how);
	if (!code)
		code = check_geom(e->rest.geom);
	if (!code)
		code = rest_settle(&e->rest, &check, NULL, NULL);
	if (!code && fill)
		code = fill_all(e);
	if (code)
		return code;
	count(e);
	if (e->nr_stuck) {
		report_error("%u dirty blocks are not whole: %s", e->nr_stuck,
			     fill ? "writeback first" :
				    "--fill completes them, or writeback first");
		return EXIT_REFUSED;
	}
	if (output_path && !freopen(output_path, "w", stdout)) {
		report_error("%s: %s", output_path, strerror(errno));
		return EXIT_FAILED;
	}
	print(e);
	report_note("%u blocks exported, %u clean ones left out; from now on this is dm-cache's: do not start it as ours again",
		    e->nr, e->nr_left);
	return EXIT_DONE;
}

static int run(int argc, char **argv)
{
	struct export e = { .nr = 0 };
	int code;

	(void)argc;
	if (report_is_json()) {
		report_error("--json: export prints XML");
		return EXIT_USAGE;
	}
	code = place_find(argv[0], &metadata_path, &cache_path, &origin_path);
	if (code)
		return code;
	if (fill && (!cache_path || !origin_path)) {
		report_error("--fill needs --cache and --origin");
		return EXIT_USAGE;
	}
	code = export(&e);
	rest_close(&e.rest);
	return code;
}

const struct verb cmd_export = {
	.name = "export",
	.args = "NAME|METADATA",
	.summary = "print the XML of which dm-cache's cache_restore makes a pool with the same contents",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
