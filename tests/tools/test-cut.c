// SPDX-License-Identifier: GPL-2.0-only
/*
 * The power fails, or the program is killed, at every write of a verb that
 * writes. Then nothing is lost (P2, P3), and the verb, run again, ends as if
 * nothing had happened.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "image.h"
#include "offline.h"
#include "power.h"
#include "random.h"
#include "verbs.h"

#include <setjmp.h>
#include <cmocka.h>

#define MAX_SLOTS	12u

/* 12 slots of 16 sub-blocks; the origin ends in the midst of a sub-block. */
static const struct image image = {
	.metadata = "meta", .cache = "cache", .origin = "origin",
	.block_sectors = 128,
	.cache_sectors = 13 * 128 + 8,
	.origin_sectors = 22 * 128 + 75,
	.metadata_sectors = 512,
};

static struct sc_record rec[MAX_SLOTS];
static u32 nr_rec;

static int enter(void **state)
{

	random_seed();
	return image_enter(state);
}

static void must(int code)
{
	const char *said = said_end();

	if (code)
		fail_msg("exit code %d: %s", code, said);
}

/* Sector @i of a disk holds @disk and its own number, all over. */
static void stamp(const char *path, u64 sectors, u32 disk)
{
	u32 data[128], k;
	FILE *f = fopen(path, "r+");
	u64 i;

	assert_non_null(f);
	for (i = 0; i < sectors; i++) {
		for (k = 0; k < ARRAY_SIZE(data); k++)
			data[k] = disk << 24 | (u32)i;
		assert_int_equal(fwrite(data, sizeof(data), 1, f), 1);
	}
	assert_int_equal(fclose(f), 0);
}

static void make(bool clean)
{
	said_begin();
	image_file("origin", image.origin_sectors);
	image_make(&image);
	stamp("cache", image.cache_sectors, 1);
	stamp("origin", image.origin_sectors, 2);
	must(rest_write_labels("meta", "cache", false));
	nr_rec = image_random(&image, rec, MAX_SLOTS);
	image_commit(&image, rec, nr_rec, clean);
	image_copy("meta.0", "meta");
	image_copy("cache.0", "cache");
	image_copy("origin.0", "origin");
}

static void rewind_files(void)
{
	image_copy("meta", "meta.0");
	image_copy("cache", "cache.0");
	image_copy("origin", "origin.0");
}

/**
 * cut_everywhere() - fail at each write, run again, compare
 * @run: the verb
 * @between: what must hold in between
 * @end: what must hold at the end
 */
static void cut_everywhere(int (*run)(void), void (*between)(void),
			   void (*end)(void))
{
	u32 loss, at, nr;

	power_on(0);
	said_begin();
	must(run());
	nr = power_writes();
	power_off(POWER_KILL);
	end();
	assert_true(nr > 4);
	for (loss = 0; loss < NR_POWER_LOSSES; loss++)
		for (at = 1; at <= nr; at++) {
			rewind_files();
			power_on(at);
			said_begin();
			run();
			said_end();
			assert_true(power_off(loss));
			between();
			said_begin();
			must(run());
			end();
		}
	print_message("# %u writes, each cut in %u ways\n", nr, loss);
}

/* ---- writeback ------------------------------------------------------------- */

static int run_writeback(void)
{
	struct writeback_opts opts = {
		.metadata = "meta", .cache = "cache", .origin = "origin",
	};

	return writeback_run(&opts);
}

/* What sector @i of the cached device reads, by metadata and devices. */
static u32 *read_cached(void)
{
	size_t bytes, bytes2;
	u32 *origin = (u32 *)image_read("origin", &bytes);
	u32 *cache = (u32 *)image_read("cache", &bytes2);
	u32 *content = calloc(image.origin_sectors, sizeof(*content));
	const struct sc_geom *g;
	struct sc_record now;
	struct rest r;
	u64 i, k, sub;

	for (i = 0; i < image.origin_sectors; i++)
		content[i] = origin[i * 128];
	image_load(&image, &r);
	g = r.geom;
	for (i = 0; i < g->nr_slots; i++) {
		rest_get(&r, to_cblock((u32)i), &now);
		for (k = 0; k < 128 && now.valid; k++) {
			sub = k >> g->sub_shift;
			/* A clean one must be as the origin: not so here. */
			if (now.dirty >> sub & 1 &&
			    from_oblock(now.block) * 128 + k <
				    image.origin_sectors)
				content[from_oblock(now.block) * 128 + k] =
					cache[(sc_slot_sector(g, now.slot) +
					       k) * 128];
		}
	}
	rest_close(&r);
	free(origin);
	free(cache);
	return content;
}

static u32 *expected;

static void expect_content(void)
{
	u32 *now;
	u64 i;

	said_begin();
	now = read_cached();
	said_end();
	for (i = 0; i < image.origin_sectors; i++)
		if (now[i] != expected[i])
			fail_msg("sector %llu: %#x, not %#x",
				 (unsigned long long)i, now[i], expected[i]);
	free(now);
}

static void expect_written_back(void)
{
	struct sc_record now;
	size_t bytes;
	u32 *origin, i;
	struct rest r;

	expect_content();
	origin = (u32 *)image_read("origin", &bytes);
	for (i = 0; i < image.origin_sectors; i++)
		assert_int_equal(origin[i * 128 + 77], expected[i]);
	free(origin);
	said_begin();
	image_load(&image, &r);
	said_end();
	assert_true(sc_meta_was_clean(r.meta));
	for (i = 0; i < nr_rec; i++) {
		rest_get(&r, rec[i].slot, &now);
		assert_int_equal(now.valid, rec[i].valid);
		assert_int_equal(now.hint, rec[i].hint);
		assert_int_equal(now.dirty, 0);
	}
	rest_close(&r);
}

static void test_writeback(void **state)
{
	(void)state;
	make(false);
	said_begin();
	expected = read_cached();
	said_end();
	cut_everywhere(run_writeback, expect_content, expect_written_back);
	free(expected);
}

/* ---- repair ---------------------------------------------------------------- */

static int run_repair(void)
{
	struct repair_opts opts = { .metadata = "meta", .cache = "cache" };

	return repair_run(&opts);
}

static u8 *repaired;

static u8 *read_dump(void)
{
	struct dump_opts opts = { .metadata = "meta", .cache = "cache" };
	int code;

	said_begin();
	code = dump_run(&opts);
	if (code)
		fail_msg("dump: exit code %d: %s", code, said_end());
	return (u8 *)strdup(said_end());
}

static void expect_repaired(void)
{
	u8 *now = read_dump();

	if (!repaired)
		repaired = now;
	assert_string_equal((char *)now, (char *)repaired);
	if (repaired != now)
		free(now);
}

static void anything(void)
{
}

/* Of five transactions the third is damaged: clean ones are not believed. */
static void test_repair(void **state)
{
	u32 i;

	(void)state;
	make(true);
	for (i = 0; i < 5; i++)
		image_commit(&image, rec + i, 1, false);
	image_spoil_journal(&image, rec[2].slot);
	image_copy("meta.0", "meta");
	repaired = NULL;
	cut_everywhere(run_repair, anything, expect_repaired);
	free(repaired);
}

/* ---- restore --------------------------------------------------------------- */

static int run_restore(void)
{
	struct restore_opts opts = { .input = "dump", .metadata = "meta" };

	return restore_run(&opts);
}

static u8 *before;

/* What was there, or nothing that anybody would start, or all that was restored. */
static void expect_old_or_none_or_new(void)
{
	struct rest_how how = { .metadata = "meta" };
	const char *said;
	struct rest r;
	u8 *now;
	int code;

	said_begin();
	code = rest_open(&r, &how);
	rest_close(&r);
	said = said_end();
	if (code) {
		assert_null(strstr(said, "zero, no cache"));
		return;
	}
	now = read_dump();
	if (strcmp((char *)now, (char *)before))
		assert_string_equal((char *)now, (char *)repaired);
	free(now);
}

static void test_restore(void **state)
{
	FILE *f;

	(void)state;
	make(false);
	repaired = read_dump();
	f = fopen("dump", "w");
	assert_non_null(f);
	fputs((char *)repaired, f);
	fclose(f);
	said_begin();
	image_make(&image);
	said_end();
	before = read_dump();
	image_copy("meta.0", "meta");
	assert_string_not_equal((char *)before, (char *)repaired);
	cut_everywhere(run_restore, expect_old_or_none_or_new,
		       expect_repaired);
	free(repaired);
	free(before);
}

/* ---- import ---------------------------------------------------------------- */

static int run_import(void)
{
	return image_verb(&cmd_import, "import pool --metadata meta --cache cache --origin origin");
}

/* Blocks 0 and 12 of the pool are under the labels, block 5 is free. */
static void make_pool(void)
{
	const u32 block_sectors = 128, nr = 13;
	FILE *f = fopen("pool", "w");
	u32 i, k, to;

	assert_non_null(f);
	fprintf(f, "<superblock block_size=\"%u\" nr_cache_blocks=\"%u\"><mappings>",
		block_sectors, nr);
	for (i = 0; i < nr; i++) {
		to = i * 5 % 22;
		if (i == 5)
			continue;
		fprintf(f, "<mapping cache_block=\"%u\" origin_block=\"%u\" dirty=\"false\"/>",
			i, to);
		for (k = 0; k < block_sectors; k++)
			expected[to * block_sectors + k] =
				1u << 24 | (i * block_sectors + k);
	}
	fprintf(f, "</mappings></superblock>");
	fclose(f);
}

static void expect_imported(void)
{
	struct rest r;

	expect_content();
	said_begin();
	image_load(&image, &r);
	said_end();
	rest_close(&r);
}

static void test_import(void **state)
{
	u64 i;

	(void)state;
	said_begin();
	image_file("meta.0", image.metadata_sectors);
	image_file("cache.0", image.cache_sectors - 8);
	image_file("origin.0", image.origin_sectors);
	said_end();
	stamp("cache.0", image.cache_sectors - 8, 1);
	stamp("origin.0", image.origin_sectors, 2);
	rewind_files();
	expected = calloc(image.origin_sectors, sizeof(*expected));
	for (i = 0; i < image.origin_sectors; i++)
		expected[i] = 2u << 24 | (u32)i;
	make_pool();
	cut_everywhere(run_import, anything, expect_imported);
	free(expected);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_writeback),
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_restore),
		cmocka_unit_test(test_import),
	};

	return cmocka_run_group_tests_name("cut", tests, enter, image_leave);
}
