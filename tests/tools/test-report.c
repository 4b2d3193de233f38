// SPDX-License-Identifier: GPL-2.0-only
/*
 * What people see: tables on narrow and wide terminals, values rounded for them,
 * text broken in lines, and nothing of what others named that could drive a
 * terminal. Sizes as people write them.
 */
#include <setjmp.h>

#include "propose.h"
#include "report-priv.h"
#include "report.h"
#include "units.h"

#include <cmocka.h>

static char *text;
static size_t len;

static void begin(const char *width)
{
	setenv("COLUMNS", width, 1);
	report_out = open_memstream(&text, &len);
	assert_non_null(report_out);
}

static void shows(const char *want)
{
	fclose(report_out);
	report_out = stdout;
	assert_string_equal(text, want);
	free(text);
}

/* No line is longer than the terminal is wide. */
static void fits(unsigned int width)
{
	const char *line;
	size_t n;

	fclose(report_out);
	report_out = stdout;
	for (line = text; *line; line += n + (line[n] == '\n')) {
		n = strcspn(line, "\n");
		if (n > width)
			fail_msg("%zu columns of %u: %.*s", n, width, (int)n,
				 line);
	}
	free(text);
}

static const struct column columns[] = {
	{ "name", "NAME", CELL_TEXT, 0, NULL },
	{ "dirty", "DIRTY", CELL_SIZE, 1, NULL },
	{ "hits", "HITS", CELL_PERCENT, 2, NULL },
	{ "n", "N", CELL_COUNT, 3, NULL },
	COLUMN_END
};

static struct json_object *make_row(const char *name, u64 dirty, double hits)
{
	struct json_object *o = json_object_new_object();

	json_object_object_add(o, "name", json_object_new_string(name));
	json_object_object_add(o, "dirty", json_object_new_uint64(dirty));
	json_object_object_add(o, "hits", json_object_new_double(hits));
	json_object_object_add(o, "n", json_object_new_int64(1234567));
	return o;
}

static struct json_object *make_rows(void)
{
	struct json_object *rows = json_object_new_array();

	json_object_array_add(rows, make_row("fast", 1536, 99.95));
	json_object_array_add(rows, make_row("a\033[2Jb", 5ULL << 40, 0));
	return rows;
}

static void test_table(void **state)
{
	(void)state;
	begin("80");
	report_table(columns, make_rows());
	shows("NAME      DIRTY    HITS      N\n"
	      "fast    1.50KiB  100.0%  1.23M\n"
	      "a?[2Jb  5.00TiB    0.0%  1.23M\n");
	begin("26");
	report_table(columns, make_rows());
	shows("NAME      DIRTY    HITS\n"
	      "fast    1.50KiB  100.0%\n"
	      "a?[2Jb  5.00TiB    0.0%\n");
	begin("20");
	report_table(columns, make_rows());
	shows("NAME      DIRTY\nfast    1.50KiB\na?[2Jb  5.00TiB\n");
}

static void test_empty(void **state)
{
	(void)state;
	begin("80");
	report_table(columns, json_object_new_array());
	shows("NAME  DIRTY  HITS  N\n");
}

static void test_fields(void **state)
{
	struct json_object *o = make_row("fast", 0, 12.345);

	(void)state;
	json_object_object_del(o, "n");
	begin("80");
	report_fields(columns, o);
	shows("NAME   fast\nDIRTY  0B\nHITS   12.3%\n");
}

static void test_json(void **state)
{
	struct json_object *rows;

	(void)state;
	begin("20");
	report_json(true);
	report_table(columns, make_rows());
	report_json(false);
	fclose(report_out);
	report_out = stdout;
	rows = json_tokener_parse(text);
	assert_int_equal(json_object_array_length(rows), 2);
	json_object_put(rows);
	free(text);
}

static void test_wrap(void **state)
{
	static const char *const widths[] = {
		"1", "20", "33", "59", "60", "80", "200", "0", "x", "99999999999",
	};
	unsigned int i, width;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(widths); i++) {
		begin(widths[i]);
		report_item("--name VALUE", "short words that are to be broken into lines of the width that there is, and no longer");
		report_paragraph("and these here just so, for a paragraph has no column of names");
		width = term_width();
		assert_in_range(width, 20, 1000);
		fits(max(width, 28u));
	}
}

static void test_units(void **state)
{
	static const struct {
		const char *text;
		u64 bytes;
	} good[] = {
		{ "0", 0 }, { "512", 512 }, { "1s", 512 }, { "4k", 4096 },
		{ "4K", 4096 }, { "4KiB", 4096 }, { "4kB", 4096 },
		{ "1.5G", 3ULL << 29 }, { "2T", 2ULL << 40 }, { "8b", 8 },
		{ "15E", 15ULL << 60 }, { "18446744073709551615", ~0ULL },
	};
	static const char *const bad[] = {
		"", "k", "-1", "+1", " 1", "1 ", "1x", "1.k", ".5k", "1.5",
		"1ki", "1kk", "0x10", "16E", "18446744073709551616", "1e3",
		"99999999999999999999999T", "1.5s ",
	};
	unsigned int i;
	u64 bytes;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good); i++) {
		assert_int_equal(size_parse(good[i].text, &bytes), 0);
		assert_int_equal(bytes, good[i].bytes);
	}
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		if (!size_parse(bad[i], &bytes))
			fail_msg("'%s' was taken", bad[i]);
}

static void test_formats(void **state)
{
	static const struct {
		u64 bytes;
		const char *text;
	} sizes[] = {
		{ 0, "0B" }, { 1023, "1023B" }, { 1024, "1.00KiB" },
		{ 10235, "10.0KiB" }, { 1048575, "1.00MiB" },
		{ ~0ULL, "16.0EiB" }, { 123 * 1024, "123KiB" },
	};
	char buf[UNIT_BYTES];
	unsigned int i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		assert_string_equal(size_format(sizes[i].bytes, buf),
				    sizes[i].text);
	assert_string_equal(count_format(999, buf), "999");
	assert_string_equal(count_format(999.6, buf), "1.00k");
	assert_string_equal(count_format(12345, buf), "12.3k");
}

/* The metadata proposed suffices for the cache, whatever the sizes are. */
static void test_proposals(void **state)
{
	u64 cache, ram;
	u32 block;

	(void)state;
	for (cache = 2048; cache < 1ULL << 40; cache *= 2)
		for (ram = 64ULL << 20; ram < 1ULL << 44; ram *= 4) {
			block = propose_block_sectors(cache, ram);
			assert_true(is_power_of_2(block) && block >= 8 &&
				    block <= 2048);
			assert_true(block == 2048 ||
				    cache / block * 24 <= ram / 32);
			assert_true(propose_metadata_bytes(cache, block) >=
				    (4 << 20) + cache / block * 44);
		}
	/* A 100 GiB cache: small blocks, where memory allows. */
	assert_int_equal(propose_block_sectors(100ULL << 21, 64ULL << 30), 8);
	assert_int_equal(propose_block_sectors(100ULL << 21, 8ULL << 30), 32);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_wrap),
		cmocka_unit_test(test_units),
		cmocka_unit_test(test_formats),
		cmocka_unit_test(test_proposals),
	};

	report_begin("test-report");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
