// SPDX-License-Identifier: GPL-2.0-only
/*
 * The policies' contract: no slot is ever lost, victims may go, work is bounded,
 * tiny and all-dirty caches work; and the decisions of the simple policies.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "policy-rig.h"
#include "random.h"

#define IN_USE	(SC_BUSY | SC_COPYING | SC_REDIRTY | SC_HELD)

static const char *const names[] = { "s3fifo", "lru", "cleaner" };

/* ---- what must hold at any time ---------------------------------------------- */

/* Walk a queue both ways. Return: how many slots it has, each counted in seen. */
static u32 walk(const struct rig *r, u32 shard, enum sc_queue_id q, u8 *seen)
{
	const struct sc_queue *queue = &r->map->shards[shard].queue[q];
	u32 i, prev = SC_NIL, nr = 0;

	for (i = queue->head; i != SC_NIL; i = r->map->slots[i].q_next) {
		assert_int_equal(r->map->slots[i].q_prev, prev);
		assert_int_equal(rig_queue(r, i), q);
		assert_int_equal(sc_slot_shard(&r->map->slots[i]), shard);
		seen[i]++;
		nr++;
		prev = i;
	}
	assert_int_equal(queue->tail, prev);
	assert_int_equal(queue->nr, nr);
	return nr;
}

/* Each hashed slot is in one queue, every other in none. */
static void check_queues(const struct rig *r)
{
	u32 nr_slots = r->map->geom.nr_slots, shard, i;
	u8 *seen = calloc(nr_slots, 1);
	enum sc_queue_id q;

	for (shard = 0; shard < r->map->nr_shards; shard++)
		for (q = SC_Q_SMALL; q < SC_NR_QUEUES; q++)
			walk(r, shard, q, seen);
	for (i = 0; i < nr_slots; i++) {
		assert_int_equal(seen[i],
				 !!(r->map->slots[i].flags & SC_HASHED));
		if (!seen[i])
			assert_int_equal(rig_queue(r, i), SC_Q_NONE);
	}
	free(seen);
}

static bool is_evictable(const struct rig *r, u32 i)
{
	const struct sc_slot *s = &r->map->slots[i];

	return s->flags & SC_HASHED && !(s->flags & IN_USE) &&
	       !sc_slot_dirty(r->map, i);
}

static u32 count_evictable(const struct rig *r, u32 shard)
{
	u32 i, nr = 0;

	for (i = 0; i < r->map->geom.nr_slots; i++)
		nr += is_evictable(r, i) &&
		      sc_slot_shard(&r->map->slots[i]) == shard;
	return nr;
}

/* ---- random operations ------------------------------------------------------- */

/* Use and its end, in the shell's ways. */
static void random_use(struct rig *r, u32 i)
{
	static const u32 uses[] = { SC_BUSY, SC_HELD };
	struct sc_slot *s = &r->map->slots[i];

	if (random_below(2))
		s->flags ^= uses[random_below(2)];
	else if (sc_slot_dirty(r->map, i))
		s->flags ^= SC_COPYING;
}

static void random_clean(struct rig *r, u32 i)
{
	r->map->slots[i].flags &= ~(SC_COPYING | SC_REDIRTY);
	rig_clean(r, i);
}

static void random_drop(struct rig *r, u32 i)
{
	r->map->slots[i].flags &= ~IN_USE;
	sc_queue_remove(r->map, i);
	rig_drop(r, i);
}

static void random_evict(struct rig *r)
{
	u32 shard = random_below(r->map->nr_shards);
	u32 i = sc_policy_victim(r->p, shard);

	if (i == SC_NIL)
		return;
	assert_true(is_evictable(r, i));
	assert_int_equal(rig_queue(r, i), SC_Q_NONE);
	assert_int_equal(sc_slot_shard(&r->map->slots[i]), shard);
	rig_drop(r, i);
}

static void random_step(struct rig *r)
{
	u32 nr_slots = r->map->geom.nr_slots;
	u32 op = random_below(16);
	u32 i = random_below(nr_slots);

	if (op < 10) {
		rig_access(r, random_below(4 * nr_slots), op < 4);
		return;
	}
	if (op == 10) {
		random_evict(r);
		return;
	}
	if (!(r->map->slots[i].flags & SC_HASHED))
		return;
	if (op < 13)
		random_use(r, i);
	else if (op < 15)
		random_clean(r, i);
	else
		random_drop(r, i);
}

static void check_random(const char *policy, u32 nr_slots)
{
	struct rig r;
	u32 step;

	rig_create(&r, policy, nr_slots, random_below(3) * 50);
	for (step = 0; step < 4000; step++) {
		random_step(&r);
		if (step % 64 == 0)
			check_queues(&r);
	}
	check_queues(&r);
	rig_destroy(&r);
}

static void test_no_slot_is_lost(void **state)
{
	static const u32 sizes[] = { 1, 2, 3, 7, 64, 500, 8192 };
	u32 n, i;

	(void)state;
	random_seed();
	for (n = 0; n < ARRAY_SIZE(names); n++)
		for (i = 0; i < ARRAY_SIZE(sizes); i++)
			check_random(names[n], sizes[i]);
}

/* ---- something clean is always found ----------------------------------------- */

/* A cache in an arbitrary state: queues, counters, dirt and use. */
static void scramble(struct rig *r)
{
	u32 dirty = random_below(101), use = random_below(101);
	u32 i;

	for (i = 0; i < r->map->geom.nr_slots; i++) {
		u32 slot = rig_insert(r, i, random_below(100) < dirty);
		struct sc_slot *s = &r->map->slots[slot];

		if (random_below(2))
			sc_policy_requeue(r->p, slot, SC_Q_MAIN);
		sc_slot_set_freq(s, random_below(4));
		if (random_below(100) < use)
			s->flags |= random_below(2) ? SC_BUSY : SC_HELD;
	}
}

static void check_finds_all(const char *policy, u32 nr_slots)
{
	u32 victim, nr;
	struct rig r;

	rig_create(&r, policy, nr_slots, 50);
	scramble(&r);
	for (nr = count_evictable(&r, 0); nr; nr--) {
		/*
		 * Counters run down from 3 in four rounds, and half of each
		 * call may go to a queue where all is in use.
		 */
		victim = rig_victim(&r, 0, 4 + 8 * nr_slots / SC_VICTIM_STEPS);
		assert_int_not_equal(victim, SC_NIL);
		assert_true(is_evictable(&r, victim));
		rig_drop(&r, victim);
	}
	assert_int_equal(rig_victim(&r, 0, 20), SC_NIL);
	check_queues(&r);
	rig_destroy(&r);
}

static void test_tiny_caches(void **state)
{
	u32 n, nr_slots, round;

	(void)state;
	random_seed();
	for (n = 0; n < 2; n++)
		for (nr_slots = 1; nr_slots <= 64; nr_slots++)
			for (round = 0; round < 20; round++)
				check_finds_all(names[n], nr_slots);
}

/* The main queue is all in use, the small one is shorter than its share. */
static void test_blocked_main_hides_nothing(void **state)
{
	struct rig r;
	u32 i, slot;

	(void)state;
	rig_create(&r, "s3fifo", 1000, 50);
	for (i = 0; i < 900; i++) {
		slot = rig_insert(&r, i, false);
		sc_policy_requeue(r.p, slot, SC_Q_MAIN);
		r.map->slots[slot].flags |= SC_HELD;
	}
	slot = rig_insert(&r, 900, false);
	assert_int_equal(rig_victim(&r, 0, 1), slot);
	rig_drop(&r, slot);
	check_queues(&r);
	rig_destroy(&r);
}

/* A slot that was hit is found by one call, though its neighbour is in use. */
static void test_hot_among_blocked(void **state)
{
	u32 i, used, hot;
	struct rig r;

	(void)state;
	rig_create(&r, "s3fifo", 100, 50);
	used = rig_insert(&r, 1, false);
	hot = rig_insert(&r, 2, false);
	sc_policy_requeue(r.p, used, SC_Q_MAIN);
	sc_policy_requeue(r.p, hot, SC_Q_MAIN);
	r.map->slots[used].flags |= SC_BUSY;
	for (i = 0; i < 3; i++)
		rig_touch(&r, hot);
	assert_int_equal(rig_victim(&r, 0, 1), hot);
	rig_destroy(&r);
}

/* One call works for a bounded time, however large the cache. */
static void test_bounded_steps(void **state)
{
	u32 i, n, slot, nr_touched = 0;
	struct rig r;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(names); n++, nr_touched = 0) {
		rig_create(&r, names[n], 1000, 50);
		for (i = 0; i < 1000; i++) {
			slot = rig_insert(&r, i, true);
			sc_policy_requeue(r.p, slot, SC_Q_MAIN);
		}
		assert_int_equal(sc_policy_victim(r.p, 0), SC_NIL);
		for (i = 0; i < 1000; i++)
			nr_touched += rig_queue(&r, i) == SC_Q_DIRTY;
		assert_in_range(nr_touched, 1, SC_VICTIM_STEPS);
		rig_destroy(&r);
	}
}

/* ---- dirty slots ------------------------------------------------------------- */

static void check_all_dirty(const char *policy)
{
	struct rig r;
	u32 i;

	rig_create(&r, policy, 100, 50);
	for (i = 0; i < 100; i++)
		rig_insert(&r, i, true);
	assert_int_equal(rig_victim(&r, 0, 10), SC_NIL);
	assert_int_equal(r.map->shards[0].queue[SC_Q_DIRTY].nr, 100);
	/* The next victim is the one that was cleaned, whichever it is. */
	for (i = 0; i < 100; i += 7) {
		u32 slot = rig_find(&r, i);

		rig_clean(&r, slot);
		assert_int_equal(rig_victim(&r, 0, 1), slot);
		assert_int_equal(rig_victim(&r, 0, 1), SC_NIL);
		rig_drop(&r, slot);
	}
	check_queues(&r);
	rig_destroy(&r);
}

static void test_all_dirty(void **state)
{
	u32 n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(names); n++)
		check_all_dirty(names[n]);
}

/* A slot goes back to where it was; a hit in the meantime saves it. */
static void test_set_aside_and_back(void **state)
{
	u32 small, main, saved;
	struct rig r;

	(void)state;
	rig_create(&r, "s3fifo", 10, 50);
	small = rig_insert(&r, 1, true);
	saved = rig_insert(&r, 2, true);
	main = rig_insert(&r, 3, true);
	sc_policy_requeue(r.p, main, SC_Q_MAIN);
	assert_int_equal(rig_victim(&r, 0, 2), SC_NIL);
	assert_int_equal(r.map->shards[0].queue[SC_Q_DIRTY].nr, 3);
	assert_int_equal(sc_policy_home(r.p, small), SC_Q_SMALL);
	assert_int_equal(sc_policy_home(r.p, main), SC_Q_MAIN);
	rig_touch(&r, saved);
	rig_clean(&r, small);
	rig_clean(&r, saved);
	rig_clean(&r, main);
	assert_int_equal(rig_queue(&r, small), SC_Q_SMALL);
	assert_int_equal(rig_queue(&r, saved), SC_Q_SMALL);
	assert_int_equal(rig_queue(&r, main), SC_Q_MAIN);
	/* Oldest first: saved came back later, so it is looked at first. */
	assert_int_equal(rig_victim(&r, 0, 1), small);
	assert_int_equal(rig_queue(&r, saved), SC_Q_MAIN);
	rig_destroy(&r);
}

static void test_cleaned_twice(void **state)
{
	struct rig r;
	u32 slot;

	(void)state;
	rig_create(&r, "s3fifo", 20, 50);
	slot = rig_insert(&r, 1, false);
	rig_insert(&r, 2, false);
	rig_clean(&r, slot);
	assert_int_equal(r.map->shards[0].queue[SC_Q_SMALL].tail, slot);
	check_queues(&r);
	rig_destroy(&r);
}

/* One dirty sub-block out of sixteen is enough. */
static void test_sub_blocks(void **state)
{
	struct rig r;
	u32 slot;

	(void)state;
	rig_create_subs(&r, "s3fifo", 20, 50, 16);
	slot = rig_insert(&r, 1, false);
	sc_map_mark_dirty(r.map, slot, 0x8000);
	assert_int_equal(rig_victim(&r, 0, 3), SC_NIL);
	assert_int_equal(rig_queue(&r, slot), SC_Q_DIRTY);
	rig_clean(&r, slot);
	assert_int_equal(rig_victim(&r, 0, 1), slot);
	rig_destroy(&r);
}

/* ---- the others, and what all share ------------------------------------------ */

static void test_second_chance(void **state)
{
	struct rig r;
	u64 i;

	(void)state;
	rig_create(&r, "lru", 10, 50);
	rig_fill(&r, 0, 10);
	for (i = 0; i < 10; i += 2)
		rig_touch(&r, rig_find(&r, i));
	rig_touch(&r, rig_find(&r, 0));
	assert_int_equal(sc_slot_freq(&r.map->slots[rig_find(&r, 0)]), 1);
	/* 1 3 5 7 9 were not hit; the others follow in their order. */
	for (i = 0; i < 10; i++) {
		u64 want = i < 5 ? 2 * i + 1 : 2 * (i - 5);

		assert_int_equal(rig_victim(&r, 0, 1), rig_find(&r, want));
	}
	rig_destroy(&r);
}

static void test_cleaner(void **state)
{
	struct rig r;
	u64 i;

	(void)state;
	rig_create(&r, "cleaner", 10, 50);
	assert_null(r.p->ghost);
	assert_false(sc_policy_admit(r.p, to_oblock(1), false));
	assert_false(sc_policy_admit(r.p, to_oblock(1), true));
	rig_fill(&r, 0, 10);
	rig_touch(&r, rig_find(&r, 0));
	assert_int_equal(sc_slot_freq(&r.map->slots[rig_find(&r, 0)]), 0);
	for (i = 0; i < 10; i++)
		assert_int_equal(rig_victim(&r, 0, 1), rig_find(&r, i));
	rig_destroy(&r);
}

static void test_names(void **state)
{
	static const char *const aliases[] = { "default", "smq", "mq" };
	struct rig r;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		rig_create(&r, names[i], 10, 50);
		assert_string_equal(sc_policy_find(names[i])->name, names[i]);
		assert_int_equal(sc_policy_admit(r.p, to_oblock(1), true),
				 i < 2);
		assert_int_equal(sc_policy_admit(r.p, to_oblock(1), false),
				 i < 2);
		rig_destroy(&r);
	}
	for (i = 0; i < ARRAY_SIZE(aliases); i++)
		assert_ptr_equal(sc_policy_find(aliases[i]), &sc_policy_s3fifo);
	assert_null(sc_policy_find("arc"));
	assert_null(sc_policy_find(""));
}

/* Any byte is a good hint, and one's own hint is understood. */
static void check_hint(const char *policy, u32 hint)
{
	struct rig r;
	u8 back;

	rig_create_loaded(&r, policy, (u8)hint);
	check_queues(&r);
	assert_int_not_equal(rig_queue(&r, 0), SC_Q_DIRTY);
	assert_in_range(sc_slot_freq(&r.map->slots[0]), 0,
			r.map->shards[0].freq_max);
	if (!strcmp(policy, "s3fifo") && (hint & 3) == SC_Q_SMALL)
		assert_int_equal(rig_queue(&r, 0), SC_Q_SMALL);
	else
		assert_int_equal(rig_queue(&r, 0), SC_Q_MAIN);
	back = sc_policy_hint(r.p, 0);
	assert_int_not_equal(back, 0);
	rig_destroy(&r);
	rig_create_loaded(&r, policy, back);
	assert_int_equal(sc_policy_hint(r.p, 0), back);
	rig_destroy(&r);
}

static void test_hints(void **state)
{
	u32 n, hint;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(names); n++)
		for (hint = 0; hint < 256; hint++)
			check_hint(names[n], hint);
}

/* What is set aside is remembered by its home. */
static void test_hint_of_dirty(void **state)
{
	struct rig r;
	u32 slot;
	u8 before;

	(void)state;
	rig_create(&r, "s3fifo", 10, 50);
	slot = rig_insert(&r, 1, true);
	before = sc_policy_hint(r.p, slot);
	assert_int_equal(rig_victim(&r, 0, 1), SC_NIL);
	assert_int_equal(rig_queue(&r, slot), SC_Q_DIRTY);
	assert_int_equal(sc_policy_hint(r.p, slot), before);
	rig_destroy(&r);
}

static void test_second_touch(void **state)
{
	struct rig r;

	(void)state;
	rig_create(&r, "lru", 100, 50);
	assert_false(sc_policy_seen(r.p, 0, to_oblock(7)));
	assert_true(sc_policy_seen(r.p, 0, to_oblock(7)));
	assert_true(sc_policy_seen(r.p, 0, to_oblock(7)));
	rig_insert(&r, 7, false);
	assert_false(sc_policy_seen(r.p, 0, to_oblock(7)));
	rig_destroy(&r);
}

/* DESIGN: at most a byte for each slot. */
static void test_memory(void **state)
{
	struct rig r;

	(void)state;
	rig_create(&r, "s3fifo", 1 << 16, 50);
	assert_in_range(sc_policy_bytes(r.p), 1 << 15, (1 << 16) + 256);
	rig_destroy(&r);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_slot_is_lost),
		cmocka_unit_test(test_tiny_caches),
		cmocka_unit_test(test_blocked_main_hides_nothing),
		cmocka_unit_test(test_hot_among_blocked),
		cmocka_unit_test(test_bounded_steps),
		cmocka_unit_test(test_all_dirty),
		cmocka_unit_test(test_set_aside_and_back),
		cmocka_unit_test(test_cleaned_twice),
		cmocka_unit_test(test_sub_blocks),
		cmocka_unit_test(test_second_chance),
		cmocka_unit_test(test_cleaner),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_hints),
		cmocka_unit_test(test_hint_of_dirty),
		cmocka_unit_test(test_second_touch),
		cmocka_unit_test(test_memory),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
