// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of the metadata engine's rules have in common.
 */
#include "meta-kit.h"

/* 64 blocks: superblocks 0, 1; maps 2, 3; journal 4 to 19; pages 20 to 51. */
const struct sc_meta_params tiny = {
	.metadata_sectors = 64 * 8,
	.cache_sectors = 1000 * 8 + 16,
	.origin_sectors = 100000,
	.block_sectors = 8,
	.journal_blocks = 16,
	.uuid = { 0xab, 0xcd },
};

struct rig rig;

struct sc_record record(u32 slot, u64 block, u16 dirty)
{
	return (struct sc_record){
		.slot = to_cblock(slot), .block = to_oblock(block),
		.valid = 1, .dirty = dirty, .hint = 7,
	};
}

int kit_setup(void **state)
{
	(void)state;
	rig_init(&rig, &tiny);
	assert_int_equal(rig_up(&rig), 0);
	return 0;
}

int kit_teardown(void **state)
{
	(void)state;
	rig_exit(&rig);
	return 0;
}

/* One transaction for each 500. */
void commit_range(u32 slot, u32 nr, u16 dirty)
{
	static struct sc_record rec[500];
	u32 i, part;

	do {
		part = min(nr, 500u);
		for (i = 0; i < part; i++)
			rec[i] = record(slot + i, slot + i, dirty);
		assert_int_equal(rig_commit(&rig, rec, part), 0);
		slot += part;
		nr -= part;
	} while (nr);
}

void reopen(void)
{
	rig_close(&rig);
	if (rig_open(&rig))
		fail_msg("%s", rig.why.text);
	assert_true(rig_check_loaded(&rig));
}

/* Open with other parameters; refused for that reason, or not if NULL. */
void reopen_with(const struct sc_meta_params *p, int r, const char *why)
{
	rig_close(&rig);
	rig.p = *p;
	assert_int_equal(rig_open(&rig), r);
	if (why && !strstr(rig.why.text, why))
		fail_msg("no \"%s\": %s", why, rig.why.text);
}

void begin_trace(void)
{
	rig.tracing = true;
	rig.trace_len = 0;
	rig.trace[0] = 0;
}

void expect_trace(const char *what)
{
	assert_string_equal(rig.trace, what);
	rig.trace_len = 0;
	rig.trace[0] = 0;
}
