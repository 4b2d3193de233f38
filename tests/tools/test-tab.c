// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcachetab: what a line says, what is refused and why, and that changing one
 * line leaves all others as they are. Lines made at random never do harm, and what
 * is accepted comes out as it went in.
 */
#include <setjmp.h>
#include <sys/stat.h>
#include <unistd.h>

#include "random.h"
#include "report.h"
#include "tab.h"

#include <cmocka.h>

#define ROUNDS	20000

static struct tab_entry e;
static struct sc_reason why;

/* ---- what lines say -------------------------------------------------------- */

static void test_minimal(void **state)
{
	(void)state;
	assert_int_equal(tab_parse_line("a /o /c /m", &e, &why), 1);
	assert_string_equal(e.name, "a");
	assert_string_equal(e.origin, "/o");
	assert_string_equal(e.cache, "/c");
	assert_string_equal(e.metadata, "/m");
	assert_int_equal(e.config.mode, SC_WRITEBACK);
	assert_int_equal(e.config.block_sectors, 8);
	assert_string_equal(e.config.policy, "s3fifo");
	assert_false(e.noauto || e.nofail);
}

static const char all_options[] =
	"\tx.y@1  /dev/by\\040id /c\t- idle_ms=7,mode=writethrough,policy=lru,block-size=64k,metadata-size=5M,cache-size=1G,noauto,nofail,no-discard-passdown,x-initrd,_netdev  # said so";

static void test_all_options(void **state)
{
	(void)state;
	assert_int_equal(tab_parse_line(all_options, &e, &why), 1);
	assert_string_equal(e.name, "x.y@1");
	assert_string_equal(e.origin, "/dev/by id");
	assert_string_equal(e.metadata, "");
	assert_int_equal(e.config.mode, SC_WRITETHROUGH);
	assert_int_equal(e.config.block_sectors, 128);
	assert_string_equal(e.config.policy, "lru");
	assert_int_equal(e.config.tune.idle_ms, 7);
	assert_int_equal(e.config.features & SC_FEATURE_NO_DISCARD_PASSDOWN,
			 SC_FEATURE_NO_DISCARD_PASSDOWN);
	assert_int_equal(e.metadata_bytes, 5 << 20);
	assert_int_equal(e.cache_bytes, 1 << 30);
	assert_true(e.noauto && e.nofail);
	assert_string_equal(e.other, "x-initrd,_netdev");
}

static void test_no_entry(void **state)
{
	static const char *const lines[] = {
		"", "   ", "\t", "# a /o /c /m", "  # x",
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		assert_int_equal(tab_parse_line(lines[i], &e, &why), 0);
}

/* dm-cache's keys are taken with dm-cache's names, wherever the policy stands. */
static void test_old_keys(void **state)
{
	(void)state;
	assert_int_equal(tab_parse_line("a /o /c /m random_threshold=4,policy=smq",
					&e, &why), 1);
	assert_int_equal(tab_parse_line("a /o /c /m random_threshold=4,policy=lru",
					&e, &why), -EINVAL);
}

static void test_refused(void **state)
{
	static const struct {
		const char *line;
		const char *why;
	} cases[] = {
		{ "a", "must be: <name>" },
		{ "a /o", "must be: <name>" },
		{ "a /o /c", "must be: <name>" },
		{ "a /o /c # /m", "must be: <name>" },
		{ "a /o /c /m mode=writeback nofail", "too many words" },
		{ "-a /o /c /m", "name" },
		{ ".. /o /c /m", "name" },
		{ "a/b /o /c /m", "name" },
		{ "a-cmeta /o /c /m", "-cmeta" },
		{ "a o /c /m", "origin: must be a path" },
		{ "a /o c /m", "cache: must be a path" },
		{ "a /o /c m", "metadata: must be a path" },
		{ "a /o\\000x /c /m", "origin: must be a path" },
		{ "a /o /c -", "metadata-size=" },
		{ "a /o /c - mode=writeback", "metadata-size=" },
		{ "a /o /c /m metadata-size=5M", "metadata-size=" },
		{ "a /o /c - metadata-size=5000", "whole 4 KiB" },
		{ "a /o /c - metadata-size=0", "whole 4 KiB" },
		{ "a /o /c /m mode=fast", "unknown mode" },
		{ "a /o /c /m mode", "unknown option 'mode'" },
		{ "a /o /c /m policy=best", "unknown policy" },
		{ "a /o /c /m block-size=3k", "block size" },
		{ "a /o /c /m block-size=2M", "block size" },
		{ "a /o /c /m block-size=18446744073709551616", "block size" },
		{ "a /o /c /m idle_ms=-1", "idle_ms" },
		{ "a /o /c /m idle_ms=3600001", "idle_ms" },
		{ "a /o /c /m idle_ms=", "idle_ms" },
		{ "a /o /c /m dirty_low=90", "must not exceed" },
		{ "a /o /c /m nonsense=1", "unknown key" },
		{ "a /o /c /m nonsense", "unknown option" },
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(tab_parse_line(cases[i].line, &e, &why),
				 -EINVAL);
		if (!strstr(why.text, cases[i].why))
			fail_msg("'%s': %s", cases[i].line, why.text);
	}
}

static void test_too_long(void **state)
{
	static char line[2 * TAB_LINE_BYTES];

	(void)state;
	memset(line, 'a', 200);
	scnprintf(line + 200, 20, " /o /c /m");
	assert_int_equal(tab_parse_line(line, &e, &why), -EINVAL);
	scnprintf(line, 20, "a /");
	memset(line + 3, 'o', PATH_MAX);
	scnprintf(line + 3 + PATH_MAX, 20, " /c /m");
	assert_int_equal(tab_parse_line(line, &e, &why), -EINVAL);
	memset(line, ' ', sizeof(line) - 1);
	assert_int_equal(tab_parse_line(line, &e, &why), -EINVAL);
}

/* ---- back ------------------------------------------------------------------ */

static void check_round_trip(void)
{
	static char line[TAB_LINE_BYTES], again[TAB_LINE_BYTES];
	static struct tab_entry back;

	tab_emit_line(&e, line);
	if (tab_parse_line(line, &back, &why) != 1)
		fail_msg("'%s': %s", line, why.text);
	assert_string_equal(back.name, e.name);
	assert_string_equal(back.origin, e.origin);
	assert_string_equal(back.cache, e.cache);
	assert_string_equal(back.metadata, e.metadata);
	assert_string_equal(back.other, e.other);
	assert_int_equal(back.metadata_bytes, e.metadata_bytes);
	assert_int_equal(back.cache_bytes, e.cache_bytes);
	assert_int_equal(back.noauto, e.noauto);
	assert_int_equal(back.nofail, e.nofail);
	assert_memory_equal(&back.config.tune, &e.config.tune,
			    sizeof(e.config.tune));
	tab_emit_line(&back, again);
	assert_string_equal(again, line);
}

static const char *const words[] = {
	"a", "/o", "/c\\040\\134d", "/m", "-", " ", " ", " ", "\t", ",", ",",
	"=", "#", "mode=writethrough", "mode", "policy=smq", "policy=",
	"block-size=64k", "metadata-size=5M", "cache-size=8M", "noauto",
	"nofail", "x-a", "_b", "idle_ms=5", "ghost=100", "dirty_low=50",
	"18446744073709551616", "4096", "\\", "\\9", "\\377", "\x1b[2J",
	"\xff", "random_threshold=1", "k", "M", ".5",
};

static void test_random(void **state)
{
	static char line[1024];
	unsigned int i, n, accepted = 0;
	struct sc_text t;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		sc_text_init(&t, line, sizeof(line));
		/* Half of them begin well, else few would ever be accepted. */
		if (random_below(2))
			sc_text_add(&t, "a /o /c %s ", random_below(2) ?
				    "/m" : "- metadata-size=5M,");
		for (n = random_below(12); n; n--)
			sc_text_add(&t, "%s%s",
				    words[random_below(ARRAY_SIZE(words))],
				    random_below(3) ? "," : "");
		if (tab_parse_line(line, &e, &why) == 1) {
			accepted++;
			check_round_trip();
		}
	}
	assert_true(accepted > ROUNDS / 100);
}

/* ---- the file -------------------------------------------------------------- */

static char path[64];

static int enter(void **state)
{
	(void)state;
	scnprintf(path, sizeof(path), "/tmp/ssdcachetab.XXXXXX");
	if (!mkdtemp(path))
		return -1;
	strcat(path, "/tab");
	return setenv("SSDCACHE_TAB", path, 1);
}

static int leave(void **state)
{
	(void)state;
	unlink(path);
	*strrchr(path, '/') = '\0';
	return rmdir(path);
}

static void write_file(const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void file_is(const char *want)
{
	static char text[4096];
	FILE *f = fopen(path, "r");
	size_t n;

	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	text[n] = '\0';
	fclose(f);
	assert_string_equal(text, want);
}

static void test_edit(void **state)
{
	struct stat st;

	(void)state;
	write_file("# mine\n\nb /1 /2 /3 # keep\nbroken line\naa /1 /2 /3\na /old /c /m");
	chmod(path, 0640);
	assert_int_equal(tab_parse_line("a /o /c /m", &e, &why), 1);
	assert_int_equal(tab_put(&e), 0);
	file_is("# mine\n\nb /1 /2 /3 # keep\nbroken line\naa /1 /2 /3\n"
		"a /o /c /m mode=writeback,block-size=4k,policy=default\n");
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0640);
	assert_int_equal(tab_drop("aa"), 0);
	assert_int_equal(tab_drop("none"), 0);
	file_is("# mine\n\nb /1 /2 /3 # keep\nbroken line\n"
		"a /o /c /m mode=writeback,block-size=4k,policy=default\n");
}

/* What is wrong in one line is no harm to the others. */
static void test_read(void **state)
{
	struct tab t;

	(void)state;
	write_file("b /1 /2 /3\nbroken line\n#x\nb /4 /5 /6\nc /7 /8 /9 nofail");
	assert_int_equal(tab_read(&t), 0);
	assert_int_equal(t.nr, 2);
	assert_int_equal(t.nr_bad, 2);
	assert_string_equal(tab_find(&t, "b")->origin, "/1");
	assert_true(tab_find(&t, "c")->nofail);
	assert_null(tab_find(&t, "broken"));
	tab_free(&t);
	unlink(path);
	assert_int_equal(tab_read(&t), 0);
	assert_int_equal(t.nr, 0);
	assert_int_equal(tab_drop("b"), 0);
	assert_int_equal(access(path, F_OK), -1);
	tab_free(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_minimal),
		cmocka_unit_test(test_all_options),
		cmocka_unit_test(test_no_entry),
		cmocka_unit_test(test_old_keys),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_edit),
		cmocka_unit_test(test_read),
	};

	setvbuf(stdout, NULL, _IOLBF, 0);
	report_begin("test-tab");
	random_seed();
	return cmocka_run_group_tests(tests, enter, leave);
}
