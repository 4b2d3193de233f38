// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/map, one transition at a time: what it does to the masks, the counts,
 * the chains, the bitmaps. test-map-life.c tries them all in any order.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "map.h"

static struct sc_map *new_map(u32 nr_slots, u8 nr_subs)
{
	struct sc_geom g = {
		.block_shift = 3 + ilog2(nr_subs),
		.sub_shift = 3,
		.nr_subs = nr_subs,
		.run_shift = 4,
		.nr_slots = nr_slots,
		.nr_oblocks = SC_MAX_OBLOCKS,
		.origin_sectors = SC_MAX_OBLOCKS << (3 + ilog2(nr_subs)),
	};
	struct sc_map *m = sc_map_create(&g);

	assert_non_null(m);
	return m;
}

static struct sc_map *empty_map(u32 nr_slots, u8 nr_subs)
{
	struct sc_map *m = new_map(nr_slots, nr_subs);
	sc_oblock_t bad;

	assert_int_equal(sc_map_load_end(m, &bad), 0);
	return m;
}

static u32 find(const struct sc_map *m, u64 block)
{
	struct sc_run run = sc_map_run(m, to_oblock(block));

	return sc_map_find(m, &run, to_oblock(block));
}

static u32 insert(struct sc_map *m, u64 block)
{
	struct sc_run run = sc_map_run(m, to_oblock(block));
	u32 i = sc_map_alloc(m, run.shard);

	assert_int_not_equal(i, SC_NIL);
	sc_map_insert(m, &run, i, to_oblock(block));
	return i;
}

static u32 add(struct sc_map *m, u64 block, u16 valid, u16 dirty)
{
	u32 i = insert(m, block);

	sc_map_publish(m, i, valid, dirty);
	sc_map_slot(m, i)->flags &= ~SC_BUSY;
	return i;
}

static bool pending(const struct sc_map *m, u32 i)
{
	return test_bit(i, m->pending.bits);
}

/* Capture the one slot that is pending. */
static struct sc_record capture(struct sc_map *m, u32 i)
{
	struct sc_record rec;

	assert_int_equal(sc_bitmap_next(&m->pending, 0), i);
	assert_true(sc_map_capture(m, i, &rec));
	assert_int_equal(sc_bitmap_next(&m->pending, 0), SC_NIL);
	return rec;
}

static bool commit(struct sc_map *m, u32 i)
{
	struct sc_record rec = capture(m, i);

	return sc_map_committed(m, &rec);
}

static void check_masks(const struct sc_map *m, u32 i, u16 valid, u16 dirty,
			u16 dvalid)
{
	assert_int_equal(sc_slot_valid(m, i), valid);
	assert_int_equal(sc_slot_dirty(m, i), dirty);
	assert_int_equal(sc_slot_dvalid(m, i), dvalid);
}

/* ---- creation, load -------------------------------------------------------- */

static void test_create(void **state)
{
	static const u32 sizes[][2] = {
		{ 1, 1 }, { 5, 1 }, { 4095, 1 }, { 8191, 1 }, { 8192, 2 },
		{ 16384, 4 }, { 20000, 4 }, { 1 << 20, 64 },
	};
	struct sc_map *m;
	u32 n, s, sum;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(sizes); n++) {
		m = empty_map(sizes[n][0], 1);
		assert_int_equal(m->nr_shards, sizes[n][1]);
		for (s = 0, sum = 0; s < m->nr_shards; s++) {
			assert_true(m->shards[s].nr_free >=
				    sizes[n][0] / m->nr_shards);
			assert_int_equal(m->shards[s].nr_free,
					 m->shards[s].nr_slots);
			sum += m->shards[s].nr_free;
		}
		assert_int_equal(sum, sizes[n][0]);
		assert_null(m->masks);
		sc_map_destroy(m);
	}
	sc_map_destroy(NULL);
}

/* 24 bytes a slot for everything: the map may take 23 of these. */
static void test_bytes(void **state)
{
	struct sc_map *m = empty_map(1 << 20, 1);

	(void)state;
	assert_int_equal(sizeof(struct sc_slot), 20);
	assert_true(m->bytes <= 23ULL << 20);
	sc_map_destroy(m);
}

static void load(struct sc_map *m, u32 slot, u64 block, u16 valid, u16 dirty)
{
	struct sc_record rec = {
		.slot = to_cblock(slot),
		.block = to_oblock(block),
		.valid = valid,
		.dirty = dirty,
		.hint = slot & 255,
	};

	assert_int_equal(sc_map_load(m, &rec, 1), !!dirty);
}

static void test_load(void **state)
{
	const u64 far = (0xabULL << 32) + 3;
	struct sc_map *m = new_map(8, 4);
	sc_oblock_t bad;

	(void)state;
	load(m, 0, 10, 0xf, 0x1);
	load(m, 1, 11, 0x3, 0);
	load(m, 5, far, 0x8, 0x8);
	/* The later record counts. */
	load(m, 1, 12, 0x6, 0x4);
	load(m, 2, 13, 0xf, 0);
	load(m, 2, 0, 0, 0);
	assert_int_equal(sc_map_load_end(m, &bad), 0);
	assert_int_equal(find(m, 10), 0);
	assert_int_equal(find(m, 11), SC_NIL);
	assert_int_equal(find(m, 12), 1);
	assert_int_equal(find(m, 13), SC_NIL);
	assert_int_equal(find(m, far), 5);
	assert_int_equal(find(m, far & 0xffffffff), SC_NIL);
	assert_int_equal(from_oblock(sc_slot_block(sc_map_slot(m, 5))), far);
	check_masks(m, 1, 0x6, 0x4, 0x6);
	assert_int_equal(sc_slot_ddirty(m, 1), 0x4);
	/* The last one is the newest; without a policy there is one queue. */
	assert_int_equal(m->shards[0].queue[SC_Q_MAIN].nr, 3);
	assert_int_equal(m->shards[0].queue[SC_Q_MAIN].head, 1);
	assert_int_equal(m->shards[0].queue[SC_Q_MAIN].tail, 0);
	assert_int_equal(m->shards[0].nr_free, 5);
	assert_int_equal(m->shards[0].nr_slots, 8);
	assert_int_equal(m->shards[0].nr_mapped, 3);
	assert_int_equal(m->shards[0].nr_dirty, 3);
	assert_int_equal(m->shards[0].nr_retiring, 0);
	assert_int_equal(sc_bitmap_next(&m->pending, 0), SC_NIL);
	sc_map_destroy(m);
}

/* Whichever comes first: the dirty one is newer, the clean one goes. */
static void test_load_twice(void **state)
{
	struct sc_map *m;
	sc_oblock_t bad;
	u32 dirty;

	(void)state;
	for (dirty = 2; dirty <= 5; dirty += 3) {
		m = new_map(8, 4);
		load(m, dirty, 77, 0x1, 0x1);
		load(m, 7 - dirty, 77, 0xf, 0);
		load(m, 0, 78, 0xf, 0);
		assert_int_equal(sc_map_load_end(m, &bad), 0);
		assert_int_equal(find(m, 77), dirty);
		assert_int_equal(sc_map_find_older(m, dirty), 7 - dirty);
		assert_int_equal(sc_map_find_older(m, 7 - dirty), SC_NIL);
		check_masks(m, 7 - dirty, 0, 0, 0xf);
		assert_int_equal(m->shards[0].nr_retiring, 1);
		assert_int_equal(m->shards[0].nr_mapped, 2);
		assert_int_equal(m->shards[0].nr_dirty, 1);
		assert_true(commit(m, 7 - dirty));
		assert_int_equal(sc_map_find_older(m, dirty), SC_NIL);
		assert_int_equal(m->shards[0].nr_resting, 1);
		sc_map_destroy(m);
	}
}

static void test_load_ambiguous(void **state)
{
	struct sc_map *m;
	sc_oblock_t bad;
	u16 dirty;

	(void)state;
	for (dirty = 0; dirty <= 1; dirty++) {
		m = new_map(8, 4);
		load(m, 1, 5, 0x3, dirty);
		load(m, 4, 6, 0x3, dirty);
		load(m, 6, 5, 0x1, dirty);
		assert_int_equal(sc_map_load_end(m, &bad), -EUCLEAN);
		assert_int_equal(from_oblock(bad), 5);
		sc_map_destroy(m);
	}
}

/* Three slots of one block, whatever they say: nothing is believed. */
static void test_load_thrice(void **state)
{
	struct sc_map *m;
	sc_oblock_t bad;
	u32 dirty, k;

	(void)state;
	for (dirty = 0; dirty < 8; dirty++) {
		m = new_map(8, 4);
		for (k = 0; k < 3; k++)
			load(m, k, 5, 0x1, dirty >> k & 1);
		assert_int_equal(sc_map_load_end(m, &bad), -EUCLEAN);
		assert_int_equal(from_oblock(bad), 5);
		sc_map_destroy(m);
	}
}

/* Blocks of a shard that has none left take slots from the others' share. */
static void test_load_shards(void **state)
{
	struct sc_map *m = new_map(8192, 1);
	struct sc_run run;
	sc_oblock_t bad;
	u64 b = 0;
	u32 i = 0, s;

	(void)state;
	for (; i < 5000; b++) {
		run = sc_map_run(m, to_oblock(b));
		if (!run.shard)
			load(m, i++, b, 1, 0);
	}
	assert_int_equal(sc_map_load_end(m, &bad), 0);
	assert_int_equal(m->shards[0].nr_slots, 5000);
	assert_int_equal(m->shards[0].nr_free, 0);
	assert_int_equal(m->shards[1].nr_slots, 3192);
	assert_int_equal(m->shards[1].nr_free, 3192);
	assert_int_equal(sc_map_alloc(m, 0), SC_NIL);
	/* In the order of the addresses, so that neighbours stay so. */
	for (s = 5000; s < 5100; s++)
		assert_int_equal(sc_map_alloc(m, 1), s);
	sc_map_destroy(m);
}

/* ---- the life of a slot ---------------------------------------------------- */

static void test_insert_publish(void **state)
{
	struct sc_map *m = empty_map(4, 4);
	u32 i = insert(m, 9);

	(void)state;
	assert_int_equal(i, 0);
	assert_int_equal(find(m, 9), 0);
	assert_true(sc_map_slot(m, i)->flags & SC_BUSY);
	check_masks(m, i, 0, 0, 0);
	assert_false(pending(m, i));
	assert_int_equal(m->shards[0].nr_free, 3);
	assert_int_equal(m->shards[0].nr_mapped, 0);
	sc_map_publish(m, i, 0x3, 0x2);
	check_masks(m, i, 0x3, 0x2, 0);
	assert_true(pending(m, i));
	assert_int_equal(m->shards[0].nr_mapped, 1);
	assert_int_equal(m->shards[0].nr_dirty, 1);
	/* What is published anew is what was said last. */
	sc_map_publish(m, i, 0x6, 0x4);
	check_masks(m, i, 0x7, 0x4, 0);
	sc_map_publish(m, i, 0x4, 0);
	check_masks(m, i, 0x7, 0, 0);
	assert_int_equal(m->shards[0].nr_mapped, 1);
	assert_int_equal(m->shards[0].nr_dirty, 0);
	sc_map_destroy(m);
}

/* Rules 3 and 4: between capture and end the worse of both views counts. */
static void test_capture(void **state)
{
	struct sc_map *m = empty_map(4, 4);
	u32 i = add(m, 9, 0x3, 0x2);
	struct sc_record rec = capture(m, i), old;

	(void)state;
	assert_int_equal(from_cblock(rec.slot), i);
	assert_int_equal(from_oblock(rec.block), 9);
	assert_int_equal(rec.valid, 3);
	assert_int_equal(rec.dirty, 2);
	check_masks(m, i, 0x3, 0x2, 0x3);
	assert_int_equal(sc_slot_ddirty(m, i), 0x2);
	assert_false(sc_map_settled(m, i, 0x2));
	/* Marked while the record that says clean is on its way. */
	sc_map_mark_dirty(m, i, 0x1);
	assert_int_equal(sc_slot_ddirty(m, i), 0x2);
	assert_false(sc_map_committed(m, &rec));
	assert_true(sc_map_settled(m, i, 0x2));
	assert_false(sc_map_settled(m, i, 0x1));
	assert_false(sc_map_settled(m, i, 0x4));
	rec = capture(m, i);
	assert_int_equal(rec.dirty, 3);
	/* The old record still calls it clean. */
	assert_int_equal(sc_slot_ddirty(m, i), 0x2);
	assert_false(sc_map_committed(m, &rec));
	assert_true(sc_map_settled(m, i, 0x3));
	/* The way back: from capture on something may call it clean. */
	sc_map_mark_clean(m, i, 0x1);
	assert_int_equal(sc_slot_ddirty(m, i), 0x3);
	sc_map_durable(m, i, &old);
	rec = capture(m, i);
	assert_int_equal(sc_slot_ddirty(m, i), 0x2);
	/* It failed, and is not there: as before. */
	sc_map_commit_failed(m, &rec, &old, false);
	assert_int_equal(sc_slot_ddirty(m, i), 0x3);
	assert_false(sc_map_slot(m, i)->flags & SC_COMMITTING);
	rec = capture(m, i);
	/* It failed: nobody knows. */
	sc_map_commit_failed(m, &rec, &old, true);
	assert_int_equal(sc_slot_ddirty(m, i), 0x2);
	assert_true(sc_map_slot(m, i)->flags & SC_COMMITTING);
	check_masks(m, i, 0x3, 0x2, 0x3);
	sc_map_destroy(m);
}

static void test_capture_nothing(void **state)
{
	struct sc_map *m = empty_map(4, 1);
	u32 i = add(m, 9, 1, 1);
	struct sc_record rec;

	(void)state;
	assert_false(commit(m, i));
	/* There and back again. */
	sc_map_mark_clean(m, i, 1);
	sc_map_mark_dirty(m, i, 1);
	assert_int_equal(sc_bitmap_next(&m->pending, 0), i);
	assert_false(sc_map_capture(m, i, &rec));
	assert_false(sc_map_slot(m, i)->flags & SC_COMMITTING);
	sc_map_durable(m, i, &rec);
	assert_int_equal(rec.valid, 1);
	assert_int_equal(rec.dirty, 1);
	assert_int_equal(from_oblock(rec.block), 9);
	sc_map_destroy(m);
}

/* Rule 2: a slot comes back only after its unmap is durable. */
static void test_retire_durable(void **state)
{
	struct sc_map *m = empty_map(1, 4);
	u32 i = add(m, 9, 0xf, 0);
	struct sc_record rec, old;

	(void)state;
	assert_false(commit(m, i));
	assert_false(sc_map_invalidate(m, i, 0x3));
	check_masks(m, i, 0xc, 0, 0xf);
	assert_true(sc_map_invalidate(m, i, 0xc));
	assert_false(sc_map_retire(m, i));
	assert_int_equal(find(m, 9), i);
	assert_int_equal(m->shards[0].nr_retiring, 1);
	sc_map_durable(m, i, &old);
	rec = capture(m, i);
	assert_int_equal(rec.valid, 0);
	check_masks(m, i, 0, 0, 0xf);
	sc_map_commit_failed(m, &rec, &old, true);
	assert_false(sc_map_slot(m, i)->flags & SC_COMMITTING);
	assert_int_equal(find(m, 9), i);
	sc_bitmap_set(&m->pending, i);
	assert_true(commit(m, i));
	assert_int_equal(find(m, 9), SC_NIL);
	assert_int_equal(m->shards[0].nr_retiring, 0);
	assert_int_equal(m->shards[0].nr_resting, 1);
	assert_int_equal(sc_map_alloc(m, 0), SC_NIL);
	sc_map_free(m, i);
	assert_int_equal(m->shards[0].nr_resting, 0);
	assert_int_equal(sc_map_alloc(m, 0), i);
	sc_map_destroy(m);
}

/* Never durable: it rests at once, unless its record is on its way. */
static void test_retire_unknown(void **state)
{
	struct sc_map *m = empty_map(2, 1);
	u32 i = add(m, 9, 1, 0);
	struct sc_record rec;

	(void)state;
	assert_true(sc_map_retire(m, i));
	assert_int_equal(find(m, 9), SC_NIL);
	assert_int_equal(m->shards[0].nr_resting, 1);
	assert_int_equal(m->shards[0].nr_mapped, 0);
	/* Its bit is still set; there is nothing to say. */
	assert_int_equal(sc_bitmap_next(&m->pending, 0), i);
	assert_false(sc_map_capture(m, i, &rec));
	i = add(m, 9, 1, 0);
	rec = capture(m, i);
	assert_false(sc_map_retire(m, i));
	assert_false(sc_map_committed(m, &rec));
	assert_int_equal(find(m, 9), i);
	assert_true(commit(m, i));
	sc_map_destroy(m);
}

/* Of a chain of slots of one block the newest is found first. */
static void test_older(void **state)
{
	struct sc_map *m = empty_map(4, 4);
	u32 old = add(m, 9, 0xf, 0), new;

	(void)state;
	commit(m, old);
	new = insert(m, 9);
	assert_int_equal(find(m, 9), new);
	assert_int_equal(sc_map_find_older(m, new), old);
	sc_map_publish(m, new, 0xf, 0xf);
	sc_map_slot(m, new)->flags &= ~SC_BUSY;
	assert_false(sc_map_retire(m, old));
	assert_int_equal(m->shards[0].nr_mapped, 1);
	assert_int_equal(sc_map_find_older(m, new), old);
	/* Neighbours in the chain do not matter. */
	add(m, 9 ^ 16, 1, 0);
	add(m, 8, 1, 0);
	assert_int_equal(sc_map_find_older(m, new), old);
	sc_map_unhash(m, old);
	assert_int_equal(sc_map_find_older(m, new), SC_NIL);
	assert_int_equal(find(m, 9), new);
	sc_map_destroy(m);
}

/* A busy slot stays, whatever becomes invalid. */
static void test_invalidate_busy(void **state)
{
	struct sc_map *m = empty_map(4, 1);
	u32 i = insert(m, 9);

	(void)state;
	sc_map_publish(m, i, 1, 0);
	assert_false(sc_map_invalidate(m, i, 1));
	check_masks(m, i, 0, 0, 0);
	assert_int_equal(m->shards[0].nr_mapped, 0);
	sc_map_slot(m, i)->flags &= ~SC_BUSY;
	assert_true(sc_map_invalidate(m, i, 1));
	sc_map_destroy(m);
}

/* Rule 5: what is written while it is copied must be copied again. */
static void test_redirty(void **state)
{
	struct sc_map *m = empty_map(4, 4);
	u32 i = add(m, 9, 0xf, 0x3);
	struct sc_slot *s = sc_map_slot(m, i);

	(void)state;
	commit(m, i);
	sc_map_mark_dirty(m, i, 0x1);
	assert_false(s->flags & SC_REDIRTY);
	assert_false(pending(m, i));
	s->flags |= SC_COPYING;
	sc_map_mark_dirty(m, i, 0x1);
	assert_true(s->flags & SC_REDIRTY);
	sc_map_mark_clean(m, i, 0x3);
	assert_int_equal(m->shards[0].nr_dirty, 0);
	assert_int_equal(m->shards[0].nr_mapped, 1);
	assert_true(pending(m, i));
	sc_map_destroy(m);
}

/* ---- rule 7 ---------------------------------------------------------------- */

static void begin_flush(struct sc_map *m)
{
	u32 i = 0;

	for (; (i = sc_bitmap_next(&m->hold, i)) != SC_NIL; i++)
		sc_bitmap_set(&m->holding, i);
}

static u32 end_flush(struct sc_map *m)
{
	u32 i = 0, nr = 0;

	for (; (i = sc_bitmap_next(&m->holding, i)) != SC_NIL; i++)
		nr += sc_map_release(m, i);
	return nr;
}

static void test_hold(void **state)
{
	struct sc_map *m = empty_map(4, 4);
	u32 i = insert(m, 9);
	struct sc_record rec;

	(void)state;
	sc_map_hold(m, i);
	sc_map_publish(m, i, 0x7, 0x4);
	sc_map_slot(m, i)->flags &= ~SC_BUSY;
	rec = capture(m, i);
	assert_int_equal(rec.valid, 0x4);
	assert_int_equal(rec.dirty, 0x4);
	sc_map_committed(m, &rec);
	check_masks(m, i, 0x7, 0x4, 0x4);
	assert_false(pending(m, i));
	/* Held again after the flush began: stays held. */
	begin_flush(m);
	sc_map_hold(m, i);
	assert_int_equal(end_flush(m), 0);
	assert_true(sc_map_slot(m, i)->flags & SC_HELD);
	begin_flush(m);
	assert_int_equal(end_flush(m), 1);
	assert_false(sc_map_slot(m, i)->flags & SC_HELD);
	rec = capture(m, i);
	assert_int_equal(rec.valid, 0x7);
	assert_int_equal(rec.dirty, 0x4);
	assert_false(sc_map_release(m, i));
	sc_map_destroy(m);
}

/* What was durably clean becomes invalid again while the slot is held. */
static void test_hold_durable(void **state)
{
	struct sc_map *m = empty_map(4, 4);
	u32 i = add(m, 9, 0x1, 0);

	(void)state;
	commit(m, i);
	sc_map_hold(m, i);
	assert_true(pending(m, i));
	assert_false(commit(m, i));
	check_masks(m, i, 0x1, 0, 0);
	/* A retiring slot holds nothing. */
	assert_true(sc_map_retire(m, i));
	assert_false(sc_map_slot(m, i)->flags & SC_HELD);
	begin_flush(m);
	assert_int_equal(end_flush(m), 0);
	sc_map_destroy(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_create),
		cmocka_unit_test(test_bytes),
		cmocka_unit_test(test_load),
		cmocka_unit_test(test_load_twice),
		cmocka_unit_test(test_load_ambiguous),
		cmocka_unit_test(test_load_thrice),
		cmocka_unit_test(test_load_shards),
		cmocka_unit_test(test_insert_publish),
		cmocka_unit_test(test_capture),
		cmocka_unit_test(test_capture_nothing),
		cmocka_unit_test(test_retire_durable),
		cmocka_unit_test(test_retire_unknown),
		cmocka_unit_test(test_older),
		cmocka_unit_test(test_invalidate_busy),
		cmocka_unit_test(test_redirty),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_hold_durable),
	};

	return cmocka_run_group_tests_name("map", tests, NULL, NULL);
}
