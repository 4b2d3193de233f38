// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/view: which sub-blocks a request covers, counted sector by sector here,
 * and what a view tells of the slots of a block.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "view.h"

/* ---- coverage -------------------------------------------------------------- */

static struct sc_geom geom(u8 block_shift, u8 nr_subs, u64 origin_sectors)
{
	return (struct sc_geom){
		.block_shift = block_shift,
		.sub_shift = block_shift - ilog2(nr_subs),
		.nr_subs = nr_subs,
		.run_shift = 4,
		.nr_slots = 64,
		.origin_sectors = origin_sectors,
		.nr_oblocks = DIV_ROUND_UP(origin_sectors,
					   1ULL << block_shift),
	};
}

/* By looking at each sector of each sub-block. */
static void count_cover(const struct sc_geom *g, u64 begin, u64 end,
			u16 *touched, u16 *whole)
{
	u64 block = begin >> g->block_shift << g->block_shift, sector;
	u32 per_sub = 1u << g->sub_shift, sub, n, nr_in, nr_there;

	*touched = 0;
	*whole = 0;
	for (sub = 0; sub < g->nr_subs; sub++) {
		nr_in = 0;
		nr_there = 0;
		for (n = 0; n < per_sub; n++) {
			sector = block + sub * per_sub + n;
			nr_there += sector < g->origin_sectors;
			nr_in += sector >= begin && sector < end;
		}
		if (nr_in)
			*touched |= 1u << sub;
		if (nr_in && nr_in == nr_there)
			*whole |= 1u << sub;
	}
}

/* All ranges within one block of the origin. */
static void check_block(const struct sc_geom *g, u64 block)
{
	u64 first = block << g->block_shift, begin, end, last;
	u16 touched, whole;

	last = min(first + (1ULL << g->block_shift), g->origin_sectors);
	for (begin = first; begin < last; begin++) {
		for (end = begin + 1; end <= last; end++) {
			count_cover(g, begin, end, &touched, &whole);
			assert_int_equal(sc_subs_touched(g, begin, end),
					 touched);
			assert_int_equal(sc_subs_whole(g, begin, end), whole);
		}
	}
}

static void test_cover(void **state)
{
	static const u8 shapes[][2] = {
		{ 3, 1 }, { 4, 2 }, { 5, 4 }, { 6, 8 }, { 7, 16 }, { 8, 16 },
	};
	struct sc_geom g;
	u64 size;
	u32 n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(shapes); n++) {
		size = 1ULL << shapes[n][0];
		g = geom(shapes[n][0], shapes[n][1], 4 * size);
		check_block(&g, 0);
		check_block(&g, 3);
	}
}

/* The origin may end at any sector of a sub-block. */
static void test_cover_last(void **state)
{
	struct sc_geom g;
	u32 rest;

	(void)state;
	for (rest = 1; rest <= 32; rest++) {
		g = geom(5, 4, 64 + rest);
		check_block(&g, 1);
		check_block(&g, 2);
	}
	for (rest = 1; rest <= 8; rest++) {
		g = geom(3, 1, 8 + rest);
		check_block(&g, 0);
		check_block(&g, 1);
	}
}

static void test_ends(void **state)
{
	struct sc_geom g = geom(5, 4, 1 << 20);
	u64 s;

	(void)state;
	assert_int_equal(sc_block_sectors(&g), 32);
	assert_int_equal(sc_sub_sectors(&g), 8);
	assert_int_equal(sc_run_sectors(&g), 512);
	for (s = 0; s < 2048; s++) {
		assert_int_equal(sc_sub_end(&g, s), (s / 8 + 1) * 8);
		assert_int_equal(sc_block_end(&g, s), (s / 32 + 1) * 32);
		assert_int_equal(sc_run_end(&g, s), (s / 512 + 1) * 512);
		assert_int_equal(sc_sub_index(&g, s), s / 8 % 4);
	}
}

/* ---- views ----------------------------------------------------------------- */

struct rig {
	struct sc_map *m;
	struct sc_run run;
	sc_oblock_t b;
};

static void rig_init(struct rig *r, u64 block)
{
	struct sc_geom g = geom(5, 4, 1 << 20);
	sc_oblock_t bad;

	r->m = sc_map_create(&g);
	assert_non_null(r->m);
	assert_int_equal(sc_map_load_end(r->m, &bad), 0);
	r->b = to_oblock(block);
	r->run = sc_map_run(r->m, r->b);
}

static u32 rig_add(struct rig *r, u16 valid, u16 dirty)
{
	u32 i = sc_map_alloc(r->m, r->run.shard);

	assert_int_not_equal(i, SC_NIL);
	sc_map_insert(r->m, &r->run, i, r->b);
	sc_map_publish(r->m, i, valid, dirty);
	sc_map_slot(r->m, i)->flags &= ~SC_BUSY;
	return i;
}

static void rig_commit(struct rig *r)
{
	struct sc_record rec;
	u32 i = 0;

	for (; (i = sc_bitmap_next(&r->m->pending, i)) != SC_NIL; i++)
		if (sc_map_capture(r->m, i, &rec))
			sc_map_committed(r->m, &rec);
}

/* A view made of rubbish, so that nothing is left unset. */
static u32 look(struct rig *r, struct sc_view *v, u32 first, u32 last)
{
	u64 base = sc_block_sector(&r->m->geom, r->b);

	memset(v, 0x55, sizeof(*v));
	v->mode = SC_WRITEAROUND;
	v->admit = true;
	return sc_view_block(v, r->m, &r->run, base + first, base + last + 1);
}

static void test_no_slot(void **state)
{
	struct sc_view v;
	struct rig r;

	(void)state;
	rig_init(&r, 77);
	assert_int_equal(look(&r, &v, 3, 20), SC_NIL);
	assert_int_equal(v.mode, SC_WRITEAROUND);
	assert_int_equal(v.all, 15);
	assert_int_equal(v.touched, 7);
	assert_int_equal(v.whole, 2);
	assert_int_equal(v.valid | v.dirty | v.dvalid | v.dclean, 0);
	assert_false(v.live || v.busy || v.older || v.older_dirty);
	assert_true(v.admit);
	sc_map_destroy(r.m);
}

static void test_live(void **state)
{
	struct sc_view v;
	struct rig r;
	u32 i;

	(void)state;
	rig_init(&r, 78);
	i = rig_add(&r, 0x7, 0x2);
	assert_int_equal(look(&r, &v, 0, 31), i);
	assert_true(v.live && !v.busy && !v.older && !v.older_dirty);
	assert_int_equal(v.valid, 7);
	assert_int_equal(v.dirty, 2);
	assert_int_equal(v.dvalid | v.dclean, 0);
	rig_commit(&r);
	look(&r, &v, 0, 31);
	assert_int_equal(v.dvalid, 7);
	assert_int_equal(v.dclean, 5);
	/* Marked, not yet durable: still durably clean. */
	sc_map_mark_dirty(r.m, i, 1);
	sc_map_slot(r.m, i)->flags |= SC_BUSY;
	look(&r, &v, 0, 31);
	assert_true(v.busy);
	assert_int_equal(v.dirty, 3);
	assert_int_equal(v.dclean, 5);
	sc_map_destroy(r.m);
}

static void test_retiring(void **state)
{
	struct sc_view v;
	struct rig r;
	u32 i;

	(void)state;
	rig_init(&r, 79);
	i = rig_add(&r, 0xf, 0);
	rig_commit(&r);
	assert_false(sc_map_retire(r.m, i));
	assert_int_equal(look(&r, &v, 0, 31), i);
	assert_true(!v.live && !v.busy && v.older && !v.older_dirty);
	assert_int_equal(v.valid | v.dirty | v.dvalid | v.dclean, 0);
	rig_commit(&r);
	assert_int_equal(look(&r, &v, 0, 31), SC_NIL);
	assert_false(v.older);
	sc_map_destroy(r.m);
}

/* A new slot beside a retiring one whose record may call something dirty. */
static void test_older(void **state)
{
	struct sc_view v;
	struct rig r;
	u32 old, new;

	(void)state;
	rig_init(&r, 80);
	old = rig_add(&r, 0xf, 0x4);
	rig_commit(&r);
	assert_true(sc_map_invalidate(r.m, old, 0xf));
	assert_false(sc_map_retire(r.m, old));
	look(&r, &v, 0, 31);
	assert_true(!v.live && v.older && v.older_dirty);
	new = rig_add(&r, 0x1, 0x1);
	assert_int_equal(look(&r, &v, 0, 31), new);
	assert_true(v.live && v.older && v.older_dirty);
	assert_int_equal(v.valid, 1);
	rig_commit(&r);
	look(&r, &v, 0, 31);
	assert_true(v.live && !v.older && !v.older_dirty);
	assert_int_equal(v.dvalid, 1);
	assert_int_equal(v.dclean, 0);
	sc_map_destroy(r.m);
}

/* A slot that is replaced is older as soon as the new one is there. */
static void test_replaced(void **state)
{
	struct sc_view v;
	struct rig r;
	u32 old, new;

	(void)state;
	rig_init(&r, 81);
	old = rig_add(&r, 0xf, 0);
	rig_commit(&r);
	new = sc_map_alloc(r.m, r.run.shard);
	sc_map_insert(r.m, &r.run, new, r.b);
	assert_int_equal(look(&r, &v, 0, 31), new);
	assert_true(v.live && v.busy && v.older && !v.older_dirty);
	assert_int_equal(v.valid | v.dirty | v.dvalid | v.dclean, 0);
	/* The write failed: the old one is back. */
	sc_map_slot(r.m, new)->flags &= ~SC_BUSY;
	assert_true(sc_map_retire(r.m, new));
	assert_int_equal(look(&r, &v, 0, 31), old);
	assert_true(v.live && !v.busy && !v.older);
	sc_map_destroy(r.m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cover),
		cmocka_unit_test(test_cover_last),
		cmocka_unit_test(test_ends),
		cmocka_unit_test(test_no_slot),
		cmocka_unit_test(test_live),
		cmocka_unit_test(test_retiring),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_replaced),
	};

	return cmocka_run_group_tests_name("view", tests, NULL, NULL);
}
