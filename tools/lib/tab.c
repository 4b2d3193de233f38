// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line of ssdcachetab: words to values and back. The file is tab-file.c's.
 */
#include <ctype.h>

#include "tab.h"
#include "text.h"
#include "units.h"

#define WHITE	" \t\r\n\v\f"

/* ---- values ---------------------------------------------------------------- */

/* Names of the devices that a cache may need beside its own. */
static bool is_part_name(const char *name)
{
	size_t len = strlen(name);

	return len >= 6 && (!strcmp(name + len - 6, "-cmeta") ||
			    !strcmp(name + len - 6, "-cdata"));
}

int tab_name_check(const char *name, struct sc_reason *why)
{
	static const char extra[] = "_.+@:-";
	const char *c;

	if (is_part_name(name)) {
		sc_reason_set(why, "name: must not end in -cmeta or -cdata");
		return -EINVAL;
	}

	if (!*name || strlen(name) >= TAB_NAME_BYTES) {
		sc_reason_set(why, "name: must have 1 to %u characters",
			      TAB_NAME_BYTES - 1);
		return -EINVAL;
	}
	for (c = name; *c; c++)
		if (!isalnum((unsigned char)*c) && !strchr(extra, *c))
			break;
	if (!*c && *name != '-' && *name != '.')
		return 0;
	sc_reason_set(why, "name: must be letters, digits and %s, not beginning with - or ., got '%.40s'",
		      extra, name);
	return -EINVAL;
}

void tab_entry_init(struct tab_entry *e)
{
	memset(e, 0, sizeof(*e));
	sc_config_init(&e->config);
}

static int set_size(u64 *to, const char *key, const char *value,
		    struct sc_reason *why)
{
	u64 bytes;

	if (size_parse(value, &bytes) || !bytes || bytes % SC_META_BLOCK_BYTES) {
		sc_reason_set(why, "%s: must be a size in whole 4 KiB, got '%.40s'",
			      key, value);
		return -EINVAL;
	}
	*to = bytes;
	return 0;
}

static int set_block_size(struct sc_config *c, const char *value,
			  struct sc_reason *why)
{
	char sectors[UNIT_BYTES];
	struct sc_words w;
	u64 bytes;

	if (size_parse(value, &bytes) || bytes % 512) {
		sc_reason_set(why, "block size: must be a size such as 4k, got '%.40s'",
			      value);
		return -EINVAL;
	}
	scnprintf(sectors, sizeof(sectors), "%llu",
		  (unsigned long long)(bytes / 512));
	sc_words_from_line(&w, sectors);
	return sc_config_parse_block_size(c, &w, why);
}

static int set_policy(struct sc_config *c, const char *value,
		      struct sc_reason *why)
{
	struct sc_words w;

	sc_words_from_line(&w, value);
	return sc_config_parse_policy(c, &w, why);
}

static int set_mode(struct sc_config *c, const char *value,
		    struct sc_reason *why)
{
	if (!sc_mode_parse(value, &c->mode)) {
		c->features |= SC_FEATURE_MODE_GIVEN;
		return 0;
	}
	sc_reason_set(why, "unknown mode '%.40s'", value);
	return -EINVAL;
}

static int set_tunable(struct sc_config *c, const char *key, const char *value,
		       struct sc_reason *why)
{
	unsigned int id;
	u32 v;
	int r = sc_config_find_key(c, key, &id, why);

	if (r || id == SC_NR_TUNABLES)
		return r;
	r = sc_tunable_parse(id, value, &v, why);
	if (!r)
		sc_tunable_set(&c->tune, id, v);
	return r;
}

static int set_flag(struct tab_entry *e, const char *key,
		    struct sc_reason *why)
{
	if (!strcmp(key, TAB_NOAUTO))
		e->noauto = true;
	else if (!strcmp(key, TAB_NOFAIL))
		e->nofail = true;
	else if (!strcmp(key, TAB_NO_DISCARD))
		e->config.features |= SC_FEATURE_NO_DISCARD_PASSDOWN;
	else {
		sc_reason_set(why, "unknown option '%.40s', or its value is missing",
			      key);
		return -EINVAL;
	}
	return 0;
}

int tab_set(struct tab_entry *e, const char *key, const char *value,
	    struct sc_reason *why)
{
	if (!value)
		return set_flag(e, key, why);
	if (!strcmp(key, TAB_MODE))
		return set_mode(&e->config, value, why);
	if (!strcmp(key, TAB_BLOCK_SIZE))
		return set_block_size(&e->config, value, why);
	if (!strcmp(key, TAB_POLICY))
		return set_policy(&e->config, value, why);
	if (!strcmp(key, TAB_METADATA_SIZE))
		return set_size(&e->metadata_bytes, key, value, why);
	if (!strcmp(key, TAB_CACHE_SIZE))
		return set_size(&e->cache_bytes, key, value, why);
	return set_tunable(&e->config, key, value, why);
}

int tab_check(const struct tab_entry *e, struct sc_reason *why)
{
	if (!*e->metadata && !e->metadata_bytes) {
		sc_reason_set(why, "the metadata is -, so there must be %s=",
			      TAB_METADATA_SIZE);
		return -EINVAL;
	}
	if (*e->metadata && e->metadata_bytes) {
		sc_reason_set(why, "%s= is for metadata at the head of the cache device, there is %.60s",
			      TAB_METADATA_SIZE, e->metadata);
		return -EINVAL;
	}
	return sc_tunables_check(&e->config.tune, why);
}

/* ---- reading --------------------------------------------------------------- */

static bool is_octal(const char *s)
{
	return s[0] >= '0' && s[0] <= '3' && s[1] >= '0' && s[1] <= '7' &&
	       s[2] >= '0' && s[2] <= '7';
}

static int read_path(char *to, const char *word, const char *what,
		     struct sc_reason *why)
{
	const char *start = word;
	size_t len = 0;
	char c;

	for (; *word && len < PATH_MAX - 1; word++) {
		c = *word;
		if (c == '\\' && is_octal(word + 1)) {
			c = (char)((word[1] - '0') * 64 + (word[2] - '0') * 8 +
				   word[3] - '0');
			word += 3;
		}
		if (!c)
			break;
		to[len++] = c;
	}
	to[len] = '\0';
	if (!*word && *to == '/')
		return 0;
	sc_reason_set(why, "%s: must be a path that begins with /, got '%.60s'",
		      what, start);
	return -EINVAL;
}

/* The next of the words between white space; NULL at the end. */
static char *next_word(char **rest)
{
	char *word = *rest + strspn(*rest, WHITE);

	if (!*word || *word == '#')
		return NULL;
	*rest = word + strcspn(word, WHITE);
	if (**rest)
		*(*rest)++ = '\0';
	return word;
}

const char *tab_other(const struct tab_entry *e, const char *option)
{
	static char copy[TAB_OTHER_BYTES];
	size_t len = strlen(option);
	char *word, *rest = copy;

	scnprintf(copy, sizeof(copy), "%s", e->other);
	while ((word = strsep(&rest, ",")))
		if (!strncmp(word, option, len) &&
		    (!word[len] || option[len - 1] == '='))
			return word + len;
	return NULL;
}

static int keep_other(struct tab_entry *e, const char *option,
		      struct sc_reason *why)
{
	size_t len = strlen(e->other);

	if (len + 1 + strlen(option) >= sizeof(e->other)) {
		sc_reason_set(why, "too many options of others");
		return -EINVAL;
	}
	scnprintf(e->other + len, sizeof(e->other) - len, "%s%s",
		  len ? "," : "", option);
	return 0;
}

/* The policy comes first, for on it depends which keys there are. */
static int read_options(struct tab_entry *e, const char *options, bool policy,
			struct sc_reason *why)
{
	char copy[TAB_LINE_BYTES], *option, *value, *rest;
	int r = 0;

	scnprintf(copy, sizeof(copy), "%s", options);
	for (option = strtok_r(copy, ",", &rest); option && !r;
	     option = strtok_r(NULL, ",", &rest)) {
		if (!strncmp(option, "x-", 2) || *option == '_') {
			r = policy ? 0 : keep_other(e, option, why);
			continue;
		}
		value = strchr(option, '=');
		if (value)
			*value++ = '\0';
		if (policy == !strcmp(option, TAB_POLICY))
			r = tab_set(e, option, value, why);
	}
	return r;
}

static int read_words(char *rest, struct tab_entry *e, struct sc_reason *why)
{
	char *origin = next_word(&rest);
	char *cache = origin ? next_word(&rest) : NULL;
	char *metadata = cache ? next_word(&rest) : NULL;
	char *options = metadata ? next_word(&rest) : NULL;
	int r = tab_name_check(e->name, why);

	if (r)
		return r;
	if (!metadata) {
		sc_reason_set(why, "must be: <name> <origin> <cache> <metadata or -> [<options>]");
		return -EINVAL;
	}
	if (options && next_word(&rest)) {
		sc_reason_set(why, "too many words; options are joined by commas");
		return -EINVAL;
	}
	r = read_path(e->origin, origin, "origin", why);
	if (!r)
		r = read_path(e->cache, cache, "cache", why);
	if (!r && strcmp(metadata, "-"))
		r = read_path(e->metadata, metadata, "metadata", why);
	if (!r && options && strcmp(options, "-"))
		r = read_options(e, options, true, why);
	if (!r && options && strcmp(options, "-"))
		r = read_options(e, options, false, why);
	return r ? r : tab_check(e, why);
}

int tab_parse_line(const char *line, struct tab_entry *e,
		   struct sc_reason *why)
{
	char copy[TAB_LINE_BYTES], *rest = copy, *name;
	int r;

	if (strlen(line) >= sizeof(copy)) {
		sc_reason_set(why, "the line is too long");
		return -EINVAL;
	}
	scnprintf(copy, sizeof(copy), "%s", line);
	name = next_word(&rest);
	if (!name)
		return 0;
	tab_entry_init(e);
	scnprintf(e->name, sizeof(e->name), "%s", name);
	if (strlen(name) >= sizeof(e->name)) {
		(void)!tab_name_check(name, why);
		return -EINVAL;
	}
	r = read_words(rest, e, why);
	return r ? r : 1;
}

/* ---- writing --------------------------------------------------------------- */

static void add_path(struct sc_text *t, const char *path)
{
	const unsigned char *c = (const unsigned char *)path;

	sc_text_add(t, "%s", *c ? " " : " -");
	for (; *c; c++)
		if (*c <= ' ' || *c == '\\' || *c == '#' || *c == 0x7f)
			sc_text_add(t, "\\%03o", *c);
		else
			sc_text_add(t, "%c", *c);
}

static void add_size(struct sc_text *t, const char *key, u64 bytes)
{
	if (bytes)
		sc_text_add(t, ",%s=%lluk", key,
			    (unsigned long long)(bytes / 1024));
}

static void add_tunables(struct sc_text *t, const struct sc_config *c)
{
	unsigned int id;
	u32 value;

	for (id = 0; id < SC_NR_TUNABLES; id++) {
		value = sc_tunable_get(&c->tune, id);
		if (value != sc_tunables[id].def)
			sc_text_add(t, ",%s=%u", sc_tunables[id].name, value);
	}
}

void tab_emit_line(const struct tab_entry *e, char *buf)
{
	const struct sc_config *c = &e->config;
	struct sc_text t;

	sc_text_init(&t, buf, TAB_LINE_BYTES);
	sc_text_add(&t, "%s", e->name);
	add_path(&t, e->origin);
	add_path(&t, e->cache);
	add_path(&t, e->metadata);
	sc_text_add(&t, " %s=%s", TAB_MODE, sc_mode_name(c->mode));
	sc_text_add(&t, ",%s=%uk", TAB_BLOCK_SIZE, c->block_sectors / 2);
	sc_text_add(&t, ",%s=%s", TAB_POLICY, c->policy_word);
	add_size(&t, TAB_METADATA_SIZE, e->metadata_bytes);
	add_size(&t, TAB_CACHE_SIZE, e->cache_bytes);
	add_tunables(&t, c);
	if (c->features & SC_FEATURE_NO_DISCARD_PASSDOWN)
		sc_text_add(&t, ",%s", TAB_NO_DISCARD);
	if (e->noauto)
		sc_text_add(&t, ",%s", TAB_NOAUTO);
	if (e->nofail)
		sc_text_add(&t, ",%s", TAB_NOFAIL);
	if (*e->other)
		sc_text_add(&t, ",%s", e->other);
}
