// SPDX-License-Identifier: GPL-2.0-only
/*
 * The table line: the only parser and the only writer of it.
 */
#include <ssdcache/abi.h>

#include "config.h"

/* Words of a line at most, beyond all sense: counts above it are mistakes. */
#define MAX_PAIR_WORDS	1024u
#define MAX_FEATURES	3u

static const struct policy_name {
	const char *word;
	const char *policy;
	bool from_dm_cache;
} policy_names[] = {
	{ SC_WORD_S3FIFO, SC_WORD_S3FIFO, false },
	{ SC_WORD_DEFAULT, SC_WORD_S3FIFO, true },
	{ SC_WORD_SMQ, SC_WORD_S3FIFO, true },
	{ SC_WORD_MQ, SC_WORD_S3FIFO, true },
	{ SC_WORD_LRU, SC_WORD_LRU, false },
	{ SC_WORD_CLEANER, SC_WORD_CLEANER, false },
};

static const struct {
	const char *word;
	u32 flag;
} feature_names[] = {
	{ SC_WORD_METADATA2, SC_FEATURE_METADATA2 },
	{ SC_WORD_NO_DISCARD_PASSDOWN, SC_FEATURE_NO_DISCARD_PASSDOWN },
};

/* Keys of dm-cache's mq, which smq and default accept and ignore. */
static const char *const old_keys[] = {
	"random_threshold",
	"sequential_threshold",
	"discard_promote_adjustment",
	"read_promote_adjustment",
	"write_promote_adjustment",
};

static const struct policy_name *find_policy(const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(policy_names); i++)
		if (!strcmp(policy_names[i].word, word))
			return &policy_names[i];
	return NULL;
}

static void set_policy(struct sc_config *c, const struct policy_name *name)
{
	c->policy = name->policy;
	c->policy_word = name->word;
}

void sc_config_init(struct sc_config *c)
{
	memset(c, 0, sizeof(*c));
	c->block_sectors = SC_DEFAULT_BLOCK_SECTORS;
	c->mode = SC_WRITEBACK;
	set_policy(c, find_policy(SC_WORD_DEFAULT));
	sc_tunables_init(&c->tune);
}

/* ---- reading --------------------------------------------------------------- */

int sc_config_parse_block_size(struct sc_config *c, struct sc_words *w,
			       struct sc_reason *why)
{
	const char *word = sc_words_need(w, "block size", why);
	u64 v;

	if (!word)
		return -EINVAL;
	if (sc_text_to_u64(word, &v) || !is_power_of_2(v) ||
	    v < SC_MIN_BLOCK_SECTORS || v > SC_MAX_BLOCK_SECTORS) {
		sc_reason_set(why, "block size: must be a power of two from %u to %u sectors, got '%.32s'",
			      SC_MIN_BLOCK_SECTORS, SC_MAX_BLOCK_SECTORS, word);
		return -EINVAL;
	}
	c->block_sectors = (u32)v;
	return 0;
}

static int add_mode(struct sc_config *c, enum sc_mode mode,
		    struct sc_reason *why)
{
	if (c->features & SC_FEATURE_MODE_GIVEN) {
		sc_reason_set(why, "features: only one mode is possible, got %s and %s",
			      sc_mode_name(c->mode), sc_mode_name(mode));
		return -EINVAL;
	}
	c->mode = mode;
	c->features |= SC_FEATURE_MODE_GIVEN;
	return 0;
}

static int add_feature(struct sc_config *c, const char *word,
		       struct sc_reason *why)
{
	enum sc_mode mode;
	unsigned int i;

	if (!sc_mode_parse(word, &mode))
		return add_mode(c, mode, why);
	for (i = 0; i < ARRAY_SIZE(feature_names); i++) {
		if (strcmp(feature_names[i].word, word))
			continue;
		if (c->features & feature_names[i].flag) {
			sc_reason_set(why, "features: %s is given twice", word);
			return -EINVAL;
		}
		c->features |= feature_names[i].flag;
		return 0;
	}
	sc_reason_set(why, "features: unknown feature '%.32s'", word);
	return -EINVAL;
}

int sc_config_parse_features(struct sc_config *c, struct sc_words *w,
			     struct sc_reason *why)
{
	const char *word;
	u64 nr = 0;
	int r;

	r = sc_words_number(w, "#features", MAX_FEATURES, &nr, why);
	while (!r && nr--) {
		word = sc_words_need(w, "last feature", why);
		r = word ? add_feature(c, word, why) : -EINVAL;
	}
	return r;
}

int sc_config_parse_policy(struct sc_config *c, struct sc_words *w,
			   struct sc_reason *why)
{
	const char *word = sc_words_need(w, "policy", why);
	const struct policy_name *name;

	if (!word)
		return -EINVAL;
	name = find_policy(word);
	if (!name) {
		sc_reason_set(why, "unknown policy '%.32s'", word);
		return -EINVAL;
	}
	set_policy(c, name);
	return 0;
}

static const char *find_old_key(const struct sc_config *c, const char *key)
{
	unsigned int i;

	if (!find_policy(c->policy_word)->from_dm_cache)
		return NULL;
	for (i = 0; i < ARRAY_SIZE(old_keys); i++)
		if (!strcmp(old_keys[i], key))
			return old_keys[i];
	return NULL;
}

int sc_config_find_key(const struct sc_config *c, const char *key,
		       unsigned int *id, struct sc_reason *why)
{
	*id = sc_tunable_find(key);
	if (*id < SC_NR_TUNABLES || find_old_key(c, key))
		return 0;
	sc_reason_set(why, "unknown key '%.32s'", key);
	return -EINVAL;
}

static bool is_given(const struct sc_config *c, unsigned int id)
{
	unsigned int i;

	for (i = 0; i < c->nr_given; i++)
		if (c->given[i] == id)
			return true;
	return false;
}

static int add_tunable(struct sc_config *c, unsigned int id, const char *word,
		       struct sc_reason *why)
{
	u32 value;
	int r;

	if (is_given(c, id)) {
		sc_reason_set(why, "%s is given twice", sc_tunables[id].name);
		return -EINVAL;
	}
	r = sc_tunable_parse(id, word, &value, why);
	if (r)
		return r;
	sc_tunable_set(&c->tune, id, value);
	c->given[c->nr_given++] = (u8)id;
	return 0;
}

static int parse_pair(struct sc_config *c, struct sc_words *w,
		      struct sc_reason *why)
{
	const char *word = sc_words_need(w, "last policy argument", why);
	unsigned int id;
	int r;

	if (!word)
		return -EINVAL;
	r = sc_config_find_key(c, word, &id, why);
	if (r)
		return r;
	word = sc_words_need(w, "last policy argument", why);
	if (!word)
		return -EINVAL;
	if (id == SC_NR_TUNABLES)
		return 0;
	return add_tunable(c, id, word, why);
}

int sc_config_parse_pairs(struct sc_config *c, struct sc_words *w,
			  struct sc_reason *why)
{
	u64 nr = 0;
	int r;

	r = sc_words_number(w, "#policy args", MAX_PAIR_WORDS, &nr, why);
	if (r)
		return r;
	if (nr & 1) {
		sc_reason_set(why, "#policy args: must be even, each key has a value, got %u",
			      (unsigned int)nr);
		return -EINVAL;
	}
	for (; !r && nr; nr -= 2)
		r = parse_pair(c, w, why);
	return r;
}

int sc_config_parse_table(struct sc_config *c, unsigned int argc, char **argv,
			  struct sc_reason *why)
{
	struct sc_words w;
	int r;

	sc_config_init(c);
	if (argc < SC_TABLE_DEVICES) {
		sc_reason_set(why, "the line ends before the three devices: metadata, cache, origin");
		return -EINVAL;
	}
	sc_words_from_args(&w, argc - SC_TABLE_DEVICES, argv + SC_TABLE_DEVICES);
	r = sc_config_parse_block_size(c, &w, why);
	if (!r)
		r = sc_config_parse_features(c, &w, why);
	if (!r)
		r = sc_config_parse_policy(c, &w, why);
	if (!r)
		r = sc_config_parse_pairs(c, &w, why);
	if (!r)
		r = sc_words_end(&w, why);
	if (!r)
		r = sc_tunables_check(&c->tune, why);
	return r;
}

/* ---- writing --------------------------------------------------------------- */

void sc_config_emit_features(const struct sc_config *c, bool with_mode,
			     struct sc_text *t)
{
	enum sc_mode mode = READ_ONCE(c->mode);	/* a message may change it */
	unsigned int nr = 0, i;

	with_mode = with_mode || mode != SC_WRITEBACK ||
		    (c->features & SC_FEATURE_MODE_GIVEN);
	for (i = 0; i < ARRAY_SIZE(feature_names); i++)
		nr += !!(c->features & feature_names[i].flag);
	sc_text_add(t, "%u", nr + with_mode);
	/* dm-cache's order: the mode stands in the middle. */
	if (c->features & SC_FEATURE_METADATA2)
		sc_text_add(t, " %s", SC_WORD_METADATA2);
	if (with_mode)
		sc_text_add(t, " %s", sc_mode_name(mode));
	if (c->features & SC_FEATURE_NO_DISCARD_PASSDOWN)
		sc_text_add(t, " %s", SC_WORD_NO_DISCARD_PASSDOWN);
}

static void emit_pair(unsigned int id, u32 value, struct sc_text *t)
{
	sc_text_add(t, " %s %u", sc_tunables[id].name, value);
}

void sc_config_emit_pairs(const struct sc_config *c, unsigned int flags,
			  struct sc_text *t)
{
	unsigned int id, nr = 0;

	for (id = 0; id < SC_NR_TUNABLES; id++)
		nr += (sc_tunables[id].flags & SC_TUN_CORE) == flags;
	sc_text_add(t, "%u", 2 * nr);
	for (id = 0; id < SC_NR_TUNABLES; id++)
		if ((sc_tunables[id].flags & SC_TUN_CORE) == flags)
			emit_pair(id, sc_tunable_get(&c->tune, id), t);
}

/* Values are copied first: a message between count and words must not matter. */
static void emit_table_pairs(const struct sc_config *c, struct sc_text *t)
{
	u8 order[SC_NR_TUNABLES];
	u32 value[SC_NR_TUNABLES];
	unsigned int id, i, nr = c->nr_given;

	memcpy(order, c->given, nr);
	for (id = 0; id < SC_NR_TUNABLES; id++) {
		value[id] = sc_tunable_get(&c->tune, id);
		if (value[id] != sc_tunables[id].def && !is_given(c, id))
			order[nr++] = (u8)id;
	}
	sc_text_add(t, "%u", 2 * nr);
	for (i = 0; i < nr; i++)
		emit_pair(order[i], value[order[i]], t);
}

void sc_config_emit_table(const struct sc_config *c, struct sc_text *t)
{
	sc_text_add(t, "%u ", c->block_sectors);
	sc_config_emit_features(c, false, t);
	sc_text_add(t, " %s ", c->policy_word);
	emit_table_pairs(c, t);
}
