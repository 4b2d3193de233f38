// SPDX-License-Identifier: GPL-2.0-only
/*
 * A dump in the XML of dm-cache's tools.
 */
#include <expat.h>

#include "dump-priv.h"
#include "report.h"
#include "text.h"

#define CHUNK_BYTES	65536

/* dm-cache's names, and ours for what it does not have. */
static const char *const cache_names[] = {
	[CACHE_BLOCK_SECTORS] = "block_size",
	[CACHE_NR_SLOTS] = "nr_cache_blocks",
	[CACHE_NR_MAPPED] = NULL,
	[CACHE_ORIGIN_SECTORS] = "origin_sectors",
	[CACHE_CACHE_SECTORS] = "cache_sectors",
	[CACHE_LABEL_EPOCH] = "label_epoch",
	[CACHE_NEEDS_CHECK] = "needs_check",
};

static const char *const slot_names[] = {
	[SLOT_NUMBER] = "cache_block",
	[SLOT_BLOCK] = "origin_block",
	[SLOT_VALID] = "valid",
	[SLOT_DIRTY] = "dirty_mask",
	[SLOT_HINT] = "hint",
};

/* ---- write ----------------------------------------------------------------- */

static void begin_any(const struct dump_cache *c, const char *uuid,
		      const char *policy, const char *more)
{
	report_text("<superblock uuid=\"%s\" block_size=\"%u\" nr_cache_blocks=\"%u\" policy=\"%s\" hint_width=\"4\"%s>",
		    uuid, c->block_sectors, c->nr_slots, policy, more);
	report_text("  <mappings>");
}

static void begin_xml(const struct dump_cache *c)
{
	char uuid[SC_UUID_TEXT_BYTES];
	char more[200];
	struct sc_text t;

	sc_text_init(&t, uuid, sizeof(uuid));
	sc_uuid_to_text(c->uuid, &t);
	sc_text_init(&t, more, sizeof(more));
	sc_text_add(&t, " origin_sectors=\"%llu\" cache_sectors=\"%llu\"",
		    (unsigned long long)c->origin_sectors,
		    (unsigned long long)c->cache_sectors);
	sc_text_add(&t, " label_epoch=\"%llu\" needs_check=\"%u\"",
		    (unsigned long long)c->label_epoch, c->needs_check);
	begin_any(c, uuid, c->policy, more);
}

static void slot_xml(const struct sc_record *rec)
{
	report_text("    <mapping cache_block=\"%u\" origin_block=\"%llu\" dirty=\"%s\" valid=\"%u\" dirty_mask=\"%u\" hint=\"%u\"/>",
		    from_cblock(rec->slot),
		    (unsigned long long)from_oblock(rec->block),
		    rec->dirty ? "true" : "false", rec->valid, rec->dirty,
		    rec->hint);
}

static void end_xml(void)
{
	report_text("  </mappings>");
	report_text("  <hints>");
	report_text("  </hints>");
	report_text("</superblock>");
}

const struct dump_writer dump_xml = {
	.begin = begin_xml, .slot = slot_xml, .end = end_xml,
};

/* Whoever reads it takes smq for granted. */
static void begin_foreign(const struct dump_cache *c)
{
	begin_any(c, "", "smq", "");
}

static void slot_foreign(const struct sc_record *rec)
{
	report_text("    <mapping cache_block=\"%u\" origin_block=\"%llu\" dirty=\"%s\"/>",
		    from_cblock(rec->slot),
		    (unsigned long long)from_oblock(rec->block),
		    rec->dirty ? "true" : "false");
}

const struct dump_writer dump_xml_foreign = {
	.begin = begin_foreign, .slot = slot_foreign, .end = end_xml,
};

/* ---- read ------------------------------------------------------------------ */

/**
 * struct reading - where it is in the document
 * @source: from where
 * @parser: expat's
 * @has_cache: the superblock element was there
 * @cache: what it said
 * @r: why it ended early
 */
struct reading {
	const struct dump_source *source;
	XML_Parser parser;
	bool has_cache;
	struct dump_cache cache;
	int r;
};

static void stop(struct reading *s, int r)
{
	s->r = r;
	XML_StopParser(s->parser, XML_FALSE);
}

static void refuse(struct reading *s, const char *what)
{
	report_error("%s: line %lu: %s", s->source->name,
		     (unsigned long)XML_GetCurrentLineNumber(s->parser), what);
	stop(s, -EINVAL);
}

/* Attributes come in pairs; false if one that we look for is no number. */
static bool get_values(const char **attributes, const char *const *names,
		       u32 nr, struct dump_values *v)
{
	u64 value;
	u32 i;

	*v = (struct dump_values){ .has = 0 };
	for (; attributes[0]; attributes += 2) {
		for (i = 0; i < nr; i++)
			if (names[i] && !strcmp(attributes[0], names[i]))
				break;
		if (i == nr)
			continue;
		if (sc_text_to_u64(attributes[1], &value))
			return false;
		dump_set(v, i, value);
	}
	return true;
}

static const char *get_text(const char **attributes, const char *name)
{
	for (; attributes[0]; attributes += 2)
		if (!strcmp(attributes[0], name))
			return attributes[1];
	return NULL;
}

static void take_cache(struct reading *s, const char **attributes)
{
	const struct dump_reader *reader = s->source->reader;
	struct dump_values v;
	const char *fault;
	int r;

	if (s->has_cache)
		return refuse(s, "a second cache");
	if (!get_values(attributes, cache_names, ARRAY_SIZE(cache_names), &v))
		return refuse(s, "not a number");
	fault = dump_make_cache(&v, get_text(attributes, "uuid"),
				get_text(attributes, "policy"), &s->cache);
	if (fault)
		return refuse(s, fault);
	s->has_cache = true;
	r = reader->begin(reader->ctx, &s->cache);
	if (r)
		stop(s, r);
}

/* dm-cache knows whole blocks only. */
static bool add_masks(const struct reading *s, const char **attributes,
		      struct dump_values *v)
{
	const char *dirty = get_text(attributes, "dirty");

	if (!dirty || (strcmp(dirty, "true") && strcmp(dirty, "false")))
		return false;
	if (!s->cache.is_foreign)
		return true;
	dump_set(v, SLOT_VALID, UINT16_MAX);
	dump_set(v, SLOT_DIRTY, strcmp(dirty, "true") ? 0 : UINT16_MAX);
	dump_set(v, SLOT_HINT, 0);
	return true;
}

static void take_slot(struct reading *s, const char **attributes)
{
	const struct dump_reader *reader = s->source->reader;
	struct dump_values v;
	struct sc_record rec;
	const char *fault;
	int r;

	if (!s->has_cache)
		return refuse(s, "a mapping outside of a superblock");
	if (!get_values(attributes, slot_names, ARRAY_SIZE(slot_names), &v))
		return refuse(s, "not a number");
	if (!add_masks(s, attributes, &v))
		return refuse(s, "dirty is neither true nor false");
	fault = dump_make_slot(&v, &s->cache, &rec);
	if (fault)
		return refuse(s, fault);
	r = reader->slot(reader->ctx, &rec);
	if (r)
		stop(s, r);
}

/* After a stop expat may call once more. */
static void XMLCALL begin_element(void *data, const char *name,
				  const char **attributes)
{
	struct reading *s = data;

	if (s->r)
		return;
	if (!strcmp(name, "superblock"))
		take_cache(s, attributes);
	else if (!strcmp(name, "mapping"))
		take_slot(s, attributes);
}

static int feed(struct reading *s)
{
	char chunk[CHUNK_BYTES];
	size_t len;

	do {
		len = fread(chunk, 1, sizeof(chunk), s->source->file);
		if (!len && ferror(s->source->file)) {
			report_error("%s: cannot be read: %s", s->source->name,
				     strerror(errno));
			return -EIO;
		}
		if (XML_Parse(s->parser, chunk, (int)len, !len))
			continue;
		if (!s->r)
			refuse(s, XML_ErrorString(
					XML_GetErrorCode(s->parser)));
		return s->r;
	} while (len);
	if (!s->has_cache)
		refuse(s, "this is no dump of a cache");
	return s->r;
}

int dump_read_xml(const struct dump_source *source)
{
	struct reading s = { .source = source };
	int r;

	s.parser = XML_ParserCreate(NULL);
	if (!s.parser)
		return -ENOMEM;
	XML_SetUserData(s.parser, &s);
	XML_SetStartElementHandler(s.parser, begin_element);
	r = feed(&s);
	XML_ParserFree(s.parser);
	return r;
}
