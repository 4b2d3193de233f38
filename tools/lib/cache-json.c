// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cache and what it says, as JSON.
 */
#include <ssdcache/abi.h>

#include "cache-json.h"
#include "report.h"

static void add_text(struct json_object *o, const char *key, const char *text)
{
	json_object_object_add(o, key, json_object_new_string(text));
}

static void add_number(struct json_object *o, const char *key, u64 n)
{
	json_object_object_add(o, key, json_object_new_uint64(n));
}

static double percent(u64 part, u64 whole)
{
	return whole ? 100.0 * (double)part / (double)whole : 0;
}

static void add_percent(struct json_object *o, const char *key, u64 part,
			u64 whole)
{
	double v = percent(part, whole);
	char text[32];

	/* Nobody wants 17 digits. */
	scnprintf(text, sizeof(text), "%.2f", v);
	json_object_object_add(o, key, json_object_new_double_s(v, text));
}

/* ---- parts of the object --------------------------------------------------- */

static void add_config(struct json_object *o, const struct sc_config *c)
{
	struct json_object *tune = json_object_new_object();
	unsigned int id;

	add_text(o, "mode", sc_mode_name(c->mode));
	add_text(o, "policy", c->policy_word);
	add_number(o, "block_bytes", (u64)c->block_sectors << SC_SECTOR_SHIFT);
	for (id = 0; id < SC_NR_TUNABLES; id++)
		add_number(tune, sc_tunables[id].name,
			   sc_tunable_get(&c->tune, id));
	json_object_object_add(o, "tunables", tune);
}

static void add_entry(struct json_object *o, const struct tab_entry *e)
{
	add_text(o, "origin", e->origin);
	add_text(o, "cache", e->cache);
	add_text(o, "metadata", *e->metadata ? e->metadata : e->cache);
}

static u64 sum_of(const u64 *counter, unsigned int first, unsigned int last)
{
	u64 sum = 0;

	for (; first <= last; first++)
		sum += counter[first];
	return sum;
}

static void add_ratios(struct json_object *o, const u64 *n)
{
	u64 hits = n[SC_CNT_read_hits] + n[SC_CNT_write_hits];
	u64 misses = n[SC_CNT_read_misses] + n[SC_CNT_write_misses];

	add_percent(o, "hit_percent", hits, hits + misses);
	add_percent(o, "read_hit_percent", n[SC_CNT_read_hits],
		    n[SC_CNT_read_hits] + n[SC_CNT_read_misses]);
	add_percent(o, "write_hit_percent", n[SC_CNT_write_hits],
		    n[SC_CNT_write_hits] + n[SC_CNT_write_misses]);
	add_number(o, "errors", sum_of(n, SC_CNT_origin_read_errors,
				       SC_CNT_metadata_errors));
}

static void add_sizes(struct json_object *o, const struct sc_status_info *s)
{
	u64 block = (u64)s->config.block_sectors << SC_SECTOR_SHIFT;

	add_number(o, "cache_bytes", s->slots.total * block);
	add_number(o, "used_bytes", s->slots.used * block);
	add_percent(o, "used_percent", s->slots.used, s->slots.total);
	add_number(o, "dirty_bytes", s->dirty_sectors << SC_SECTOR_SHIFT);
	add_percent(o, "dirty_percent", s->nr_dirty, s->slots.total);
	add_number(o, "dirty_blocks", s->nr_dirty);
	add_number(o, "free_blocks", s->free_slots);
	add_number(o, "retiring_blocks", s->retiring_slots);
	add_number(o, "metadata_used_bytes", s->meta.used * SC_META_BLOCK_BYTES);
	add_number(o, "metadata_bytes", s->meta.total * SC_META_BLOCK_BYTES);
	add_number(o, "journal_used_bytes",
		   s->journal.used * SC_META_BLOCK_BYTES);
	add_number(o, "journal_bytes", s->journal.total * SC_META_BLOCK_BYTES);
	add_number(o, "written_today_bytes", s->budget_used << 20);
	add_number(o, "ram_bytes", s->ram_bytes);
}

static void add_status(struct json_object *o, const struct sc_status_info *s)
{
	struct json_object *counters = json_object_new_object();
	char text[SC_UUID_TEXT_BYTES];
	struct sc_text uuid;
	unsigned int i;

	sc_text_init(&uuid, text, sizeof(text));
	sc_uuid_to_text(s->uuid, &uuid);
	add_text(o, "uuid", text);
	add_text(o, "health", sc_health_name(s->health));
	json_object_object_add(o, "needs_check",
			       json_object_new_boolean(s->needs_check));
	add_config(o, &s->config);
	add_sizes(o, s);
	add_ratios(o, s->counter);
	for (i = 0; i < SC_NR_COUNTERS; i++)
		add_number(counters, sc_counter_names[i], s->counter[i]);
	json_object_object_add(o, "counters", counters);
}

struct json_object *cache_json(const struct cache_view *v)
{
	struct json_object *o = json_object_new_object();
	char device[PATH_MAX];

	add_text(o, "name", v->name);
	add_text(o, "state", cache_run_name(v->run));
	if (v->run != CACHE_STOPPED) {
		scnprintf(device, sizeof(device), "%s/%s", MAPPED_DIR, v->name);
		add_text(o, "device", device);
	}
	if (v->entry)
		add_entry(o, v->entry);
	if (v->run == CACHE_RUNNING)
		add_status(o, &v->info);
	else if (v->entry)
		add_config(o, &v->entry->config);
	return o;
}

/* ---- one after the other --------------------------------------------------- */

struct walk {
	const struct tab *tab;
	int (*call)(const struct cache_view *v, void *context);
	void *context;
	int first_error;
};

static int visit(const struct walk *w, const char *name)
{
	static struct cache_view v; /* large */
	int r;

	memset(&v, 0, sizeof(v));
	scnprintf(v.name, sizeof(v.name), "%s", name);
	v.entry = tab_find(w->tab, name);
	r = cache_run(name, &v.run);
	if (!r && v.run == CACHE_RUNNING)
		r = cache_status(name, &v.info);
	if (!r && v.run == CACHE_STOPPED && !v.entry) {
		report_error("there is no cache %s", name);
		r = -ENOENT;
	}
	return r ? r : w->call(&v, w->context);
}

/* What is wrong with one is no reason to leave out the others. */
static int visit_unlisted(const char *name, void *context)
{
	struct walk *w = context;
	int r = tab_find(w->tab, name) ? 0 : visit(w, name);

	w->first_error = w->first_error ? w->first_error : r;
	return 0;
}

static int visit_all(struct walk *w)
{
	unsigned int i;
	int r;

	for (i = 0; i < w->tab->nr; i++) {
		r = visit(w, w->tab->entries[i].name);
		w->first_error = w->first_error ? w->first_error : r;
	}
	r = mapped_each(SC_TARGET_NAME, visit_unlisted, w);
	return w->first_error ? w->first_error : r;
}

int cache_each(char **names, int nr,
	       int (*call)(const struct cache_view *v, void *context),
	       void *context)
{
	struct tab tab;
	struct walk w = { .tab = &tab, .call = call, .context = context };
	int i, r = tab_read(&tab);

	if (r)
		return r;
	if (!nr)
		r = visit_all(&w);
	for (i = 0; !r && i < nr; i++)
		r = visit(&w, names[i]);
	tab_free(&tab);
	return r;
}
