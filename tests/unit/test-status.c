// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/status: the status line, written and read.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "argv.h"
#include "random.h"
#include "status.h"

static void example(struct sc_status_info *s)
{
	unsigned int i;

	memset(s, 0, sizeof(*s));
	sc_config_init(&s->config);
	s->config.features = SC_FEATURE_METADATA2;
	s->config.mode = SC_WRITETHROUGH;
	s->meta = (struct sc_ratio){ 12, 1024 };
	s->slots = (struct sc_ratio){ 300, 65536 };
	s->journal = (struct sc_ratio){ 3, 64 };
	s->nr_dirty = 7;
	s->dirty_sectors = 56;
	s->free_slots = 60000;
	s->retiring_slots = 2;
	s->ram_bytes = 1572864;
	s->budget_used = 44;
	for (i = 0; i < SC_UUID_BYTES; i++)
		s->uuid[i] = (u8)(i + 1);
	for (i = 0; i < SC_NR_COUNTERS; i++)
		s->counter[i] = 100 + i;
}

#define TUNABLES \
	"26 sequential_cutoff 4096 read_fill 1 write_budget 0 " \
	"commit_interval 1000 dirty_target 5 dirty_low 10 dirty_high 70 " \
	"dirty_limit 85 idle_ms 1000 destage_depth 32 small_queue 10 " \
	"ghost 50 journal_blocks 0"
#define HEAD	"8 12/1024 8 300/65536 100 101 102 103 104 105 7 "
#define CORE	"2 migration_threshold 2048 "
#define POSITIONAL \
	HEAD "2 metadata2 writethrough " CORE "default " TUNABLES " rw -"
#define KEYED \
	"mode=writethrough uuid=01020304-0506-0708-090a-0b0c0d0e0f10 " \
	"dirty_sectors=56 free_slots=60000 retiring_slots=2 journal=3/64 " \
	"budget_used=44 ram_bytes=1572864 bypass_reads=106 " \
	"bypass_writes=107 sequential_bypasses=108 discards=109 fills=110 " \
	"fills_dropped=111 invalidations=112 cache_write_bytes=113 " \
	"destaged_blocks=114 destage_writes=115 throttled_writes=116 " \
	"flushes=117 coalesced_flushes=118 commits=119 commit_records=120 " \
	"checkpoints=121 origin_flushes=122 cache_flushes=123 " \
	"origin_read_errors=124 origin_write_errors=125 " \
	"cache_read_errors=126 cache_write_errors=127 metadata_errors=128 " \
	"lost_blocks=129"

static void parse_ok(const char *line, struct sc_status_info *s)
{
	struct sc_reason why = { "" };

	if (sc_status_parse(line, s, &why))
		fail_msg("'%s': %s", line, why.text);
}

/* The line in full, as others read it: a change here breaks their scripts. */
static void test_line(void **state)
{
	struct sc_status_info s, again;
	char buf[SC_STATUS_MAX_BYTES];
	size_t len;

	(void)state;
	example(&s);
	len = sc_status_emit(&s, buf, sizeof(buf));
	assert_int_equal(len, strlen(buf));
	assert_string_equal(buf, POSITIONAL " state=rw " KEYED);
	parse_ok(buf, &again);
	assert_memory_equal(&again, &s, sizeof(s));
}

static void test_states(void **state)
{
	static const struct {
		enum sc_health health;
		bool needs_check;
		const char *words;
	} cases[] = {
		{ SC_RW, false, " rw - state=rw " },
		{ SC_RW, true, " rw needs_check state=rw " },
		{ SC_RO, false, " ro - state=ro " },
		{ SC_RO, true, " ro needs_check state=ro " },
		{ SC_DEGRADED, false, " ro - state=degraded " },
		{ SC_DEGRADED, true, " ro needs_check state=degraded " },
	};
	struct sc_status_info s, again;
	char buf[SC_STATUS_MAX_BYTES];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		example(&s);
		s.health = cases[i].health;
		s.needs_check = cases[i].needs_check;
		sc_status_emit(&s, buf, sizeof(buf));
		assert_non_null(strstr(buf, cases[i].words));
		parse_ok(buf, &again);
		assert_memory_equal(&again, &s, sizeof(s));
	}
}

static void test_fail(void **state)
{
	struct sc_status_info s;
	char buf[SC_STATUS_MAX_BYTES];

	(void)state;
	example(&s);
	s.health = SC_FAIL;
	sc_status_emit(&s, buf, sizeof(buf));
	assert_string_equal(buf, "Fail state=fail " KEYED);
	parse_ok(buf, &s);
	assert_int_equal(s.health, SC_FAIL);
	assert_int_equal(s.config.mode, SC_WRITETHROUGH);
	assert_int_equal(s.counter[SC_CNT_lost_blocks], 129);
	parse_ok("Fail", &s);
	assert_int_equal(s.health, SC_FAIL);
}

/* Tools and module of different age. */
static void test_other_versions(void **state)
{
	struct sc_status_info s;

	(void)state;
	parse_ok(POSITIONAL, &s);
	assert_int_equal(s.health, SC_RW);
	assert_int_equal(s.counter[SC_CNT_promotions], 105);
	assert_int_equal(s.counter[SC_CNT_commits], 0);
	parse_ok("  " POSITIONAL "  commits=5 warp_speed=9.8 a=b=c uuid=-\n", &s);
	assert_int_equal(s.counter[SC_CNT_commits], 5);
	parse_ok("8 0/0 128 0/0 0 0 0 0 0 0 0 1 writeback 0 smq 0 ro needs_check state=degraded", &s);
	assert_int_equal(s.health, SC_DEGRADED);
	assert_true(s.needs_check);
	assert_int_equal(s.config.block_sectors, 128);
}

static const struct {
	const char *line;
	const char *reason;
} mistakes[] = {
	{ "", "the status line has no metadata_block_size" },
	{ "4", "status field metadata_block_size: must be 8, got '4'" },
	{ "8", "the status line has no metadata_blocks" },
	{ "8 12", "status field metadata_blocks: must be <used>/<total>, got '12'" },
	{ "8 12/", "status field metadata_blocks: must be <used>/<total>, got '12/'" },
	{ "8 /12", "status field metadata_blocks: must be <used>/<total>, got '/12'" },
	{ "8 1/2/3", "status field metadata_blocks: must be <used>/<total>, got '1/2/3'" },
	{ "8 1/2", "the line ends before the block size" },
	{ "8 1/2 9", "block size: must be a power of two from 8 to 2048 sectors, got '9'" },
	{ "8 1/2 8 3/4", "the status line has no read_hits" },
	{ "8 1/2 8 3/4 -5", "status field read_hits: must be a number, got '-5'" },
	{ "8 1/2 8 3/4 1 2 3 4 5 18446744073709551616",
	  "status field promotions: must be a number, got '18446744073709551616'" },
	{ HEAD, "the line ends before the #features" },
	{ HEAD "1 fast", "features: unknown feature 'fast'" },
	{ HEAD "2 writeback writethrough",
	  "features: only one mode is possible, got writeback and writethrough" },
	{ HEAD "0 1", "#policy args: must be even, each key has a value, got 1" },
	{ HEAD "0 0 arc", "unknown policy 'arc'" },
	{ HEAD "0 0 smq 2 dirty 7", "unknown key 'dirty'" },
	{ HEAD "0 0 smq 0", "the status line has no access" },
	{ HEAD "0 0 smq 0 rx", "status field access: must be rw or ro, got 'rx'" },
	{ HEAD "0 0 smq 0 rw", "the status line has no check" },
	{ HEAD "0 0 smq 0 rw needscheck", "status field check: must be needs_check or -, got 'needscheck'" },
	{ HEAD "0 0 smq 0 rw - 7", "the status line should go on with <key>=<value>, got '7'" },
	{ HEAD "0 0 smq 0 rw - =7", "the status line should go on with <key>=<value>, got '=7'" },
	{ HEAD "0 0 smq 0 rw - commits=", "the status line has no commits" },
	{ HEAD "0 0 smq 0 rw - commits=x", "status field commits: must be a number, got 'x'" },
	{ HEAD "0 0 smq 0 rw - commits=1 commits=1", "status field commits is there twice" },
	{ HEAD "0 0 smq 0 rw - uuid=12", "status field uuid: must be a uuid, got '12'" },
	{ HEAD "0 0 smq 0 rw - mode=fast", "status field mode: must be a mode, got 'fast'" },
	{ HEAD "0 0 smq 0 rw - mode=writearound",
	  "status field mode: must be what the features say, got 'writearound'" },
	{ HEAD "0 0 smq 0 rw - state=up", "status field state: must be a state, got 'up'" },
	{ HEAD "0 0 smq 0 rw - state=ro",
	  "status field state: must be what the fields before say, got 'ro'" },
	{ HEAD "0 0 smq 0 rw - state=degraded",
	  "status field state: must be what the fields before say, got 'degraded'" },
	{ HEAD "0 0 smq 0 ro - state=rw",
	  "status field state: must be what the fields before say, got 'rw'" },
	{ HEAD "0 0 smq 0 ro - state=fail",
	  "status field state: must be what the fields before say, got 'fail'" },
	{ HEAD "0 0 smq 0 rw - journal=5", "status field journal: must be <used>/<total>, got '5'" },
	{ "Fail state=rw", "status field state: must be what the fields before say, got 'rw'" },
	{ "Fail 8", "the status line should go on with <key>=<value>, got '8'" },
	{ "fail", "status field metadata_block_size: must be 8, got 'fail'" },
	{ "Failed", "status field metadata_block_size: must be 8, got 'Failed'" },
};

static void test_mistakes(void **state)
{
	struct sc_status_info s;
	struct sc_reason why;
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(mistakes); i++) {
		why.text[0] = '\0';
		if (sc_status_parse(mistakes[i].line, &s, &why) != -EINVAL)
			fail_msg("'%s' was accepted", mistakes[i].line);
		assert_string_equal(why.text, mistakes[i].reason);
		assert_int_equal(sc_status_parse(mistakes[i].line, &s, NULL),
				 -EINVAL);
	}
}

static void test_truncation(void **state)
{
	char full[SC_STATUS_MAX_BYTES], *buf;
	struct sc_status_info s;
	size_t size, len;

	(void)state;
	example(&s);
	len = sc_status_emit(&s, full, sizeof(full));
	assert_int_equal(sc_status_emit(&s, NULL, 0), 0);
	for (size = 1; size < len + 3; size++) {
		/* Of the exact size: a byte beyond would be seen. */
		buf = malloc(size);
		assert_int_equal(sc_status_emit(&s, buf, size),
				 min(size - 1, len));
		assert_memory_equal(buf, full, min(size - 1, len));
		assert_int_equal(buf[min(size - 1, len)], '\0');
		free(buf);
	}
}

/* The longest line that there can be. */
static void test_longest(void **state)
{
	struct sc_status_info s, again;
	char buf[SC_STATUS_MAX_BYTES];
	unsigned int id;

	(void)state;
	example(&s);
	memset(s.counter, 0xff, sizeof(s.counter));
	memset(&s.meta, 0xff, sizeof(s.meta));
	memset(&s.slots, 0xff, sizeof(s.slots));
	memset(&s.journal, 0xff, sizeof(s.journal));
	s.nr_dirty = UINT64_MAX;
	s.dirty_sectors = UINT64_MAX;
	s.free_slots = UINT64_MAX;
	s.retiring_slots = UINT64_MAX;
	s.ram_bytes = UINT64_MAX;
	s.budget_used = UINT64_MAX;
	s.config.features |= SC_FEATURE_NO_DISCARD_PASSDOWN;
	s.health = SC_DEGRADED;
	s.needs_check = true;
	for (id = 0; id < SC_NR_TUNABLES; id++)
		sc_tunable_set(&s.config.tune, id, sc_tunables[id].max);
	assert_true(sc_status_emit(&s, buf, sizeof(buf)) < sizeof(buf) - 512);
	parse_ok(buf, &again);
	assert_memory_equal(&again, &s, sizeof(s));
}

static void test_names(void **state)
{
	unsigned int i, j, nr_keyed = 0;
	const char *name;
	bool keyed;

	(void)state;
	for (i = 0; (name = sc_status_field_name(i, &keyed)); i++) {
		nr_keyed += keyed;
		/* The positional ones stand in front. */
		assert_true(keyed || !nr_keyed);
		for (j = 0; j < i; j++)
			assert_string_not_equal(name,
						sc_status_field_name(j, NULL));
	}
	assert_null(sc_status_field_name(i + 1, NULL));
	for (i = 0; i < SC_NR_COUNTERS; i++)
		assert_true(*sc_counter_names[i] && *sc_counter_helps[i]);
	assert_string_equal(sc_counter_names[SC_CNT_commits], "commits");
}

/* ---- properties ------------------------------------------------------------ */

static void random_info(struct sc_status_info *s)
{
	static const char *const policies[] = { "mq", "lru", "cleaner" };
	struct args a;
	char line[80];
	unsigned int i;

	example(s);
	snprintf(line, sizeof(line), "m c o %u 0 %s 0", 8 << random_below(9),
		 policies[random_below(ARRAY_SIZE(policies))]);
	args_split(&a, line);
	assert_int_equal(sc_config_parse_table(&s->config, a.argc, a.argv,
					       NULL), 0);
	s->config.features = random_below(4);
	s->config.mode = random_below(SC_NR_MODES);
	s->config.tune.idle_ms = random_below(1000);
	s->health = random_below(SC_FAIL);
	s->needs_check = random_below(2);
	s->meta.used = random_u64() >> random_below(64);
	s->slots.total = random_u64() >> random_below(64);
	s->uuid[random_below(SC_UUID_BYTES)] = (u8)random_u64();
	for (i = 0; i < SC_NR_COUNTERS; i++)
		s->counter[i] = random_u64() >> random_below(64);
}

static void test_round_trip(void **state)
{
	struct sc_status_info s, again;
	char one[SC_STATUS_MAX_BYTES], two[SC_STATUS_MAX_BYTES];
	unsigned int round;

	(void)state;
	for (round = 0; round < 3000; round++) {
		random_info(&s);
		sc_status_emit(&s, one, sizeof(one));
		parse_ok(one, &again);
		assert_memory_equal(&again, &s, sizeof(s));
		sc_status_emit(&again, two, sizeof(two));
		assert_string_equal(one, two);
	}
}

/* Change, cut or swallow some characters of a good line. */
static char *mutate(const char *line)
{
	static const char odd[] = " \t\n=/-~0189axz%\x01\xff";
	size_t len = strlen(line), at;
	char *copy = strdup(line);
	unsigned int n;

	for (n = 1 + random_below(4); n && len; n--) {
		at = random_below((u32)len);
		switch (random_below(8)) {
		case 0:
			copy[at] = '\0';
			break;
		case 1:
			memmove(copy + at, copy + at + 1, len - at);
			break;
		default:
			copy[at] = odd[random_below(sizeof(odd) - 1)];
		}
		len = strlen(copy);
	}
	/* Again a copy of exactly the length: reading beyond is seen. */
	line = strdup(copy);
	free(copy);
	return (char *)line;
}

/* What is accepted means something: it is written, and read the same again. */
static void accepted(const struct sc_status_info *s)
{
	struct sc_status_info again;
	char buf[SC_STATUS_MAX_BYTES];

	sc_status_emit(s, buf, sizeof(buf));
	parse_ok(buf, &again);
	if (s->health != SC_FAIL)
		assert_memory_equal(&again, s, sizeof(*s));
}

static void test_garbage(void **state)
{
	unsigned int round, nr_accepted = 0;
	struct sc_status_info s;
	struct sc_reason why;
	char buf[SC_STATUS_MAX_BYTES], *line;

	(void)state;
	for (round = 0; round < 20000; round++) {
		random_info(&s);
		s.health = random_below(SC_NR_HEALTHS);
		sc_status_emit(&s, buf, sizeof(buf));
		line = mutate(buf);
		memset(&why, 0, sizeof(why));
		if (sc_status_parse(line, &s, &why)) {
			assert_true(why.text[0]);
		} else {
			accepted(&s);
			nr_accepted++;
		}
		free(line);
	}
	assert_true(nr_accepted > 1000 && nr_accepted < 19000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_states),
		cmocka_unit_test(test_fail),
		cmocka_unit_test(test_other_versions),
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_longest),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_round_trip),
		cmocka_unit_test(test_garbage),
	};

	random_seed();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
