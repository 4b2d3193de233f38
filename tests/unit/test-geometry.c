// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/geometry: every size, every edge, no overflow.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "geometry.h"
#include "meta.h"

static int geom(struct sc_geom *g, u32 block, u64 origin, u64 cache)
{
	struct sc_reason why = { "" };
	int r = sc_geom_init(g, block, origin, cache, &why);

	/* A reason if and only if it is refused. */
	assert_int_equal(!r, !why.text[0]);
	return r;
}

static void test_block_sizes(void **state)
{
	struct sc_geom g;
	u32 block;

	(void)state;
	for (block = 0; block < 5000; block++)
		assert_int_equal(geom(&g, block, 1 << 20, 1 << 20),
				 is_power_of_2(block) && block >= 8 &&
				 block <= 2048 ? 0 : -EINVAL);
	assert_int_equal(geom(&g, 1u << 31, 1 << 20, 1 << 20), -EINVAL);
	for (block = 8; block <= 2048; block *= 2) {
		assert_int_equal(geom(&g, block, 1 << 20, 1 << 20), 0);
		assert_int_equal(1u << g.block_shift, block);
		assert_int_equal(g.nr_subs << g.sub_shift, block);
		assert_int_equal(1u << g.sub_shift, block <= 128 ? 8 :
							    block / 16);
		assert_int_equal(1u << (g.block_shift + g.run_shift),
				 block <= 128 ? 128 : block);
		assert_int_equal(g.data_offset, block);
	}
}

static void test_origin_sizes(void **state)
{
	struct sc_geom g;

	(void)state;
	assert_int_equal(geom(&g, 8, 0, 1 << 20), -EINVAL);
	assert_int_equal(geom(&g, 8, 1, 1 << 20), 0);
	assert_int_equal(g.nr_oblocks, 1);
	assert_int_equal(geom(&g, 8, 8 * SC_MAX_OBLOCKS, 1 << 20), 0);
	assert_int_equal(g.nr_oblocks, SC_MAX_OBLOCKS);
	assert_int_equal(geom(&g, 8, 8 * SC_MAX_OBLOCKS + 1, 1 << 20),
			 -EINVAL);
	assert_int_equal(geom(&g, 8, ~0ULL, 1 << 20), -EINVAL);
	assert_int_equal(geom(&g, 2048, ~0ULL, 1 << 20), -EINVAL);
}

/* Slots lie between the labels, aligned, and never reach the tail label. */
static void test_cache_sizes(void **state)
{
	struct sc_geom g;
	u64 cache, label;
	u32 block;

	(void)state;
	for (block = 8; block <= 64; block *= 2)
		for (cache = 0; cache < 1000; cache++) {
			if (geom(&g, block, 1000, cache)) {
				assert_true(cache < 2 * block + 8);
				continue;
			}
			label = sc_geom_tail_label(cache);
			assert_int_equal(label % 8, 0);
			assert_true(label + 8 <= cache && label + 16 > cache);
			assert_true(g.nr_slots > 0);
			assert_int_equal(g.data_offset % block, 0);
			assert_true(g.data_offset >= 8);
			assert_true(sc_slot_sector(&g, to_cblock(g.nr_slots)) <=
				    label);
			assert_true(sc_slot_sector(&g,
						   to_cblock(g.nr_slots + 1)) >
				    label);
		}
	assert_int_equal(geom(&g, 8, 1000, 8ULL * SC_MAX_CBLOCKS + 16), 0);
	assert_int_equal(g.nr_slots, SC_MAX_CBLOCKS);
	assert_int_equal(geom(&g, 8, 1000, 8ULL * SC_MAX_CBLOCKS + 24),
			 -EINVAL);
	assert_int_equal(geom(&g, 8, 1000, ~0ULL), -EINVAL);
}

/* Bit by bit against what the masks say. */
static void check_subs(const struct sc_geom *g, u32 b)
{
	u16 subs = sc_geom_subs(g, to_oblock(b));
	u16 whole = sc_geom_whole_subs(g, to_oblock(b), g->origin_sectors + 3);
	u64 begin = (u64)b << g->block_shift, end;
	u32 sub;

	for (sub = 0; sub < g->nr_subs; sub++, begin = end) {
		end = begin + (1u << g->sub_shift);
		assert_int_equal(subs >> sub & 1, begin < g->origin_sectors);
		assert_int_equal(whole >> sub & 1,
				 end <= g->origin_sectors + 3);
	}
	assert_int_equal(subs >> g->nr_subs, 0);
	assert_int_equal(whole >> g->nr_subs, 0);
}

static void test_partial_blocks(void **state)
{
	struct sc_geom g;
	u64 origin;
	u32 block, b;

	(void)state;
	for (block = 8; block <= 256; block *= 4)
		for (origin = 1; origin < 3 * block; origin++) {
			assert_int_equal(geom(&g, block, origin, 1 << 20), 0);
			for (b = 0; b < 5; b++)
				check_subs(&g, b);
		}
}

static void test_layouts(void **state)
{
	struct sc_layout l, before = {};
	struct sc_reason why;
	u64 blocks;
	u32 journal;

	(void)state;
	for (blocks = 0; blocks < 70000; blocks += 1 + blocks / 50) {
		if (sc_layout_init(&l, blocks * 8 + 7, 0, &why)) {
			assert_true(blocks < 64);
			assert_string_equal(why.text + strlen(why.text) - 3,
					    "KiB");
			continue;
		}
		assert_int_equal(sc_layout_check(&l), 0);
		assert_true(l.nr_blocks <= blocks);
		/* A larger device never holds less. */
		assert_true(sc_layout_capacity(&l) >=
			    sc_layout_capacity(&before));
		/* The map can speak of eight times as many pages. */
		assert_true((u64)l.map_blocks * SC_MAP_PAGES >=
			    8ULL * l.nr_pages);
		if (blocks >= 1024)
			assert_true(l.journal_blocks >= 256);
		before = l;
	}
	for (journal = 0; journal < 20000; journal += 1 + journal / 10)
		assert_int_equal(sc_layout_init(&l, 1 << 22, journal, NULL),
				 !journal || (journal >= 16 && journal <= 16384)
				 ? 0 : -EINVAL);
	assert_int_equal(sc_layout_init(&l, ~0ULL, 0, NULL), 0);
	assert_int_equal(sc_layout_check(&l), 0);
	assert_int_equal(sc_layout_capacity(&l), SC_MAX_CBLOCKS);
	assert_int_equal(l.journal_blocks, 16384);
}

/* No two things in one place, and all inside the device. */
static void test_page_places(void **state)
{
	static u8 used[4096];
	struct sc_layout l;
	u64 block;
	u32 page, copy;

	(void)state;
	assert_int_equal(sc_layout_init(&l, 4096 * 8, 0, NULL), 0);
	for (page = 0; page < l.nr_pages; page++)
		for (copy = 0; copy < 2; copy++) {
			block = sc_layout_page(&l, page, copy);
			assert_true(block >= l.pages_start &&
				    block < l.nr_blocks);
			assert_int_equal(used[block]++, 0);
		}
	for (block = l.pages_start; block < l.nr_blocks; block++)
		assert_int_equal(used[block], 1);
}

static void test_layout_check(void **state)
{
	struct sc_layout l, bad;
	u32 i;

	(void)state;
	assert_int_equal(sc_layout_init(&l, 4096 * 8, 0, NULL), 0);
	for (i = 0; i < 8; i++) {
		bad = l;
		bad.nr_blocks += i == 0;
		bad.map_start += i == 1;
		bad.journal_start += i == 2;
		bad.pages_start += i == 3;
		bad.map_blocks += i == 4;
		bad.journal_blocks += i == 5;
		bad.nr_pages += i == 6;
		assert_int_equal(sc_layout_check(&bad), i < 7 ? -EUCLEAN : 0);
	}
	bad = l;
	bad.map_blocks = 0;
	assert_int_equal(sc_layout_check(&bad), -EUCLEAN);
	bad = l;
	bad.nr_pages = ~0u;
	assert_int_equal(sc_layout_check(&bad), -EUCLEAN);
}

/* What DESIGN promises: 4 MiB + 44 bytes a slot, and that is enough. */
static void test_size_needed(void **state)
{
	struct sc_layout l;
	u64 sectors, slots;

	(void)state;
	for (slots = 1; slots <= SC_MAX_CBLOCKS; slots += 1 + slots / 7) {
		sectors = sc_meta_size_needed(slots);
		assert_true(sectors * 512 <= (4ULL << 20) + 44 * slots);
		assert_int_equal(sc_layout_init(&l, sectors, 0, NULL), 0);
		assert_true(sc_layout_capacity(&l) >= slots);
		/* And no step less. */
		if (!sc_layout_init(&l, sectors - 64 * 8, 0, NULL))
			assert_true(sc_layout_capacity(&l) < slots);
	}
	sectors = sc_meta_size_needed(SC_MAX_CBLOCKS);
	assert_int_equal(sc_layout_init(&l, sectors, 0, NULL), 0);
	assert_int_equal(sc_layout_capacity(&l), SC_MAX_CBLOCKS);
	/* Out of range: as the nearest that is possible. */
	assert_int_equal(sc_meta_size_needed(~0u), sectors);
	assert_int_equal(sc_meta_size_needed(0), sc_meta_size_needed(1));
}

static void test_resize(void **state)
{
	struct sc_layout l, small;
	u64 blocks;

	(void)state;
	assert_int_equal(sc_layout_init(&small, 1024 * 8, 0, NULL), 0);
	for (blocks = 0; blocks < 100000; blocks += 1 + blocks / 3) {
		l = small;
		sc_layout_resize(&l, blocks * 8);
		assert_int_equal(l.pages_start, small.pages_start);
		assert_true(l.nr_blocks <= max(blocks, l.pages_start));
		assert_true(l.nr_pages <= l.map_blocks * SC_MAP_PAGES);
		if (l.nr_pages)
			assert_int_equal(sc_layout_check(&l), 0);
		if (sc_layout_capacity(&l) && l.nr_pages < 16128)
			assert_int_equal(sc_layout_blocks_for(&l,
					sc_layout_capacity(&l)), l.nr_blocks);
	}
	assert_int_equal(sc_layout_blocks_for(&small, 16128 * 336 + 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_block_sizes),
		cmocka_unit_test(test_origin_sizes),
		cmocka_unit_test(test_cache_sizes),
		cmocka_unit_test(test_partial_blocks),
		cmocka_unit_test(test_layouts),
		cmocka_unit_test(test_page_places),
		cmocka_unit_test(test_layout_check),
		cmocka_unit_test(test_size_needed),
		cmocka_unit_test(test_resize),
	};

	return cmocka_run_group_tests_name("geometry", tests, NULL, NULL);
}
