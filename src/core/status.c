// SPDX-License-Identifier: GPL-2.0-only
/*
 * The status line: written by the module, read by the tools, both from the one
 * table sc_status_fields[].
 */
#include <ssdcache/abi.h>

#include "status.h"
#include "text.h"
#include "words.h"

/* A field being read. */
struct input {
	const char *name;
	struct sc_words words;
};

/*
 * How a kind of value is written and read. @at is what the field's offset
 * points to: the value, or something larger that the kind knows.
 */
struct field_type {
	void (*emit)(const void *at, struct sc_text *t);
	int (*parse)(void *at, struct input *in, struct sc_reason *why);
};

struct field {
	const char *name;
	const struct field_type *type;
	size_t offset;
	bool keyed;
};

static const char *need(struct input *in, struct sc_reason *why)
{
	const char *word = sc_words_next(&in->words);

	if (!word)
		sc_reason_set(why, "the status line has no %s", in->name);
	return word;
}

static int refuse(const struct input *in, const char *must, const char *got,
		  struct sc_reason *why)
{
	sc_reason_set(why, "status field %s: must be %s, got '%.32s'", in->name,
		      must, got);
	return -EINVAL;
}

/* ---- numbers --------------------------------------------------------------- */

static void emit_u64(const void *at, struct sc_text *t)
{
	sc_text_add(t, "%llu", (unsigned long long)*(const u64 *)at);
}

static int parse_u64(void *at, struct input *in, struct sc_reason *why)
{
	const char *word = need(in, why);

	if (!word)
		return -EINVAL;
	if (sc_text_to_u64(word, at))
		return refuse(in, "a number", word, why);
	return 0;
}

static void emit_ratio(const void *at, struct sc_text *t)
{
	const struct sc_ratio *r = at;

	sc_text_add(t, "%llu/%llu", (unsigned long long)r->used,
		    (unsigned long long)r->total);
}

static int split_ratio(char *text, struct sc_ratio *r)
{
	char *slash = strchr(text, '/');
	int err;

	if (!slash)
		return -EINVAL;
	*slash = '\0';
	err = sc_text_to_u64(text, &r->used);
	if (!err)
		err = sc_text_to_u64(slash + 1, &r->total);
	*slash = '/';
	return err;
}

static int parse_ratio(void *at, struct input *in, struct sc_reason *why)
{
	const char *word = need(in, why);

	if (!word)
		return -EINVAL;
	/* The words come from a line, so that this one is our own copy. */
	if (split_ratio(in->words.word, at))
		return refuse(in, "<used>/<total>", word, why);
	return 0;
}

/* Always the same number; there is no value behind it. */
static void emit_meta_block(const void *at, struct sc_text *t)
{
	(void)at;
	sc_text_add(t, "%u", SC_META_BLOCK_BYTES >> SC_SECTOR_SHIFT);
}

static int parse_meta_block(void *at, struct input *in, struct sc_reason *why)
{
	const char *word = need(in, why);
	u64 v;

	(void)at;
	if (!word)
		return -EINVAL;
	if (sc_text_to_u64(word, &v) ||
	    v != SC_META_BLOCK_BYTES >> SC_SECTOR_SHIFT)
		return refuse(in, "8", word, why);
	return 0;
}

static const struct field_type type_u64 = { emit_u64, parse_u64 };
static const struct field_type type_ratio = { emit_ratio, parse_ratio };
static const struct field_type type_meta_block = {
	emit_meta_block, parse_meta_block
};

/* ---- what the table line has, too; @at is the struct sc_config ------------- */

static void emit_block_size(const void *at, struct sc_text *t)
{
	const struct sc_config *c = at;

	sc_text_add(t, "%u", c->block_sectors);
}

static int parse_block_size(void *at, struct input *in, struct sc_reason *why)
{
	return sc_config_parse_block_size(at, &in->words, why);
}

static void emit_features(const void *at, struct sc_text *t)
{
	sc_config_emit_features(at, true, t);
}

static int parse_features(void *at, struct input *in, struct sc_reason *why)
{
	struct sc_config *c = at;
	int r = sc_config_parse_features(c, &in->words, why);

	/* Status says the mode always: the table may have left it out. */
	c->features &= ~SC_FEATURE_MODE_GIVEN;
	return r;
}

static void emit_core_args(const void *at, struct sc_text *t)
{
	sc_config_emit_pairs(at, SC_TUN_CORE, t);
}

static void emit_policy_args(const void *at, struct sc_text *t)
{
	sc_config_emit_pairs(at, 0, t);
}

static int parse_pairs(void *at, struct input *in, struct sc_reason *why)
{
	struct sc_config *c = at;
	int r = sc_config_parse_pairs(c, &in->words, why);

	/* So it does with the tunables. */
	memset(c->given, 0, sizeof(c->given));
	c->nr_given = 0;
	return r;
}

static void emit_policy(const void *at, struct sc_text *t)
{
	const struct sc_config *c = at;

	sc_text_add(t, "%s", c->policy_word);
}

static int parse_policy(void *at, struct input *in, struct sc_reason *why)
{
	return sc_config_parse_policy(at, &in->words, why);
}

static const struct field_type type_block_size = {
	emit_block_size, parse_block_size
};
static const struct field_type type_features = {
	emit_features, parse_features
};
static const struct field_type type_core_args = {
	emit_core_args, parse_pairs
};
static const struct field_type type_policy_args = {
	emit_policy_args, parse_pairs
};
static const struct field_type type_policy = { emit_policy, parse_policy };

/* ---- state; @at is the whole struct sc_status_info ------------------------- */

static void emit_access(const void *at, struct sc_text *t)
{
	const struct sc_status_info *s = at;

	sc_text_add(t, "%s", s->health == SC_RW ? SC_WORD_RW : SC_WORD_RO);
}

static int parse_access(void *at, struct input *in, struct sc_reason *why)
{
	struct sc_status_info *s = at;
	const char *word = need(in, why);

	if (!word)
		return -EINVAL;
	if (!strcmp(word, SC_WORD_RW))
		s->health = SC_RW;
	else if (!strcmp(word, SC_WORD_RO))
		s->health = SC_RO;
	else
		return refuse(in, "rw or ro", word, why);
	return 0;
}

static void emit_check(const void *at, struct sc_text *t)
{
	const struct sc_status_info *s = at;

	sc_text_add(t, "%s", s->needs_check ? SC_WORD_NEEDS_CHECK :
					      SC_WORD_NO_CHECK);
}

static int parse_check(void *at, struct input *in, struct sc_reason *why)
{
	struct sc_status_info *s = at;
	const char *word = need(in, why);

	if (!word)
		return -EINVAL;
	s->needs_check = !strcmp(word, SC_WORD_NEEDS_CHECK);
	if (!s->needs_check && strcmp(word, SC_WORD_NO_CHECK))
		return refuse(in, "needs_check or -", word, why);
	return 0;
}

static void emit_state(const void *at, struct sc_text *t)
{
	const struct sc_status_info *s = at;

	sc_text_add(t, "%s", sc_health_name(s->health));
}

/* Says more exactly what "ro" or "Fail" have said, and must not contradict. */
static int parse_state(void *at, struct input *in, struct sc_reason *why)
{
	struct sc_status_info *s = at;
	const char *word = need(in, why);
	enum sc_health health;

	if (!word)
		return -EINVAL;
	if (sc_health_parse(word, &health))
		return refuse(in, "a state", word, why);
	if ((health == SC_FAIL) != (s->health == SC_FAIL) ||
	    (health == SC_RW) != (s->health == SC_RW))
		return refuse(in, "what the fields before say", word, why);
	s->health = health;
	return 0;
}

static void emit_mode(const void *at, struct sc_text *t)
{
	const struct sc_status_info *s = at;

	sc_text_add(t, "%s", sc_mode_name(s->config.mode));
}

static int parse_mode(void *at, struct input *in, struct sc_reason *why)
{
	struct sc_status_info *s = at;
	const char *word = need(in, why);
	enum sc_mode mode;

	if (!word)
		return -EINVAL;
	if (sc_mode_parse(word, &mode))
		return refuse(in, "a mode", word, why);
	if (s->health != SC_FAIL && mode != s->config.mode)
		return refuse(in, "what the features say", word, why);
	s->config.mode = mode;
	return 0;
}

static void emit_uuid(const void *at, struct sc_text *t)
{
	const struct sc_status_info *s = at;

	sc_uuid_to_text(s->uuid, t);
}

static int parse_uuid(void *at, struct input *in, struct sc_reason *why)
{
	struct sc_status_info *s = at;
	const char *word = need(in, why);

	if (!word)
		return -EINVAL;
	if (sc_uuid_parse(word, s->uuid))
		return refuse(in, "a uuid", word, why);
	return 0;
}

static const struct field_type type_access = { emit_access, parse_access };
static const struct field_type type_check = { emit_check, parse_check };
static const struct field_type type_state = { emit_state, parse_state };
static const struct field_type type_mode = { emit_mode, parse_mode };
static const struct field_type type_uuid = { emit_uuid, parse_uuid };

/* ---- the table ------------------------------------------------------------- */

#define AT(member)	offsetof(struct sc_status_info, member)
#define COUNTER_DM(name, ...) \
	{ #name, &type_u64, AT(counter[SC_CNT_##name]), false },
#define COUNTER_OWN(name, ...) \
	{ #name, &type_u64, AT(counter[SC_CNT_##name]), true },

/* dm-cache's fields first, in its order; the keyed ones follow. */
static const struct field sc_status_fields[] = {
	{ "metadata_block_size", &type_meta_block, 0, false },
	{ "metadata_blocks", &type_ratio, AT(meta), false },
	{ "block_size", &type_block_size, AT(config), false },
	{ "cache_blocks", &type_ratio, AT(slots), false },
	SC_COUNTERS_DM_CACHE(COUNTER_DM)
	{ "dirty", &type_u64, AT(nr_dirty), false },
	{ "features", &type_features, AT(config), false },
	{ "core_args", &type_core_args, AT(config), false },
	{ "policy", &type_policy, AT(config), false },
	{ "policy_args", &type_policy_args, AT(config), false },
	{ "access", &type_access, 0, false },
	{ "check", &type_check, 0, false },
	{ "state", &type_state, 0, true },
	{ "mode", &type_mode, 0, true },
	{ "uuid", &type_uuid, 0, true },
	{ "dirty_sectors", &type_u64, AT(dirty_sectors), true },
	{ "free_slots", &type_u64, AT(free_slots), true },
	{ "retiring_slots", &type_u64, AT(retiring_slots), true },
	{ "journal", &type_ratio, AT(journal), true },
	{ "budget_used", &type_u64, AT(budget_used), true },
	{ "ram_bytes", &type_u64, AT(ram_bytes), true },
	SC_COUNTERS_OWN(COUNTER_OWN)
};

static_assert(ARRAY_SIZE(sc_status_fields) <= 64, "a bit of seen for each");

#define NR_FIELDS	((unsigned int)ARRAY_SIZE(sc_status_fields))

const char *sc_status_field_name(unsigned int i, bool *keyed)
{
	if (i >= NR_FIELDS)
		return NULL;
	if (keyed)
		*keyed = sc_status_fields[i].keyed;
	return sc_status_fields[i].name;
}

size_t sc_status_emit(const struct sc_status_info *s, char *buf, size_t size)
{
	const struct field *f = sc_status_fields;
	struct sc_text t;

	sc_text_init(&t, buf, size);
	if (s->health == SC_FAIL)
		sc_text_add(&t, "%s", SC_WORD_FAIL);
	for (; f < sc_status_fields + NR_FIELDS; f++) {
		if (s->health == SC_FAIL && !f->keyed)
			continue;
		if (t.len)
			sc_text_add(&t, " ");
		if (f->keyed)
			sc_text_add(&t, "%s=", f->name);
		f->type->emit((const char *)s + f->offset, &t);
	}
	return t.len;
}

static int parse_field(struct sc_status_info *s, const struct field *f,
		       struct input *in, struct sc_reason *why)
{
	in->name = f->name;
	return f->type->parse((char *)s + f->offset, in, why);
}

static int parse_positional(struct sc_status_info *s, struct input *in,
			    struct sc_reason *why)
{
	const struct field *f = sc_status_fields;
	int r = 0;

	for (; !r && !f->keyed; f++)
		r = parse_field(s, f, in, why);
	return r;
}

static const struct field *find_keyed(const char *key, size_t len)
{
	const struct field *f = sc_status_fields;

	for (; f < sc_status_fields + NR_FIELDS; f++)
		if (f->keyed && strlen(f->name) == len &&
		    !memcmp(f->name, key, len))
			return f;
	return NULL;
}

static int parse_keyed(struct sc_status_info *s, const char *word, u64 *seen,
		       struct sc_reason *why)
{
	const char *equals = strchr(word, '=');
	const struct field *f;
	struct input value;

	if (!equals || equals == word) {
		sc_reason_set(why, "the status line should go on with <key>=<value>, got '%.32s'",
			      word);
		return -EINVAL;
	}
	f = find_keyed(word, equals - word);
	if (!f)
		return 0;
	if (*seen & 1ULL << (f - sc_status_fields)) {
		sc_reason_set(why, "status field %s is there twice", f->name);
		return -EINVAL;
	}
	*seen |= 1ULL << (f - sc_status_fields);
	sc_words_from_line(&value.words, equals + 1);
	return parse_field(s, f, &value, why);
}

static bool begins_with_fail(const char *line)
{
	struct sc_words w;
	const char *word;

	sc_words_from_line(&w, line);
	word = sc_words_next(&w);
	return word && !strcmp(word, SC_WORD_FAIL);
}

int sc_status_parse(const char *line, struct sc_status_info *s,
		    struct sc_reason *why)
{
	struct input in;
	const char *word;
	u64 seen = 0;
	int r = 0;

	memset(s, 0, sizeof(*s));
	sc_config_init(&s->config);
	sc_words_from_line(&in.words, line);
	if (begins_with_fail(line)) {
		s->health = SC_FAIL;
		sc_words_next(&in.words);
	} else {
		r = parse_positional(s, &in, why);
	}
	while (!r) {
		word = sc_words_next(&in.words);
		if (!word)
			break;
		r = parse_keyed(s, word, &seen, why);
	}
	return r;
}
