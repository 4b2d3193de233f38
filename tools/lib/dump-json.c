// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dump as a stream of JSON values.
 */
#include <json.h>

#include "dump-priv.h"
#include "report.h"
#include "text.h"

#define DUMP_VERSION	1
#define CHUNK_BYTES	65536

static const char *const cache_names[] = {
	[CACHE_BLOCK_SECTORS] = "block_sectors",
	[CACHE_NR_SLOTS] = "nr_slots",
	[CACHE_NR_MAPPED] = "nr_mapped",
	[CACHE_ORIGIN_SECTORS] = "origin_sectors",
	[CACHE_CACHE_SECTORS] = "cache_sectors",
	[CACHE_LABEL_EPOCH] = "label_epoch",
	[CACHE_NEEDS_CHECK] = "needs_check",
};

static const char *const slot_names[] = {
	[SLOT_NUMBER] = "slot",
	[SLOT_BLOCK] = "block",
	[SLOT_VALID] = "valid",
	[SLOT_DIRTY] = "dirty",
	[SLOT_HINT] = "hint",
};

/* ---- write ----------------------------------------------------------------- */

static void print_value(struct json_object *object)
{
	report_text("%s", json_object_to_json_string_ext(object,
						JSON_C_TO_STRING_PLAIN));
	json_object_put(object);
}

static void add(struct json_object *o, const char *name, u64 value)
{
	json_object_object_add(o, name, json_object_new_uint64(value));
}

static void begin_json(const struct dump_cache *c)
{
	struct json_object *o = json_object_new_object();
	char uuid[SC_UUID_TEXT_BYTES];
	struct sc_text t;

	sc_text_init(&t, uuid, sizeof(uuid));
	sc_uuid_to_text(c->uuid, &t);
	add(o, "ssdcache_dump", DUMP_VERSION);
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	add(o, cache_names[CACHE_BLOCK_SECTORS], c->block_sectors);
	add(o, cache_names[CACHE_ORIGIN_SECTORS], c->origin_sectors);
	add(o, cache_names[CACHE_CACHE_SECTORS], c->cache_sectors);
	add(o, cache_names[CACHE_NR_SLOTS], c->nr_slots);
	add(o, cache_names[CACHE_NR_MAPPED], c->nr_mapped);
	add(o, cache_names[CACHE_LABEL_EPOCH], c->label_epoch);
	json_object_object_add(o, cache_names[CACHE_NEEDS_CHECK],
			       json_object_new_boolean(c->needs_check));
	json_object_object_add(o, "policy", json_object_new_string(c->policy));
	print_value(o);
}

/* There may be millions: no objects for these. */
static void slot_json(const struct sc_record *rec)
{
	report_text("{\"slot\":%u,\"block\":%llu,\"valid\":%u,\"dirty\":%u,\"hint\":%u}",
		    from_cblock(rec->slot),
		    (unsigned long long)from_oblock(rec->block), rec->valid,
		    rec->dirty, rec->hint);
}

static void end_json(void)
{
}

const struct dump_writer dump_json = {
	.begin = begin_json, .slot = slot_json, .end = end_json,
};

/* ---- read ------------------------------------------------------------------ */

/**
 * struct reading - where it is in the stream
 * @source: from where
 * @tokener: makes values of characters
 * @nr: values read
 * @cache: the first of them
 * @in_value: the last chunk ended in the midst of a value
 */
struct reading {
	const struct dump_source *source;
	struct json_tokener *tokener;
	u64 nr;
	struct dump_cache cache;
	bool in_value;
};

static int refuse(const struct reading *s, const char *what)
{
	report_error("%s: value %llu: %s", s->source->name,
		     (unsigned long long)s->nr + 1, what);
	return -EINVAL;
}

/* False if there is one that is no number. */
static bool get_values(struct json_object *o, const char *const *names, u32 nr,
		       struct dump_values *v)
{
	struct json_object *value;
	enum json_type type;
	u32 i;

	*v = (struct dump_values){ .has = 0 };
	for (i = 0; i < nr; i++) {
		if (!json_object_object_get_ex(o, names[i], &value))
			continue;
		type = json_object_get_type(value);
		if ((type != json_type_int && type != json_type_boolean) ||
		    json_object_get_int64(value) < 0)
			return false;
		dump_set(v, i, json_object_get_uint64(value));
	}
	return true;
}

static const char *get_text(struct json_object *o, const char *name)
{
	struct json_object *value;

	if (!json_object_object_get_ex(o, name, &value) ||
	    json_object_get_type(value) != json_type_string)
		return NULL;
	return json_object_get_string(value);
}

static int take_cache(struct reading *s, struct json_object *o)
{
	struct json_object *version;
	struct dump_values v;
	const char *fault;

	if (!json_object_object_get_ex(o, "ssdcache_dump", &version))
		return refuse(s, "this is no dump of a cache");
	if (json_object_get_int64(version) != DUMP_VERSION)
		return refuse(s, "a dump of another version");
	if (!get_values(o, cache_names, ARRAY_SIZE(cache_names), &v))
		return refuse(s, "not a number");
	fault = dump_make_cache(&v, get_text(o, "uuid"), get_text(o, "policy"),
				&s->cache);
	if (!fault && s->cache.is_foreign)
		fault = "the description of the cache is not complete";
	if (fault)
		return refuse(s, fault);
	return s->source->reader->begin(s->source->reader->ctx, &s->cache);
}

static int take_slot(struct reading *s, struct json_object *o)
{
	struct dump_values v;
	struct sc_record rec;
	const char *fault;

	if (!get_values(o, slot_names, ARRAY_SIZE(slot_names), &v))
		return refuse(s, "not a number");
	fault = dump_make_slot(&v, &s->cache, &rec);
	if (fault)
		return refuse(s, fault);
	return s->source->reader->slot(s->source->reader->ctx, &rec);
}

static int take(struct reading *s, struct json_object *o)
{
	int r;

	if (json_object_get_type(o) != json_type_object)
		r = refuse(s, "not an object");
	else
		r = s->nr ? take_slot(s, o) : take_cache(s, o);
	json_object_put(o);
	s->nr++;
	return r;
}

static bool is_blank(const char *text, size_t len)
{
	while (len && strchr(" \t\r\n", *text)) {
		text++;
		len--;
	}
	return !len;
}

static int parse(struct reading *s, const char *text, size_t len)
{
	struct json_object *o;
	int r = 0;

	while (len && !r && (s->in_value || !is_blank(text, len))) {
		o = json_tokener_parse_ex(s->tokener, text, (int)len);
		s->in_value = json_tokener_get_error(s->tokener) ==
			      json_tokener_continue;
		if (s->in_value)
			return 0;
		if (json_tokener_get_error(s->tokener) != json_tokener_success)
			return refuse(s, json_tokener_error_desc(
				json_tokener_get_error(s->tokener)));
		len -= json_tokener_get_parse_end(s->tokener);
		text += json_tokener_get_parse_end(s->tokener);
		r = take(s, o);
	}
	return r;
}

static int check_end(const struct reading *s)
{
	if (ferror(s->source->file)) {
		report_error("%s: cannot be read: %s", s->source->name,
			     strerror(errno));
		return -EIO;
	}
	if (s->in_value || !s->nr || s->nr - 1 != s->cache.nr_mapped)
		return refuse(s, "the dump was cut short, or is not one dump");
	return 0;
}

int dump_read_json(const struct dump_source *source)
{
	struct reading s = { .source = source };
	char chunk[CHUNK_BYTES];
	size_t len;
	int r = 0;

	s.tokener = json_tokener_new();
	if (!s.tokener)
		return -ENOMEM;
	do {
		len = fread(chunk, 1, sizeof(chunk), source->file);
		r = parse(&s, chunk, len);
	} while (len && !r);
	json_tokener_free(s.tokener);
	return r ?: check_end(&s);
}
