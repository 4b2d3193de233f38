// SPDX-License-Identifier: GPL-2.0-only
/*
 * One block of the metadata device rots, each in turn, in several ways. Load
 * must give the true state or refuse and say why; it refuses only blocks that
 * it needs. The one loss that nobody can see: the last transaction, if it is a
 * single block, looks as if the power had failed while it was written.
 */
#include "geometry.h"
#include "meta-rig.h"

#include <setjmp.h>
#include <cmocka.h>

enum rot {
	ROT_BIT,
	ROT_GARBAGE,
	ROT_ZERO,
	ROT_UNREADABLE,
	ROT_SWAPPED,
	NR_ROTS,
};

/**
 * struct grave - a cache and its rotten copy
 * @rig: the cache
 * @copy: to be rotten
 * @before: the state without the last transaction
 * @last: journal blocks of the last transaction
 * @rng: decides
 */
struct grave {
	struct rig rig;
	struct rig copy;
	struct rig_state before;
	u32 last;
	struct rng rng;
};

static void commit_some(struct grave *g, u32 nr)
{
	struct sc_record rec[504];
	u32 i;

	for (i = 0; i < nr; i++)
		rec[i] = rig_random_record(&g->rig, &g->rng);
	g->before = *g->rig.view;
	g->last = DIV_ROUND_UP(nr, 252);
	assert_int_equal(rig_commit(&g->rig, rec, nr), 0);
}

/* Both copies of most pages and both map regions have been written. */
static void bury(struct grave *g, u32 last)
{
	struct sc_meta_params p = {
		.metadata_sectors = 128 * 8,
		.cache_sectors = 5000 * 16,
		.origin_sectors = 1000000,
		.block_sectors = 16,
		.journal_blocks = 16,
		.uuid = { 1, 2, 3 },
	};
	u32 i;

	rig_init(&g->rig, &p);
	rig_init(&g->copy, &p);
	assert_int_equal(rig_up(&g->rig), 0);
	for (i = 0; i < 5; i++) {
		commit_some(g, 504);
		commit_some(g, 100);
		assert_int_equal(sc_meta_checkpoint(g->rig.m), 0);
	}
	commit_some(g, 504);
	commit_some(g, 7);
	commit_some(g, last);
}

static void exhume(struct grave *g)
{
	rig_exit(&g->rig);
	rig_exit(&g->copy);
}

/* False if this makes no difference to the block. */
static bool rot(struct grave *g, u32 block, enum rot how)
{
	struct sim_disk *d = &g->copy.meta;
	struct sim_block *b = sim_disk_block(d, block), old = *b;
	u32 i;

	switch (how) {
	case ROT_BIT:
		b->seen[rng_below(&g->rng, SIM_BLOCK)] ^=
			1u << rng_below(&g->rng, 8);
		break;
	case ROT_GARBAGE:
		for (i = 0; i < SIM_BLOCK; i++)
			b->seen[i] = rng_next(&g->rng);
		break;
	case ROT_ZERO:
		memset(b->seen, 0, SIM_BLOCK);
		break;
	case ROT_UNREADABLE:
		d->bad = block;
		return true;
	default:
		/* Intact, but of another place: a misdirected write. */
		*b = *sim_disk_block(d, block ? block - 1 : 1);
	}
	return memcmp(b->seen, old.seen, SIM_BLOCK);
}

/**
 * enum fate - what load made of a rotten block
 * @FATE_TRUE: the true state
 * @FATE_REFUSED: refused with a reason
 * @FATE_SHORT: the last transaction is missing
 * @FATE_FRESH: superblock 0 is zero: a new cache
 * @FATE_SAME: the block did not change
 */
enum fate {
	FATE_TRUE,
	FATE_REFUSED,
	FATE_SHORT,
	FATE_FRESH,
	FATE_SAME,
	NR_FATES,
};

static enum fate judge(struct grave *g, u32 block, enum rot how)
{
	static const struct rig_state nothing;
	struct rig *copy = &g->copy;
	enum fate fate;

	rig_copy_disks(copy, &g->rig);
	if (!rot(g, block, how))
		return FATE_SAME;
	if (rig_open(copy)) {
		assert_true(strlen(copy->why.text) > 10);
		return FATE_REFUSED;
	}
	if (!block && how == ROT_ZERO) {
		assert_true(rig_same(copy->loaded, &nothing, "fresh"));
		fate = FATE_FRESH;
	} else if (rig_same(copy->loaded, copy->view, NULL)) {
		fate = FATE_TRUE;
	} else {
		assert_true(rig_same(copy->loaded, &g->before, "rotten"));
		fate = FATE_SHORT;
	}
	rig_close(copy);
	return fate;
}

static void try_all(struct grave *g, enum rot how, u32 fates[NR_FATES])
{
	u32 nr = g->rig.p.metadata_sectors / 8, i;
	enum fate fate;

	memset(fates, 0, NR_FATES * sizeof(*fates));
	for (i = 0; i < nr; i++) {
		fate = judge(g, i, how);
		fates[fate]++;
		if (i < 2)
			assert_int_not_equal(fate, FATE_REFUSED);
	}
}

/* Blocks that load cannot do without. */
static u32 nr_needed(const struct grave *g)
{
	struct sc_meta_stats st;
	struct sc_layout l;

	assert_int_equal(sc_layout_init(&l, g->rig.p.metadata_sectors,
					g->rig.p.journal_blocks, NULL), 0);
	sc_meta_stats(g->rig.m, &st);
	assert_int_equal(st.journal_used, 2 + 1 + g->last);
	assert_true(st.nr_used > l.pages_start + 20);
	return 1 + st.journal_used + (st.nr_used - l.pages_start) / 2;
}

static void rot_each(u32 last, u32 nr_short)
{
	static struct grave g;
	u32 fates[NR_FATES], needed, how;

	g.rng = rng_begin("rot");
	bury(&g, last);
	needed = nr_needed(&g);
	for (how = 0; how < NR_ROTS; how++) {
		try_all(&g, how, fates);
		print_message("# rot %u: %u true, %u refused, %u short, %u fresh, %u same\n",
			      how, fates[0], fates[1], fates[2], fates[3],
			      fates[4]);
		assert_int_equal(fates[FATE_FRESH], how == ROT_ZERO);
		if (how == ROT_UNREADABLE) {
			/* The whole ring is read, whether used or not. */
			assert_int_equal(fates[FATE_REFUSED],
					 needed + 16 - (3 + g.last));
			assert_int_equal(fates[FATE_SHORT], 0);
		} else {
			assert_int_equal(fates[FATE_SHORT], nr_short);
			assert_int_equal(fates[FATE_REFUSED],
					 needed - nr_short);
		}
	}
	exhume(&g);
}

static void test_last_is_one_block(void **state)
{
	(void)state;
	rot_each(3, 1);
}

/*
 * Of two blocks, the last proves that the first was there; without the last the
 * transaction looks unfinished.
 */
static void test_last_is_two_blocks(void **state)
{
	(void)state;
	rot_each(300, 1);
}

/* ---- repair ---------------------------------------------------------------- */

/* In slots [from, end). */
static u32 nr_different(const struct rig_state *a, const struct rig_state *b,
			u32 from, u32 end)
{
	u32 i, nr = 0;

	for (i = from; i < end; i++)
		nr += a->rec[i].valid != b->rec[i].valid ||
		      a->rec[i].dirty != b->rec[i].dirty ||
		      from_oblock(a->rec[i].block) !=
			      from_oblock(b->rec[i].block);
	return nr;
}

/* What is lost is what was told to be. */
static void expect_told(const struct grave *g, u32 block)
{
	const struct rig *copy = &g->copy;
	const struct sc_damage *d = &copy->damaged.last;
	struct sc_layout l;
	u32 lost, nr;

	lost = nr_different(copy->loaded, copy->view, 0, RIG_MAX_SLOTS);
	assert_int_equal(sc_layout_init(&l, g->rig.p.metadata_sectors,
					g->rig.p.journal_blocks, NULL), 0);
	if (block < l.journal_start) {
		assert_int_equal(d->kind, SC_DAMAGE_MAP);
		assert_int_equal(lost, 0);
	} else if (block < l.pages_start) {
		assert_int_equal(d->kind, SC_DAMAGE_JOURNAL);
	} else {
		assert_int_equal(d->kind, SC_DAMAGE_PAGE);
		assert_int_equal(d->slot % SC_PAGE_ENTRIES, 0);
		assert_in_range(lost, 1, d->nr_slots);
		nr = nr_different(copy->loaded, copy->view, d->slot,
				  d->slot + d->nr_slots);
		assert_int_equal(nr, lost);
	}
	assert_true(copy->damaged.nr[d->kind] > 0);
}

/* What a repair found is what everyone finds afterwards. */
static void repair(struct grave *g, u32 block)
{
	struct rig *copy = &g->copy;
	struct sc_meta_stats st;

	copy->io = &rig_repair_io;
	assert_int_equal(rig_open(copy), 0);
	expect_told(g, block);
	*copy->view = *copy->loaded;
	copy->meta.bad = -1;
	assert_int_equal(sc_meta_start(copy->m), 0);
	sc_meta_stats(copy->m, &st);
	assert_int_equal(st.journal_used, 0);
	rig_close(copy);
	copy->io = &rig_io;
	if (rig_open(copy))
		fail_msg("afterwards: %s", copy->why.text);
	if (!rig_same(copy->loaded, copy->view, "repaired"))
		fail_msg("block %u", block);
	rig_close(copy);
}

static void test_repair(void **state)
{
	static struct grave g;
	u32 nr = 0, i, how;

	(void)state;
	g.rng = rng_begin("repair");
	bury(&g, 300);
	for (i = 2; i < g.rig.p.metadata_sectors / 8; i++)
		for (how = 0; how < NR_ROTS; how++)
			if (judge(&g, i, how) == FATE_REFUSED) {
				repair(&g, i);
				nr++;
			}
	assert_true(nr > 80);
	exhume(&g);
}

/* No label, no trust in clean data. */
static void test_repair_label(void **state)
{
	static struct grave g;
	struct rig *rig = &g.rig;

	(void)state;
	g.rng = rng_begin("label");
	bury(&g, 3);
	rig_close(rig);
	sim_disk_block(&rig->cache, 0)->seen[0] ^= 1;
	sim_disk_block(&rig->cache, rig->p.cache_sectors / 8 - 1)->seen[0] ^= 1;
	assert_int_equal(rig_open(rig), -EINVAL);
	rig->io = &rig_repair_io;
	assert_int_equal(rig_open(rig), 0);
	assert_int_equal(rig->damaged.nr[SC_DAMAGE_LABEL], 1);
	rig_drop_clean(rig->view);
	assert_true(rig_same(rig->loaded, rig->view, "label"));
	assert_int_equal(sc_meta_start(rig->m), 0);
	rig_close(rig);
	rig->io = &rig_io;
	assert_int_equal(rig_open(rig), 0);
	assert_true(rig_same(rig->loaded, rig->view, "label repaired"));
	exhume(&g);
}

/* A corrupt block is named. */
static void test_reasons_name_blocks(void **state)
{
	static struct grave g;
	char number[32];
	u32 nr = 0, i;

	(void)state;
	g.rng = rng_begin("reasons");
	bury(&g, 3);
	for (i = 2; i < g.rig.p.metadata_sectors / 8; i++) {
		if (judge(&g, i, ROT_GARBAGE) != FATE_REFUSED)
			continue;
		snprintf(number, sizeof(number), "block %u: ", i);
		if (!strstr(g.copy.why.text, number))
			fail_msg("no \"%s\": %s", number, g.copy.why.text);
		assert_ptr_equal(strstr(g.copy.why.text, "corrupt "),
				 g.copy.why.text);
		nr++;
	}
	assert_true(nr > 10);
	exhume(&g);
}

/* Rot is repaired by going on: afterwards the other superblock may rot. */
static void test_superblocks_in_turn(void **state)
{
	static struct grave g;
	struct rig *rig = &g.rig;
	u32 i;

	(void)state;
	g.rng = rng_begin("superblocks");
	bury(&g, 3);
	for (i = 0; i < 20; i++) {
		rig_close(rig);
		sim_disk_flush(&rig->meta);
		memset(sim_disk_block(&rig->meta, i & 1)->seen, 0xe5,
		       SIM_BLOCK);
		assert_int_equal(rig_open(rig), 0);
		assert_true(rig_check_loaded(rig));
		assert_int_equal(sc_meta_start(rig->m), 0);
		commit_some(&g, 1 + rng_below(&g.rng, 300));
		if (!rng_below(&g.rng, 3))
			assert_int_equal(sc_meta_checkpoint(rig->m), 0);
	}
	exhume(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_last_is_one_block),
		cmocka_unit_test(test_last_is_two_blocks),
		cmocka_unit_test(test_reasons_name_blocks),
		cmocka_unit_test(test_superblocks_in_turn),
		cmocka_unit_test(test_repair),
		cmocka_unit_test(test_repair_label),
	};

	return cmocka_run_group_tests_name("metadata rot", tests, NULL, NULL);
}
