// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache create: a new cache in front of a device that may be full of data. What
 * is on the origin is not touched; what is on the cache device is lost, which is
 * why there are so many reasons to refuse.
 */
#include <unistd.h>

#include "lib/cache.h"
#include "lib/propose.h"
#include "lib/report.h"
#include "lib/state.h"
#include "lib/units.h"
#include "lib/verb.h"

static const char *origin, *cache, *metadata, *mode, *block_size, *policy;
static struct text_list set;
static bool force;

static const struct option_spec options[] = {
	OPT_TEXT("origin", 'o', "DEV", "the slow device; its content stays",
		 &origin),
	OPT_TEXT("cache", 'c', "DEV", "the fast device; its content is lost",
		 &cache),
	OPT_TEXT("metadata", 'm', "DEV",
		 "a device for the metadata; without it that goes to the head of the cache device",
		 &metadata),
	OPT_TEXT("mode", 0, "MODE",
		 "writeback (default), writethrough, writearound or passthrough",
		 &mode),
	OPT_TEXT("block-size", 'b', "SIZE",
		 "4k to 1M, a power of two; default by size and memory",
		 &block_size),
	OPT_TEXT("policy", 'p', "POLICY", "s3fifo (default), lru or cleaner",
		 &policy),
	OPT_LIST("set", 's', "KEY=VALUE", "a tunable; may be repeated", &set),
	OPT_FLAG("force", 'f',
		 "overwrite what is on cache and metadata device", &force),
	OPT_END
};

/* ---- what is wanted -------------------------------------------------------- */

static int set_one(struct tab_entry *e, const char *key, const char *value,
		   struct sc_reason *why)
{
	return value ? tab_set(e, key, value, why) : 0;
}

static int set_pair(struct tab_entry *e, const char *pair,
		    struct sc_reason *why)
{
	char copy[128], *value;

	scnprintf(copy, sizeof(copy), "%s", pair);
	value = strchr(copy, '=');
	if (!value || strlen(pair) >= sizeof(copy)) {
		sc_reason_set(why, "--set: must be key=value, got '%.40s'",
			      pair);
		return -EINVAL;
	}
	*value++ = '\0';
	if (sc_tunable_find(copy) == SC_NR_TUNABLES) {
		sc_reason_set(why, "--set: no tunable has the name '%.40s'",
			      copy);
		return -EINVAL;
	}
	return tab_set(e, copy, value, why);
}

static int read_wish(struct tab_entry *e, const char *name,
		     struct sc_reason *why)
{
	unsigned int i;
	int r = tab_name_check(name, why);

	tab_entry_init(e);
	if (!r && (!origin || !cache)) {
		sc_reason_set(why, "--origin and --cache are needed");
		r = -EINVAL;
	}
	if (r)
		return r;
	scnprintf(e->name, sizeof(e->name), "%s", name);
	scnprintf(e->origin, sizeof(e->origin), "%s", origin);
	scnprintf(e->cache, sizeof(e->cache), "%s", cache);
	scnprintf(e->metadata, sizeof(e->metadata), "%s",
		  metadata ? metadata : "");
	r = set_one(e, TAB_MODE, mode ? mode : "writeback", why);
	if (!r)
		r = set_one(e, TAB_POLICY, policy, why);
	if (!r)
		r = set_one(e, TAB_BLOCK_SIZE, block_size, why);
	for (i = 0; !r && i < set.nr; i++)
		r = set_pair(e, set.text[i], why);
	return r ? r : sc_tunables_check(&e->config.tune, why);
}

static void fill_in(struct tab_entry *e, const struct cache_devices *d)
{
	u64 ram = (u64)sysconf(_SC_PHYS_PAGES) * (u64)sysconf(_SC_PAGESIZE);

	if (!block_size)
		e->config.block_sectors =
			propose_block_sectors(d->cache.sectors, ram);
	if (!metadata)
		e->metadata_bytes =
			propose_metadata_bytes(d->cache.sectors,
					       e->config.block_sectors);
}

/* Names that stay when other disks come and go. */
static void keep_path(const struct blk *b, char *path)
{
	if (!blk_stable_path(b, path))
		report_warning("%s may be another device after the next boot: %s names it",
			       path, tab_path());
}

static void keep_paths(struct tab_entry *e, const struct cache_devices *d)
{
	keep_path(&d->origin, e->origin);
	keep_path(&d->cache, e->cache);
	if (metadata)
		keep_path(&d->metadata, e->metadata);
}

/* ---- what stands in the way ------------------------------------------------ */

static int refuse_known(const struct tab_entry *e)
{
	enum cache_run run;
	struct tab tab;
	bool known;
	int r = tab_read(&tab);

	if (r)
		return EXIT_FAILED;
	known = tab_find(&tab, e->name);
	tab_free(&tab);
	if (known) {
		report_error("%s is in %s already", e->name, tab_path());
		return EXIT_REFUSED;
	}
	r = cache_run(e->name, &run);
	if (!r && run != CACHE_STOPPED) {
		report_error("%s runs, though it is not in %s", e->name,
			     tab_path());
		return EXIT_REFUSED;
	}
	return cache_exit_code(r);
}

static int refuse_user(const struct blk *b)
{
	char text[BLK_TEXT_BYTES];

	if (!blk_user(b, text))
		return EXIT_DONE;
	report_error("%s is %s", b->path, text);
	return EXIT_REFUSED;
}

static int refuse_content(const struct blk *b)
{
	char text[BLK_TEXT_BYTES];
	int r = force ? 0 : blk_content(b, text);

	if (!r)
		return EXIT_DONE;
	if (r < 0)
		report_error("%s: %s", b->path, text);
	else
		report_error("%s holds %s, which would be lost; --force if that may be",
			     b->path, text);
	return r < 0 ? EXIT_FAILED : EXIT_REFUSED;
}

/* The origin of a cache holds nothing of ours, unless it is another's part. */
static int refuse_devices(const struct cache_devices *d)
{
	int r = refuse_user(&d->origin);

	if (!r)
		r = refuse_user(&d->cache);
	if (!r && metadata)
		r = refuse_user(&d->metadata);
	if (!r)
		r = refuse_content(&d->cache);
	if (!r && metadata)
		r = refuse_content(&d->metadata);
	return r;
}

/* ---- doing it -------------------------------------------------------------- */

static const struct column columns[] = {
	{ "device", "device", CELL_TEXT, 0, NULL },
	{ "mode", "mode", CELL_TEXT, 0, NULL },
	{ "block_bytes", "block size", CELL_SIZE, 0, NULL },
	{ "origin", "origin", CELL_TEXT, 0, NULL },
	{ "cache", "cache", CELL_TEXT, 0, NULL },
	{ "metadata", "metadata", CELL_TEXT, 0, NULL },
	COLUMN_END
};

static void add(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static void say(const struct tab_entry *e)
{
	struct json_object *o = json_object_new_object();
	char text[PATH_MAX + UNIT_BYTES + 16], size[UNIT_BYTES];

	scnprintf(text, sizeof(text), "%s/%s", MAPPED_DIR, e->name);
	add(o, "device", text);
	add(o, "mode", sc_mode_name(e->config.mode));
	json_object_object_add(o, "block_bytes", json_object_new_int64(
				       512LL * e->config.block_sectors));
	add(o, "origin", e->origin);
	add(o, "cache", e->cache);
	if (metadata)
		scnprintf(text, sizeof(text), "%s", e->metadata);
	else
		scnprintf(text, sizeof(text), "the first %s of %s",
			  size_format(e->metadata_bytes, size), e->cache);
	add(o, "metadata", text);
	report_fields(columns, o);
}

static int erase(const struct tab_entry *e)
{
	int r = blk_wipe(e->cache);

	return r || !metadata ? r : blk_wipe(e->metadata);
}

/*
 * In ssdcachetab before it is used: nobody should have dirty data that nothing
 * tells of.
 */
static int make(const struct tab_entry *e, const struct cache_devices *d)
{
	struct state s = {
		.maybe_dirty = e->config.mode == SC_WRITEBACK,
	};
	int lock = state_lock(e->name);
	int r = lock < 0 ? -EIO : state_save(e->name, &s);

	state_unlock(lock);
	if (!r)
		r = tab_put(e);
	blk_review(e->origin);
	if (!r)
		r = erase(e);
	if (!r)
		r = cache_activate(e, d);
	if (!r) {
		say(e);
		return EXIT_DONE;
	}
	(void)!tab_drop(e->name);
	state_drop(e->name);
	blk_review(e->origin);
	return EXIT_FAILED;
}

static int create(struct tab_entry *e, const struct cache_devices *d)
{
	struct sc_reason why;
	int r = refuse_known(e);

	if (!r)
		r = refuse_devices(d);
	if (r)
		return r;
	fill_in(e, d);
	if (cache_fits(e, d, &why)) {
		report_error("%s", why.text);
		return EXIT_REFUSED;
	}
	if (cache_need_target())
		return EXIT_FAILED;
	keep_paths(e, d);
	return make(e, d);
}

static int run(int argc, char **argv)
{
	static struct tab_entry e; /* large */
	struct cache_devices d;
	struct sc_reason why;
	int r = read_wish(&e, argv[0], &why);

	(void)argc;
	if (!r)
		r = cache_open(&e, &d, &why);
	if (r) {
		report_error("%s", why.text);
		return r == -ENOENT ? EXIT_MISSING : EXIT_USAGE;
	}
	r = create(&e, &d);
	cache_close(&d);
	return r;
}

const struct verb cmd_create = {
	.name = "create",
	.args = "NAME --origin DEV --cache DEV [OPTIONS]",
	.summary = "put a cache in front of a device, whose content stays",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
