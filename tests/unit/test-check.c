// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check across slots: every fault by itself, and random caches against a
 * check that compares each slot with each other.
 */
#include "check.h"
#include "geometry.h"
#include "random.h"

#include <setjmp.h>
#include <cmocka.h>

#define NR_SLOTS	64u

/**
 * struct bench - a cache to check
 * @g: its sizes
 * @rec: its slots
 * @find: what was found
 * @nr: how much
 */
struct bench {
	struct sc_geom g;
	struct sc_record rec[NR_SLOTS];
	struct sc_check_find find[4 * NR_SLOTS];
	u32 nr;
};

static struct bench b;

static void get(void *ctx, sc_cblock_t slot, struct sc_record *rec)
{
	struct bench *bench = ctx;

	*rec = bench->rec[from_cblock(slot)];
}

static void found(void *ctx, const struct sc_check_find *find)
{
	struct bench *bench = ctx;

	assert_true(bench->nr < ARRAY_SIZE(bench->find));
	bench->find[bench->nr++] = *find;
}

/* Blocks of 128 sectors with 16 sub-blocks; the last block has 9 and a bit. */
static void begin(void)
{
	u32 i;

	memset(&b, 0, sizeof(b));
	assert_int_equal(sc_geom_init(&b.g, 128, 100 * 128 + 75,
				      128 * (NR_SLOTS + 1) + 8, NULL), 0);
	assert_int_equal(b.g.nr_slots, NR_SLOTS);
	for (i = 0; i < NR_SLOTS; i++)
		b.rec[i].slot = to_cblock(i);
}

static void put(u32 slot, u64 block, u16 valid, u16 dirty)
{
	b.rec[slot] = (struct sc_record){
		.slot = to_cblock(slot),
		.block = to_oblock(block),
		.valid = valid,
		.dirty = dirty,
	};
}

static struct sc_check run(void)
{
	struct sc_check c = {
		.geom = &b.g, .get = get, .found = found, .ctx = &b,
	};

	b.nr = 0;
	assert_int_equal(sc_check_run(&c), 0);
	return c;
}

static void expect(u32 i, enum sc_check_fault fault, u32 slot, u32 other)
{
	assert_in_range(i, 0, b.nr - 1);
	assert_int_equal(b.find[i].fault, fault);
	assert_int_equal(from_cblock(b.find[i].rec.slot), slot);
	assert_int_equal(from_cblock(b.find[i].other.slot), other);
}

static void expect_text(u32 i, const char *text)
{
	struct sc_reason why;

	sc_check_to_reason(&b.g, &b.find[i], &why);
	assert_string_equal(why.text, text);
}

static void test_empty(void **state)
{
	struct sc_check c;

	(void)state;
	begin();
	c = run();
	assert_int_equal(b.nr, 0);
	assert_int_equal(sc_check_nr_faults(&c), 0);
	assert_int_equal(c.nr_mapped + c.nr_dirty + c.valid_sectors, 0);
}

/* Sectors are the origin's: the last sub-block is short. */
static void test_counts(void **state)
{
	struct sc_check c;

	(void)state;
	begin();
	put(3, 7, 0xffff, 0x0003);
	put(4, 8, 0x00f0, 0);
	put(9, 100, 0x03ff, 0x0201);
	c = run();
	assert_int_equal(b.nr, 0);
	assert_int_equal(c.nr_mapped, 3);
	assert_int_equal(c.nr_dirty, 2);
	assert_int_equal(c.valid_sectors, 128 + 32 + 75);
	assert_int_equal(c.dirty_sectors, 16 + 8 + 3);
}

static void test_mask_sectors(void **state)
{
	(void)state;
	begin();
	assert_int_equal(sc_mask_sectors(&b.g, to_oblock(100), 0), 0);
	assert_int_equal(sc_mask_sectors(&b.g, to_oblock(100), 0x200), 3);
	assert_int_equal(sc_mask_sectors(&b.g, to_oblock(100), 0x100), 8);
	assert_int_equal(sc_mask_sectors(&b.g, to_oblock(99), 0x8000), 8);
}

static void test_records(void **state)
{
	struct sc_check c;

	(void)state;
	begin();
	put(1, 101, 1, 0);
	put(2, 5, 1, 2);
	put(3, 100, 0x07ff, 0);
	put(4, 6, 0, 0);
	b.rec[5].hint = 3;
	c = run();
	assert_int_equal(c.nr[SC_CHECK_RECORD], 5);
	assert_int_equal(sc_check_nr_faults(&c), 5);
	assert_int_equal(c.nr_mapped, 0);
	expect_text(0, "slot 1: origin block out of range, got 101");
	expect_text(1, "slot 2: dirty sub-blocks that are not valid, got 2");
	expect_text(2, "slot 3: sub-blocks that do not exist, got 2047");
	expect_text(3, "slot 4: unmapped slot not empty, got 6");
	expect_text(4, "slot 5: unmapped slot not empty, got 0");
}

/* A record that is refused does not make another one refused. */
static void test_record_is_no_partner(void **state)
{
	(void)state;
	begin();
	put(1, 5, 1, 2);
	put(2, 5, 1, 0);
	run();
	assert_int_equal(b.nr, 1);
	expect(0, SC_CHECK_RECORD, 1, 0);
}

static void test_twice_clean(void **state)
{
	struct sc_check c;

	(void)state;
	begin();
	put(10, 5, 1, 0);
	put(20, 5, 2, 0);
	put(30, 5, 1, 0);
	c = run();
	expect(0, SC_CHECK_TWICE_CLEAN, 20, 10);
	expect(1, SC_CHECK_TWICE_CLEAN, 30, 10);
	assert_int_equal(b.nr, 2);
	assert_int_equal(sc_check_nr_faults(&c), 2);
	expect_text(0, "slots 10 and 20: two clean slots hold one block, got block 5");
}

static void test_twice_dirty(void **state)
{
	struct sc_check c;

	(void)state;
	begin();
	put(20, 5, 3, 1);
	put(10, 5, 3, 2);
	c = run();
	assert_int_equal(b.nr, 1);
	expect(0, SC_CHECK_TWICE_DIRTY, 20, 10);
	assert_int_equal(sc_check_nr_faults(&c), 1);
	expect_text(0, "slots 10 and 20: two dirty slots hold one block, got block 5");
}

/* In either order; what comes later is compared with the dirty one. */
static void test_retired(void **state)
{
	struct sc_check c;

	(void)state;
	begin();
	put(1, 5, 1, 0);
	put(2, 5, 1, 1);
	put(3, 6, 1, 1);
	put(4, 6, 1, 0);
	put(7, 5, 1, 1);
	c = run();
	assert_int_equal(b.nr, 3);
	expect(0, SC_CHECK_RETIRED, 1, 2);
	expect(1, SC_CHECK_RETIRED, 4, 3);
	expect(2, SC_CHECK_TWICE_DIRTY, 7, 2);
	assert_int_equal(c.nr[SC_CHECK_RETIRED], 2);
	assert_int_equal(sc_check_nr_faults(&c), 1);
	expect_text(0, "slots 2 and 1: given up for a dirty one, got block 5");
}

/* Two clean ones, wherever the dirty one is. */
static void test_thrice(void **state)
{
	struct sc_check c;
	u32 dirty;

	(void)state;
	for (dirty = 1; dirty <= 3; dirty += 2) {
		begin();
		put(1, 5, 1, dirty == 1);
		put(2, 5, 1, 0);
		put(3, 5, 1, dirty == 3);
		c = run();
		assert_int_equal(sc_check_nr_faults(&c), 1);
	}
	expect(0, SC_CHECK_TWICE_CLEAN, 2, 1);
	begin();
	put(1, 5, 1, 0);
	put(2, 5, 1, 1);
	put(3, 5, 1, 0);
	c = run();
	expect(0, SC_CHECK_RETIRED, 1, 2);
	expect(1, SC_CHECK_THRICE, 3, 2);
	assert_int_equal(sc_check_nr_faults(&c), 1);
	expect_text(1, "slots 2 and 3: three slots hold one block, got block 5");
}

/* ---- random ---------------------------------------------------------------- */

/* What giving up as told leaves: a block is held once. */
static void give_up(void)
{
	struct sc_check_find *f;
	u32 i;

	for (i = 0; i < b.nr; i++) {
		f = &b.find[i];
		put(from_cblock(f->rec.slot), 0, 0, 0);
		if (f->fault == SC_CHECK_TWICE_CLEAN)
			put(from_cblock(f->other.slot), 0, 0, 0);
	}
}

/* All clean ones go if there are several; of dirty ones the first stays. */
static bool stays(const struct sc_record *rec, u32 i)
{
	bool alone = true, first = true;
	u32 k;

	for (k = 0; k < NR_SLOTS; k++) {
		if (k == i || !rec[k].valid ||
		    from_oblock(rec[k].block) != from_oblock(rec[i].block))
			continue;
		alone = false;
		if (k < i && rec[k].dirty)
			first = false;
	}
	return rec[i].valid && (alone || (rec[i].dirty && first));
}

static void test_random(void **state)
{
	struct sc_record before[NR_SLOTS];
	struct sc_check c;
	u32 round, i, nr_found = 0;

	(void)state;
	for (round = 0; round < 2000; round++) {
		begin();
		for (i = 0; i < NR_SLOTS; i++)
			if (random_below(4))
				put(i, random_below(1 + round % 100), 3,
				    random_below(3));
		memcpy(before, b.rec, sizeof(before));
		run();
		nr_found += b.nr;
		give_up();
		for (i = 0; i < NR_SLOTS; i++)
			assert_int_equal(!!b.rec[i].valid, stays(before, i));
		c = run();
		assert_int_equal(b.nr, 0);
		assert_int_equal(sc_check_nr_faults(&c), 0);
	}
	assert_true(nr_found > 10000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_empty),
		cmocka_unit_test(test_counts),
		cmocka_unit_test(test_mask_sectors),
		cmocka_unit_test(test_records),
		cmocka_unit_test(test_record_is_no_partner),
		cmocka_unit_test(test_twice_clean),
		cmocka_unit_test(test_twice_dirty),
		cmocka_unit_test(test_retired),
		cmocka_unit_test(test_thrice),
		cmocka_unit_test(test_random),
	};

	random_seed();
	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
