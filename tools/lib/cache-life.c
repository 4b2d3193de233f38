// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cache's devices come and go.
 */
#include <sys/sysmacros.h>

#include <ssdcache/abi.h>

#include "cache.h"
#include "report.h"
#include "state.h"
#include "text.h"

#define META_SUFFIX	"-cmeta"
#define DATA_SUFFIX	"-cdata"
#define TABLE_BYTES	4096

/* A device of the table line, as major:minor. */
struct leg {
	unsigned int major;
	unsigned int minor;
};

static void part_name(const char *name, const char *suffix, char *buf)
{
	scnprintf(buf, MAPPED_NAME_BYTES, "%s%s", name, suffix);
}

static struct leg leg_of(const struct blk *b)
{
	return (struct leg){ major(b->number), minor(b->number) };
}

/* ---- the parts of a cache device ------------------------------------------- */

/* Where a part begins and how long it is. */
struct part {
	const char *suffix;
	u64 start;
	u64 sectors;
};

static int part_set(const char *cache, const struct blk *on,
		    const struct part *p, bool reload)
{
	char name[MAPPED_NAME_BYTES], text[64];
	struct mapped_table t = {
		.name = name,
		.uuid = name,
		.sectors = p->sectors,
		.target = "linear",
		.text = text,
		.hidden = true,
	};

	part_name(cache, p->suffix, name);
	scnprintf(text, sizeof(text), "%u:%u %llu", major(on->number),
		  minor(on->number), (unsigned long long)p->start);
	return reload ? mapped_reload(&t) : mapped_create(&t);
}

static int parts_set(const struct tab_entry *e, const struct cache_devices *d,
		     bool reload)
{
	struct part meta = { META_SUFFIX, 0, 0 };
	struct part data = { DATA_SUFFIX, 0, 0 };
	struct sc_reason why;
	int r = cache_parts(e, d, &data.sectors, &meta.sectors, &why);

	if (r) {
		report_error("%s: %s", e->name, why.text);
		return r;
	}
	data.start = meta.sectors;
	r = part_set(e->name, &d->cache, &meta, reload);
	return r ? r : part_set(e->name, &d->cache, &data, reload);
}

static int part_remove(const char *cache, const char *suffix)
{
	char name[MAPPED_NAME_BYTES];

	part_name(cache, suffix, name);
	/* It is not ours to remove if somebody else has made it. */
	return mapped_is_ours(name) ? mapped_remove(name) : 0;
}

static int parts_remove(const char *cache)
{
	int r = part_remove(cache, DATA_SUFFIX);
	int r2 = part_remove(cache, META_SUFFIX);

	return r ? r : r2;
}

static int part_leg(const char *cache, const char *suffix, struct leg *leg)
{
	char name[MAPPED_NAME_BYTES];
	struct mapped_info info;
	int r;

	part_name(cache, suffix, name);
	r = mapped_info(name, &info);
	*leg = (struct leg){ info.major, info.minor };
	return r;
}

/* ---- the cache ------------------------------------------------------------- */

static int find_legs(const struct tab_entry *e, const struct cache_devices *d,
		     struct leg *metadata, struct leg *cache)
{
	int r;

	if (*e->metadata) {
		*metadata = leg_of(&d->metadata);
		*cache = leg_of(&d->cache);
		return 0;
	}
	r = part_leg(e->name, META_SUFFIX, metadata);
	return r ? r : part_leg(e->name, DATA_SUFFIX, cache);
}

/* The table's text; the words behind the devices are the core's business. */
static int table_text(const struct tab_entry *e, const struct cache_devices *d,
		      char *buf)
{
	struct leg metadata, cache, origin = leg_of(&d->origin);
	struct sc_text t;
	int r = find_legs(e, d, &metadata, &cache);

	if (r)
		return r;
	sc_text_init(&t, buf, TABLE_BYTES);
	sc_text_add(&t, "%u:%u %u:%u %u:%u ", metadata.major, metadata.minor,
		    cache.major, cache.minor, origin.major, origin.minor);
	sc_config_emit_table(&e->config, &t);
	return 0;
}

static int cache_set(const struct tab_entry *e, const struct cache_devices *d,
		     bool reload)
{
	char text[TABLE_BYTES];
	struct mapped_table t = {
		.name = e->name,
		.uuid = e->name,
		.sectors = d->origin.sectors,
		.target = SC_TARGET_NAME,
		.text = text,
	};
	int r = table_text(e, d, text);

	if (r)
		return r;
	return reload ? mapped_reload(&t) : mapped_create(&t);
}

/* Both superblocks; without the first it counts as fresh. */
int cache_forget(const struct tab_entry *e)
{
	return blk_zero(*e->metadata ? e->metadata : e->cache, 0,
			2 * SC_META_BLOCK_BYTES);
}

int cache_activate(const struct tab_entry *e, const struct cache_devices *d)
{
	int r = 0;

	if (!*e->metadata) {
		parts_remove(e->name); /* left behind by one that was killed */
		r = parts_set(e, d, false);
	}
	if (!r)
		r = cache_set(e, d, false);
	if (r && !*e->metadata)
		parts_remove(e->name);
	return r;
}

/* Parts change while nobody reads or writes: one may become smaller. */
static int reload_with_parts(const struct tab_entry *e,
			     const struct cache_devices *d)
{
	int r = mapped_suspend(e->name);

	if (r)
		return r;
	r = parts_set(e, d, true);
	if (!r)
		return cache_set(e, d, true);
	(void)!mapped_resume(e->name);
	return r;
}

int cache_reload(const struct tab_entry *e, const struct cache_devices *d)
{
	struct tab_entry old = *e;
	struct mapped_line line;
	char name[MAPPED_NAME_BYTES];
	int r;

	if (*e->metadata)
		return cache_set(e, d, true);
	part_name(e->name, DATA_SUFFIX, name);
	r = mapped_table(name, &line);
	if (r)
		return r;
	old.cache_bytes = line.sectors << SC_SECTOR_SHIFT;
	mapped_line_free(&line);
	r = reload_with_parts(e, d);
	if (r && reload_with_parts(&old, d))
		report_error("%s could not go back to its old size", e->name);
	return r;
}

int cache_activate_alone(const struct tab_entry *e)
{
	char text[64];
	struct mapped_table t = {
		.name = e->name,
		.uuid = e->name,
		.target = "linear",
		.text = text,
	};
	struct sc_reason why;
	struct blk origin;
	int r = blk_open(&origin, e->origin, &why);

	if (r) {
		report_error("%s: %s", e->name, why.text);
		return r;
	}
	t.sectors = origin.sectors;
	scnprintf(text, sizeof(text), "%u:%u 0", major(origin.number),
		  minor(origin.number));
	blk_close(&origin);
	return mapped_create(&t);
}

/* ---- the end --------------------------------------------------------------- */

static int refuse_busy(const char *name)
{
	char path[PATH_MAX], text[BLK_TEXT_BYTES] = "in use";
	struct sc_reason why;
	struct blk b;

	scnprintf(path, sizeof(path), "%s/%s", MAPPED_DIR, name);
	if (!blk_open(&b, path, &why))
		blk_user(&b, text);
	blk_close(&b);
	report_error("%s is %s", name, text);
	return -EBUSY;
}

/*
 * For the state file: in mode writethrough nothing becomes dirty any more, so
 * that a clean cache is certain to stay so until it is gone. True if the mode was
 * another before.
 */
static bool settle(const char *name)
{
	struct sc_status_info info;
	bool changed = false;

	if (cache_status(name, &info) || info.health != SC_RW ||
	    info.nr_dirty || !info.slots.total)
		return false;
	if (info.config.mode == SC_WRITEBACK) {
		if (mapped_message(name,
				   SC_VERB_MODE " " SC_WORD_WRITETHROUGH))
			return false;
		changed = true;
		if (cache_status(name, &info))
			return true;
	}
	cache_observe(name, &info);
	return changed;
}

static void unsettle(const char *name)
{
	int lock = state_lock(name);

	if (lock < 0 || state_note_dirty(name) ||
	    mapped_message(name, SC_VERB_MODE " " SC_WORD_WRITEBACK))
		report_warning("%s is in mode %s now", name,
			       SC_WORD_WRITETHROUGH);
	state_unlock(lock);
}

int cache_deactivate(const char *name)
{
	struct mapped_info dm;
	enum cache_run run;
	bool changed = false;
	int r = cache_run(name, &run);

	if (!r)
		r = mapped_info(name, &dm);
	if (r)
		return r;
	if (dm.exists && dm.open_count)
		return refuse_busy(name);
	if (run == CACHE_RUNNING)
		changed = settle(name);
	r = mapped_remove(name);
	if (r && changed)
		unsettle(name);
	return r ? r : parts_remove(name);
}
