// SPDX-License-Identifier: GPL-2.0-only
/*
 * The tunables: name, default, range, unit and meaning of each, once.
 */
#include "tunable.h"

#define SC_TUNABLE_ROW(name_, def_, min_, max_, unit_, flags_, help_) \
	[SC_TUN_##name_] = { \
		.name = #name_, \
		.unit = unit_, \
		.help = help_, \
		.offset = offsetof(struct sc_tunables, name_), \
		.def = def_, \
		.min = min_, \
		.max = max_, \
		.flags = flags_, \
	},

const struct sc_tunable sc_tunables[SC_NR_TUNABLES] = {
	SC_TUNABLES(SC_TUNABLE_ROW)
};

/* Pairs of tunables of which the first must not exceed the second. */
static const struct {
	unsigned int less;
	unsigned int more;
} ordered[] = {
	{ SC_TUN_dirty_target, SC_TUN_dirty_low },
	{ SC_TUN_dirty_low, SC_TUN_dirty_high },
	{ SC_TUN_dirty_high, SC_TUN_dirty_limit },
};

unsigned int sc_tunable_find(const char *name)
{
	unsigned int id;

	for (id = 0; id < SC_NR_TUNABLES; id++)
		if (!strcmp(sc_tunables[id].name, name))
			break;
	return id;
}

u32 sc_tunable_get(const struct sc_tunables *t, unsigned int id)
{
	/* A message may be writing it just now: see one value or the other. */
	return READ_ONCE(*(const u32 *)((const char *)t + sc_tunables[id].offset));
}

void sc_tunable_set(struct sc_tunables *t, unsigned int id, u32 value)
{
	/* Read by I/O without a lock. */
	WRITE_ONCE(*(u32 *)((char *)t + sc_tunables[id].offset), value);
}

int sc_tunable_parse(unsigned int id, const char *word, u32 *value,
		     struct sc_reason *why)
{
	const struct sc_tunable *d = &sc_tunables[id];
	u64 v;

	if (sc_text_to_u64(word, &v) || v < d->min || v > d->max) {
		sc_reason_set(why, "%s: must be a number from %u to %u%s%s, got '%.32s'",
			      d->name, d->min, d->max, *d->unit ? " " : "",
			      d->unit, word);
		return -EINVAL;
	}
	*value = (u32)v;
	return 0;
}

void sc_tunables_init(struct sc_tunables *t)
{
	unsigned int id;

	for (id = 0; id < SC_NR_TUNABLES; id++)
		sc_tunable_set(t, id, sc_tunables[id].def);
}

int sc_tunables_check(const struct sc_tunables *t, struct sc_reason *why)
{
	unsigned int i;
	u32 less, more;

	for (i = 0; i < ARRAY_SIZE(ordered); i++) {
		less = sc_tunable_get(t, ordered[i].less);
		more = sc_tunable_get(t, ordered[i].more);
		if (less <= more)
			continue;
		sc_reason_set(why, "%s (%u) must not exceed %s (%u)",
			      sc_tunables[ordered[i].less].name, less,
			      sc_tunables[ordered[i].more].name, more);
		return -EINVAL;
	}
	if (t->journal_blocks && t->journal_blocks < SC_MIN_JOURNAL) {
		sc_reason_set(why, "journal_blocks: must be 0 or at least %u, got %u",
			      SC_MIN_JOURNAL, t->journal_blocks);
		return -EINVAL;
	}
	return 0;
}

void sc_tunable_to_text(unsigned int id, u32 value, struct sc_text *text)
{
	const struct sc_tunable *d = &sc_tunables[id];

	sc_text_add(text, "%s %u%s%s", d->name, value, *d->unit ? " " : "",
		    d->unit);
}
