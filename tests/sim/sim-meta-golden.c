// SPDX-License-Identifier: GPL-2.0-only
/*
 * The golden image: a metadata device as format version 1 has it, byte for
 * byte. What this version writes must equal it, and it must load. If it does
 * not, the format has changed, which needs a feature bit or a new version, a
 * new image and a change of docs/format.md.
 *
 *	GOLDEN=write build/user/tests/sim/sim-meta-golden
 *
 * writes a new image. The file has a line for each 16 bytes that are not zero.
 */
#include "meta-kit.h"

#define IMAGE "tests/images/meta-v1.txt"
#define IMAGE_BLOCKS 64

/* Everything that a device can hold: both copies, both maps, a journal. */
static void make_history(void)
{
	struct sc_record rec[3] = {
		{.slot = to_cblock(335),
		 .block = to_oblock(0xfedcba9876),
		 .valid = 0xffff,
		 .dirty = 0x8001,
		 .hint = 0xa5},
		{.slot = to_cblock(336),
		 .block = to_oblock(0),
		 .valid = 0x0002,
		 .dirty = 0,
		 .hint = 0},
		{.slot = to_cblock(900),
		 .block = to_oblock(1),
		 .valid = 0x7fff,
		 .dirty = 0x7fff,
		 .hint = 255},
	};
	u32 i;

	assert_int_equal(rig_commit(&kit, rec, 3), 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	rec[0].dirty = 0;
	assert_int_equal(rig_commit(&kit, rec, 1), 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	for (i = 0; i < 3; i++)
		rec[i].valid = rec[i].dirty = 1u << i;
	assert_int_equal(rig_commit(&kit, rec, 2), 0);
	assert_int_equal(rig_commit(&kit, NULL, 0), 0);
	rec[2] = (struct sc_record){.slot = to_cblock(900)};
	assert_int_equal(rig_commit(&kit, rec, 3), 0);
	assert_int_equal(sc_meta_set_needs_check(kit.m, true), 0);
}

static int golden_setup(void **state)
{
	struct sc_meta_params p = {
		.metadata_sectors = IMAGE_BLOCKS * 8,
		.cache_sectors = 1002 * 128,
		.origin_sectors = (0xfedcba9876ULL + 1) * 128,
		.block_sectors = 128,
		.journal_blocks = 16,
		.uuid = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15},
		.policy = "s3fifo",
	};

	(void)state;
	rig_init(&kit, &p);
	/* 64 KiB blocks: the tail label lies behind the simulated cache. */
	sim_disk_exit(&kit.cache);
	sim_disk_init(&kit.cache, p.cache_sectors / 8);
	assert_int_equal(rig_up(&kit), 0);
	make_history();
	return 0;
}

/* ---- the file -------------------------------------------------------------- */

static void write_image(void)
{
	static const u8 zero[16];
	FILE *f = fopen(IMAGE, "w");
	const u8 *row;
	u32 at, i;

	assert_non_null(f);
	fprintf(f, "# A metadata device of format version 1\n");
	for (at = 0; at < IMAGE_BLOCKS * SIM_BLOCK; at += 16) {
		row = sim_disk_block(&kit.meta, at / SIM_BLOCK)->seen +
		      at % SIM_BLOCK;
		if (!memcmp(row, zero, 16))
			continue;
		fprintf(f, "%06x:", at);
		for (i = 0; i < 16; i++)
			fprintf(f, " %02x", row[i]);
		fprintf(f, "\n");
	}
	assert_int_equal(fclose(f), 0);
}

static void read_image(u8 *image)
{
	FILE *f = fopen(IMAGE, "r");
	char line[128], *word;
	u32 at, i;

	if (!f)
		fail_msg("cannot open " IMAGE " (run from the project's root)");
	memset(image, 0, IMAGE_BLOCKS * SIM_BLOCK);
	while (fgets(line, sizeof(line), f)) {
		if (line[0] == '#')
			continue;
		at = strtoul(line, &word, 16);
		assert_true(*word == ':' && at % 16 == 0 &&
			    at < IMAGE_BLOCKS * SIM_BLOCK);
		for (i = 0, word++; i < 16; i++)
			image[at + i] = strtoul(word, &word, 16);
	}
	fclose(f);
}

/* ---- the tests ------------------------------------------------------------- */

static u8 image[IMAGE_BLOCKS * SIM_BLOCK];

static void test_written_as_ever(void **state)
{
	u32 block, i;

	(void)state;
	if (getenv("GOLDEN"))
		write_image();
	read_image(image);
	for (block = 0; block < IMAGE_BLOCKS; block++)
		for (i = 0; i < SIM_BLOCK; i++) {
			u8 got = sim_disk_block(&kit.meta, block)->seen[i];
			u8 want = image[block * SIM_BLOCK + i];

			if (got != want)
				fail_msg("block %u byte %u: %02x, not %02x",
					 block, i, got, want);
		}
}

static void test_read_as_ever(void **state)
{
	u32 block;

	(void)state;
	read_image(image);
	rig_close(&kit);
	for (block = 0; block < IMAGE_BLOCKS; block++)
		memcpy(sim_disk_block(&kit.meta, block)->seen,
		       image + block * SIM_BLOCK, SIM_BLOCK);
	if (rig_open(&kit))
		fail_msg("%s", kit.why.text);
	assert_true(rig_same(kit.loaded, kit.view, "golden"));
	assert_true(sc_meta_needs_check(kit.m));
	assert_false(sc_meta_was_clean(kit.m));
	assert_int_equal(kit.loaded->rec[335].valid, 1);
	assert_int_equal(from_oblock(kit.loaded->rec[335].block),
			 0xfedcba9876ULL);
	assert_int_equal(kit.loaded->rec[336].dirty, 2);
	assert_int_equal(kit.loaded->rec[900].valid, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_written_as_ever,
						golden_setup, kit_teardown),
		cmocka_unit_test_setup_teardown(test_read_as_ever, golden_setup,
						kit_teardown),
	};

	return cmocka_run_group_tests_name("golden image", tests, NULL, NULL);
}
