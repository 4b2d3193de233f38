/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the tests of the metadata engine's rules have in common: one tiny cache,
 * new for each test.
 */
#ifndef META_KIT_H
#define META_KIT_H

#include "codec.h"
#include "meta-rig.h"

#include <setjmp.h>
#include <cmocka.h>

/* 64 blocks: superblocks 0, 1; maps 2, 3; journal 4 to 19; pages 20 to 51. */
extern const struct sc_meta_params kit_params;

extern struct rig kit;

/** kit_record() - a slot of one sub-block, valid */
struct sc_record kit_record(u32 slot, u64 block, u16 dirty);

/** kit_setup() - format and start */
int kit_setup(void **state);

/** kit_teardown() - throw away */
int kit_teardown(void **state);

/** kit_commit_range() - map slots to blocks of the same number, 500 at a time */
void kit_commit_range(u32 slot, u32 nr, u16 dirty);

/** kit_reopen() - load after a crash and compare with the model */
void kit_reopen(void);

/** kit_reopen_with() - load as @p says; @r results, @why is part of the reason */
void kit_reopen_with(const struct sc_meta_params *p, int r, const char *why);

/** kit_begin_trace() - note each I/O from here on */
void kit_begin_trace(void);

/** kit_expect_trace() - exactly that was done since */
void kit_expect_trace(const char *what);

#define KIT_TEST(name) \
	cmocka_unit_test_setup_teardown(name, kit_setup, kit_teardown)

#endif
