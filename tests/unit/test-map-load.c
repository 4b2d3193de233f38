// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is simple of a table page goes into core/map without records: the cursor
 * passes nothing that the thorough reader would not, and the map becomes the
 * same.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "../whole-record.h"
#include "codec.h"
#include "map.h"
#include "random.h"

#define NR_PAGES	3u
#define NR_SLOTS	(NR_PAGES * SC_PAGE_ENTRIES)
/* So few that some block comes twice; so many that none does. */
#define FEW_BLOCKS	(2ULL * NR_SLOTS)
#define MANY_BLOCKS	(1ULL << 39)

static _Alignas(8) u8 page[SC_META_BLOCK_BYTES];
static const u8 uuid[SC_UUID_BYTES] = { 7 };

static struct sc_geom geom_of(u8 nr_subs, u32 nr_slots, u64 nr_blocks)
{
	struct sc_geom g = {
		.block_shift = 3 + ilog2(nr_subs),
		.sub_shift = 3,
		.nr_subs = nr_subs,
		.run_shift = 4,
		.nr_slots = nr_slots,
		.nr_oblocks = nr_blocks,
	};

	/* Of few blocks the last is cut. */
	g.origin_sectors = (nr_blocks << g.block_shift) -
			   (nr_blocks == FEW_BLOCKS ? 7 : 0);
	return g;
}

/* Most are whole and clean; one in @rare is anything. */
static struct sc_record random_record(const struct sc_geom *g, u32 i, u32 rare)
{
	struct sc_record rec = {
		.slot = to_cblock(i),
		.block = to_oblock(random_u64() % g->nr_oblocks),
		.valid = sc_all_subs(g),
		.hint = (u8)random_u64(),
	};

	if (!random_below(rare)) {
		rec.valid = random_u64();
		rec.dirty = random_u64();
		if (!random_below(4))
			rec.block = to_oblock(g->nr_oblocks - 1);
	}
	sc_record_trim(g, &rec);
	return rec;
}

static void make_page(const struct sc_geom *g, u32 nr, u32 rare)
{
	struct sc_block_id id = { uuid, 9, 1 };
	struct sc_record rec;
	u32 i;

	sc_codec_page_begin(page);
	for (i = 0; i < SC_PAGE_ENTRIES; i++) {
		rec = random_record(g, nr * SC_PAGE_ENTRIES + i, rare);
		if (rec.valid && from_cblock(rec.slot) < g->nr_slots)
			sc_codec_page_put(page, i, &rec);
	}
	sc_codec_page_seal(page, &id, nr);
}

/* ---- the cursor ------------------------------------------------------------ */

static void poke(u64 nr_blocks)
{
	struct sc_disk_page *d = (void *)page;
	u8 *e = (u8 *)&d->entry[random_below(SC_PAGE_ENTRIES)];

	switch (random_below(3)) {
	case 0:
		e[random_below(sizeof(d->entry[0]))] ^= 1u << random_below(8);
		break;
	case 1:
		nr_blocks -= random_below(3);
		memcpy(e, &nr_blocks, 6);
		break;
	default:
		memset(e, random_below(2) ? 0 : 0xff, sizeof(d->entry[0]));
	}
}

/* All of a page; what is at fault is left out. */
static void read_all(u32 nr, const struct sc_geom *g, struct sc_records *got)
{
	struct sc_reason why;

	got->next = 0;
	got->nr = 0;
	while (got->next < SC_PAGE_ENTRIES)
		(void)!sc_codec_page_read(page, nr, g, got, &why);
}

static void check_record(const struct sc_records *all, u32 *at,
			 const struct sc_record *rec)
{
	const struct sc_record *same;

	while (*at < all->nr &&
	       from_cblock(all->rec[*at].slot) < from_cblock(rec->slot))
		++*at;
	assert_in_range(*at, 0, all->nr - 1);
	same = &all->rec[*at];
	assert_int_equal(from_cblock(same->slot), from_cblock(rec->slot));
	assert_int_equal(from_oblock(same->block), from_oblock(rec->block));
	assert_int_equal(same->valid, rec->valid);
	assert_int_equal(same->dirty, rec->dirty);
	assert_int_equal(same->hint, rec->hint);
}

/* Returns how many it passed. */
static u32 check_cursor(u32 nr, const struct sc_geom *g)
{
	struct sc_page_cursor c, before;
	struct sc_record rec;
	struct sc_records all;
	u32 at = 0, passed = 0;
	u64 block;
	u8 hint;

	read_all(nr, g, &all);
	sc_page_cursor_init(&c, page, nr, g);
	while (c.entry != c.end) {
		before = c;
		if (sc_page_next_whole(&c, &block, &hint)) {
			rec = whole_record(&before, g);
			check_record(&all, &at, &rec);
			passed++;
		} else {
			c.entry++;
			c.slot++;
		}
	}
	return passed;
}

static void test_cursor(void **state)
{
	struct sc_geom g;
	u32 i, k, nr = 0;

	(void)state;
	for (i = 0; i < 2000; i++) {
		g = geom_of(i % 3 ? 1 : 4, NR_SLOTS - i % 2,
			    i % 2 ? FEW_BLOCKS : MANY_BLOCKS);
		make_page(&g, i % NR_PAGES, 100);
		for (k = 0; k < 40; k++)
			poke(g.origin_sectors >> g.block_shift);
		nr += check_cursor(i % NR_PAGES, &g);
	}
	assert_in_range(nr, i * SC_PAGE_ENTRIES / 2, i * SC_PAGE_ENTRIES);
}

/* ---- the map --------------------------------------------------------------- */

/* As load.c does. Returns how many the map took by itself. */
static u32 load_page(struct sc_map *m, u32 nr, bool itself)
{
	struct sc_page_cursor c;
	struct sc_records recs = {};
	struct sc_reason why;
	u32 first;

	sc_page_cursor_init(&c, page, nr, &m->geom);
	first = c.slot;
	if (itself)
		sc_map_load_page(m, &c);
	recs.next = c.slot - first;
	assert_int_equal(sc_codec_page_read(page, nr, &m->geom, &recs, &why),
			 0);
	sc_map_load(m, recs.rec, recs.nr);
	return c.slot - first;
}

static void assert_same_map(struct sc_map *a, struct sc_map *b)
{
	u32 i;

	assert_memory_equal(a->slots, b->slots,
			    a->geom.nr_slots * sizeof(*a->slots));
	assert_memory_equal(a->heads, b->heads,
			    a->nr_groups * SC_RUN_HEADS * sizeof(*a->heads));
	for (i = 0; i < a->nr_shards; i++)
		assert_memory_equal(&a->shards[i], &b->shards[i],
				    sizeof(*a->shards));
	for (i = 0; i < a->geom.nr_slots; i++) {
		assert_int_equal(sc_slot_valid(a, i), sc_slot_valid(b, i));
		assert_int_equal(sc_slot_dirty(a, i), sc_slot_dirty(b, i));
		assert_int_equal(sc_bitmap_next(&a->hold, i),
				 sc_bitmap_next(&b->hold, i));
	}
}

/* Returns how many the map took by itself. */
static u32 compare(const struct sc_geom *g, u32 rare)
{
	struct sc_map *a, *b;
	sc_oblock_t bad_a, bad_b;
	u32 i, nr = 0;
	int r;

	a = sc_map_create(g);
	b = sc_map_create(g);
	for (i = 0; i < sc_pages_for(g->nr_slots); i++) {
		make_page(g, i, rare);
		nr += load_page(a, i, true);
		load_page(b, i, false);
		assert_same_map(a, b);
	}
	r = sc_map_load_end(a, &bad_a);
	assert_int_equal(r, sc_map_load_end(b, &bad_b));
	if (r)
		assert_int_equal(from_oblock(bad_a), from_oblock(bad_b));
	assert_same_map(a, b);
	sc_map_destroy(a);
	sc_map_destroy(b);
	return nr;
}

static void test_same(void **state)
{
	struct sc_geom g;
	u32 i;

	(void)state;
	for (i = 0; i < 400; i++) {
		g = geom_of(1, NR_SLOTS - random_below(2 * SC_PAGE_ENTRIES),
			    i % 2 ? FEW_BLOCKS : MANY_BLOCKS);
		compare(&g, 1 + random_below(600));
	}
}

/* Several sub-blocks have masks: these are left to sc_map_load(). */
static void test_masks(void **state)
{
	struct sc_geom g = geom_of(4, NR_SLOTS, FEW_BLOCKS);

	(void)state;
	assert_int_equal(compare(&g, 100), 0);
}

/* It is fast because it takes all where nothing is special. */
static void test_takes_all(void **state)
{
	struct sc_geom g = geom_of(1, NR_SLOTS, MANY_BLOCKS);

	(void)state;
	assert_int_equal(compare(&g, ~0u), NR_SLOTS);
	/* A page whose end is behind the last slot may lie there. */
	g.nr_slots--;
	assert_int_equal(compare(&g, ~0u), NR_SLOTS - SC_PAGE_ENTRIES);
}

/* Wherever a free slot is, it is found: also where the scan takes breath. */
static void test_free_slots(void **state)
{
	const u32 nr_slots = 3 * 65536 + 5;
	struct sc_geom g = geom_of(1, nr_slots, MANY_BLOCKS);
	struct sc_record rec = { .valid = 1 };
	u32 i, nr_free, nr, hole;
	struct sc_map *m;
	sc_oblock_t bad;

	(void)state;
	for (hole = 65533; hole < 65540; hole++) {
		m = sc_map_create(&g);
		for (i = 0; i < nr_slots; i++) {
			if (i == hole || i == 2 * hole || i == nr_slots - 1)
				continue;
			rec.slot = to_cblock(i);
			rec.block = to_oblock(i);
			sc_map_load(m, &rec, 1);
		}
		assert_int_equal(sc_map_load_end(m, &bad), 0);
		for (i = 0, nr_free = 0, nr = 0; i < m->nr_shards; i++) {
			nr_free += m->shards[i].nr_free;
			nr += m->shards[i].nr_slots;
		}
		assert_int_equal(nr_free, 3);
		assert_int_equal(nr, nr_slots);
		sc_map_destroy(m);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cursor),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_masks),
		cmocka_unit_test(test_takes_all),
		cmocka_unit_test(test_free_slots),
	};

	return cmocka_run_group_tests_name("map load", tests, NULL, NULL);
}
