// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ghost: remembers in order of age, forgets on request, rarely errs, keeps
 * shards apart.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "ghost.h"
#include "random.h"

static struct sc_ghost *create(u32 nr_shards, u32 nr_entries)
{
	struct sc_ghost *g = sc_ghost_create(nr_shards, nr_entries);

	assert_non_null(g);
	return g;
}

static void add(struct sc_ghost *g, u64 from, u64 nr)
{
	for (; nr; nr--)
		sc_ghost_add(g, 0, to_oblock(from++));
}

static u32 count(const struct sc_ghost *g, u64 from, u64 nr)
{
	u32 found = 0;

	for (; nr; nr--)
		found += sc_ghost_has(g, 0, to_oblock(from++));
	return found;
}

static void test_sizes(void **state)
{
	u32 nr_shards, nr_entries, each;
	struct sc_ghost *g;

	(void)state;
	for (nr_shards = 1; nr_shards <= 64; nr_shards *= 2)
		for (nr_entries = 0; nr_entries < 5000; nr_entries += 37) {
			g = create(nr_shards, nr_entries);
			each = g->nr_buckets * g->nr_ways;
			assert_in_range(g->nr_ways, 1, SC_GHOST_WAYS);
			assert_in_range(each, 1, nr_entries / nr_shards + 1);
			/* Little is lost to rounding. */
			assert_true(each * 10 >= nr_entries / nr_shards * 9 ||
				    nr_entries / nr_shards - each < 32);
			assert_int_equal(g->bytes, sizeof(*g) +
					 2ull * each * nr_shards);
			sc_ghost_destroy(g);
		}
	sc_ghost_destroy(NULL);
}

static void test_take_forgets(void **state)
{
	struct sc_ghost *g = create(1, 1000);

	(void)state;
	assert_false(sc_ghost_take(g, 0, to_oblock(5)));
	add(g, 5, 1);
	assert_true(sc_ghost_has(g, 0, to_oblock(5)));
	assert_true(sc_ghost_take(g, 0, to_oblock(5)));
	assert_false(sc_ghost_has(g, 0, to_oblock(5)));
	assert_false(sc_ghost_take(g, 0, to_oblock(5)));
	sc_ghost_destroy(g);
}

/* One bucket is an exact FIFO, whatever is taken out in between. */
static void test_bucket_is_fifo(void **state)
{
	struct sc_ghost *g = create(1, 20);
	u64 fifo[20], b = 0;
	u32 nr = 0, i, step;

	(void)state;
	random_seed();
	assert_int_equal(g->nr_buckets, 1);
	for (step = 0; step < 5000; step++) {
		if (nr && !random_below(3)) {
			i = random_below(nr);
			assert_true(sc_ghost_take(g, 0, to_oblock(fifo[i])));
			assert_false(sc_ghost_has(g, 0, to_oblock(fifo[i])));
			memmove(fifo + i, fifo + i + 1, (--nr - i) * 8);
			continue;
		}
		/* A block with a fingerprint that is there would be ambiguous. */
		while (sc_ghost_has(g, 0, to_oblock(b)))
			b++;
		sc_ghost_add(g, 0, to_oblock(b));
		if (nr == 20)
			memmove(fifo, fifo + 1, --nr * 8);
		fifo[nr++] = b++;
		for (i = 0; i < nr; i++)
			assert_true(sc_ghost_has(g, 0, to_oblock(fifo[i])));
	}
	sc_ghost_destroy(g);
}

/* Of many buckets none is exact; young ones are there, old ones are not. */
static void test_age(void **state)
{
	u32 nr = 32000, young, middle, old;
	struct sc_ghost *g = create(1, nr);

	(void)state;
	add(g, 0, 4 * nr);
	young = count(g, 4 * nr - nr / 2, nr / 2);
	middle = count(g, 3 * nr, nr / 2);
	old = count(g, 2 * nr, nr / 2);
	printf("# remembered: %u, %u, %u of %u\n", young, middle, old, nr / 2);
	assert_in_range(young, nr / 2 * 99 / 100, nr / 2);
	assert_in_range(middle, nr / 2 * 80 / 100, nr / 2 * 95 / 100);
	assert_in_range(old, 0, nr / 2 / 50);
	assert_in_range(count(g, 0, nr), 0, nr / 500);
	sc_ghost_destroy(g);
}

/* With every entry in use, 32 fingerprints of 65535 are compared. */
static void test_false_positives(void **state)
{
	u32 nr = 32000, tries = 1000000, wrong;
	struct sc_ghost *g = create(1, nr);
	double expected = tries * 32.0 / 65535;

	(void)state;
	add(g, 0, 4 * nr);
	wrong = count(g, 1ull << 36, tries);
	printf("# taken for another: %u, expected %.0f\n", wrong, expected);
	assert_in_range(wrong, expected * 0.7, expected * 1.3);
	sc_ghost_destroy(g);
}

/* Neither runs nor strides of blocks crowd a part of the table. */
static void test_patterns_spread(void **state)
{
	static const u64 strides[] = { 1, 16, 256, 4096, 1 << 20, 3, 1000 };
	struct sc_ghost *g;
	u32 nr = 8000, i, found;
	u64 n;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(strides); i++) {
		g = create(1, nr);
		for (n = 0; n < nr / 2; n++)
			sc_ghost_add(g, 0, to_oblock(n * strides[i]));
		for (n = 0, found = 0; n < nr / 2; n++)
			found += sc_ghost_has(g, 0, to_oblock(n * strides[i]));
		assert_in_range(found, nr / 2 * 99 / 100, nr / 2);
		sc_ghost_destroy(g);
	}
}

/* What one shard does leaves every byte of the others alone. */
static void test_shards_apart(void **state)
{
	struct sc_ghost *g = create(4, 4000);
	u32 each = g->nr_buckets * g->nr_ways, i;
	u16 *before = malloc(4 * each * sizeof(u16));

	(void)state;
	random_seed();
	for (i = 0; i < 8000; i++)
		sc_ghost_add(g, i % 4, to_oblock(random_u64() >> 24));
	memcpy(before, g->prints, 4 * each * sizeof(u16));
	for (i = 0; i < 8000; i++) {
		sc_ghost_add(g, 2, to_oblock(random_u64() >> 24));
		sc_ghost_take(g, 2, to_oblock(random_u64() >> 24));
	}
	assert_memory_equal(before, g->prints, 2 * each * sizeof(u16));
	assert_memory_equal(before + 3 * each, g->prints + 3 * each,
			    each * sizeof(u16));
	assert_memory_not_equal(before + 2 * each, g->prints + 2 * each,
				each * sizeof(u16));
	free(before);
	sc_ghost_destroy(g);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sizes),
		cmocka_unit_test(test_take_forgets),
		cmocka_unit_test(test_bucket_is_fifo),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_false_positives),
		cmocka_unit_test(test_patterns_spread),
		cmocka_unit_test(test_shards_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
