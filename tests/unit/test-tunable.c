// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/tunable: the table of tunables, their ranges and what goes together.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tunable.h"

static void test_table(void **state)
{
	const struct sc_tunable *d;
	unsigned int id;

	(void)state;
	for (id = 0; id < SC_NR_TUNABLES; id++) {
		d = &sc_tunables[id];
		assert_int_equal(sc_tunable_find(d->name), id);
		assert_true(d->min <= d->def && d->def <= d->max);
		assert_true(*d->help && d->unit);
		assert_int_equal(d->offset, id * sizeof(u32));
		/* What counts only at creation cannot be live. */
		assert_false((d->flags & SC_TUN_LIVE) &&
			     (d->flags & SC_TUN_CREATE));
	}
	assert_int_equal(sc_tunable_find("dirty"), SC_NR_TUNABLES);
	assert_int_equal(sc_tunable_find(""), SC_NR_TUNABLES);
}

static void test_values(void **state)
{
	struct sc_tunables t;
	unsigned int id;

	(void)state;
	sc_tunables_init(&t);
	for (id = 0; id < SC_NR_TUNABLES; id++)
		assert_int_equal(sc_tunable_get(&t, id), sc_tunables[id].def);
	assert_int_equal(sc_tunables_check(&t, NULL), 0);
	for (id = 0; id < SC_NR_TUNABLES; id++)
		sc_tunable_set(&t, id, 1000 + id);
	for (id = 0; id < SC_NR_TUNABLES; id++)
		assert_int_equal(sc_tunable_get(&t, id), 1000 + id);
	assert_int_equal(t.dirty_low, 1000 + SC_TUN_dirty_low);
}

/* One value at each side of each border of each tunable. */
static void test_ranges(void **state)
{
	const struct sc_tunable *d;
	unsigned int id;
	char word[24];
	u32 value;

	(void)state;
	for (id = 0; id < SC_NR_TUNABLES; id++) {
		d = &sc_tunables[id];
		snprintf(word, sizeof(word), "%u", d->min);
		assert_int_equal(sc_tunable_parse(id, word, &value, NULL), 0);
		assert_int_equal(value, d->min);
		snprintf(word, sizeof(word), "%u", d->max);
		assert_int_equal(sc_tunable_parse(id, word, &value, NULL), 0);
		assert_int_equal(value, d->max);
		snprintf(word, sizeof(word), "%llu", d->max + 1ULL);
		assert_int_equal(sc_tunable_parse(id, word, &value, NULL),
				 -EINVAL);
		snprintf(word, sizeof(word), "%lld", d->min - 1LL);
		assert_int_equal(sc_tunable_parse(id, word, &value, NULL),
				 -EINVAL);
		assert_int_equal(value, d->max);
	}
}

static void test_reasons(void **state)
{
	static const struct {
		const char *name;
		const char *word;
		const char *reason;
	} rows[] = {
		{ "dirty_low", "101",
		  "dirty_low: must be a number from 0 to 100 %, got '101'" },
		{ "destage_depth", "0",
		  "destage_depth: must be a number from 1 to 64, got '0'" },
		{ "commit_interval", "1s",
		  "commit_interval: must be a number from 1 to 60000 ms, got '1s'" },
		{ "migration_threshold", "4294967296",
		  "migration_threshold: must be a number from 0 to 4294967295 sectors, got '4294967296'" },
		{ "idle_ms", "0123456789012345678901234567890123456789",
		  "idle_ms: must be a number from 0 to 3600000 ms, got '01234567890123456789012345678901'" },
	};
	struct sc_reason why;
	unsigned int i;
	u32 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		assert_int_equal(sc_tunable_parse(sc_tunable_find(rows[i].name),
						  rows[i].word, &value, &why),
				 -EINVAL);
		assert_string_equal(why.text, rows[i].reason);
	}
}

static void test_order(void **state)
{
	static const struct {
		u32 target, low, high, limit;
		const char *reason;
	} rows[] = {
		{ 5, 10, 70, 85, NULL },
		{ 50, 50, 50, 50, NULL },
		{ 0, 0, 0, 1, NULL },
		{ 100, 100, 100, 100, NULL },
		{ 11, 10, 70, 85, "dirty_target (11) must not exceed dirty_low (10)" },
		{ 5, 71, 70, 85, "dirty_low (71) must not exceed dirty_high (70)" },
		{ 5, 10, 86, 85, "dirty_high (86) must not exceed dirty_limit (85)" },
	};
	struct sc_reason why;
	struct sc_tunables t;
	unsigned int i;

	(void)state;
	sc_tunables_init(&t);
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		t.dirty_target = rows[i].target;
		t.dirty_low = rows[i].low;
		t.dirty_high = rows[i].high;
		t.dirty_limit = rows[i].limit;
		assert_int_equal(sc_tunables_check(&t, &why),
				 rows[i].reason ? -EINVAL : 0);
		if (rows[i].reason)
			assert_string_equal(why.text, rows[i].reason);
	}
}

static void test_journal(void **state)
{
	struct sc_reason why;
	struct sc_tunables t;

	(void)state;
	sc_tunables_init(&t);
	t.journal_blocks = 16;
	assert_int_equal(sc_tunables_check(&t, &why), 0);
	t.journal_blocks = 15;
	assert_int_equal(sc_tunables_check(&t, &why), -EINVAL);
	assert_string_equal(why.text,
			    "journal_blocks: must be 0 or at least 16, got 15");
}

static void test_to_text(void **state)
{
	struct sc_text t;
	char buf[80];

	(void)state;
	sc_text_init(&t, buf, sizeof(buf));
	sc_tunable_to_text(SC_TUN_sequential_cutoff, 4096, &t);
	sc_text_add(&t, "; ");
	sc_tunable_to_text(SC_TUN_read_fill, 1, &t);
	assert_string_equal(buf, "sequential_cutoff 4096 KiB; read_fill 1");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_to_text),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
