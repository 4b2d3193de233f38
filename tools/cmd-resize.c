// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache resize: the devices have other sizes by now, or more or less of the
 * cache device is to be used.
 */
#include <ssdcache/abi.h>

#include "lib/cache.h"
#include "lib/change.h"
#include "lib/report.h"
#include "lib/state.h"
#include "lib/units.h"
#include "lib/verb.h"

static u64 cache_size;
static bool whole;

static const struct option_spec options[] = {
	OPT_SIZE("cache-size", 's', "SIZE",
		 "use so much of the cache device, behind the metadata at its head",
		 &cache_size),
	OPT_FLAG("whole", 'w', "use all of the cache device again", &whole),
	OPT_END
};

static int choose_size(struct tab_entry *e)
{
	if (cache_size && whole) {
		report_error("--cache-size or --whole, not both");
		return EXIT_USAGE;
	}
	if (cache_size && *e->metadata) {
		report_error("%s: --cache-size is for caches with the metadata at the head of the cache device; resize %s itself",
			     e->name, e->cache);
		return EXIT_REFUSED;
	}
	if (cache_size % SC_META_BLOCK_BYTES) {
		report_error("--cache-size: must be in whole 4 KiB");
		return EXIT_USAGE;
	}
	if (cache_size || whole)
		e->cache_bytes = cache_size;
	return EXIT_DONE;
}

/* ---- smaller: nothing dirty may be where it ends --------------------------- */

static int set_mode(const char *name, enum sc_mode mode)
{
	char pair[64], *pairs[] = { pair };

	scnprintf(pair, sizeof(pair), "%s=%s", SC_VERB_MODE,
		  sc_mode_name(mode));
	return change_live(name, pairs, 1);
}

/* The table says the mode: it is noted before. */
static int reload(const struct tab_entry *e, const struct cache_devices *d)
{
	int lock = state_lock(e->name);
	int r = lock < 0 ? -EIO : 0;

	if (!r && e->config.mode == SC_WRITEBACK)
		r = state_note_dirty(e->name);
	if (!r)
		r = cache_reload(e, d);
	state_unlock(lock);
	return r;
}

/* In mode writethrough nothing becomes dirty between flush and reload. */
static int reload_clean(const struct tab_entry *e,
			const struct cache_devices *d, enum sc_mode mode)
{
	int r = mode == SC_WRITEBACK ? set_mode(e->name, SC_WRITETHROUGH) : 0, r2;

	if (!r)
		r = cache_drain(e->name);
	if (!r)
		return reload(e, d);
	r2 = mode == SC_WRITEBACK ? set_mode(e->name, mode) : 0;
	return r ? r : r2;
}

static int resize(struct tab_entry *e, const struct cache_devices *d)
{
	struct sc_status_info info;
	struct mapped_line line;
	u64 data, meta;
	struct sc_reason why;
	int r = cache_fits(e, d, &why);

	if (!r)
		r = cache_parts(e, d, &data, &meta, &why);
	if (r) {
		report_error("%s: %s", e->name, why.text);
		return -EBUSY;
	}
	r = cache_status(e->name, &info);
	if (!r)
		r = mapped_table(e->name, &line);
	if (r)
		return r;
	mapped_line_free(&line);
	/* What was changed while it ran stays so. */
	e->config.mode = info.config.mode;
	e->config.tune = info.config.tune;
	if (data / e->config.block_sectors >= info.slots.total &&
	    d->origin.sectors >= line.sectors)
		return reload(e, d);
	return reload_clean(e, d, info.config.mode);
}

/* ---- */

static const struct column columns[] = {
	{ "origin_bytes", "origin", CELL_SIZE, 0, NULL },
	{ "cache_bytes", "cache", CELL_SIZE, 0, NULL },
	COLUMN_END
};

static void say(const char *name)
{
	struct json_object *o = json_object_new_object();
	struct sc_status_info info;
	struct mapped_line line;

	if (!cache_status(name, &info) && !mapped_table(name, &line)) {
		mapped_line_free(&line);
		json_object_object_add(o, "origin_bytes",
				       json_object_new_uint64(line.sectors << 9));
		json_object_object_add(o, "cache_bytes",
			json_object_new_uint64(info.slots.total *
					       info.config.block_sectors << 9));
	}
	report_fields(columns, o);
}

/* The line is what was asked for; the running configuration is not saved. */
static int resize_saved(struct tab_entry *e, const struct cache_devices *d)
{
	static struct tab_entry live; /* large */
	int r;

	live = *e;
	r = resize(&live, d);
	if (!r && (cache_size || whole))
		r = tab_put(e);
	if (!r)
		say(e->name);
	return r;
}

static int run(int argc, char **argv)
{
	static struct tab_entry e; /* large */
	struct cache_devices d;
	struct sc_reason why;
	int r = cache_find(argv[0], &e);

	(void)argc;
	if (r)
		return cache_exit_code(r);
	r = choose_size(&e);
	if (r)
		return r;
	r = cache_open(&e, &d, &why);
	if (r) {
		report_error("%s: %s", e.name, why.text);
		return cache_exit_code(r);
	}
	r = resize_saved(&e, &d);
	cache_close(&d);
	return cache_exit_code(r);
}

const struct verb cmd_resize = {
	.name = "resize",
	.args = "NAME [--cache-size SIZE | --whole]",
	.summary = "use the present sizes of the devices",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
