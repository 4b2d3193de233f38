// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the notations of a dump have in common: opening it, and turning numbers
 * into values.
 */
#include <ctype.h>

#include "dump-priv.h"
#include "report.h"
#include "text.h"

#define BIT_OF(member)	(1u << (member))
#define NEEDED_OF_ALL	(BIT_OF(CACHE_BLOCK_SECTORS) | BIT_OF(CACHE_NR_SLOTS))
#define NEEDED_OF_OURS	(NEEDED_OF_ALL | BIT_OF(CACHE_CACHE_SECTORS) | \
			 BIT_OF(CACHE_LABEL_EPOCH) | \
			 BIT_OF(CACHE_NEEDS_CHECK))
#define NEEDED_OF_SLOT	(BIT_OF(SLOT_NUMBER) | BIT_OF(SLOT_BLOCK) | \
			 BIT_OF(SLOT_VALID) | BIT_OF(SLOT_DIRTY))

const char *dump_make_cache(const struct dump_values *v, const char *uuid,
			    const char *policy, struct dump_cache *cache)
{
	const u64 *n = v->value;

	*cache = (struct dump_cache){
		.is_foreign = !dump_has(v, BIT_OF(CACHE_ORIGIN_SECTORS)),
		.needs_check = n[CACHE_NEEDS_CHECK],
		.block_sectors = n[CACHE_BLOCK_SECTORS],
		.nr_slots = n[CACHE_NR_SLOTS],
		.nr_mapped = n[CACHE_NR_MAPPED],
		.origin_sectors = n[CACHE_ORIGIN_SECTORS],
		.cache_sectors = n[CACHE_CACHE_SECTORS],
		.label_epoch = n[CACHE_LABEL_EPOCH],
	};
	if (!dump_has(v, cache->is_foreign ? NEEDED_OF_ALL : NEEDED_OF_OURS))
		return "the description of the cache is not complete";
	if (n[CACHE_BLOCK_SECTORS] > UINT32_MAX)
		return "impossible block size";
	if (n[CACHE_NR_SLOTS] > SC_MAX_CBLOCKS ||
	    n[CACHE_NR_MAPPED] > n[CACHE_NR_SLOTS])
		return "impossible number of slots";
	if (n[CACHE_NEEDS_CHECK] > 1 || n[CACHE_LABEL_EPOCH] > S64_MAX)
		return "impossible value";
	if (strlen(policy ?: "") > SC_POLICY_BYTES ||
	    strspn(policy ?: "", DUMP_NAME_SIGNS) != strlen(policy ?: ""))
		return "impossible name of a policy";
	memcpy(cache->policy, policy ?: "", strlen(policy ?: ""));
	if (!cache->is_foreign && sc_uuid_parse(uuid ?: "", cache->uuid))
		return "no uuid";
	return NULL;
}

/* Whether the sub-blocks and the block exist the checks of states know. */
const char *dump_make_slot(const struct dump_values *v,
			   const struct dump_cache *cache,
			   struct sc_record *rec)
{
	const u64 *n = v->value;

	if (!dump_has(v, NEEDED_OF_SLOT))
		return "the description of a slot is not complete";
	if (n[SLOT_NUMBER] >= cache->nr_slots)
		return "slot out of range";
	if (n[SLOT_BLOCK] >= SC_MAX_OBLOCKS)
		return "origin block out of range";
	if (!n[SLOT_VALID] || n[SLOT_VALID] > UINT16_MAX ||
	    n[SLOT_DIRTY] & ~n[SLOT_VALID] || n[SLOT_HINT] > UINT8_MAX)
		return "impossible value";
	*rec = (struct sc_record){
		.slot = to_cblock((u32)n[SLOT_NUMBER]),
		.hint = n[SLOT_HINT],
		.valid = n[SLOT_VALID],
		.dirty = n[SLOT_DIRTY],
		.block = to_oblock(n[SLOT_BLOCK]),
	};
	return NULL;
}

/* The first character tells the notation. */
static int read_any(const struct dump_source *source)
{
	int c;

	do {
		c = fgetc(source->file);
	} while (isspace(c));
	if (c == EOF) {
		report_error("%s: empty", source->name);
		return -EINVAL;
	}
	ungetc(c, source->file);
	return c == '<' ? dump_read_xml(source) : dump_read_json(source);
}

int dump_read(const char *path, const struct dump_reader *reader)
{
	bool is_stdin = !strcmp(path, "-");
	struct dump_source source = {
		.file = is_stdin ? stdin : fopen(path, "re"),
		.name = is_stdin ? "standard input" : path,
		.reader = reader,
	};
	int r;

	if (!source.file) {
		r = -errno;
		report_error("%.300s: %s", path, strerror(errno));
		return r;
	}
	r = read_any(&source);
	if (!is_stdin)
		fclose(source.file);
	return r;
}
