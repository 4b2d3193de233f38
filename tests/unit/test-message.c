// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/message: messages.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "argv.h"
#include "message.h"
#include "random.h"

/* The configuration in effect, of some policy and mode. */
static struct sc_config config(const char *policy, enum sc_mode mode)
{
	struct sc_config c;
	struct args a;
	char line[80];

	snprintf(line, sizeof(line), "m c o 8 0 %s 0", policy);
	args_split(&a, line);
	assert_int_equal(sc_config_parse_table(&c, a.argc, a.argv, NULL), 0);
	c.mode = mode;
	return c;
}

static void test_set(void **state)
{
	struct sc_config c = config("smq", SC_WRITEBACK), before = c;
	const struct sc_tunable *d;
	struct sc_message m;
	struct args a;
	char line[80];
	unsigned int id;

	(void)state;
	for (id = 0; id < SC_NR_TUNABLES; id++) {
		d = &sc_tunables[id];
		if (!(d->flags & SC_TUN_LIVE))
			continue;
		snprintf(line, sizeof(line), "%s %u", d->name, d->def);
		args_split(&a, line);
		assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, NULL),
				 0);
		assert_int_equal(m.kind, SC_MSG_SET);
		assert_int_equal(m.tunable, id);
		assert_int_equal(m.value, d->def);
	}
	args_split(&a, "dirty_low 33");
	assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, NULL), 0);
	assert_memory_equal(&c, &before, sizeof(c));
	sc_message_apply(&c, &m);
	before.tune.dirty_low = 33;
	assert_memory_equal(&c, &before, sizeof(c));
}

static void test_mode(void **state)
{
	struct sc_config c = config("smq", SC_WRITEBACK);
	struct sc_message m;
	struct args a;
	char line[80];
	unsigned int i;

	(void)state;
	for (i = 0; i < SC_NR_MODES; i++) {
		snprintf(line, sizeof(line), "mode %s", sc_mode_name(i));
		args_split(&a, line);
		assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, NULL),
				 0);
		assert_int_equal(m.kind, SC_MSG_MODE);
		sc_message_apply(&c, &m);
		assert_int_equal(c.mode, i);
	}
}

static void test_plain(void **state)
{
	static const struct {
		const char *line;
		enum sc_message_kind kind;
	} rows[] = {
		{ "flush", SC_MSG_FLUSH },
		{ "abandon", SC_MSG_ABANDON },
		{ "stats reset", SC_MSG_STATS_RESET },
		{ "random_threshold 4", SC_MSG_IGNORED },
		{ "write_promote_adjustment x", SC_MSG_IGNORED },
	};
	struct sc_config c = config("mq", SC_WRITETHROUGH), before = c;
	struct sc_message m;
	unsigned int i;
	struct args a;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		args_split(&a, rows[i].line);
		assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, NULL),
				 0);
		assert_int_equal(m.kind, rows[i].kind);
		sc_message_apply(&c, &m);
		assert_memory_equal(&c, &before, sizeof(c));
	}
}

static void test_invalidate(void **state)
{
	struct sc_config c = config("smq", SC_PASSTHROUGH);
	struct sc_slot_range range;
	struct sc_message m;
	struct args a;

	(void)state;
	args_split(&a, "invalidate_cblocks 5 0-7 1073741823");
	assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, NULL), 0);
	assert_int_equal(m.kind, SC_MSG_INVALIDATE);
	assert_int_equal(m.nr_ranges, 3);
	assert_int_equal(sc_message_range(m.ranges[0], 7, &range, NULL), 0);
	assert_int_equal(range.begin, 5);
	assert_int_equal(range.end, 6);
	assert_int_equal(sc_message_range(m.ranges[1], 7, &range, NULL), 0);
	assert_int_equal(range.begin, 0);
	assert_int_equal(range.end, 7);
	assert_int_equal(sc_message_range(m.ranges[2], 7, &range, NULL),
			 -EINVAL);
}

#define RANGE(got)	"a range must be <a> or <a>-<b>, got '" got "'"

static void test_ranges(void **state)
{
	static const struct {
		const char *word;
		const char *reason;
	} rows[] = {
		{ "0", NULL },
		{ "99", NULL },
		{ "0-100", NULL },
		{ "99-100", NULL },
		{ "100", "range 100 goes too far: there are 100 slots" },
		{ "99-101", "range 99-101 goes too far: there are 100 slots" },
		{ "100-100", "range 100-100 goes too far: there are 100 slots" },
		{ "18446744073709551615", "range 18446744073709551615 goes too far: there are 100 slots" },
		{ "5-5", "range 5-5 is empty: its end is not part of it" },
		{ "6-5", "range 6-5 is empty: its end is not part of it" },
		{ "", RANGE("") },
		{ "-", RANGE("-") },
		{ "-5", RANGE("-5") },
		{ "5-", RANGE("5-") },
		{ "5--6", RANGE("5--6") },
		{ "5-6-7", RANGE("5-6-7") },
		{ "5:6", RANGE("5:6") },
		{ "0x5", RANGE("0x5") },
		{ "18446744073709551616", RANGE("18446744073709551616") },
		{ "00000000000000000000000005", RANGE("00000000000000000000000005") },
	};
	struct sc_slot_range range;
	struct sc_reason why;
	unsigned int i;
	int r;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		range.begin = 4711;
		r = sc_message_range(rows[i].word, 100, &range, &why);
		assert_int_equal(r, rows[i].reason ? -EINVAL : 0);
		if (!r)
			continue;
		assert_string_equal(why.text, rows[i].reason);
		assert_int_equal(range.begin, 4711);
	}
	assert_int_equal(sc_message_range("0", 0, &range, NULL), -EINVAL);
}

static const struct {
	const char *line;
	const char *reason;
} mistakes[] = {
	{ "", "empty message" },
	{ "flushh", "unknown message 'flushh'" },
	{ "dirty 10", "unknown message 'dirty'" },
	{ "flush now", "flush: must be followed by nothing" },
	{ "mode", "mode: must be followed by <mode>" },
	{ "mode writeback now", "mode: must be followed by <mode>" },
	{ "mode fast", "unknown mode 'fast'" },
	{ "stats", "stats: must be followed by reset" },
	{ "stats reset now", "stats: must be followed by reset" },
	{ "stats clear", "stats: the only word possible is reset, got 'clear'" },
	{ "invalidate_cblocks", "invalidate_cblocks: must be followed by <a>[-<b>] ..." },
	{ "invalidate_cblocks 1-2 3-", RANGE("3-") },
	{ "invalidate_cblocks 0-1073741825", "range 0-1073741825 goes too far: there are 1073741824 slots" },
	{ "dirty_low", "dirty_low: must be followed by one value" },
	{ "dirty_low 10 %", "dirty_low: must be followed by one value" },
	{ "random_threshold", "random_threshold: must be followed by one value" },
	{ "dirty_low 101", "dirty_low: must be a number from 0 to 100 %, got '101'" },
	{ "dirty_low -1", "dirty_low: must be a number from 0 to 100 %, got '-1'" },
	{ "dirty_low 71", "dirty_low (71) must not exceed dirty_high (70)" },
	{ "dirty_limit 69", "dirty_high (70) must not exceed dirty_limit (69)" },
	{ "dirty_target 11", "dirty_target (11) must not exceed dirty_low (10)" },
	{ "ghost 40", "ghost: takes a new table, not a message" },
	{ "journal_blocks 64", "journal_blocks: fixed when the metadata was formatted" },
};

static void test_mistakes(void **state)
{
	struct sc_config c = config("smq", SC_PASSTHROUGH), before = c;
	struct sc_reason why;
	struct sc_message m;
	unsigned int i;
	struct args a;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		args_split(&a, mistakes[i].line);
		why.text[0] = '\0';
		if (sc_message_parse(&m, &c, a.argc, a.argv, &why) != -EINVAL)
			fail_msg("'%s' was accepted", mistakes[i].line);
		assert_string_equal(why.text, mistakes[i].reason);
		assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, NULL),
				 -EINVAL);
	}
	assert_memory_equal(&c, &before, sizeof(c));
}

static void test_wrong_time(void **state)
{
	struct sc_config c = config("lru", SC_WRITEBACK);
	struct sc_reason why;
	struct sc_message m;
	struct args a;

	(void)state;
	args_split(&a, "invalidate_cblocks 1");
	assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, &why),
			 -EINVAL);
	assert_string_equal(why.text,
			    "invalidate_cblocks: possible in mode passthrough only, the mode is writeback");
	args_split(&a, "random_threshold 4");
	assert_int_equal(sc_message_parse(&m, &c, a.argc, a.argv, &why),
			 -EINVAL);
	assert_string_equal(why.text, "unknown message 'random_threshold'");
}

/* Whatever is accepted leaves a configuration that a table could have. */
static void check_applied(struct sc_config *c, const struct sc_message *m)
{
	unsigned int id;
	u32 value;

	sc_message_apply(c, m);
	assert_true(c->mode < SC_NR_MODES);
	assert_int_equal(sc_tunables_check(&c->tune, NULL), 0);
	for (id = 0; id < SC_NR_TUNABLES; id++) {
		value = sc_tunable_get(&c->tune, id);
		assert_true(value >= sc_tunables[id].min &&
			    value <= sc_tunables[id].max);
	}
}

static const char *random_word(void)
{
	static const char *const words[] = {
		"0", "1", "5", "10", "50", "90", "100", "101", "-", "1-2",
		"4294967295", "4294967296", "mode", "writethrough",
		"passthrough", "flush", "stats", "reset", "invalidate_cblocks",
		"\x80%s", "",
	};
	unsigned int i = random_below(ARRAY_SIZE(words) + SC_NR_TUNABLES);

	return i < ARRAY_SIZE(words) ? words[i] :
				       sc_tunables[i - ARRAY_SIZE(words)].name;
}

static void test_garbage(void **state)
{
	struct sc_config c = config("smq", SC_PASSTHROUGH);
	unsigned int argc, i, round, accepted = 0;
	struct sc_message m;
	struct sc_reason why;
	char *argv[4];

	(void)state;
	for (round = 0; round < 50000; round++) {
		argc = random_below(ARRAY_SIZE(argv) + 1);
		for (i = 0; i < argc; i++)
			argv[i] = strdup(random_word());
		memset(&why, 0, sizeof(why));
		if (sc_message_parse(&m, &c, argc, argv, &why)) {
			assert_true(why.text[0]);
		} else {
			check_applied(&c, &m);
			accepted++;
		}
		for (i = 0; i < argc; i++)
			free(argv[i]);
	}
	assert_true(accepted > 300);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set),
		cmocka_unit_test(test_mode),
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_invalidate),
		cmocka_unit_test(test_ranges),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_wrong_time),
		cmocka_unit_test(test_garbage),
	};

	random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
