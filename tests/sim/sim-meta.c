// SPDX-License-Identifier: GPL-2.0-only
/*
 * The power fails at every step of every I/O of the metadata engine, in many
 * ways, and each time the state that load finds must be the model's: all
 * transactions that had ended, the one under way wholly or not at all (P2, P4).
 *
 * Two kinds of histories, all of random operations on tiny devices, so that the
 * journal wraps all the time: in the first the machine lives on and at each
 * tick a copy of its disks is cut and loaded; in the second it is really cut,
 * again and again, also while it starts, or crashes while the disks have power:
 * then what load reads need not be durable.
 */
#include "geometry.h"
#include "meta-rig.h"

#include <setjmp.h>
#include <cmocka.h>

#define MAX_TX	(8 * 252)

/**
 * struct history - one life of a cache
 * @rig: its world
 * @copy: another, to look into the future
 * @rng: decides everything
 * @before: parameters before a resize, while one is under way
 * @resizing: whether one is
 * @nr_probes: copies looked at
 * @nr_cuts: real power failures
 * @nr_refused: resizes refused for dirty data
 * @rate: a probe at one tick in so many
 */
struct history {
	struct rig rig;
	struct rig copy;
	struct rng rng;
	struct sc_meta_params before;
	bool resizing;
	u32 nr_probes;
	u32 nr_cuts;
	u32 nr_refused;
	u32 rate;
};

static void random_params(struct sc_meta_params *p, struct rng *rng)
{
	static const u32 journal[] = { 16, 17, 24, 33 };
	static const u32 block[] = { 8, 32, 64, 16 };

	memset(p, 0, sizeof(*p));
	p->metadata_sectors = 8 * (128 + rng_below(rng, 3) * 64);
	p->block_sectors = block[rng_below(rng, 4)];
	p->cache_sectors = p->block_sectors * (2 + rng_below(rng, 1500)) + 9;
	p->origin_sectors = p->block_sectors * (1 + rng_below(rng, 100000)) +
			    rng_below(rng, p->block_sectors);
	p->journal_blocks = journal[rng_below(rng, 4)];
	p->step_pages = 1 + rng_below(rng, 4);
	p->same_disk = rng_below(rng, 2);
	memset(p->uuid, 1 + rng_below(rng, 255), sizeof(p->uuid));
}

/* ---- looking into the future ----------------------------------------------- */

/* Which outcome is allowed if the old sizes come back in mid-resize? */
static bool check_resized(const struct rig *copy)
{
	return rig_same(copy->loaded, copy->view, NULL) ||
	       rig_same(copy->loaded, copy->maybe, "during a resize");
}

static void check_again(struct rig *copy, struct rng *rng)
{
	struct sc_record rec;

	*copy->view = *copy->loaded;
	copy->in_doubt = false;
	assert_int_equal(sc_meta_start(copy->m), 0);
	if (rng_below(rng, 2)) {
		rec = rig_random_record(copy, rng);
		assert_int_equal(rig_commit(copy, &rec, 1), 0);
	}
	rig_cut(copy, rng);
	assert_int_equal(rig_open(copy), 0);
	assert_true(rig_check_loaded(copy));
}

/*
 * On top of the cut one superblock rots. The other must do: what is written of
 * one is within a sector, so no cut tears it.
 */
static void rot_superblock(struct rig *copy, struct rng *rng)
{
	struct sim_block *b = sim_disk_block(&copy->meta, rng_below(rng, 2));

	b->seen[rng_below(rng, SIM_BLOCK)] ^= 1u << rng_below(rng, 8);
	memcpy(b->media, b->seen, SIM_BLOCK);
}

static void probe(struct rig *rig)
{
	struct history *h = rig->probe_ctx;
	struct rig *copy = &h->copy;
	bool back;

	if (rng_below(&h->rng, h->rate))
		return;
	h->nr_probes++;
	rig_copy_disks(copy, rig);
	rig_cut(copy, &h->rng);
	if (!rng_below(&h->rng, 4))
		rot_superblock(copy, &h->rng);
	back = h->resizing && rng_below(&h->rng, 2);
	if (back)
		copy->p = h->before;
	if (rig_open(copy)) {
		print_message("# refused: %s\n", copy->why.text);
		fail();
	}
	assert_true(back ? check_resized(copy) : rig_check_loaded(copy));
	if (!rng_below(&h->rng, 8))
		check_again(copy, &h->rng);
	rig_close(copy);
}

/* ---- operations ------------------------------------------------------------ */

static int op_commit(struct history *h)
{
	static struct sc_record rec[MAX_TX];
	u32 nr, i;

	switch (rng_below(&h->rng, 4)) {
	case 0:
		nr = 1 + rng_below(&h->rng, 600);
		break;
	case 1:
		nr = 252 * (1 + rng_below(&h->rng, 2));
		break;
	default:
		nr = rng_below(&h->rng, 10);
	}
	for (i = 0; i < nr; i++)
		rec[i] = rig_random_record(&h->rig, &h->rng);
	/* What does not fit into one transaction is left out. */
	return rig_commit(&h->rig, rec, min(nr, 504u));
}

static int op_step(struct history *h)
{
	bool done;

	return sc_meta_checkpoint_step(h->rig.m, &done);
}

static int op_checkpoint(struct history *h)
{
	return sc_meta_checkpoint(h->rig.m);
}

static int op_needs_check(struct history *h)
{
	bool on = rng_below(&h->rng, 2);
	int r = sc_meta_set_needs_check(h->rig.m, on);

	if (!r)
		assert_int_equal(sc_meta_needs_check(h->rig.m), on);
	return r;
}

/* The module is loaded anew, after an orderly end or a crash. */
static int op_restart(struct history *h)
{
	bool clean = rng_below(&h->rng, 2);
	int r = 0;

	if (clean)
		r = sc_meta_checkpoint(h->rig.m);
	if (r)
		return r;
	rig_close(&h->rig);
	assert_int_equal(rig_open(&h->rig), 0);
	assert_true(rig_check_loaded(&h->rig));
	assert_true(!clean || sc_meta_was_clean(h->rig.m));
	return sc_meta_start(h->rig.m);
}

/* Another size, or the same; true if the devices may have it. */
static bool other_params(struct history *h, struct sc_meta_params *p)
{
	struct sc_geom g;
	u64 wanted;

	*p = h->rig.p;
	if (rng_below(&h->rng, 3)) {
		wanted = p->block_sectors * (2 + rng_below(&h->rng, 1500));
		p->cache_sectors = wanted + 8 + rng_below(&h->rng, 40);
	}
	if (!rng_below(&h->rng, 3))
		p->origin_sectors += rng_below(&h->rng, 4000);
	else if (!rng_below(&h->rng, 3) && p->origin_sectors > 5000)
		p->origin_sectors -= rng_below(&h->rng, 5000);
	if (p->metadata_sectors < 8 * 512 && !rng_below(&h->rng, 4))
		p->metadata_sectors += 8 * 16;
	return !sc_geom_init(&g, p->block_sectors, p->origin_sectors,
			     p->cache_sectors, NULL);
}

/* Returns 1 if the new sizes were loaded, 0 if the old ones are back. */
static int try_resize(struct history *h)
{
	struct rig *rig = &h->rig;
	struct sc_geom old = *sc_meta_geom(rig->m), new;
	struct sc_meta_params p;
	bool fits;
	int r;

	if (!other_params(h, &p))
		return 0;
	assert_int_equal(sc_geom_init(&new, p.block_sectors, p.origin_sectors,
				      p.cache_sectors, NULL), 0);
	h->before = rig->p;
	rig_close(rig);
	*rig->maybe = *rig->view;
	fits = rig_shrink(rig->maybe, &old, &new);
	rig->p = p;
	r = rig_open(rig);
	if (r && (fits || r != -EINVAL))
		print_message("# refused: %s\n", rig->why.text);
	if (!fits) {
		assert_int_equal(r, -EINVAL);
		h->nr_refused++;
		rig->p = h->before;
		assert_int_equal(rig_open(rig), 0);
		assert_true(rig_check_loaded(rig));
		return sc_meta_start(rig->m);
	}
	assert_int_equal(r, 0);
	assert_true(rig_same(rig->loaded, rig->maybe, "resized"));
	return 1;
}

/* The second half: the new sizes reach the disk, or not. */
static int finish_resize(struct history *h)
{
	struct rig *rig = &h->rig;
	int r;

	/* The durable view is what load gave; the old one is still durable. */
	*rig->maybe = *rig->view;
	*rig->view = *rig->loaded;
	h->before.metadata_sectors = rig->p.metadata_sectors;
	h->resizing = true;
	r = sc_meta_start(rig->m);
	h->resizing = false;
	return r;
}

static int op_resize(struct history *h)
{
	int r = try_resize(h);

	return r == 1 ? finish_resize(h) : r;
}

/* Rule 9. */
static int op_raise_epoch(struct history *h)
{
	struct rig *rig = &h->rig;
	struct sc_record rec = rig_random_record(rig, &h->rng);
	int r;

	*rig->maybe = *rig->view;
	rig_drop_clean(rig->maybe);
	rig->data_needed = 0;
	rig->in_doubt = true;
	/* Without a cache device the superblock has to say it. */
	rig->cache_ill = rng_below(&h->rng, 2) ? RIG_CACHE_DEAD : RIG_CACHE_WELL;
	r = sc_meta_raise_epoch(rig->m);
	rig->cache_ill = RIG_CACHE_WELL;
	if (r)
		return r;
	rig->in_doubt = false;
	*rig->view = *rig->maybe;
	assert_int_not_equal(rig_commit(rig, &rec, 1), 0);
	/* One label is enough; the power failed before the other. */
	if (rig->off)
		return -EIO;
	rig_close(rig);
	assert_int_equal(rig_open(rig), 0);
	assert_true(rig_check_loaded(rig));
	return sc_meta_start(rig->m);
}

static int operate(struct history *h)
{
	u32 dice = rng_below(&h->rng, 100);

	if (dice < 60)
		return op_commit(h);
	if (dice < 80)
		return op_step(h);
	if (dice < 84)
		return op_checkpoint(h);
	if (dice < 88)
		return op_needs_check(h);
	if (dice < 92)
		return op_restart(h);
	if (dice < 98)
		return op_resize(h);
	return op_raise_epoch(h);
}

/* ---- histories ------------------------------------------------------------- */

static void begin(struct history *h, u64 seed)
{
	struct sc_meta_params p;

	memset(h, 0, sizeof(*h));
	h->rng.state = seed;
	random_params(&p, &h->rng);
	rig_init(&h->rig, &p);
	rig_init(&h->copy, &p);
	h->rig.probe_ctx = h;
}

static void end(struct history *h)
{
	rig_exit(&h->rig);
	rig_exit(&h->copy);
}

/* A life without a cut, but for the copies. */
static void long_life(struct history *h, u64 seed)
{
	u32 i;

	begin(h, seed);
	h->rate = 3;
	assert_int_equal(rig_up(&h->rig), 0);
	h->rig.probe = probe;
	for (i = 0; i < 60; i++)
		assert_int_equal(operate(h), 0);
	end(h);
}

/*
 * What load read is the view from now on. After a power failure it is durable.
 * After a crash the disks may still lose it, and what was in doubt stays so
 * until the engine has started.
 */
static void believe(struct rig *rig, bool durable)
{
	if (!rig_same(rig->loaded, rig->view, NULL))
		*rig->maybe = *rig->view;
	*rig->view = *rig->loaded;
	if (durable)
		rig->in_doubt = false;
}

/* The machine is off. Switch it on until it stays on. */
static void recover(struct history *h)
{
	struct rig *rig = &h->rig;
	bool cut;

	for (;;) {
		cut = rng_below(&h->rng, 3);
		if (cut)
			rig_cut(rig, &h->rng);
		else
			rig_crash(rig);
		h->nr_cuts++;
		if (rig_open(rig)) {
			print_message("# refused: %s\n", rig->why.text);
			fail();
		}
		assert_true(rig_check_loaded(rig));
		believe(rig, cut);
		rig->left = 1 + (rng_below(&h->rng, 3) ?
					 rng_below(&h->rng, 200) :
					 rng_below(&h->rng, 12));
		if (!sc_meta_start(rig->m))
			break;
		assert_true(rig->off);
	}
	rig->in_doubt = false;
}

static void many_deaths(struct history *h, u64 seed)
{
	u32 i;
	int r;

	begin(h, seed);
	h->rig.left = 1 + rng_below(&h->rng, 30);
	if (rig_up(&h->rig))
		recover(h);
	for (i = 0; i < 300; i++) {
		r = operate(h);
		if (!r)
			continue;
		assert_true(h->rig.off);
		/* A resize is under way: forget it, or keep it. */
		h->resizing = false;
		recover(h);
	}
	end(h);
}

static void run(const char *name, void (*life)(struct history *, u64), u32 nr)
{
	static struct history h;
	struct rng rng = rng_begin(name);
	u32 probes = 0, cuts = 0, refused = 0, i;
	u64 ticks = 0, seed;

	for (i = 0; i < nr; i++) {
		seed = rng_next(&rng);
		life(&h, seed);
		probes += h.nr_probes;
		cuts += h.nr_cuts;
		refused += h.nr_refused;
		ticks += h.rig.ticks;
	}
	print_message("# %s: %u lives, %llu ticks, %u probes, %u cuts, %u resizes refused\n",
		      name, nr, (unsigned long long)ticks, probes, cuts,
		      refused);
	assert_true(probes + cuts > 10 * nr);
}

static void test_long_lives(void **state)
{
	(void)state;
	run("long lives", long_life, 40);
}

static void test_many_deaths(void **state)
{
	(void)state;
	run("many deaths", many_deaths, 60);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_long_lives),
		cmocka_unit_test(test_many_deaths),
	};

	return cmocka_run_group_tests_name("metadata crash simulation", tests,
					   NULL, NULL);
}
