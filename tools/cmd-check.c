// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache check: is the metadata sound? Everything is loaded as for a repair,
 * so that all that is wrong is told, and nothing is written.
 */
#include "codec.h"
#include "lib/place.h"
#include "lib/report.h"
#include "lib/rest.h"
#include "lib/verb.h"
#include "offline.h"

static struct check_opts own;

static const struct option_spec options[] = {
	OPT_TEXT("cache", 'c', "DEVICE", "look at the labels there, too",
		 &own.cache),
	OPT_FLAG("super-block-only", 0, "check the superblocks only",
		 &own.super_only),
	OPT_FLAG("clear-needs-check-flag", 0,
		 "take the mark needs_check away if all is well",
		 &own.clear_needs_check),
	OPT_FLAG("quiet", 'q', "print nothing, exit only", &own.quiet),
	OPT_END
};

static bool is_true(struct json_object *value)
{
	return json_object_get_boolean(value);
}

static bool is_lonely(struct json_object *value)
{
	return json_object_get_int64(value) < 2;
}

static bool is_any(struct json_object *value)
{
	return json_object_get_int64(value) > 0;
}

static const struct column columns[] = {
	{ "metadata", "metadata", CELL_TEXT, 0, NULL },
	{ "uuid", "uuid", CELL_TEXT, 0, NULL },
	{ "superblocks", "good superblocks", CELL_NUMBER, 0, is_lonely },
	{ "labels", "good labels", CELL_NUMBER, 0, is_lonely },
	{ "clean", "shut down in order", CELL_TEXT, 0, NULL },
	{ "needs_check", "needs check", CELL_TEXT, 0, is_true },
	{ "replayed", "transactions in the journal", CELL_NUMBER, 0, NULL },
	{ "slots", "blocks", CELL_NUMBER, 0, NULL },
	{ "mapped", "used", CELL_NUMBER, 0, NULL },
	{ "dirty", "dirty", CELL_NUMBER, 0, NULL },
	{ "dirty_bytes", "dirty data", CELL_SIZE, 0, NULL },
	{ "faults", "faults", CELL_NUMBER, 0, is_any },
	COLUMN_END
};

/**
 * struct finding - what a check came to
 * @rest: the cache
 * @faults: sentences, an array
 * @quiet: say nothing
 */
struct finding {
	struct rest rest;
	struct json_object *faults;
	bool quiet;
};

static void add_fault(struct finding *f, const char *text)
{
	if (!f->quiet)
		report_error("%s: %s", f->rest.metadata.path, text);
	json_object_array_add(f->faults, json_object_new_string(text));
}

static void on_damage(void *ctx, const struct sc_damage *damage)
{
	char text[2 * SC_REASON_BYTES];
	struct sc_text t;

	sc_text_init(&t, text, sizeof(text));
	rest_damage_text(damage, &t);
	add_fault(ctx, text);
}

static void on_fault(void *ctx, const struct sc_reason *why)
{
	add_fault(ctx, why->text);
}

static void add(struct json_object *o, const char *name, u64 value)
{
	json_object_object_add(o, name, json_object_new_uint64(value));
}

static void add_bool(struct json_object *o, const char *name, bool value)
{
	json_object_object_add(o, name, json_object_new_boolean(value));
}

static struct json_object *describe(const struct finding *f)
{
	const struct sc_super *s = sc_meta_super(f->rest.meta);
	struct json_object *o = json_object_new_object();
	char uuid[SC_UUID_TEXT_BYTES];
	struct sc_meta_stats st;
	struct sc_text t;

	sc_text_init(&t, uuid, sizeof(uuid));
	sc_uuid_to_text(s->uuid, &t);
	sc_meta_stats(f->rest.meta, &st);
	json_object_object_add(o, "metadata",
			       json_object_new_string(f->rest.metadata.path));
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	add(o, "superblocks", st.good_supers);
	if (f->rest.cache.fd >= 0)
		add(o, "labels", st.good_labels);
	add_bool(o, "clean", sc_meta_was_clean(f->rest.meta));
	add_bool(o, "needs_check", sc_meta_needs_check(f->rest.meta));
	add(o, "replayed", st.replayed);
	add(o, "slots", f->rest.geom->nr_slots);
	return o;
}

static void add_counts(struct json_object *o, const struct sc_check *c)
{
	add(o, "mapped", c->nr_mapped);
	add(o, "dirty", c->nr_dirty);
	add(o, "dirty_bytes", c->dirty_sectors << SC_SECTOR_SHIFT);
}

/* For people the number is enough: they were told of each. */
static void print(const struct finding *f, struct json_object *o)
{
	if (report_is_json())
		json_object_object_add(o, "faults",
				       json_object_get(f->faults));
	else
		add(o, "faults", json_object_array_length(f->faults));
	report_fields(columns, o);
}

static int look(struct finding *f, const struct check_opts *opts)
{
	struct rest_how how = {
		.metadata = opts->metadata,
		.cache = opts->cache,
		.super_only = opts->super_only,
		.damaged = on_damage,
		.ctx = f,
	};
	struct json_object *o;
	struct sc_check check;
	int code;

	code = rest_open(&f->rest, &how);
	if (code)
		return code;
	o = describe(f);
	if (!opts->super_only) {
		code = rest_settle(&f->rest, &check, on_fault, f);
		add_counts(o, &check);
	}
	if (!code && json_object_array_length(f->faults))
		code = EXIT_FAILED;
	if (opts->quiet)
		json_object_put(o);
	else
		print(f, o);
	return code;
}

static int clear_mark(const struct check_opts *opts)
{
	struct rest_how how = {
		.metadata = opts->metadata, .cache = opts->cache, .write = true,
	};

	return rest_change(&how, rest_clear_needs_check);
}

int check_run(const struct check_opts *opts)
{
	struct finding f = { .quiet = opts->quiet };
	bool marked;
	int code;

	f.faults = json_object_new_array();
	code = look(&f, opts);
	marked = !code && sc_meta_needs_check(f.rest.meta);
	rest_close(&f.rest);
	json_object_put(f.faults);
	if (marked && opts->clear_needs_check)
		code = clear_mark(opts);
	return code;
}

static int run(int argc, char **argv)
{
	int code;

	(void)argc;
	code = place_find(argv[0], &own.metadata, &own.cache,
			  NULL);
	return code ?: check_run(&own);
}

const struct verb cmd_check = {
	.name = "check",
	.args = "NAME|METADATA",
	.summary = "check the metadata of a cache that is not in use",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
