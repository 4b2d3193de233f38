// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decisions of s3fifo, one by one. test-policy.c has what all policies must
 * do, test-policy-ratio.c how good it is.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy-rig.h"

/* Hits count from a third of the small queue on, at the latest. */
static void test_burst_does_not_count(void **state)
{
	u32 target = 1200 / 10, age, slot, freq;
	struct rig r;

	(void)state;
	rig_create(&r, "s3fifo", 1200, 50);
	rig_fill(&r, 1000, target);
	slot = rig_insert(&r, 0, false);
	for (age = 0; age < target; age++) {
		sc_slot_set_freq(&r.map->slots[slot], 0);
		rig_touch(&r, slot);
		freq = sc_slot_freq(&r.map->slots[slot]);
		if (age < target / 6)
			assert_int_equal(freq, 0);
		if (age > target / 3)
			assert_int_equal(freq, 1);
		rig_insert(&r, 5000 + age, false);
	}
	rig_destroy(&r);
}

/* Where the small queue is a few slots long, every hit counts. */
static void test_burst_in_tiny_cache(void **state)
{
	struct rig r;
	u32 slot;

	(void)state;
	rig_create(&r, "s3fifo", 50, 50);
	rig_insert(&r, 1, false);
	slot = rig_insert(&r, 2, false);
	rig_touch(&r, slot);
	assert_int_equal(sc_slot_freq(&r.map->slots[slot]), 1);
	rig_destroy(&r);
}

/* Hits count in a slot that came back or was loaded, whatever the time. */
static void test_returned_is_not_young(void **state)
{
	u32 i, slot;
	struct rig r;

	(void)state;
	for (i = 0; i < 160; i += 10) {
		rig_create(&r, "s3fifo", 1200, 50);
		rig_fill(&r, 1000, i);
		slot = rig_insert(&r, 0, true);
		sc_policy_set_aside(r.p, slot);
		rig_clean(&r, slot);
		rig_touch(&r, slot);
		assert_int_equal(sc_slot_freq(&r.map->slots[slot]), 1);
		rig_destroy(&r);
	}
	/* Nor that of one that was cached before. */
	rig_create_loaded(&r, "s3fifo", SC_Q_SMALL);
	rig_touch(&r, 0);
	assert_int_equal(sc_slot_freq(&r.map->slots[0]), 1);
	rig_destroy(&r);
}

static void test_counter_saturates(void **state)
{
	struct rig r;
	u32 slot, i;

	(void)state;
	rig_create(&r, "s3fifo", 20, 50);
	slot = rig_insert(&r, 1, false);
	sc_policy_requeue(r.p, slot, SC_Q_MAIN);
	for (i = 0; i < 9; i++)
		rig_touch(&r, slot);
	assert_int_equal(sc_slot_freq(&r.map->slots[slot]), 3);
	rig_destroy(&r);
}

/* One counted hit promotes; unhit ones go in order and are remembered. */
static void test_promotion(void **state)
{
	u32 first, second, third;
	struct rig r;

	(void)state;
	rig_create(&r, "s3fifo", 10, 50);
	first = rig_insert(&r, 1, false);
	second = rig_insert(&r, 2, false);
	third = rig_insert(&r, 3, false);
	rig_touch(&r, second);
	assert_int_equal(rig_victim(&r, 0, 1), first);
	assert_int_equal(rig_victim(&r, 0, 1), third);
	assert_int_equal(rig_queue(&r, second), SC_Q_MAIN);
	rig_drop(&r, first);
	rig_drop(&r, third);
	assert_int_equal(rig_queue(&r, rig_insert(&r, 3, false)), SC_Q_MAIN);
	assert_int_equal(rig_queue(&r, rig_insert(&r, 1, false)), SC_Q_MAIN);
	/* Forgotten once it was taken back. */
	assert_false(sc_ghost_has(r.p->ghost, 0, to_oblock(1)));
	rig_destroy(&r);
}

/* A slot of the main queue goes round once for each hit, and is not a ghost. */
static void test_main_goes_round(void **state)
{
	u32 hot, cold, i;
	struct rig r;

	(void)state;
	rig_create(&r, "s3fifo", 20, 50);
	hot = rig_insert(&r, 1, false);
	sc_policy_requeue(r.p, hot, SC_Q_MAIN);
	for (i = 0; i < 2; i++)
		rig_touch(&r, hot);
	for (i = 0; i < 2; i++) {
		cold = rig_insert(&r, 2 + i, false);
		sc_policy_requeue(r.p, cold, SC_Q_MAIN);
		assert_int_equal(rig_victim(&r, 0, 1), cold);
		assert_int_equal(sc_slot_freq(&r.map->slots[hot]), 1 - i);
		rig_drop(&r, cold);
	}
	assert_int_equal(rig_victim(&r, 0, 1), hot);
	assert_false(sc_ghost_has(r.p->ghost, 0, to_oblock(1)));
	rig_destroy(&r);
}

/* Newcomers beyond their share go first, then the main queue. */
static void test_share_of_small(void **state)
{
	u32 i, slot;
	struct rig r;

	(void)state;
	rig_create(&r, "s3fifo", 100, 50);
	for (i = 0; i < 80; i++)
		sc_policy_requeue(r.p, rig_insert(&r, i, false), SC_Q_MAIN);
	rig_fill(&r, 100, 20);
	for (i = 0; i < 60; i++) {
		slot = rig_victim(&r, 0, 1);
		assert_int_equal(from_oblock(sc_slot_block(&r.map->slots[slot])),
				 i < 11 ? 100 + i : i - 11);
		rig_drop(&r, slot);
	}
	/* Nine newcomers are left, and 31 old ones. */
	sc_policy_set_small(r.p, 5);
	slot = rig_victim(&r, 0, 1);
	assert_int_equal(from_oblock(sc_slot_block(&r.map->slots[slot])), 111);
	rig_destroy(&r);
}

static void test_without_ghost(void **state)
{
	struct rig r;
	u64 i;

	(void)state;
	rig_create(&r, "s3fifo", 50, 0);
	assert_null(r.p->ghost);
	for (i = 0; i < 1000; i++)
		rig_access(&r, i % 70, false);
	assert_false(sc_policy_seen(r.p, 0, to_oblock(1)));
	assert_false(sc_policy_seen(r.p, 0, to_oblock(1)));
	rig_destroy(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_burst_does_not_count),
		cmocka_unit_test(test_burst_in_tiny_cache),
		cmocka_unit_test(test_returned_is_not_young),
		cmocka_unit_test(test_counter_saturates),
		cmocka_unit_test(test_promotion),
		cmocka_unit_test(test_main_goes_round),
		cmocka_unit_test(test_share_of_small),
		cmocka_unit_test(test_without_ghost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
