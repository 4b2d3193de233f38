// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty bitmap against a model, its sizes, and its protocol: a setter that
 * comes at any point of the sweeper's work is never lost.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "dirty.h"
#include "random.h"

static struct sc_dirty *create(u64 nr_oblocks, u32 nr_slots, u8 run_shift)
{
	struct sc_geom g = {
		.run_shift = run_shift,
		.nr_slots = nr_slots,
		.nr_oblocks = nr_oblocks,
	};
	struct sc_dirty *d = sc_dirty_create(&g);

	assert_non_null(d);
	return d;
}

/* ---- sizes ------------------------------------------------------------------- */

static void test_sizes(void **state)
{
	static const struct {
		u64 nr_oblocks;
		u32 nr_slots;
		u8 run_shift;
		u8 shift;
		u32 nr_granules;
	} cases[] = {
		{ 1, 1, 4, 4, 1 },
		{ 16, 1, 4, 4, 1 },
		{ 17, 1, 4, 4, 2 },
		{ 1 << 20, 1 << 10, 4, 4, 1 << 16 },
		/* 16 TiB behind 64 slots, and behind 64 GiB */
		{ 1ULL << 32, 64, 4, 13, 1 << 19 },
		{ 1ULL << 32, 1 << 24, 4, 7, 1 << 25 },
		{ (1ULL << 32) + 1, 1 << 24, 4, 8, (1 << 24) + 1 },
		{ SC_MAX_OBLOCKS, 1 << 20, 4, 19, 1 << 21 },
		{ 1ULL << 32, 1 << 20, 0, 11, 1 << 21 },
	};
	struct sc_dirty *d;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		d = create(cases[i].nr_oblocks, cases[i].nr_slots,
			   cases[i].run_shift);
		assert_int_equal(d->granule_shift, cases[i].shift);
		assert_int_equal(d->nr_granules, cases[i].nr_granules);
		assert_in_range(sc_dirty_bytes(d), 1,
				max(cases[i].nr_slots / 4, 1u << 16) * 65 / 64 +
				sizeof(*d) + 16);
		sc_dirty_destroy(d);
	}
	sc_dirty_destroy(NULL);
}

/* Granules cover the origin without gap or overlap. */
static void test_granule_blocks(void **state)
{
	struct sc_dirty *d = create(1000, 10, 4);
	u64 next = 0, nr, i;
	sc_oblock_t first;
	u32 granule;

	(void)state;
	for (granule = 0; granule < d->nr_granules; granule++) {
		nr = sc_dirty_granule_blocks(d, granule, &first);
		assert_int_equal(from_oblock(first), next);
		for (i = 0; i < nr; i++, next++)
			assert_int_equal(sc_dirty_granule(d, to_oblock(next)),
					 granule);
	}
	assert_int_equal(next, 1000);
	sc_dirty_destroy(d);
}

/* ---- against a model --------------------------------------------------------- */

static u32 model_next(const u8 *model, u32 nr, u32 from)
{
	while (from < nr && !model[from])
		from++;
	return from < nr ? from : SC_NO_GRANULE;
}

static void check_model(u32 nr_granules, u32 nr_steps)
{
	struct sc_dirty *d = create((u64)nr_granules << 4, 1, 4);
	u8 *model = calloc(nr_granules, 1);
	u32 step, granule;

	assert_int_equal(d->nr_granules, nr_granules);
	for (step = 0; step < nr_steps; step++) {
		granule = random_below(nr_granules);
		switch (random_below(4)) {
		case 0:
			sc_dirty_set(d, to_oblock((u64)granule * 16 +
						  random_below(16)));
			model[granule] = 1;
			break;
		case 1:
			sc_dirty_clear(d, granule);
			model[granule] = 0;
			break;
		default:
			assert_int_equal(sc_dirty_next(d, granule),
					 model_next(model, nr_granules,
						    granule));
		}
	}
	assert_int_equal(sc_dirty_next(d, nr_granules), SC_NO_GRANULE);
	assert_int_equal(sc_dirty_next(d, SC_NO_GRANULE), SC_NO_GRANULE);
	free(model);
	sc_dirty_destroy(d);
}

static void test_model(void **state)
{
	static const u32 sizes[] = { 1, 2, 63, 64, 65, 1000, 4096, 4097, 9999 };
	u32 i;

	(void)state;
	random_seed();
	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		check_model(sizes[i], 20000);
}

/* Summary bits of empty words go away, those of others stay. */
static void test_summary_is_dropped(void **state)
{
	struct sc_dirty *d = create(64 * 64 * 16, 1, 4);
	u32 word;

	(void)state;
	for (word = 0; word < 64; word++)
		sc_dirty_set(d, to_oblock(word * 64 * 16));
	for (word = 0; word < 64; word++)
		if (word != 40)
			sc_dirty_clear(d, word * 64);
	assert_int_equal(sc_dirty_next(d, 0), 40 * 64);
	assert_int_equal(sc_dirty_next(d, 40 * 64 + 1), SC_NO_GRANULE);
	for (word = 0; word < 64; word++)
		assert_int_equal(test_bit(word, d->summary), word == 40);
	sc_dirty_destroy(d);
}

/* A few dirty granules on an origin of 4 PiB are found one after the other. */
static void test_huge_and_sparse(void **state)
{
	struct sc_dirty *d = create(SC_MAX_OBLOCKS, 1 << 28, 4);
	u32 want[5], i, granule = 0;

	(void)state;
	assert_int_equal(d->nr_granules, 1 << 29);
	for (i = 0; i < 5; i++) {
		want[i] = i * (d->nr_granules - 1) / 4;
		sc_dirty_set(d, to_oblock((u64)want[i] << d->granule_shift));
	}
	for (i = 0; i < 5; i++, granule++) {
		granule = sc_dirty_next(d, granule);
		assert_int_equal(granule, want[i]);
		sc_dirty_clear(d, granule);
	}
	assert_int_equal(sc_dirty_next(d, 0), SC_NO_GRANULE);
	sc_dirty_destroy(d);
}

/* ---- the protocol ------------------------------------------------------------ */

#define NR_BLOCKS	64u

/*
 * The sweeper's work on the only granule, step by step, and a setter that comes
 * before step @when. The map is an array of dirty bits, a step is what happens
 * while one lock is held.
 */
static bool swept(struct sc_dirty *d, bool *dirty, u32 when, u32 block)
{
	bool rest = false;
	u32 step;

	for (step = 0; step <= NR_BLOCKS + 1; step++) {
		if (step == when) {
			dirty[block] = true;
			sc_dirty_set(d, to_oblock(block));
		}
		if (step == 0) {
			sc_dirty_clear(d, 0);
		} else if (step <= NR_BLOCKS) {
			/* Every other block cannot be destaged now. */
			if (dirty[step - 1] && step % 2)
				sc_dirty_set(d, to_oblock(step - 1));
			else
				dirty[step - 1] = false;
		}
	}
	for (block = 0; block < NR_BLOCKS; block++)
		rest |= dirty[block];
	return !rest;
}

static void test_no_dirty_block_without_bit(void **state)
{
	struct sc_dirty *d = create(NR_BLOCKS, 1, 6);
	bool dirty[NR_BLOCKS];
	u32 when, block;

	(void)state;
	assert_int_equal(d->nr_granules, 1);
	for (when = 0; when <= NR_BLOCKS + 1; when++)
		for (block = 0; block < NR_BLOCKS; block++) {
			memset(dirty, 0, sizeof(dirty));
			dirty[7] = true;
			sc_dirty_set(d, to_oblock(7));
			if (!swept(d, dirty, when, block))
				assert_int_equal(sc_dirty_next(d, 0), 0);
			sc_dirty_clear(d, 0);
		}
	sc_dirty_destroy(d);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_granule_blocks),
		cmocka_unit_test(test_model),
		cmocka_unit_test(test_summary_is_dropped),
		cmocka_unit_test(test_huge_and_sparse),
		cmocka_unit_test(test_no_dirty_block_without_bit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
