// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata engine as tools use it: without the cache device, without
 * knowing any size, formatting in two steps, and on what was forged.
 */
#include "meta-kit.h"

/* A tool knows how large the metadata device is, and nothing else. */
static struct sc_meta_params nothing_known(void)
{
	return (struct sc_meta_params){
		.metadata_sectors = kit_params.metadata_sectors,
		.adopt_sizes = true,
	};
}

static void use(const struct sc_meta_io *io)
{
	rig_close(&kit);
	kit.io = io;
}

static void spoil_labels(void)
{
	u32 tail = kit.p.cache_sectors / 8 - 1;

	memset(sim_disk_block(&kit.cache, 0)->seen, 0x5a, SIM_BLOCK);
	memset(sim_disk_block(&kit.cache, tail)->seen, 0x5a, SIM_BLOCK);
}

static void test_sizes_adopted(void **state)
{
	struct sc_meta_params p = nothing_known();

	(void)state;
	kit_commit_range(0, 700, 1);
	spoil_labels();
	use(&rig_alone_io);
	kit_reopen_with(&p, 0, NULL);
	assert_true(rig_check_loaded(&kit));
	assert_int_equal(sc_meta_geom(kit.m)->origin_sectors,
			 kit_params.origin_sectors);
	assert_int_equal(sc_meta_geom(kit.m)->nr_slots, 1000);
	assert_int_equal(sc_meta_super(kit.m)->label_epoch, 1);
}

/* Sizes that are known are used; the others come from the disk. */
static void test_one_size_known(void **state)
{
	struct sc_meta_params p = nothing_known();

	(void)state;
	use(&rig_alone_io);
	p.block_sectors = 16;
	kit_reopen_with(&p, -EINVAL, "block size: metadata was made for 8");
	p.block_sectors = 0;
	p.origin_sectors = 99992;
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(sc_meta_geom(kit.m)->origin_sectors, 99992);
}

static void test_sizes_needed(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	p.cache_sectors = 0;
	kit_reopen_with(&p, -EINVAL, "cache device too small");
}

static void test_fresh_refused(void **state)
{
	struct sc_meta_params p = nothing_known();

	(void)state;
	memset(sim_disk_block(&kit.meta, 0)->seen, 0, SIM_BLOCK);
	kit_reopen_with(&p, -EINVAL, "its first 4 KiB are zero");
}

/* What was started without the cache device is still the cache's. */
static void test_started_alone(void **state)
{
	struct sc_meta_params p = nothing_known();

	(void)state;
	kit_commit_range(0, 300, 1);
	use(&rig_alone_io);
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(sc_meta_start(kit.m), 0);
	kit_commit_range(100, 500, 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	use(&rig_io);
	kit_reopen_with(&kit_params, 0, NULL);
	assert_true(rig_check_loaded(&kit));
}

/* Labels of another epoch are not touched, and count at the next start. */
static void test_epoch_is_kept(void **state)
{
	struct sc_meta_params p = nothing_known();

	(void)state;
	kit_commit_range(0, 300, 1);
	kit_commit_range(300, 300, 0);
	assert_int_equal(sc_meta_raise_epoch(kit.m), 0);
	use(&rig_alone_io);
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(sc_meta_start(kit.m), 0);
	assert_int_equal(sc_meta_raise_epoch(kit.m), -EINVAL);
	use(&rig_io);
	rig_drop_clean(kit.view);
	kit_reopen_with(&kit_params, 0, NULL);
	assert_true(rig_check_loaded(&kit));
}

/* ---- formatting in two steps ----------------------------------------------- */

static void format_alone(u64 epoch)
{
	rig_exit(&kit);
	rig_init(&kit, &kit_params);
	kit.p.label_epoch = epoch;
	kit.io = &rig_alone_io;
	assert_int_equal(rig_up(&kit), 0);
	kit_commit_range(0, 700, 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
}

/* Nobody starts it before its labels are there; then nothing is missing. */
static void test_labels_later(void **state)
{
	(void)state;
	format_alone(0);
	use(&rig_io);
	kit_reopen_with(&kit_params, -EINVAL, "no label");
	use(&rig_label_io);
	kit_reopen_with(&kit_params, 0, NULL);
	assert_int_equal(sc_meta_start(kit.m), 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	use(&rig_io);
	kit_reopen_with(&kit_params, 0, NULL);
	assert_true(rig_check_loaded(&kit));
}

/* Restored metadata agrees with labels that are there already. */
static void test_label_epoch(void **state)
{
	struct sc_meta_stats st;

	(void)state;
	format_alone(3);
	use(&rig_label_io);
	kit_reopen_with(&kit_params, 0, NULL);
	assert_int_equal(sc_meta_super(kit.m)->label_epoch, 3);
	assert_int_equal(sc_meta_start(kit.m), 0);
	sc_meta_stats(kit.m, &st);
	assert_int_equal(st.good_supers, 2);
	assert_int_equal(st.good_labels, 0);
	use(&rig_io);
	kit_reopen_with(&kit_params, 0, NULL);
	assert_true(rig_check_loaded(&kit));
	sc_meta_stats(kit.m, &st);
	assert_int_equal(st.good_labels, 2);
}

/* ---- counters -------------------------------------------------------------- */

static void forge_super(void (*change)(struct sc_super *s))
{
	struct sc_super s;
	u8 *block;
	u32 i;

	rig_close(&kit);
	for (i = 0; i < 2; i++) {
		block = sim_disk_block(&kit.meta, i)->seen;
		assert_int_equal(sc_codec_super_decode(block, i, &s, NULL), 0);
		change(&s);
		sc_codec_super_encode(block, &s, i);
	}
}

static void forge_seq(struct sc_super *s)
{
	s->seq = S64_MAX;
}

static void forge_checkpoint(struct sc_super *s)
{
	s->checkpoint = S64_MAX - 1;
	s->flags |= SC_SUPER_CLEAN;
}

static void forge_generation(struct sc_super *s)
{
	s->generation = S64_MAX / 2 + 1;
}

static void forge_tail(struct sc_super *s)
{
	s->tail_tx = S64_MAX;
}

/* Counting on would make metadata that nobody can read. */
static void test_forged_counters(void **state)
{
	static void (*const forge[])(struct sc_super *s) = {
		forge_seq, forge_checkpoint, forge_generation, forge_tail,
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(forge); i++) {
		rig_exit(&kit);
		kit_setup(NULL);
		forge_super(forge[i]);
		kit.io = &rig_repair_io;
		kit_reopen_with(&kit_params, 0, NULL);
		assert_int_equal(sc_meta_start(kit.m), -EOVERFLOW);
	}
}

/* A journal block whose number nobody can have counted to. */
static void test_forged_transaction(void **state)
{
	struct sc_block_id id = { .location = 10, .seq = S64_MAX - 5 };
	struct sc_tx_block tx = { .generation = 1, .count = 1, .nr_records = 1 };
	struct sc_record rec = kit_record(3, 3, 1);
	u8 uuid[SC_UUID_BYTES];
	u8 *block;

	(void)state;
	sc_meta_uuid(kit.m, uuid);
	id.uuid = uuid;
	block = sim_disk_block(&kit.meta, 10)->seen;
	sc_codec_journal_begin(block);
	sc_codec_journal_put(block, 0, &rec);
	sc_codec_journal_seal(block, &id, &tx);
	kit.io = &rig_repair_io;
	kit_reopen_with(&kit_params, 0, NULL);
	assert_int_equal(sc_meta_start(kit.m), -EOVERFLOW);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_sizes_adopted),
		KIT_TEST(test_one_size_known),
		KIT_TEST(test_sizes_needed),
		KIT_TEST(test_fresh_refused),
		KIT_TEST(test_started_alone),
		KIT_TEST(test_epoch_is_kept),
		KIT_TEST(test_labels_later),
		KIT_TEST(test_label_epoch),
		KIT_TEST(test_forged_counters),
		KIT_TEST(test_forged_transaction),
	};

	return cmocka_run_group_tests_name("metadata alone", tests, NULL, NULL);
}
