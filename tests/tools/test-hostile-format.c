// SPDX-License-Identifier: GPL-2.0-only
/*
 * Metadata and dumps made by an enemy: wrong in the midst of what is right, with
 * checksums that hold. Nothing crashes, hangs or is read out of bounds, and what
 * repair calls repaired check calls sound.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include <ssdcache/format.h>

#include "image.h"
#include "offline.h"
#include "random.h"
#include "verbs.h"

#include <setjmp.h>
#include <cmocka.h>

#define ROUNDS		300u
#define TAIL_LABEL	(402 * 64 / 8 - 1)
#define MAX_SLOTS	1008u

static const struct image image = {
	.metadata = "meta", .cache = "cache", .origin = "origin",
	.block_sectors = 64,
	.cache_sectors = 402 * 64,
	.origin_sectors = 64 * 1001 + 9,
	.metadata_sectors = 512,
};

static struct sc_record rec[MAX_SLOTS];
static u8 label[2][SC_META_BLOCK_BYTES];

static int enter(void **state)
{
	u32 nr;

	random_seed();
	if (image_enter(state))
		return -1;
	said_begin();
	image_make(&image);
	nr = image_random(&image, rec, MAX_SLOTS);
	image_commit(&image, rec, nr / 2, true);
	image_commit(&image, rec + nr / 4, nr / 2, true);
	image_commit(&image, rec + nr / 2, nr - nr / 2, false);
	said_end();
	image_copy("meta.0", "meta");
	image_block("cache", 0, label[0]);
	image_block("cache", TAIL_LABEL, label[1]);
	return 0;
}

/* ---- images ---------------------------------------------------------------- */

static u64 interesting(void)
{
	static const u64 values[] = {
		0, 1, 2, 7, 8, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x10000,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000,
		0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffffff,
	};

	if (!random_below(3))
		return random_u64() >> random_below(64);
	return values[random_below(ARRAY_SIZE(values))] - random_below(2);
}

static void restamp(u8 *block)
{
	struct sc_disk_header *h = (struct sc_disk_header *)block;

	h->crc = cpu_to_le32(sc_env_crc32c(&h->version, SC_DISK_BLOCK -
				offsetof(struct sc_disk_header, version)));
}

/* Most of what counts stands near the beginning of a block. */
static void spoil_block(u8 *block)
{
	u32 n = 1 + random_below(3), width, at;
	u64 value;

	while (n--) {
		width = 1u << random_below(4);
		at = random_below(4) ? random_below(256) :
				       random_below(SC_DISK_BLOCK);
		at &= ~(width - 1);
		value = interesting();
		memcpy(block + at, &value, width);
	}
	if (random_below(8))
		restamp(block);
}

/* Superblocks and journal more often than they have blocks. */
static u32 pick_block(u32 nr_blocks)
{
	return random_below(2) ? random_below(min(nr_blocks, 24u)) :
				 random_below(nr_blocks);
}

static void spoil_image(const char *path, const char *from)
{
	size_t bytes;
	u8 *data = image_read(from, &bytes);
	u32 nr = (u32)(bytes / SC_DISK_BLOCK), n = 1 + random_below(4);
	FILE *f;

	while (n--) {
		u8 *block = data + pick_block(nr) * SC_DISK_BLOCK;

		if (random_below(10))
			spoil_block(block);
		else
			memcpy(block, data + pick_block(nr) * SC_DISK_BLOCK,
			       SC_DISK_BLOCK);
	}
	if (!random_below(20))
		bytes = random_below((u32)bytes);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, bytes, f), bytes);
	fclose(f);
	free(data);
}

/* Words that no check lets through. */
static void expect_plain(const char *said)
{
	for (; *said; said++)
		assert_true((u8)*said >= ' ' || *said == '\n');
}

static void run_readers(void)
{
	struct check_opts check = { .metadata = "meta", .cache = "cache" };
	struct dump_opts dump = { .metadata = "meta", .cache = "cache" };

	dump.xml = random_below(2);
	dump.repair = random_below(2);
	if (random_below(2))
		check.cache = dump.cache = NULL;
	said_begin();
	check_run(&check);
	dump_run(&dump);
	expect_plain(said_end());
}

/* Sound in all that repair promises. Returns whether it was repaired. */
static bool run_repair(void)
{
	struct repair_opts repair = { .metadata = "meta", .cache = "cache" };
	struct check_opts check = { .metadata = "meta", .cache = "cache" };
	int code;

	said_begin();
	code = repair_run(&repair);
	expect_plain(said_end());
	if (code)
		return false;
	said_begin();
	code = check_run(&check);
	if (code)
		fail_msg("repaired, but: %s", said_end());
	said_end();
	return true;
}

static void put_labels(void)
{
	image_put_block("cache", 0, label[0]);
	image_put_block("cache", TAIL_LABEL, label[1]);
}

static void test_images(void **state)
{
	struct writeback_opts back = {
		.metadata = "meta", .cache = "cache", .origin = "origin",
	};
	u32 i, nr_repaired = 0;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		spoil_image("meta", "meta.0");
		put_labels();
		if (!random_below(4))
			image_spoil("cache", 0);
		run_readers();
		nr_repaired += run_repair();
		if (i % 16)
			continue;
		said_begin();
		writeback_run(&back);
		expect_plain(said_end());
	}
	print_message("# %u of %u repaired\n", nr_repaired, i);
	assert_in_range(nr_repaired, ROUNDS / 4, ROUNDS - 10);
}

/* ---- dumps ----------------------------------------------------------------- */

static char *make_dump(bool xml)
{
	struct dump_opts opts = { .metadata = "meta.0", .xml = xml };
	const char *said;
	int code;

	said_begin();
	code = dump_run(&opts);
	said = said_end();
	if (code)
		fail_msg("%s", said);
	return strdup(said);
}

static void put_text(const char *path, const char *text, size_t bytes)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, bytes, f), bytes);
	fclose(f);
}

/* The description of the cache is spoilt as often as all the rest. */
static void spoil_text(const char *path, const char *text)
{
	static const char signs[] = "0123456789-+.eE\"'<>&/{}[]:,\n\t \\u=x";
	size_t bytes = strlen(text), at;
	char *bad = strdup(text);
	u32 n = 1 + random_below(4);

	assert_non_null(bad);
	while (n--) {
		at = random_below((u32)(random_below(2) ? min(bytes, 300u) :
							 bytes));
		switch (random_below(4)) {
		case 0:
			bad[at] = signs[random_below(sizeof(signs) - 1)];
			break;
		case 1:
			bad[at] = (char)random_below(256);
			break;
		case 2:
			memmove(bad + at, bad + at + 1, bytes - at - 1);
			break;
		default:
			bytes = random_below(8) ? bytes : at + 1;
		}
	}
	put_text(path, bad, bytes);
	free(bad);
}

/* What is accepted is sound. */
static u32 run_restore(void)
{
	struct restore_opts opts = {
		.input = "dump", .metadata = "meta", .force = true,
	};
	struct check_opts check = { .metadata = "meta" };
	int code, sound = 0;

	image_file("meta", image.metadata_sectors);
	said_begin();
	code = restore_run(&opts);
	if (!code)
		sound = check_run(&check);
	expect_plain(said_end());
	assert_int_equal(sound, 0);
	return !code;
}

static void test_dumps(void **state)
{
	char *text[2] = { make_dump(false), make_dump(true) };
	u32 i, nr = 0;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		spoil_text("dump", text[i % 2]);
		nr += run_restore();
	}
	print_message("# %u of %u accepted\n", nr, i);
	assert_in_range(nr, 1, ROUNDS / 2);
	free(text[0]);
	free(text[1]);
}

static char *make_pool(void)
{
	static char text[16384];
	size_t n;
	u32 i;

	n = (size_t)sprintf(text, "<superblock uuid=\"\" block_size=\"64\" nr_cache_blocks=\"100\" policy=\"smq\" hint_width=\"4\"><mappings>\n");
	for (i = 0; i < 100; i++)
		n += (size_t)sprintf(text + n, "<mapping cache_block=\"%u\" origin_block=\"%u\" dirty=\"%s\"/>\n",
				     i, i * 3, i % 2 ? "true" : "false");
	sprintf(text + n, "</mappings></superblock>");
	return text;
}

static void test_imports(void **state)
{
	struct check_opts check = { .metadata = "meta", .cache = "cache" };
	const char *text = make_pool();
	u32 i, nr = 0;
	int code;

	(void)state;
	for (i = 0; i < ROUNDS; i++) {
		spoil_text("dump", text);
		image_file("meta", image.metadata_sectors);
		image_file("cache", image.cache_sectors);
		said_begin();
		code = image_verb(&cmd_import, "import dump --metadata meta --cache cache --origin origin");
		if (!code && check_run(&check))
			fail_msg("imported, but: %s", said_end());
		expect_plain(said_end());
		nr += !code;
	}
	print_message("# %u of %u accepted\n", nr, i);
	assert_in_range(nr, 1, ROUNDS / 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_images),
		cmocka_unit_test(test_dumps),
		cmocka_unit_test(test_imports),
	};

	return cmocka_run_group_tests_name("hostile", tests, enter, image_leave);
}
