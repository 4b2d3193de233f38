// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the tests of the metadata engine's rules have in common.
 */
#include "meta-kit.h"

/* 64 blocks: superblocks 0, 1; maps 2, 3; journal 4 to 19; pages 20 to 51. */
const struct sc_meta_params kit_params = {
	.metadata_sectors = 64 * 8,
	.cache_sectors = 1000 * 8 + 16,
	.origin_sectors = 100000,
	.block_sectors = 8,
	.journal_blocks = 16,
	.uuid = {0xab, 0xcd},
};

struct rig kit;

struct sc_record kit_record(u32 slot, u64 block, u16 dirty)
{
	return (struct sc_record){
		.slot = to_cblock(slot),
		.block = to_oblock(block),
		.valid = 1,
		.dirty = dirty,
		.hint = 7,
	};
}

int kit_setup(void **state)
{
	(void)state;
	rig_init(&kit, &kit_params);
	assert_int_equal(rig_up(&kit), 0);
	return 0;
}

int kit_teardown(void **state)
{
	(void)state;
	rig_exit(&kit);
	return 0;
}

/* One transaction for each 500. */
void kit_commit_range(u32 slot, u32 nr, u16 dirty)
{
	static struct sc_record rec[500];
	u32 i, part;

	do {
		part = min(nr, 500u);
		for (i = 0; i < part; i++)
			rec[i] = kit_record(slot + i, slot + i, dirty);
		assert_int_equal(rig_commit(&kit, rec, part), 0);
		slot += part;
		nr -= part;
	} while (nr);
}

void kit_reopen(void)
{
	rig_close(&kit);
	if (rig_open(&kit))
		fail_msg("%s", kit.why.text);
	assert_true(rig_check_loaded(&kit));
}

/* Open with other parameters; refused for that reason, or not if NULL. */
void kit_reopen_with(const struct sc_meta_params *p, int r, const char *why)
{
	rig_close(&kit);
	kit.p = *p;
	assert_int_equal(rig_open(&kit), r);
	if (why && !strstr(kit.why.text, why))
		fail_msg("no \"%s\": %s", why, kit.why.text);
}

void kit_begin_trace(void)
{
	kit.tracing = true;
	kit.trace[0] = 0;
}

void kit_expect_trace(const char *what)
{
	assert_string_equal(kit.trace, what);
	kit.trace[0] = 0;
}
