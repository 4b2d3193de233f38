// SPDX-License-Identifier: GPL-2.0-only
/*
 * Admission: which loads count as sequential and which do not, and what the
 * write budget allows.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "admit.h"
#include "random.h"

#define CUTOFF		8192u		/* sectors, 4 MiB */
#define MIB		2048ull		/* sectors */
#define GIB		(1024 * MIB)
#define DAY_MS		86400000ull
#define HOUR_MS		3600000ull

static struct sc_admit *create(u64 cutoff, u64 budget)
{
	struct sc_admit *a = malloc(sizeof(*a));

	assert_non_null(a);
	sc_admit_init(a, cutoff, budget);
	return a;
}

/* ---- sequential streams: a table of loads ------------------------------------ */

/*
 * @jobs streams, @apart sectors from each other, take turns. Each goes on by
 * @step sectors, of which it requests @size; neighbours in groups of @swap
 * requests come in reverse order.
 */
struct load {
	const char *name;
	u32 jobs;
	u64 apart;
	u64 step;
	u32 size;
	u32 swap;
	bool write;
	/* Is it sequential in the end? */
	bool sequential;
};

static const struct load loads[] = {
	{ "one reader, 4K", 1, 0, 8, 8, 1, false, true },
	{ "one reader, 1M", 1, 0, 2048, 2048, 1, false, true },
	{ "one writer, 64K", 1, 0, 128, 128, 1, true, true },
	{ "odd sizes", 1, 0, 7, 7, 1, false, true },
	{ "8 jobs, 1 GiB apart", 8, GIB, 256, 256, 1, false, true },
	{ "64 jobs, 1 GiB apart", 64, GIB, 256, 256, 1, false, true },
	{ "64 jobs, 5 MiB apart", 64, 50 * MIB, 8, 8, 1, true, true },
	{ "65 jobs are too many", 65, GIB, 256, 256, 1, false, false },
	{ "2 in reverse", 1, 0, 256, 256, 2, false, true },
	{ "4 in reverse", 1, 0, 256, 256, 4, false, true },
	{ "64 of 4K in reverse", 1, 0, 8, 8, 64, false, true },
	{ "4 jobs with 3 in reverse", 4, GIB, 256, 256, 3, false, true },
	{ "gaps of 4K", 1, 0, 16, 8, 1, false, true },
	{ "half is cached", 1, 0, 512, 256, 1, false, true },
	{ "stride of 64K", 1, 0, 128, 8, 1, false, false },
	{ "stride of 1M", 1, 0, 2048, 8, 1, false, false },
	{ "the same 64K again", 1, 0, 0, 128, 1, false, false },
	{ "the same 4K again", 1, 0, 0, 8, 1, true, false },
};

/* Return: sectors until the first job counts as sequential, 0: never. */
static u64 run_load(struct sc_admit *a, const struct load *l)
{
	u64 n, nth, job, covered;
	bool sequential;

	for (n = 0; n * l->size < 8 * CUTOFF; n++) {
		nth = n - n % l->swap + l->swap - 1 - n % l->swap;
		for (job = 0; job < l->jobs; job++) {
			sequential = sc_admit_sequential(a, job * l->apart +
							 nth * l->step, l->size,
							 l->write);
			covered = (n + 1) * l->size;
			if (sequential && !job)
				return covered;
		}
	}
	return 0;
}

static void test_loads(void **state)
{
	struct sc_admit *a;
	u64 after;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(loads); i++) {
		a = create(CUTOFF, 0);
		after = run_load(a, &loads[i]);
		if (!after != !loads[i].sequential)
			fail_msg("%s: sequential after %llu sectors",
				 loads[i].name, (unsigned long long)after);
		/* Neither early nor much too late. */
		if (after && (after <= CUTOFF || after > CUTOFF + 4 *
			      (u64)loads[i].size * loads[i].swap))
			fail_msg("%s: after %llu sectors", loads[i].name,
				 (unsigned long long)after);
		free(a);
	}
}

static void test_exact_cutoff(void **state)
{
	struct sc_admit *a = create(CUTOFF, 0);
	u64 sector;

	(void)state;
	for (sector = 0; sector < CUTOFF; sector += 8)
		assert_false(sc_admit_sequential(a, sector, 8, false));
	assert_true(sc_admit_sequential(a, sector, 8, false));
	sc_admit_set_cutoff(a, 0);
	assert_false(sc_admit_sequential(a, sector + 8, 8, false));
	sc_admit_set_cutoff(a, 2 * CUTOFF);
	assert_false(sc_admit_sequential(a, sector + 16, 8, false));
	sc_admit_set_cutoff(a, 16);
	assert_true(sc_admit_sequential(a, sector + 24, 8, false));
	/* One request alone may be a long stream. */
	assert_true(sc_admit_sequential(a, GIB, 17, false));
	assert_false(sc_admit_sequential(a, 2 * GIB, 16, false));
	free(a);
}

/* A reader and a writer at the same place are two streams. */
static void test_reads_and_writes_apart(void **state)
{
	struct sc_admit *a = create(CUTOFF, 0);
	u64 sector;

	(void)state;
	for (sector = 0; sector < CUTOFF; sector += 512) {
		assert_false(sc_admit_sequential(a, sector, 512, false));
		assert_false(sc_admit_sequential(a, sector, 512, true));
	}
	assert_true(sc_admit_sequential(a, sector, 512, false));
	assert_true(sc_admit_sequential(a, sector, 512, true));
	free(a);
}

/* How near is near: 1024 sectors before or behind where it goes on. */
static void test_window(void **state)
{
	static const struct {
		s64 offset;
		bool same;
	} cases[] = {
		{ 0, true }, { 1024, true }, { 1025, false },
		{ -1024, true }, { -1025, false }, { 1, true }, { -1, true },
	};
	u64 base, at;
	u32 i;

	(void)state;
	/* Wherever region borders lie. */
	for (base = 100000; base < 102048; base += 31)
		for (i = 0; i < ARRAY_SIZE(cases); i++) {
			struct sc_admit *a = create(CUTOFF, 0);

			at = base + 10000;
			sc_admit_sequential(a, base, 10000, false);
			assert_int_equal(sc_admit_sequential(a, at +
							     cases[i].offset,
							     8, false),
					 cases[i].same);
			free(a);
		}
}

/* The ends of the number range: no stream is found where there is none. */
static void test_edges(void **state)
{
	struct sc_admit *a = create(4, 0);

	(void)state;
	assert_false(sc_admit_sequential(a, 0, 1, false));
	assert_false(sc_admit_sequential(a, 0, 1, false));
	assert_false(sc_admit_sequential(a, (1ull << 50) - 1, 1, true));
	assert_true(sc_admit_sequential(a, 1ull << 50, 4, true));
	free(a);
}

/* Streams that go on survive any number of single requests between them. */
static void test_random_among_streams(void **state)
{
	struct sc_admit *a = create(CUTOFF, 0);
	u32 n, i, wrong = 0;
	u64 next = 0;

	(void)state;
	random_seed();
	for (n = 0; n < 1000; n++, next += 256) {
		for (i = 0; i < 60; i++)
			wrong += sc_admit_sequential(a, 1000 * GIB +
						     random_u64() % (64 * GIB),
						     8, false);
		assert_int_equal(sc_admit_sequential(a, next, 256, false),
				 next + 256 > CUTOFF);
	}
	assert_int_equal(wrong, 0);
	free(a);
}

/* Random misses, each block once, are not taken for a stream. */
static void test_random_is_not_sequential(void **state)
{
	static const u64 spans[] = { 64 * MIB, 256 * MIB, GIB, 16 * GIB };
	static const u32 sizes[] = { 8, 32, 128 };
	u32 s, z, n, wrong, nr = 30000;

	(void)state;
	random_seed();
	for (s = 0; s < ARRAY_SIZE(spans); s++)
		for (z = 0; z < ARRAY_SIZE(sizes); z++) {
			struct sc_admit *a = create(CUTOFF, 0);

			for (n = 0, wrong = 0; n < nr; n++)
				wrong += sc_admit_sequential(a,
					random_u64() % spans[s] / 8 * 8,
					sizes[z], false);
			if (wrong)
				printf("# random %uK over %llu MiB: %u of %u\n",
				       sizes[z] / 2, spans[s] / MIB, wrong, nr);
			/* 64 KiB requests in 64 MiB do run into each other. */
			if (spans[s] > 1000 * sizes[z] * SC_NR_STREAMS / 8)
				assert_int_equal(wrong, 0);
			free(a);
		}
}

/* Chains and the order of use stay whole under any sequence of requests. */
static void check_streams(const struct sc_admit *a)
{
	u32 nr_hashed = 0, nr_used = 0, head;
	u8 i, older = 0xff;

	for (head = 0; head < SC_STREAM_HEADS; head++)
		for (i = a->heads[head]; i != 0xff;
		     i = a->streams[i].hash_next) {
			assert_int_equal(a->streams[i].head, head);
			nr_hashed++;
		}
	for (i = a->oldest; i != 0xff; i = a->streams[i].newer) {
		assert_int_equal(a->streams[i].older, older);
		older = i;
		nr_used++;
	}
	assert_int_equal(a->newest, older);
	assert_int_equal(nr_hashed, SC_NR_STREAMS);
	assert_int_equal(nr_used, SC_NR_STREAMS);
}

static void test_streams_stay_whole(void **state)
{
	struct sc_admit *a = create(CUTOFF, 0);
	u64 sector = 0;
	u32 n;

	(void)state;
	random_seed();
	for (n = 0; n < 50000; n++) {
		if (random_below(3))
			sector = random_u64() % (100 * MIB);
		sector += random_below(3000);
		sc_admit_sequential(a, sector, 1 + random_below(300),
				    random_below(2));
		if (n % 64 == 0)
			check_streams(a);
	}
	free(a);
}

/* ---- write budget ------------------------------------------------------------ */

static void test_no_budget(void **state)
{
	struct sc_admit *a = create(0, 0);

	(void)state;
	sc_admit_write(a, 1000, 1ull << 40);
	assert_false(sc_admit_exceeded(a));
	assert_true(sc_admit_fill_allowed(a, false));
	assert_int_equal(sc_admit_used(a), 1ull << 40);
	free(a);
}

/* 24 GiB a day: an hour's 1 GiB at once, then 1 GiB an hour. */
static void test_budget(void **state)
{
	struct sc_admit *a = create(0, 24ull << 30);
	u64 now = 5 * DAY_MS;

	(void)state;
	sc_admit_write(a, now, GIB);
	assert_false(sc_admit_exceeded(a));
	sc_admit_write(a, now, 1);
	assert_true(sc_admit_exceeded(a));
	assert_false(sc_admit_fill_allowed(a, false));
	assert_true(sc_admit_fill_allowed(a, true));
	/* A sector is earned in less than 2 ms. */
	sc_admit_write(a, now + 1, 0);
	assert_true(sc_admit_exceeded(a));
	sc_admit_write(a, now + 2, 0);
	assert_false(sc_admit_exceeded(a));
	/* An hour of rest fills the bucket, a week does not fill it more. */
	now += 7 * DAY_MS;
	sc_admit_write(a, now, GIB);
	assert_false(sc_admit_exceeded(a));
	sc_admit_write(a, now, 1);
	assert_true(sc_admit_exceeded(a));
	free(a);
}

/* However much was written, a day of rest is enough. */
static void test_debt_is_bounded(void **state)
{
	struct sc_admit *a = create(0, 24ull << 30);

	(void)state;
	sc_admit_write(a, 1, ~0ull);
	sc_admit_write(a, DAY_MS - 1000, 0);
	assert_true(sc_admit_exceeded(a));
	sc_admit_write(a, DAY_MS + 1, 0);
	assert_false(sc_admit_exceeded(a));
	sc_admit_write(a, DAY_MS + 1, ~0ull);
	sc_admit_set_budget(a, 0);
	assert_false(sc_admit_exceeded(a));
	free(a);
}

/* Earned in any steps the sum is the same, to the sector. */
static void check_earning(u64 budget_bytes)
{
	struct sc_admit *a = create(0, budget_bytes);
	u64 sectors = budget_bytes / 512, now = 1000, end = now + 20 * HOUR_MS;
	/* 20 of 24 hours */
	u64 want = sectors / 24 * 20 + sectors % 24 * 20 / 24;

	sc_admit_write(a, now, sectors + sectors / 24);
	assert_int_equal(a->tokens, -(s64)sectors);
	while (now < end) {
		now += random_below(100000);
		now = min(now, end);
		sc_admit_write(a, now, 0);
	}
	assert_in_range(a->tokens + (s64)sectors, want, want + 1);
	free(a);
}

static void test_earning(void **state)
{
	static const u64 budgets[] = {
		512, 4096, 1ull << 20, 12345678901ull, 1ull << 50, 1ull << 60,
	};
	u32 i;

	(void)state;
	random_seed();
	for (i = 0; i < ARRAY_SIZE(budgets); i++)
		check_earning(budgets[i]);
}

/* What a day's writing under a budget comes to, fills obeying it. */
static void test_budget_holds(void **state)
{
	struct sc_admit *a = create(0, 10ull << 30);
	u64 now, written = 0, budget = 10 * GIB;

	(void)state;
	for (now = 1000; now < 3 * DAY_MS; now += 1000) {
		u64 nr = sc_admit_fill_allowed(a, false) ? 10 * MIB : 0;

		sc_admit_write(a, now, nr);
		written += nr;
	}
	assert_in_range(written, 3 * budget, 3 * budget + budget / 24 +
			10 * MIB);
	free(a);
}

static void test_clock_back(void **state)
{
	struct sc_admit *a = create(0, 24ull << 30);

	(void)state;
	sc_admit_write(a, 10 * DAY_MS, 2 * GIB);
	assert_true(sc_admit_exceeded(a));
	sc_admit_write(a, DAY_MS, 0);
	assert_true(sc_admit_exceeded(a));
	assert_int_equal(sc_admit_used(a), 2 * GIB);
	sc_admit_write(a, DAY_MS + HOUR_MS, 0);
	assert_false(sc_admit_exceeded(a));
	free(a);
}

static void test_used(void **state)
{
	struct sc_admit *a = create(0, 0);
	u64 hour;

	(void)state;
	for (hour = 0; hour < 100; hour++) {
		sc_admit_write(a, hour * HOUR_MS, 3);
		sc_admit_write(a, hour * HOUR_MS + HOUR_MS - 1, 4);
		assert_int_equal(sc_admit_used(a), min(hour + 1, 24ull) * 7);
	}
	sc_admit_write(a, 109 * HOUR_MS, 0);
	assert_int_equal(sc_admit_used(a), 14 * 7);
	sc_admit_write(a, 1000 * HOUR_MS, 1);
	assert_int_equal(sc_admit_used(a), 1);
	free(a);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_loads),
		cmocka_unit_test(test_exact_cutoff),
		cmocka_unit_test(test_reads_and_writes_apart),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_edges),
		cmocka_unit_test(test_random_among_streams),
		cmocka_unit_test(test_random_is_not_sequential),
		cmocka_unit_test(test_streams_stay_whole),
		cmocka_unit_test(test_no_budget),
		cmocka_unit_test(test_budget),
		cmocka_unit_test(test_debt_is_bounded),
		cmocka_unit_test(test_earning),
		cmocka_unit_test(test_budget_holds),
		cmocka_unit_test(test_clock_back),
		cmocka_unit_test(test_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
