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
	kit_begin_trace();
	kit_commit_range(0, 1, 0);
	kit_expect_trace("cb ce f4+1 ");
	kit_commit_range(0, 300, 0);
	kit_expect_trace("cb w5+1 ce pf6+1 ");
	/* Nothing to record: the data must be durable all the same. */
	kit_commit_range(0, 0, 0);
	kit_expect_trace("cb ce ");
	rig_close(&kit);
	kit.p.same_disk = true;
	assert_int_equal(rig_up(&kit), 0);
	kit_begin_trace();
	kit_commit_range(0, 1, 0);
	kit_expect_trace("pf7+1 ");
	kit_commit_range(0, 300, 0);
	kit_expect_trace("w8+1 pf9+1 ");
	kit_commit_range(0, 0, 0);
	kit_expect_trace("cb ce ");
	kit_reopen();
}

static void test_ring_wraps(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < 7; i++)
		kit_commit_range(0, 300, 0);
	kit_commit_range(400, 1, 0);
	kit_begin_trace();
	/* 15 of 16 blocks are used: a checkpoint first, then round the end. */
	kit_commit_range(0, 400, 0);
	kit_expect_trace("w20+2 w3+1 pf0+1 f1+1 cb w19+1 ce pf4+1 ");
	kit_reopen();
}

static void test_checkpoint_order(void **state)
{
	bool done;

	(void)state;
	kit_commit_range(0, 1, 0);
	kit_commit_range(700, 1, 0);
	kit_begin_trace();
	assert_int_equal(sc_meta_checkpoint_step(kit.m, &done), 0);
	assert_true(done);
	kit_expect_trace("w20+1 w22+1 w3+1 pf0+1 f1+1 ");
	kit_commit_range(1, 1, 0);
	kit_begin_trace();
	/* The other copy, the other map. */
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit_expect_trace("w36+1 w2+1 pf0+1 f1+1 ");
	/* Clean and unchanged: nothing to write. */
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit_expect_trace("");
	/* The clean mark must go before the journal gets something. */
	kit_commit_range(2, 1, 0);
	kit_expect_trace("pf0+1 f1+1 cb ce f7+1 ");
	kit_reopen();
	assert_false(sc_meta_was_clean(kit.m));
}

static void test_checkpoint_in_steps(void **state)
{
	u32 nr = 0;
	bool done;

	(void)state;
	rig_close(&kit);
	kit.p.step_pages = 1;
	assert_int_equal(rig_up(&kit), 0);
	assert_false(sc_meta_checkpoint_wanted(kit.m));
	kit_commit_range(0, 400, 0);
	kit_commit_range(500, 500, 0);
	assert_false(sc_meta_checkpoint_wanted(kit.m));
	for (done = false; !done; nr++) {
		assert_int_equal(sc_meta_checkpoint_step(kit.m, &done), 0);
		assert_int_equal(sc_meta_checkpoint_wanted(kit.m), !done);
		kit_commit_range(nr, 1, 1);
		/* Behind the captured page, in it, before it. */
		kit_commit_range(600 - nr, 1, 1);
	}
	assert_int_equal(nr, 4);
	kit_reopen();
}

/* The worse superblock is overwritten first, so that one is always good. */
static void test_worse_superblock_first(void **state)
{
	u32 bad;

	(void)state;
	for (bad = 0; bad < 2; bad++) {
		kit_commit_range(bad, 1, 1);
		rig_close(&kit);
		memset(sim_disk_block(&kit.meta, bad)->seen, 0x11, 512);
		assert_int_equal(rig_open(&kit), 0);
		kit_begin_trace();
		assert_int_equal(sc_meta_start(kit.m), 0);
		kit_expect_trace(bad ? "pf1+1 f0+1 " : "pf0+1 f1+1 ");
		kit.tracing = false;
	}
}

/* So is the older one, when a crash came between the two. */
static void test_older_superblock_first(void **state)
{
	u32 older;

	(void)state;
	for (older = 0; older < 2; older++) {
		rig_close(&kit);
		if (!older)
			sim_disk_block(&kit.meta, 1)->seen[8] ^= 1;
		/* Until the first write, which is of the other one, is over. */
		kit.left = 4;
		assert_int_equal(rig_up(&kit), -EIO);
		rig_crash(&kit);
		assert_int_equal(rig_open(&kit), 0);
		kit_begin_trace();
		assert_int_equal(sc_meta_start(kit.m), 0);
		kit_expect_trace(older ? "pf1+1 f0+1 " : "pf0+1 f1+1 ");
		kit.tracing = false;
	}
}

static void test_format_order(void **state)
{
	(void)state;
	rig_exit(&kit);
	rig_init(&kit, &kit_params);
	assert_int_equal(rig_open(&kit), 0);
	kit_begin_trace();
	assert_int_equal(sc_meta_start(kit.m), 0);
	kit_expect_trace("f0+1 L0 L8008 w2+1 pf1+1 f0+1 ");
	kit.tracing = false;
	kit_reopen();
}

/* ---- use ------------------------------------------------------------------- */

static void test_transaction_limits(void **state)
{
	struct sc_record rec = kit_record(1, 1, 0), bad;
	u32 nr = 0;

	(void)state;
	assert_int_equal(sc_meta_commit_add(kit.m, &rec), -EINVAL);
	assert_int_equal(sc_meta_commit_end(kit.m), -EINVAL);
	assert_int_equal(sc_meta_commit_begin(kit.m), 0);
	bad = kit_record(1000, 1, 0);
	assert_int_equal(sc_meta_commit_add(kit.m, &bad), -EINVAL);
	bad = kit_record(1, 12500, 0);
	assert_int_equal(sc_meta_commit_add(kit.m, &bad), -EINVAL);
	while (!sc_meta_commit_full(kit.m)) {
		assert_int_equal(sc_meta_commit_add(kit.m, &rec), 0);
		nr++;
	}
	assert_int_equal(nr, 2 * 252);
	assert_int_equal(sc_meta_commit_add(kit.m, &rec), -ENOSPC);
	/* Begun again and left empty: nothing of the first remains. */
	assert_int_equal(sc_meta_commit_begin(kit.m), 0);
	assert_int_equal(sc_meta_commit_end(kit.m), 0);
	assert_int_equal(sc_meta_commit_end(kit.m), -EINVAL);
	kit_reopen();
}

static void test_phases(void **state)
{
	bool done;

	(void)state;
	kit_reopen();
	assert_int_equal(sc_meta_commit_begin(kit.m), -EROFS);
	assert_int_equal(sc_meta_checkpoint_step(kit.m, &done), -EROFS);
	assert_int_equal(sc_meta_checkpoint(kit.m), -EROFS);
	assert_int_equal(sc_meta_set_needs_check(kit.m, true), -EROFS);
	assert_int_equal(sc_meta_open(kit.m, &kit.why), -EINVAL);
	assert_int_equal(sc_meta_load(kit.m, rig_set, &kit.why), -EINVAL);
	assert_int_equal(sc_meta_start(kit.m), 0);
	assert_int_equal(sc_meta_start(kit.m), -EINVAL);
}

static void test_needs_check(void **state)
{
	(void)state;
	assert_false(sc_meta_needs_check(kit.m));
	assert_int_equal(sc_meta_set_needs_check(kit.m, true), 0);
	kit_commit_range(0, 5, 1);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit_reopen();
	assert_true(sc_meta_needs_check(kit.m));
	assert_true(sc_meta_was_clean(kit.m));
	assert_int_equal(sc_meta_start(kit.m), 0);
	assert_int_equal(sc_meta_set_needs_check(kit.m, false), 0);
	kit_reopen();
	assert_false(sc_meta_needs_check(kit.m));
}

static void test_touch(void **state)
{
	(void)state;
	kit_commit_range(0, 400, 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit.view->rec[3].hint = 99;
	kit.view->rec[340].hint = 98;
	sc_meta_touch(kit.m, to_cblock(3));
	sc_meta_touch(kit.m, to_cblock(340));
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit_reopen();
}

static void test_policy_owns_hints(void **state)
{
	u32 i;

	(void)state;
	kit_commit_range(0, 400, 1);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit_commit_range(400, 10, 1);
	rig_close(&kit);
	memcpy(kit.p.policy, "lru", 4);
	assert_int_equal(rig_up(&kit), 0);
	for (i = 0; i < 410; i++)
		assert_int_equal(kit.view->rec[i].hint, 0);
	kit.view->rec[5].hint = 5;
	sc_meta_touch(kit.m, to_cblock(5));
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	/* The same policy, or nobody, finds them again. */
	kit_reopen();
	kit.p.policy[0] = 0;
	kit_reopen();
	memcpy(kit.p.policy, "s3fifo", 7);
	rig_close(&kit);
	assert_int_equal(rig_open(&kit), 0);
	assert_int_equal(kit.loaded->rec[5].hint, 0);
	assert_int_equal(kit.loaded->rec[5].valid, 1);
}

static void test_stats(void **state)
{
	struct sc_meta_stats st;

	(void)state;
	kit_commit_range(0, 300, 0);
	kit_commit_range(500, 3, 0);
	sc_meta_stats(kit.m, &st);
	assert_int_equal(st.nr_blocks, 64);
	assert_int_equal(st.nr_used, 20);
	assert_int_equal(st.journal_blocks, 16);
	assert_int_equal(st.journal_used, 3);
	assert_int_equal(st.capacity, 16 * 336);
	assert_int_equal(st.commits, 2);
	assert_int_equal(st.commit_blocks, 3);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	sc_meta_stats(kit.m, &st);
	assert_int_equal(st.checkpoints, 1);
	assert_int_equal(st.page_writes, 2);
	assert_int_equal(st.nr_used, 24);
	assert_int_equal(st.journal_used, 0);
	kit_commit_range(500, 3, 0);
	kit_reopen();
	sc_meta_stats(kit.m, &st);
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
		kit_commit_range(0, 400, 1);
		kit.fail_at = at;
		r = 0;
		for (nr = 0; nr < 10 && !r; nr++) {
			struct sc_record rec = kit_record(nr, 50 + nr, 1);

			r = rig_commit(&kit, &rec, 1);
			if (!r && nr & 1)
				r = sc_meta_checkpoint(kit.m);
		}
		assert_int_equal(r, -EIO);
		kit_begin_trace();
		assert_int_equal(sc_meta_commit_begin(kit.m), -EIO);
		assert_int_equal(sc_meta_checkpoint(kit.m), -EIO);
		assert_int_equal(sc_meta_set_needs_check(kit.m, true), -EIO);
		kit_expect_trace("");
		kit.tracing = false;
		rig_close(&kit);
		assert_int_equal(rig_open(&kit), 0);
		assert_true(rig_check_loaded(&kit));
		kit.in_doubt = false;
		*kit.view = *kit.loaded;
		assert_int_equal(sc_meta_start(kit.m), 0);
	}
}

/* The cache device's flush fails: the engine's own device is fine. */
static void test_failed_cache_flush(void **state)
{
	struct sc_record rec = kit_record(3, 3, 1);

	(void)state;
	kit_commit_range(0, 10, 0);
	kit.cache_ill = RIG_CACHE_DEAD;
	assert_int_equal(rig_commit(&kit, &rec, 1), -EIO);
	kit.cache_ill = RIG_CACHE_WELL;
	kit.in_doubt = false;
	kit_commit_range(20, 300, 1);
	kit_reopen();
}

static void test_raised_epoch(void **state)
{
	struct sc_record rec = kit_record(9, 9, 1);

	(void)state;
	kit_commit_range(0, 10, 0);
	kit_commit_range(10, 10, 1);
	assert_int_equal(sc_meta_raise_epoch(kit.m), 0);
	/* Otherwise a checkpoint would say that the table knows already. */
	assert_int_equal(rig_commit(&kit, &rec, 1), -EROFS);
	rig_drop_clean(kit.view);
	kit_reopen();
	assert_int_equal(sc_meta_start(kit.m), 0);
	kit_commit_range(30, 10, 0);
	kit_reopen();
	assert_int_equal(sc_meta_start(kit.m), 0);
	kit_commit_range(40, 10, 0);
	/* Neither a label can be written, nor the superblock. */
	kit.cache_ill = RIG_CACHE_DEAD;
	kit.fail_at = 1;
	assert_int_equal(sc_meta_raise_epoch(kit.m), -EIO);
	kit.cache_ill = RIG_CACHE_WELL;
	kit_reopen();
}

/* An epoch that was raised must be seen, however small the cache gets. */
static void test_raised_epoch_shrunk(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	kit_commit_range(0, 10, 0);
	kit_commit_range(10, 10, 1);
	kit.cache_ill = RIG_HEAD_BAD;
	if (!sc_meta_raise_epoch(kit.m))
		rig_drop_clean(kit.view);
	kit.cache_ill = RIG_CACHE_WELL;
	p.cache_sectors = 500 * 8 + 16;
	kit_reopen_with(&p, 0, NULL);
	assert_true(rig_check_loaded(&kit));
}

/* No label can be written: the superblock says the same, also at epoch 1. */
static void test_lowered_epoch(void **state)
{
	u32 n;

	(void)state;
	for (n = 0; n < 3; n++) {
		kit_commit_range(10 * n, 10, 0);
		kit_commit_range(100 + 10 * n, 10, 1);
		kit.cache_ill = RIG_CACHE_DEAD;
		kit_begin_trace();
		assert_int_equal(sc_meta_raise_epoch(kit.m), 0);
		kit_expect_trace("pf0+1 f1+1 ");
		kit.tracing = false;
		assert_true(sc_meta_failed(kit.m));
		kit.cache_ill = RIG_CACHE_WELL;
		rig_drop_clean(kit.view);
		kit_reopen();
		assert_int_equal(sc_meta_start(kit.m), 0);
		/* A power cut before the next is no reason to drop more. */
		kit_commit_range(50, 10, 0);
		kit_reopen();
		assert_int_equal(sc_meta_start(kit.m), 0);
	}
}

/* A raised label that was seen, but not durable, must not be lost afterwards. */
static void test_epoch_seen_is_durable(void **state)
{
	struct rng rng = {5};
	u32 left;

	(void)state;
	kit_commit_range(0, 10, 1);
	for (left = 2; left < 40; left++) {
		kit.left = 2;
		(void)!sc_meta_raise_epoch(kit.m);
		assert_true(kit.off);
		rig_crash(&kit);
		kit.left = left;
		(void)!rig_up(&kit);
		rig_cut(&kit, &rng);
		kit.in_doubt = false;
		if (rig_up(&kit))
			fail_msg("%s", kit.why.text);
		assert_true(rig_check_loaded(&kit));
	}
}

/* The tail alone has the raised epoch; @left I/Os of a start of another size. */
static bool tail_survives(u32 left)
{
	struct sim_block *tail;
	struct rng rng = {5};

	kit_commit_range(0, 10, 1);
	/* It was written, but that was reported as failed. */
	kit.cache_ill = RIG_CACHE_DEAD;
	assert_int_equal(sc_meta_raise_epoch(kit.m), 0);
	kit.cache_ill = RIG_CACHE_WELL;
	rig_crash(&kit);
	tail = sim_disk_block(&kit.cache, 1001);
	sc_codec_label_encode(tail->seen,
			      &(struct sc_block_id){kit_params.uuid, 1001, 2});
	memcpy(tail->media, tail->seen, SIM_BLOCK);
	kit.p.cache_sectors = 1200 * 8 + 16;
	kit.left = left;
	if (!rig_up(&kit))
		return false;
	rig_cut(&kit, &rng);
	kit.in_doubt = false;
	if (rig_up(&kit))
		fail_msg("after %u: %s", left, kit.why.text);
	assert_true(rig_check_loaded(&kit));
	return true;
}

/* A raised epoch is not asked for before a label has it that will be found. */
static void test_raised_tail(void **state)
{
	u32 left;

	for (left = 1; tail_survives(left); left++) {
		kit_teardown(state);
		kit_setup(state);
	}
	assert_true(left > 10);
}

/* A disk that loses superblocks must not take us back to an old shutdown. */
static void test_clean_mark_of_the_past(void **state)
{
	struct sim_block old[2];
	u32 i;

	(void)state;
	kit_commit_range(0, 10, 1);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	for (i = 0; i < 2; i++)
		old[i] = *sim_disk_block(&kit.meta, i);
	kit_reopen();
	assert_true(sc_meta_was_clean(kit.m));
	assert_int_equal(sc_meta_start(kit.m), 0);
	kit_commit_range(0, 10, 0);
	rig_close(&kit);
	sim_disk_flush(&kit.meta);
	for (i = 0; i < 2; i++)
		*sim_disk_block(&kit.meta, i) = old[i];
	assert_int_equal(rig_open(&kit), -EUCLEAN);
	assert_non_null(strstr(kit.why.text, "corrupt journal block 5: not of transaction 2, got a later block 5 of 2"));
}

/* Where nothing is in the journal, nobody minds what cannot be read there. */
static void test_unreadable_empty_journal(void **state)
{
	u32 i;

	(void)state;
	kit_commit_range(0, 300, 1);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	for (i = 4; i < 20; i++) {
		kit.meta.bad = i;
		kit_reopen();
	}
	kit.meta.bad = -1;
	assert_int_equal(sc_meta_start(kit.m), 0);
	kit_commit_range(0, 1, 0);
	kit.meta.bad = 19;
	rig_close(&kit);
	assert_int_equal(rig_open(&kit), -EIO);
	kit.meta.bad = -1;
}

static void test_unreadable_noncurrent_page(void **state)
{
	(void)state;
	kit_commit_range(0, 1000, 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	/* In the midst of what one read would take. */
	kit_commit_range(0, 1, 1);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit.meta.bad = 20;
	kit_reopen();
	kit.meta.bad = 36;
	rig_close(&kit);
	assert_int_equal(rig_open(&kit), -EIO);
	assert_string_equal(kit.why.text, "page block 36: read error, got -5");
	kit.meta.bad = -1;
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
		KIT_TEST(test_raised_epoch_shrunk),
		KIT_TEST(test_raised_tail),
		KIT_TEST(test_lowered_epoch),
		KIT_TEST(test_epoch_seen_is_durable),
		KIT_TEST(test_clean_mark_of_the_past),
		KIT_TEST(test_unreadable_empty_journal),
		KIT_TEST(test_unreadable_noncurrent_page),
	};

	return cmocka_run_group_tests_name("metadata rules", tests, NULL, NULL);
}
