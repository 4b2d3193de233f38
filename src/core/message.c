// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages: the only parser of what "dmsetup message" sends.
 */
#include <ssdcache/abi.h>

#include "message.h"
#include "text.h"

/* The longest "<a>-<b>" of two 32-bit numbers, and the end. */
#define RANGE_BYTES	24u

static const struct verb {
	const char *name;
	const char *usage;
	enum sc_message_kind kind;
	unsigned int min_args;
	unsigned int max_args;
} verbs[] = {
	{ SC_VERB_MODE, "<mode>", SC_MSG_MODE, 1, 1 },
	{ SC_VERB_FLUSH, "nothing", SC_MSG_FLUSH, 0, 0 },
	{ SC_VERB_INVALIDATE, "<a>[-<b>] ...", SC_MSG_INVALIDATE, 1, UINT_MAX },
	{ SC_VERB_ABANDON, "nothing", SC_MSG_ABANDON, 0, 0 },
	{ SC_VERB_STATS, SC_WORD_RESET, SC_MSG_STATS_RESET, 1, 1 },
};

static int parse_mode(struct sc_message *m, const char *word,
		      struct sc_reason *why)
{
	if (!sc_mode_parse(word, &m->mode))
		return 0;
	sc_reason_set(why, "unknown mode '%.32s'", word);
	return -EINVAL;
}

static int parse_ranges(struct sc_message *m, const struct sc_config *cur,
			unsigned int argc, char **argv, struct sc_reason *why)
{
	struct sc_slot_range range;
	unsigned int i;
	int r = 0;

	if (cur->mode != SC_PASSTHROUGH) {
		sc_reason_set(why, "%s: possible in mode %s only, the mode is %s",
			      SC_VERB_INVALIDATE, SC_WORD_PASSTHROUGH,
			      sc_mode_name(cur->mode));
		return -EINVAL;
	}
	m->nr_ranges = argc;
	m->ranges = argv;
	for (i = 0; !r && i < argc; i++)
		r = sc_message_range(argv[i], SC_MAX_CBLOCKS, &range, why);
	return r;
}

static int parse_stats(const char *word, struct sc_reason *why)
{
	if (!strcmp(word, SC_WORD_RESET))
		return 0;
	sc_reason_set(why, "%s: the only word possible is %s, got '%.32s'",
		      SC_VERB_STATS, SC_WORD_RESET, word);
	return -EINVAL;
}

static int check_settable(unsigned int id, struct sc_reason *why)
{
	const struct sc_tunable *d = &sc_tunables[id];

	if (d->flags & SC_TUN_LIVE)
		return 0;
	if (d->flags & SC_TUN_CREATE)
		sc_reason_set(why, "%s: fixed when the metadata was formatted",
			      d->name);
	else
		sc_reason_set(why, "%s: takes a new table, not a message",
			      d->name);
	return -EINVAL;
}

static int check_together(const struct sc_config *cur, unsigned int id,
			  u32 value, struct sc_reason *why)
{
	struct sc_tunables t = cur->tune;

	sc_tunable_set(&t, id, value);
	return sc_tunables_check(&t, why);
}

static int parse_set(struct sc_message *m, const struct sc_config *cur,
		     unsigned int argc, char **argv, struct sc_reason *why)
{
	unsigned int id;

	if (sc_config_find_key(cur, argv[0], &id, NULL)) {
		sc_reason_set(why, "unknown message '%.32s'", argv[0]);
		return -EINVAL;
	}
	if (argc != 2) {
		sc_reason_set(why, "%.32s: must be followed by one value",
			      argv[0]);
		return -EINVAL;
	}
	m->kind = SC_MSG_IGNORED;
	m->tunable = id;
	if (id == SC_NR_TUNABLES)
		return 0;
	m->kind = SC_MSG_SET;
	if (check_settable(id, why) ||
	    sc_tunable_parse(id, argv[1], &m->value, why))
		return -EINVAL;
	return check_together(cur, id, m->value, why);
}

int sc_message_parse(struct sc_message *m, const struct sc_config *cur,
		     unsigned int argc, char **argv, struct sc_reason *why)
{
	const struct verb *v;

	memset(m, 0, sizeof(*m));
	if (!argc) {
		sc_reason_set(why, "empty message");
		return -EINVAL;
	}
	for (v = verbs; v < verbs + ARRAY_SIZE(verbs); v++)
		if (!strcmp(v->name, argv[0]))
			break;
	if (v == verbs + ARRAY_SIZE(verbs))
		return parse_set(m, cur, argc, argv, why);
	if (argc - 1 < v->min_args || argc - 1 > v->max_args) {
		sc_reason_set(why, "%s: must be followed by %s", v->name,
			      v->usage);
		return -EINVAL;
	}
	m->kind = v->kind;
	switch (v->kind) {
	case SC_MSG_MODE:
		return parse_mode(m, argv[1], why);
	case SC_MSG_INVALIDATE:
		return parse_ranges(m, cur, argc - 1, argv + 1, why);
	case SC_MSG_STATS_RESET:
		return parse_stats(argv[1], why);
	default:
		return 0;
	}
}

void sc_message_apply(struct sc_config *c, const struct sc_message *m)
{
	if (m->kind == SC_MSG_SET)
		sc_tunable_set(&c->tune, m->tunable, m->value);
	else if (m->kind == SC_MSG_MODE)
		WRITE_ONCE(c->mode, m->mode);	/* I/O reads it without a lock */
}

/* Split at the first hyphen; without one the end is the slot after the first. */
static int split_range(char *text, u64 *begin, u64 *end)
{
	char *hyphen = strchr(text, '-');
	int r;

	if (hyphen)
		*hyphen = '\0';
	r = sc_text_to_u64(text, begin);
	if (r)
		return r;
	*end = *begin + 1;
	return hyphen ? sc_text_to_u64(hyphen + 1, end) : 0;
}

int sc_message_range(const char *word, u32 nr_slots,
		     struct sc_slot_range *range, struct sc_reason *why)
{
	char text[RANGE_BYTES];
	u64 begin, end;

	if (strlen(word) >= sizeof(text))
		goto bad;
	memcpy(text, word, strlen(word) + 1);
	if (split_range(text, &begin, &end))
		goto bad;
	if (begin >= nr_slots || end > nr_slots) {
		sc_reason_set(why, "range %s goes too far: there are %u slots",
			      word, nr_slots);
		return -EINVAL;
	}
	if (begin >= end) {
		sc_reason_set(why, "range %s is empty: its end is not part of it",
			      word);
		return -EINVAL;
	}
	range->begin = (u32)begin;
	range->end = (u32)end;
	return 0;
bad:
	sc_reason_set(why, "a range must be <a> or <a>-<b>, got '%.32s'", word);
	return -EINVAL;
}
