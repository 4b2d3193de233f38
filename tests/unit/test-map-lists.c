// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/map: its bitmaps, its queues, and how a hit is counted.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "map.h"
#include "random.h"

static struct sc_map *empty_map(u32 nr_slots)
{
	struct sc_geom g = {
		.block_shift = 3,
		.sub_shift = 3,
		.nr_subs = 1,
		.run_shift = 4,
		.nr_slots = nr_slots,
		.nr_oblocks = 1 << 20,
		.origin_sectors = 8 << 20,
	};
	struct sc_map *m = sc_map_create(&g);
	sc_oblock_t bad;

	assert_non_null(m);
	assert_int_equal(sc_map_load_end(m, &bad), 0);
	return m;
}

static u32 add(struct sc_map *m, u64 block)
{
	struct sc_run run = sc_map_run(m, to_oblock(block));
	u32 i = sc_map_alloc(m, run.shard);

	sc_map_insert(m, &run, i, to_oblock(block));
	sc_map_publish(m, i, 1, 1);
	sc_map_slot(m, i)->flags &= ~SC_BUSY;
	return i;
}

/* ---- bitmaps --------------------------------------------------------------- */

/* Set up to three bits, among the first @below. */
static void set_some(struct sc_map *m, u8 *set, u32 below)
{
	u32 at, n;

	for (n = random_below(4); n; n--) {
		at = random_below(below);
		if (!random_below(64))
			continue;
		sc_bitmap_set(&m->pending, at);
		set[at] = 1;
	}
}

/* Bits set at any moment of a scan are found by it or the next, once. */
static void test_bitmap(void **state)
{
	const u32 nr = 64 * 64 + 77;
	struct sc_map *m = empty_map(nr);
	u8 set[64 * 64 + 77] = {};
	u32 round, i, at;

	(void)state;
	for (round = 0; round < 300; round++) {
		for (i = 0; (i = sc_bitmap_next(&m->pending, i)) != SC_NIL;) {
			assert_int_equal(set[i], 1);
			set[i++] = 0;
			set_some(m, set, round % 3 ? nr : 200);
			if (random_below(200) == 0)
				break;
		}
		/* The caller scans to the end. */
		while (i != SC_NIL && i < nr) {
			i = sc_bitmap_next(&m->pending, i);
			if (i != SC_NIL)
				set[i++] = 0;
		}
		at = random_below(nr);
		sc_bitmap_set(&m->pending, at);
		set[at] = 1;
	}
	for (i = 0; (i = sc_bitmap_next(&m->pending, i)) != SC_NIL; i++)
		set[i] = 0;
	for (i = 0; i < nr; i++)
		assert_int_equal(set[i], 0);
	sc_map_destroy(m);
}

static void test_bitmap_edges(void **state)
{
	struct sc_map *m = empty_map(129);
	u32 i;

	(void)state;
	for (i = 0; i < 129; i++) {
		sc_bitmap_set(&m->hold, i);
		sc_bitmap_set(&m->hold, i);
		assert_int_equal(sc_bitmap_next(&m->hold, 0), i);
		assert_int_equal(sc_bitmap_next(&m->hold, 0), SC_NIL);
		sc_bitmap_set(&m->hold, i);
		assert_int_equal(sc_bitmap_next(&m->hold, i), i);
		assert_int_equal(sc_bitmap_next(&m->hold, i + 1), SC_NIL);
	}
	sc_map_destroy(m);
}

/* ---- queues ---------------------------------------------------------------- */

static void check_queue(const struct sc_map *m, enum sc_queue_id q,
			const u32 *want, u32 nr)
{
	const struct sc_queue *queue = &m->shards[0].queue[q];
	u32 i = queue->head, prev = SC_NIL, n;

	assert_int_equal(queue->nr, nr);
	for (n = 0; n < nr; n++) {
		assert_int_equal(i, want[n]);
		assert_int_equal(sc_map_slot(m, i)->q_prev, prev);
		assert_int_equal(sc_slot_queue(sc_map_slot(m, i)), q);
		prev = i;
		i = sc_map_slot(m, i)->q_next;
	}
	assert_int_equal(i, SC_NIL);
	assert_int_equal(queue->tail, prev);
}

static void test_queues(void **state)
{
	struct sc_map *m = empty_map(5);
	u32 i;

	(void)state;
	for (i = 0; i < 5; i++)
		assert_int_equal(add(m, 100 + i), i);
	sc_queue_push(m, 0, SC_Q_SMALL);
	sc_queue_push(m, 1, SC_Q_SMALL);
	sc_queue_push_tail(m, 2, SC_Q_SMALL);
	sc_queue_push_tail(m, 3, SC_Q_MAIN);
	sc_queue_push(m, 4, SC_Q_DIRTY);
	check_queue(m, SC_Q_SMALL, (u32[]){ 1, 0, 2 }, 3);
	check_queue(m, SC_Q_MAIN, (u32[]){ 3 }, 1);
	check_queue(m, SC_Q_DIRTY, (u32[]){ 4 }, 1);
	sc_queue_remove(m, 0);
	check_queue(m, SC_Q_SMALL, (u32[]){ 1, 2 }, 2);
	assert_int_equal(sc_slot_queue(sc_map_slot(m, 0)), SC_Q_NONE);
	sc_queue_remove(m, 0);
	check_queue(m, SC_Q_SMALL, (u32[]){ 1, 2 }, 2);
	sc_queue_push_tail(m, 0, SC_Q_SMALL);
	sc_queue_remove(m, 1);
	check_queue(m, SC_Q_SMALL, (u32[]){ 2, 0 }, 2);
	sc_queue_remove(m, 0);
	sc_queue_remove(m, 2);
	sc_queue_remove(m, 3);
	check_queue(m, SC_Q_SMALL, NULL, 0);
	check_queue(m, SC_Q_MAIN, NULL, 0);
	sc_map_destroy(m);
}

/* ---- hits ------------------------------------------------------------------ */

static void test_touch(void **state)
{
	struct sc_map *m = empty_map(2);
	u32 i = add(m, 7);
	struct sc_slot *s = sc_map_slot(m, i);
	struct sc_shard *sh = &m->shards[0];
	u32 before;

	(void)state;
	sh->freq_max = 3;
	sh->stamp_skip = 2;
	sh->stamp = 9;
	sc_queue_push(m, i, SC_Q_SMALL);
	sc_slot_set_stamp(s, 8);
	sc_slot_touch(sh, s);
	assert_int_equal(sc_slot_freq(s), 0);
	sc_slot_set_stamp(s, 7);
	sc_slot_touch(sh, s);
	assert_int_equal(sc_slot_freq(s), 1);
	assert_int_equal(sc_slot_stamp(s), 7);
	sc_slot_touch(sh, s);
	sc_slot_touch(sh, s);
	before = s->flags;
	sc_slot_touch(sh, s);
	assert_int_equal(s->flags, before);
	assert_int_equal(sc_slot_freq(s), 3);
	sc_slot_set_freq(s, 1);
	assert_int_equal(sc_slot_freq(s), 1);
	assert_int_equal(sc_slot_valid(m, i), 1);
	sc_map_destroy(m);
}

static int group_setup(void **state)
{
	(void)state;
	random_seed();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bitmap),
		cmocka_unit_test(test_bitmap_edges),
		cmocka_unit_test(test_queues),
		cmocka_unit_test(test_touch),
	};

	return cmocka_run_group_tests_name("map lists", tests, group_setup,
					   NULL);
}
