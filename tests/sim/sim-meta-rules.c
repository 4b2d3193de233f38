// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata engine's rules one by one: what is written in which order, what
 * each call allows, what remains after a failure.
 */
#include "meta-kit.h"

/* ---- order ----------------------------------------------------------------- */

static void test_commit_order(void **state)
{
	(void)state;
	begin_trace();
	commit_range(0, 1, 0);
	expect_trace("cb ce f4+1 ");
	commit_range(0, 300, 0);
	expect_trace("cb w5+1 ce pf6+1 ");
	/* Nothing to record: the data must be durable all the same. */
	commit_range(0, 0, 0);
	expect_trace("cb ce ");
	rig_close(&rig);
	rig.p.same_disk = true;
	assert_int_equal(rig_up(&rig), 0);
	begin_trace();
	commit_range(0, 1, 0);
	expect_trace("pf7+1 ");
	commit_range(0, 300, 0);
	expect_trace("w8+1 pf9+1 ");
	commit_range(0, 0, 0);
	expect_trace("cb ce ");
	reopen();
}

static void test_ring_wraps(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < 7; i++)
		commit_range(0, 300, 0);
	commit_range(400, 1, 0);
	begin_trace();
	/* 15 of 16 blocks are used: a checkpoint first, then round the end. */
	commit_range(0, 400, 0);
	expect_trace("w20+2 w3+1 pf0+1 f1+1 cb w19+1 ce pf4+1 ");
	reopen();
}

static void test_checkpoint_order(void **state)
{
	bool done;

	(void)state;
	commit_range(0, 1, 0);
	commit_range(700, 1, 0);
	begin_trace();
	assert_int_equal(sc_meta_checkpoint_step(rig.m, &done), 0);
	assert_true(done);
	expect_trace("w20+1 w22+1 w3+1 pf0+1 f1+1 ");
	commit_range(1, 1, 0);
	begin_trace();
	/* The other copy, the other map. */
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	expect_trace("w36+1 w2+1 pf0+1 f1+1 ");
	/* Clean and unchanged: nothing to write. */
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	expect_trace("");
	/* The clean mark must go before the journal gets something. */
	commit_range(2, 1, 0);
	expect_trace("pf0+1 f1+1 cb ce f7+1 ");
	reopen();
	assert_false(sc_meta_was_clean(rig.m));
}

static void test_checkpoint_in_steps(void **state)
{
	u32 nr = 0;
	bool done;

	(void)state;
	rig_close(&rig);
	rig.p.step_pages = 1;
	assert_int_equal(rig_up(&rig), 0);
	assert_false(sc_meta_checkpoint_wanted(rig.m));
	commit_range(0, 400, 0);
	commit_range(500, 500, 0);
	assert_false(sc_meta_checkpoint_wanted(rig.m));
	for (done = false; !done; nr++) {
		assert_int_equal(sc_meta_checkpoint_step(rig.m, &done), 0);
		assert_int_equal(sc_meta_checkpoint_wanted(rig.m), !done);
		commit_range(nr, 1, 1);
		/* Behind the captured page, in it, before it. */
		commit_range(600 - nr, 1, 1);
	}
	assert_int_equal(nr, 4);
	reopen();
}

/* The worse superblock is overwritten first, so that one is always good. */
static void test_worse_superblock_first(void **state)
{
	u32 bad;

	(void)state;
	for (bad = 0; bad < 2; bad++) {
		commit_range(bad, 1, 1);
		rig_close(&rig);
		memset(sim_disk_block(&rig.meta, bad)->seen, 0x11, 512);
		assert_int_equal(rig_open(&rig), 0);
		begin_trace();
		assert_int_equal(sc_meta_start(rig.m), 0);
		expect_trace(bad ? "pf1+1 f0+1 " : "pf0+1 f1+1 ");
		rig.tracing = false;
	}
}

/* So is the older one, when a crash came between the two. */
static void test_older_superblock_first(void **state)
{
	u32 older;

	(void)state;
	for (older = 0; older < 2; older++) {
		rig_close(&rig);
		if (!older)
			sim_disk_block(&rig.meta, 1)->seen[8] ^= 1;
		/* Until the first write, which is of the other one, is over. */
		rig.left = 4;
		assert_int_equal(rig_up(&rig), -EIO);
		rig_crash(&rig);
		assert_int_equal(rig_open(&rig), 0);
		begin_trace();
		assert_int_equal(sc_meta_start(rig.m), 0);
		expect_trace(older ? "pf1+1 f0+1 " : "pf0+1 f1+1 ");
		rig.tracing = false;
	}
}

static void test_format_order(void **state)
{
	(void)state;
	rig_exit(&rig);
	rig_init(&rig, &tiny);
	assert_int_equal(rig_open(&rig), 0);
	begin_trace();
	assert_int_equal(sc_meta_start(rig.m), 0);
	expect_trace("L0 L8008 w2+1 pf1+1 f0+1 ");
	rig.tracing = false;
	reopen();
}

/* ---- use ------------------------------------------------------------------- */

static void test_transaction_limits(void **state)
{
	struct sc_record rec = record(1, 1, 0), bad;
	u32 nr = 0;

	(void)state;
	assert_int_equal(sc_meta_commit_add(rig.m, &rec), -EINVAL);
	assert_int_equal(sc_meta_commit_end(rig.m), -EINVAL);
	assert_int_equal(sc_meta_commit_begin(rig.m), 0);
	bad = record(1000, 1, 0);
	assert_int_equal(sc_meta_commit_add(rig.m, &bad), -EINVAL);
	bad = record(1, 12500, 0);
	assert_int_equal(sc_meta_commit_add(rig.m, &bad), -EINVAL);
	while (!sc_meta_commit_full(rig.m)) {
		assert_int_equal(sc_meta_commit_add(rig.m, &rec), 0);
		nr++;
	}
	assert_int_equal(nr, 2 * 252);
	assert_int_equal(sc_meta_commit_add(rig.m, &rec), -ENOSPC);
	/* Begun again and left empty: nothing of the first remains. */
	assert_int_equal(sc_meta_commit_begin(rig.m), 0);
	assert_int_equal(sc_meta_commit_end(rig.m), 0);
	assert_int_equal(sc_meta_commit_end(rig.m), -EINVAL);
	reopen();
}

static void test_phases(void **state)
{
	bool done;

	(void)state;
	reopen();
	assert_int_equal(sc_meta_commit_begin(rig.m), -EROFS);
	assert_int_equal(sc_meta_checkpoint_step(rig.m, &done), -EROFS);
	assert_int_equal(sc_meta_checkpoint(rig.m), -EROFS);
	assert_int_equal(sc_meta_set_needs_check(rig.m, true), -EROFS);
	assert_int_equal(sc_meta_open(rig.m, &rig.why), -EINVAL);
	assert_int_equal(sc_meta_load(rig.m, rig_set, &rig.why), -EINVAL);
	assert_int_equal(sc_meta_start(rig.m), 0);
	assert_int_equal(sc_meta_start(rig.m), -EINVAL);
}

static void test_needs_check(void **state)
{
	(void)state;
	assert_false(sc_meta_needs_check(rig.m));
	assert_int_equal(sc_meta_set_needs_check(rig.m, true), 0);
	commit_range(0, 5, 1);
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	reopen();
	assert_true(sc_meta_needs_check(rig.m));
	assert_true(sc_meta_was_clean(rig.m));
	assert_int_equal(sc_meta_start(rig.m), 0);
	assert_int_equal(sc_meta_set_needs_check(rig.m, false), 0);
	reopen();
	assert_false(sc_meta_needs_check(rig.m));
}

static void test_touch(void **state)
{
	(void)state;
	commit_range(0, 400, 0);
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	rig.view->rec[3].hint = 99;
	rig.view->rec[340].hint = 98;
	sc_meta_touch(rig.m, to_cblock(3));
	sc_meta_touch(rig.m, to_cblock(340));
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	reopen();
}

static void test_policy_owns_hints(void **state)
{
	u32 i;

	(void)state;
	commit_range(0, 400, 1);
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	commit_range(400, 10, 1);
	rig_close(&rig);
	memcpy(rig.p.policy, "lru", 4);
	assert_int_equal(rig_up(&rig), 0);
	for (i = 0; i < 410; i++)
		assert_int_equal(rig.view->rec[i].hint, 0);
	rig.view->rec[5].hint = 5;
	sc_meta_touch(rig.m, to_cblock(5));
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	/* The same policy, or nobody, finds them again. */
	reopen();
	rig.p.policy[0] = 0;
	reopen();
	memcpy(rig.p.policy, "s3fifo", 7);
	rig_close(&rig);
	assert_int_equal(rig_open(&rig), 0);
	assert_int_equal(rig.loaded->rec[5].hint, 0);
	assert_int_equal(rig.loaded->rec[5].valid, 1);
}

static void test_stats(void **state)
{
	struct sc_meta_stats st;

	(void)state;
	commit_range(0, 300, 0);
	commit_range(500, 3, 0);
	sc_meta_stats(rig.m, &st);
	assert_int_equal(st.nr_blocks, 64);
	assert_int_equal(st.nr_used, 20);
	assert_int_equal(st.journal_blocks, 16);
	assert_int_equal(st.journal_used, 3);
	assert_int_equal(st.capacity, 16 * 336);
	assert_int_equal(st.commits, 2);
	assert_int_equal(st.commit_blocks, 3);
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	sc_meta_stats(rig.m, &st);
	assert_int_equal(st.checkpoints, 1);
	assert_int_equal(st.page_writes, 2);
	assert_int_equal(st.nr_used, 24);
	assert_int_equal(st.journal_used, 0);
	commit_range(500, 3, 0);
	reopen();
	sc_meta_stats(rig.m, &st);
	assert_int_equal(st.replayed, 1);
	assert_int_equal(st.nr_used, 24);
}

/* ---- failures -------------------------------------------------------------- */

/* Whichever write fails, nothing is written after it, and load finds a state. */
static void test_failed_writes(void **state)
{
	u32 at, nr;
	int r;

	(void)state;
	for (at = 1; at < 12; at++) {
		commit_range(0, 400, 1);
		rig.fail_at = at;
		r = 0;
		for (nr = 0; nr < 10 && !r; nr++) {
			struct sc_record rec = record(nr, 50 + nr, 1);

			r = rig_commit(&rig, &rec, 1);
			if (!r && nr & 1)
				r = sc_meta_checkpoint(rig.m);
		}
		assert_int_equal(r, -EIO);
		begin_trace();
		assert_int_equal(sc_meta_commit_begin(rig.m), -EIO);
		assert_int_equal(sc_meta_checkpoint(rig.m), -EIO);
		assert_int_equal(sc_meta_set_needs_check(rig.m, true), -EIO);
		expect_trace("");
		rig.tracing = false;
		rig_close(&rig);
		assert_int_equal(rig_open(&rig), 0);
		assert_true(rig_check_loaded(&rig));
		rig.in_doubt = false;
		*rig.view = *rig.loaded;
		assert_int_equal(sc_meta_start(rig.m), 0);
	}
}

/* The cache device's flush fails: the engine's own device is fine. */
static void test_failed_cache_flush(void **state)
{
	struct sc_record rec = record(3, 3, 1);

	(void)state;
	commit_range(0, 10, 0);
	rig.cache_dead = true;
	assert_int_equal(rig_commit(&rig, &rec, 1), -EIO);
	rig.cache_dead = false;
	rig.in_doubt = false;
	commit_range(20, 300, 1);
	reopen();
}

static void test_raised_epoch(void **state)
{
	struct sc_record rec = record(9, 9, 1);

	(void)state;
	commit_range(0, 10, 0);
	commit_range(10, 10, 1);
	assert_int_equal(sc_meta_raise_epoch(rig.m), 0);
	/* Otherwise a checkpoint would say that the table knows already. */
	assert_int_equal(rig_commit(&rig, &rec, 1), -EROFS);
	rig_drop_clean(rig.view);
	reopen();
	assert_int_equal(sc_meta_start(rig.m), 0);
	commit_range(30, 10, 0);
	reopen();
	/* No label can be written. */
	rig.cache_dead = true;
	assert_int_equal(sc_meta_raise_epoch(rig.m), -EIO);
	rig.cache_dead = false;
	reopen();
}

/* A raised label that was seen, but not durable, must not be lost afterwards. */
static void test_epoch_seen_is_durable(void **state)
{
	struct rng rng = { 5 };
	u32 left;

	(void)state;
	commit_range(0, 10, 1);
	for (left = 2; left < 40; left++) {
		rig.left = 2;
		(void)!sc_meta_raise_epoch(rig.m);
		assert_true(rig.off);
		rig_crash(&rig);
		rig.left = left;
		(void)!rig_up(&rig);
		rig_cut(&rig, &rng);
		rig.in_doubt = false;
		if (rig_up(&rig))
			fail_msg("%s", rig.why.text);
		assert_true(rig_check_loaded(&rig));
	}
}

static void test_unreadable_noncurrent_page(void **state)
{
	(void)state;
	commit_range(0, 1000, 0);
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	/* In the midst of what one read would take. */
	commit_range(0, 1, 1);
	assert_int_equal(sc_meta_checkpoint(rig.m), 0);
	rig.meta.bad = 20;
	reopen();
	rig.meta.bad = 36;
	rig_close(&rig);
	assert_int_equal(rig_open(&rig), -EIO);
	assert_string_equal(rig.why.text, "page block 36: read error, got -5");
	rig.meta.bad = -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_commit_order),
		KIT_TEST(test_ring_wraps),
		KIT_TEST(test_checkpoint_order),
		KIT_TEST(test_checkpoint_in_steps),
		KIT_TEST(test_worse_superblock_first),
		KIT_TEST(test_older_superblock_first),
		KIT_TEST(test_format_order),
		KIT_TEST(test_transaction_limits),
		KIT_TEST(test_phases),
		KIT_TEST(test_needs_check),
		KIT_TEST(test_touch),
		KIT_TEST(test_policy_owns_hints),
		KIT_TEST(test_stats),
		KIT_TEST(test_failed_writes),
		KIT_TEST(test_failed_cache_flush),
		KIT_TEST(test_raised_epoch),
		KIT_TEST(test_epoch_seen_is_durable),
		KIT_TEST(test_unreadable_noncurrent_page),
	};

	return cmocka_run_group_tests_name("metadata rules", tests, NULL,
					   NULL);
}
