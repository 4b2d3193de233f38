// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/config: the table line, read and written again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "argv.h"
#include "config.h"
#include "random.h"

static int parse(struct sc_config *c, const char *line, struct sc_reason *why)
{
	struct args a;

	args_split(&a, line);
	return sc_config_parse_table(c, a.argc, a.argv, why);
}

static void parse_ok(struct sc_config *c, const char *line)
{
	struct sc_reason why = { "" };

	if (parse(c, line, &why))
		fail_msg("'%s': %s", line, why.text);
}

/* The line as the target would echo it, after the same three devices. */
static void echo(const struct sc_config *c, char *buf, size_t size)
{
	struct sc_text t;

	sc_text_init(&t, buf, size);
	sc_text_add(&t, "m c o ");
	sc_config_emit_table(c, &t);
	assert_true(t.len + 1 < size);
}

static void test_least(void **state)
{
	struct sc_config c, init;

	(void)state;
	sc_config_init(&init);
	parse_ok(&c, "m c o 8 0 default 0");
	assert_memory_equal(&c, &init, sizeof(c));
	assert_int_equal(c.block_sectors, 8);
	assert_int_equal(c.mode, SC_WRITEBACK);
	assert_int_equal(c.features, 0);
	assert_string_equal(c.policy, "s3fifo");
	assert_string_equal(c.policy_word, "default");
	assert_int_equal(c.nr_given, 0);
	assert_int_equal(c.tune.dirty_limit, 85);
}

static void test_most(void **state)
{
	struct sc_config c;

	(void)state;
	parse_ok(&c, "/dev/m /dev/c /dev/o 2048 3 no_discard_passdown writethrough metadata2 lru 6 dirty_low 20 migration_threshold 4096 journal_blocks 64");
	assert_int_equal(c.block_sectors, 2048);
	assert_int_equal(c.mode, SC_WRITETHROUGH);
	assert_int_equal(c.features, SC_FEATURE_METADATA2 |
			 SC_FEATURE_NO_DISCARD_PASSDOWN |
			 SC_FEATURE_MODE_GIVEN);
	assert_string_equal(c.policy, "lru");
	assert_int_equal(c.nr_given, 3);
	assert_int_equal(c.given[0], SC_TUN_dirty_low);
	assert_int_equal(c.tune.dirty_low, 20);
	assert_int_equal(c.tune.migration_threshold, 4096);
	assert_int_equal(c.tune.journal_blocks, 64);
	assert_int_equal(c.tune.dirty_high, 70);
}

static void test_policies(void **state)
{
	static const char *const names[][2] = {
		{ "s3fifo", "s3fifo" }, { "default", "s3fifo" },
		{ "smq", "s3fifo" }, { "mq", "s3fifo" },
		{ "lru", "lru" }, { "cleaner", "cleaner" },
	};
	struct sc_config c;
	char line[80];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(line, sizeof(line), "m c o 8 0 %s 0", names[i][0]);
		parse_ok(&c, line);
		assert_string_equal(c.policy_word, names[i][0]);
		assert_string_equal(c.policy, names[i][1]);
	}
}

static void test_modes(void **state)
{
	struct sc_config c;
	char line[80];
	unsigned int i;

	(void)state;
	for (i = 0; i < SC_NR_MODES; i++) {
		snprintf(line, sizeof(line), "m c o 8 1 %s smq 0",
			 sc_mode_name(i));
		parse_ok(&c, line);
		assert_int_equal(c.mode, i);
	}
}

static void test_block_sizes(void **state)
{
	struct sc_config c;
	unsigned int n, accepted = 0;
	char line[80];

	(void)state;
	for (n = 0; n <= 5000; n++) {
		snprintf(line, sizeof(line), "m c o %u 0 smq 0", n);
		if (parse(&c, line, NULL))
			continue;
		assert_int_equal(c.block_sectors, n);
		accepted++;
	}
	assert_int_equal(accepted, 9);
}

#define BLOCK_SIZE(got) \
	"block size: must be a power of two from 8 to 2048 sectors, got '" got "'"
#define FEATURES(got) \
	"#features: must be a number from 0 to 3, got '" got "'"
#define TWICE(feature)	"m c o 8 2 " feature " " feature " smq 0"
#define ENDS(what)	"the line ends before the " what

static const struct {
	const char *line;
	const char *reason;
} mistakes[] = {
	/* Too short, at every place. */
	{ "", "the line ends before the three devices: metadata, cache, origin" },
	{ "m c", "the line ends before the three devices: metadata, cache, origin" },
	{ "m c o", ENDS("block size") },
	{ "m c o 8", ENDS("#features") },
	{ "m c o 8 2 writeback", ENDS("last feature") },
	{ "m c o 8 0", ENDS("policy") },
	{ "m c o 8 0 smq", ENDS("#policy args") },
	{ "m c o 8 0 smq 2", ENDS("last policy argument") },
	{ "m c o 8 0 smq 2 dirty_low", ENDS("last policy argument") },
	{ "m c o 8 0 smq 4 dirty_low 10", ENDS("last policy argument") },
	/* Too long. */
	{ "m c o 8 0 smq 0 dirty_low 10", "the line should end before 'dirty_low'" },
	{ "m c o 8 0 smq 2 dirty_low 10 11", "the line should end before '11'" },
	/* Block size. */
	{ "m c o 0 0 smq 0", BLOCK_SIZE("0") },
	{ "m c o 4 0 smq 0", BLOCK_SIZE("4") },
	{ "m c o 24 0 smq 0", BLOCK_SIZE("24") },
	{ "m c o 4096 0 smq 0", BLOCK_SIZE("4096") },
	{ "m c o 4294967304 0 smq 0", BLOCK_SIZE("4294967304") },
	{ "m c o 64k 0 smq 0", BLOCK_SIZE("64k") },
	{ "m c o -8 0 smq 0", BLOCK_SIZE("-8") },
	/* Features. */
	{ "m c o 8 x smq 0", FEATURES("x") },
	{ "m c o 8 4 writeback smq 0", FEATURES("4") },
	{ "m c o 8 1 writebak smq 0", "features: unknown feature 'writebak'" },
	{ "m c o 8 2 writeback smq 0", "features: unknown feature 'smq'" },
	{ "m c o 8 2 writeback passthrough smq 0",
	  "features: only one mode is possible, got writeback and passthrough" },
	{ TWICE("passthrough"),
	  "features: only one mode is possible, got passthrough and passthrough" },
	{ TWICE("metadata2"), "features: metadata2 is given twice" },
	{ TWICE("no_discard_passdown"),
	  "features: no_discard_passdown is given twice" },
	/* Policy. */
	{ "m c o 8 1 writeback metadata2 smq 0", "unknown policy 'metadata2'" },
	{ "m c o 8 0 SMQ 0", "unknown policy 'SMQ'" },
	{ "m c o 8 0 0", "unknown policy '0'" },
	/* Policy arguments. */
	{ "m c o 8 0 smq x", "#policy args: must be a number from 0 to 1024, got 'x'" },
	{ "m c o 8 0 smq 1026 dirty_low 1", "#policy args: must be a number from 0 to 1024, got '1026'" },
	{ "m c o 8 0 smq 1 dirty_low", "#policy args: must be even, each key has a value, got 1" },
	{ "m c o 8 0 smq 3 dirty_low 10 dirty_high", "#policy args: must be even, each key has a value, got 3" },
	{ "m c o 8 0 smq 2 dirty 10", "unknown key 'dirty'" },
	{ "m c o 8 0 smq 2 10 dirty_low", "unknown key '10'" },
	{ "m c o 8 0 smq 4 dirty_low 10 dirty_low 11", "dirty_low is given twice" },
	{ "m c o 8 0 smq 2 dirty_low 101", "dirty_low: must be a number from 0 to 100 %, got '101'" },
	{ "m c o 8 0 smq 2 commit_interval 0", "commit_interval: must be a number from 1 to 60000 ms, got '0'" },
	{ "m c o 8 0 smq 2 read_fill yes", "read_fill: must be a number from 0 to 1, got 'yes'" },
	/* dm-cache's old keys go with dm-cache's policies only. */
	{ "m c o 8 0 lru 2 random_threshold 4", "unknown key 'random_threshold'" },
	{ "m c o 8 0 s3fifo 2 sequential_threshold 4", "unknown key 'sequential_threshold'" },
	/* Values that do not go together. */
	{ "m c o 8 0 smq 2 dirty_low 71", "dirty_low (71) must not exceed dirty_high (70)" },
	{ "m c o 8 0 smq 2 dirty_low 4", "dirty_target (5) must not exceed dirty_low (4)" },
	{ "m c o 8 0 smq 2 journal_blocks 9", "journal_blocks: must be 0 or at least 16, got 9" },
};

static void test_mistakes(void **state)
{
	struct sc_reason why;
	struct sc_config c;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		why.text[0] = '\0';
		if (parse(&c, mistakes[i].line, &why) != -EINVAL)
			fail_msg("'%s' was accepted", mistakes[i].line);
		assert_string_equal(why.text, mistakes[i].reason);
		assert_int_equal(parse(&c, mistakes[i].line, NULL), -EINVAL);
	}
}

/* Order of the pairs must not matter for what must go together. */
static void test_check_comes_last(void **state)
{
	struct sc_config c;

	(void)state;
	parse_ok(&c, "m c o 8 0 smq 8 dirty_limit 3 dirty_high 2 dirty_low 1 dirty_target 0");
	assert_int_equal(c.tune.dirty_limit, 3);
}

static void test_old_keys(void **state)
{
	static const char *const policies[] = { "smq", "mq", "default" };
	struct sc_config c;
	char line[300], buf[300];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(policies); i++) {
		snprintf(line, sizeof(line),
			 "m c o 8 0 %s 12 random_threshold 4 sequential_threshold 512 discard_promote_adjustment 1 idle_ms 7 read_promote_adjustment 0 write_promote_adjustment 0",
			 policies[i]);
		parse_ok(&c, line);
		assert_int_equal(c.nr_given, 1);
		echo(&c, buf, sizeof(buf));
		snprintf(line, sizeof(line), "m c o 8 0 %s 2 idle_ms 7",
			 policies[i]);
		assert_string_equal(buf, line);
	}
}

static void test_echo_is_the_line(void **state)
{
	static const char *const lines[] = {
		"m c o 8 0 default 0",
		"m c o 8 1 writeback smq 0",
		"m c o 128 2 metadata2 writethrough smq 2 migration_threshold 2048",
		"m c o 8 2 metadata2 no_discard_passdown mq 0",
		"m c o 8 3 metadata2 writearound no_discard_passdown lru 6 idle_ms 0 dirty_low 10 commit_interval 5",
		"m c o 2048 1 passthrough cleaner 4 journal_blocks 64 ghost 20",
	};
	struct sc_config c;
	char buf[400];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		parse_ok(&c, lines[i]);
		echo(&c, buf, sizeof(buf));
		assert_string_equal(buf, lines[i]);
	}
}

/* What a message changed must be in the line, too. */
static void test_echo_is_in_effect(void **state)
{
	struct sc_config c;
	char buf[400];

	(void)state;
	parse_ok(&c, "m c o 8 0 default 2 idle_ms 5");
	c.mode = SC_WRITETHROUGH;
	c.tune.idle_ms = 6;
	c.tune.dirty_low = 33;
	echo(&c, buf, sizeof(buf));
	assert_string_equal(buf, "m c o 8 1 writethrough default 4 idle_ms 6 dirty_low 33");
	c.mode = SC_WRITEBACK;
	c.tune.dirty_low = 10;
	echo(&c, buf, sizeof(buf));
	assert_string_equal(buf, "m c o 8 0 default 2 idle_ms 6");
}

static void test_truncation(void **state)
{
	struct sc_config c;
	struct sc_text t;
	char full[400], *buf;
	size_t size, len;

	(void)state;
	parse_ok(&c, "m c o 8 3 metadata2 writearound no_discard_passdown lru 4 idle_ms 0 dirty_low 10");
	sc_text_init(&t, full, sizeof(full));
	sc_config_emit_table(&c, &t);
	len = t.len;
	for (size = 0; size < len + 3; size++) {
		buf = malloc(size);
		sc_text_init(&t, buf, size);
		sc_config_emit_table(&c, &t);
		assert_int_equal(t.len, size ? min(size - 1, len) : 0);
		if (size)
			assert_int_equal(strncmp(buf, full, size - 1), 0);
		free(buf);
	}
}

/* ---- properties ------------------------------------------------------------ */

#define ROUNDS	20000

static const char *random_word(void)
{
	static const char *const words[] = {
		"0", "1", "2", "3", "4", "8", "16", "2048", "4096", "-1", "x",
		"", "18446744073709551615", "18446744073709551616",
		"writeback", "writethrough", "writearound", "passthrough",
		"metadata2", "no_discard_passdown", "default", "smq", "mq",
		"s3fifo", "lru", "cleaner", "random_threshold", "\xff\x01%s%n",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	};
	unsigned int i = random_below(ARRAY_SIZE(words) + SC_NR_TUNABLES);

	return i < ARRAY_SIZE(words) ? words[i] :
				       sc_tunables[i - ARRAY_SIZE(words)].name;
}

static void same_again(const struct sc_config *c)
{
	struct sc_config again;
	char buf[2000];

	echo(c, buf, sizeof(buf));
	parse_ok(&again, buf);
	/* What the line left out and a message changed has been named now. */
	assert_memory_equal(&again.tune, &c->tune, sizeof(c->tune));
	assert_int_equal(again.mode, c->mode);
	assert_int_equal(again.block_sectors, c->block_sectors);
	assert_ptr_equal(again.policy, c->policy);
	assert_ptr_equal(again.policy_word, c->policy_word);
	assert_int_equal(again.features | SC_FEATURE_MODE_GIVEN,
			 c->features | SC_FEATURE_MODE_GIVEN);
}

/* Each argument on the heap with its exact size: reading beyond is seen. */
static void test_garbage(void **state)
{
	char *argv[12];
	struct sc_reason why;
	struct sc_config c;
	unsigned int argc, i, round;

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		argc = random_below(ARRAY_SIZE(argv) + 1);
		for (i = 0; i < argc; i++)
			argv[i] = strdup(random_word());
		memset(&why, 'x', sizeof(why));
		if (sc_config_parse_table(&c, argc, argv, &why)) {
			assert_true(strnlen(why.text, sizeof(why.text)) <
				    sizeof(why.text));
			assert_true(why.text[0]);
		} else {
			same_again(&c);
		}
		for (i = 0; i < argc; i++)
			free(argv[i]);
	}
}

static void random_tunables(struct sc_tunables *t)
{
	unsigned int id;

	do {
		for (id = 0; id < SC_NR_TUNABLES; id++)
			sc_tunable_set(t, id, random_below(4) ?
				sc_tunables[id].def : sc_tunables[id].min +
				random_below(sc_tunables[id].max -
					     sc_tunables[id].min));
	} while (sc_tunables_check(t, NULL));
}

static void test_round_trip(void **state)
{
	static const char *const policies[] = { "smq", "lru", "cleaner" };
	unsigned int round;
	struct sc_config c;
	char line[80];

	(void)state;
	for (round = 0; round < ROUNDS; round++) {
		snprintf(line, sizeof(line), "m c o %u %s %s 0",
			 8 << random_below(9), random_below(2) ?
			 "0" : "2 metadata2 no_discard_passdown",
			 policies[random_below(ARRAY_SIZE(policies))]);
		parse_ok(&c, line);
		c.mode = random_below(SC_NR_MODES);
		random_tunables(&c.tune);
		same_again(&c);
	}
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_most),
		cmocka_unit_test(test_policies),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_block_sizes),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_check_comes_last),
		cmocka_unit_test(test_old_keys),
		cmocka_unit_test(test_echo_is_the_line),
		cmocka_unit_test(test_echo_is_in_effect),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_garbage),
		cmocka_unit_test(test_round_trip),
	};

	random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
