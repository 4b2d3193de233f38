// SPDX-License-Identifier: GPL-2.0-only
/*
 * Changing a cache's mode and tunables.
 */
#include <ssdcache/abi.h>

#include "cache.h"
#include "change.h"
#include "message.h"
#include "report.h"
#include "state.h"

#define MESSAGE_BYTES	256

/* A word key=value; the value is in the word. */
struct pair {
	char key[64];
	const char *value;
};

static int split(const char *word, struct pair *p, struct sc_reason *why)
{
	const char *equals = strchr(word, '=');

	if (!equals || (size_t)(equals - word) >= sizeof(p->key)) {
		sc_reason_set(why, "must be key=value, got '%.40s'", word);
		return -EINVAL;
	}
	memcpy(p->key, word, (size_t)(equals - word));
	p->key[equals - word] = '\0';
	p->value = equals + 1;
	return 0;
}

/* ---- a cache that runs ----------------------------------------------------- */

/* @cur is as it will be when this one's turn comes. */
static int check(const char *word, struct sc_config *cur, struct sc_message *m,
		 struct sc_reason *why)
{
	struct pair p;
	char *words[] = { p.key, NULL };
	int r = split(word, &p, why);

	if (r)
		return r;
	words[1] = (char *)p.value;
	r = sc_message_parse(m, cur, 2, words, why);
	if (!r)
		sc_message_apply(cur, m);
	return r;
}

static int check_all(const char *name, char **pairs, int nr)
{
	struct sc_status_info info;
	struct sc_message m;
	struct sc_reason why;
	int i, r = cache_status(name, &info);

	if (!r && info.health == SC_FAIL) {
		report_error("%s has failed", name);
		return -EIO;
	}
	for (i = 0; !r && i < nr; i++) {
		r = check(pairs[i], &info.config, &m, &why);
		if (r)
			report_error("%s: %s", name, why.text);
	}
	return r;
}

/* Noted before it can be dirty. */
static int set_writeback(const char *name, const char *message)
{
	int lock = state_lock(name);
	int r = lock < 0 ? -EIO : state_note_dirty(name);

	if (!r)
		r = mapped_message(name, message);
	state_unlock(lock);
	return r;
}

static int send(const char *name, const char *word)
{
	struct sc_status_info info;
	char text[MESSAGE_BYTES];
	enum sc_mode mode;
	struct pair p;
	int r = split(word, &p, NULL);

	if (r)
		return r;
	scnprintf(text, sizeof(text), "%s %s", p.key, p.value);
	if (!strcmp(p.key, SC_VERB_MODE) && !sc_mode_parse(p.value, &mode) &&
	    mode == SC_WRITEBACK)
		r = set_writeback(name, text);
	else
		r = mapped_message(name, text);
	if (!r && !cache_status(name, &info))
		cache_observe(name, &info);
	return r;
}

int change_live(const char *name, char **pairs, int nr)
{
	int i, r = check_all(name, pairs, nr);

	for (i = 0; !r && i < nr; i++)
		r = send(name, pairs[i]);
	return r;
}

/* ---- ssdcachetab ----------------------------------------------------------- */

static int set_pair(struct tab_entry *e, const char *word,
		    struct sc_reason *why)
{
	struct pair p;
	int r = split(word, &p, why);

	if (r)
		return r;
	if (strpbrk(p.value, ", \t\n")) {
		sc_reason_set(why, "no value has commas or white space: '%.40s'",
			      p.value);
		return -EINVAL;
	}
	return tab_set(e, p.key, p.value, why);
}

int change_saved(const char *name, char **pairs, int nr, bool store)
{
	static struct tab_entry e; /* large */
	struct sc_reason why;
	int i, r = cache_find(name, &e);

	if (r)
		return r;
	for (i = 0; !r && i < nr; i++)
		r = set_pair(&e, pairs[i], &why);
	if (!r)
		r = tab_check(&e, &why);
	if (r)
		report_error("%s: %s", name, why.text);
	return r || !store ? r : tab_put(&e);
}
