// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/plan: the whole truth table for blocks of one and of four sub-blocks,
 * held against what the rules of docs/design.md forbid. Nothing here repeats
 * how the plan decides; the few exact answers are in the tables at the end.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "plan.h"

static u64 nr_views;

static void show(const struct sc_view *v, enum sc_action a, const char *why)
{
	print_message("# mode %u touched %x whole %x all %x: valid %x dirty %x, durable %x of it clean %x%s%s%s%s%s\n",
		      v->mode, v->touched, v->whole, v->all, v->valid,
		      v->dirty, v->dvalid, v->dclean, v->live ? " live" : "",
		      v->busy ? " busy" : "", v->older ? " older" : "",
		      v->older_dirty ? " older_dirty" : "",
		      v->admit ? " admit" : "");
	print_message("# %s: %s\n", sc_action_name(a), why);
	fail();
}

#define must(cond)						\
	do {							\
		if (!(cond))					\
			show(v, a, #cond);			\
	} while (0)

/* ---- every view there can be ----------------------------------------------- */

typedef void (*check_fn)(const struct sc_view *v);

static void try_edges(struct sc_view *v, unsigned int first, unsigned int last,
		      check_fn check)
{
	unsigned int cut, nr_cuts = first == last ? 2 : 4;
	u16 edges;

	v->touched = GENMASK(last, first);
	for (cut = 0; cut < nr_cuts; cut++) {
		edges = (cut & 1 ? BIT(first) : 0) | (cut & 2 ? BIT(last) : 0);
		v->whole = v->touched & ~edges;
		nr_views++;
		check(v);
	}
}

/* What the request covers: neighbours, whole but perhaps at its two ends. */
static void try_covers(struct sc_view *v, unsigned int nr, check_fn check)
{
	unsigned int first, last;

	for (first = 0; first < nr; first++)
		for (last = first; last < nr; last++)
			try_edges(v, first, last, check);
}

static void try_flags(struct sc_view *v, unsigned int nr, check_fn check)
{
	unsigned int mode, flags;

	for (mode = 0; mode < SC_NR_MODES; mode++) {
		for (flags = 0; flags < 16; flags++) {
			v->mode = mode;
			v->admit = flags & 1;
			v->older = flags & 2;
			v->older_dirty = flags & 4;
			v->busy = flags & 8;
			if ((v->busy && !v->live) ||
			    (v->older_dirty && !v->older))
				continue;
			try_covers(v, nr, check);
		}
	}
}

/* Three states for each sub-block on the metadata device. */
static void try_durable(struct sc_view *v, unsigned int nr, check_fn check)
{
	unsigned int dvalid, dclean;

	for (dvalid = 0; dvalid <= v->all; dvalid++) {
		v->dvalid = dvalid;
		for (dclean = 0; dclean <= v->all; dclean++) {
			v->dclean = dclean;
			if (!(dclean & ~dvalid))
				try_flags(v, nr, check);
		}
	}
}

/* And three in memory. */
static void try_views(unsigned int nr, check_fn check)
{
	struct sc_view v = { .all = GENMASK(nr - 1, 0) };
	unsigned int valid, dirty;

	nr_views = 0;
	try_flags(&v, nr, check);
	v.live = true;
	for (valid = 0; valid <= v.all; valid++) {
		v.valid = valid;
		for (dirty = 0; dirty <= v.all; dirty++) {
			v.dirty = dirty;
			if (!(dirty & ~valid))
				try_durable(&v, nr, check);
		}
	}
}

static void for_all(check_fn check)
{
	try_views(1, check);
	assert_int_equal(nr_views, 2 * (4 * 6 * 1 + 4 * 12 * 9));
	try_views(4, check);
	assert_int_equal(nr_views, 32 * (4 * 6 * 1 + 4 * 12 * 81 * 81));
}

/* ---- reads ----------------------------------------------------------------- */

static void check_read(const struct sc_view *v)
{
	enum sc_action a;

	/* The caller cuts where validity changes. */
	if (v->touched & v->valid && v->touched & ~v->valid)
		return;
	a = sc_plan_read(v);
	must(a == SC_ACT_HIT || a == SC_ACT_MISS || a == SC_ACT_BYPASS ||
	     (a == SC_ACT_WAIT_OWNER && v->busy));
	/* P1: what is dirty is nowhere else. */
	if (v->touched & v->dirty)
		must(a == SC_ACT_HIT);
	if (a == SC_ACT_HIT)
		must(v->live && !(v->touched & ~v->valid));
	/* A fill takes or extends a slot: nobody else may be at it. */
	if (a == SC_ACT_MISS)
		must(v->admit && !v->busy && !v->older &&
		     !(v->touched & v->valid));
	if (v->mode == SC_PASSTHROUGH && !(v->touched & v->dirty))
		must(a == SC_ACT_BYPASS);
	/* What is cached is used, what may be cached is. */
	if (v->mode != SC_PASSTHROUGH && v->live &&
	    !(v->touched & ~v->valid))
		must(a == SC_ACT_HIT);
	if (v->mode != SC_PASSTHROUGH && v->admit && !v->busy && !v->older &&
	    !(v->touched & v->valid))
		must(a == SC_ACT_MISS);
}

static void test_read(void **state)
{
	(void)state;
	for_all(check_read);
}

/* ---- writes: what is safe -------------------------------------------------- */

static bool is_final(enum sc_action a)
{
	return a == SC_ACT_OVERWRITE || a == SC_ACT_EXTEND ||
	       a == SC_ACT_ALLOC || a == SC_ACT_BOTH || a == SC_ACT_DROP ||
	       a == SC_ACT_ORIGIN;
}

static bool is_wait(enum sc_action a)
{
	return a == SC_ACT_WAIT_OWNER || a == SC_ACT_WAIT_COMMIT;
}

/* Data goes to the block's slot in place. */
static void check_in_place(const struct sc_view *v, enum sc_action a)
{
	u16 edges = v->touched & ~v->whole;

	/* Rule 3. */
	must(v->live && !(v->touched & v->dclean));
	/* Nothing that the slot lacks is made up. */
	must(!(edges & ~v->valid));
	/* Write-back, if only for the sake of what is dirty already. */
	must((v->mode == SC_WRITEBACK && v->admit) || v->touched & v->dirty);
	if (a == SC_ACT_OVERWRITE)
		must(!(v->touched & ~v->valid));
	else
		must(v->touched & ~v->valid);
}

/* A second slot for the block, or its first. */
static void check_alloc(const struct sc_view *v, enum sc_action a)
{
	must(v->admit && v->touched == v->whole && v->mode == SC_WRITEBACK);
	/* Of two durable records the one that calls something dirty counts. */
	must(!v->older_dirty);
	if (!v->live)
		return;
	must(v->whole == v->all && !v->dirty && !v->older);
	must(v->dclean == v->dvalid);
}

static void check_origin(const struct sc_view *v, enum sc_action a)
{
	/* Dirty data is never passed by. */
	must(!(v->touched & v->dirty));
	/* Rule 4: a retiring slot counts as mapped. */
	must(!v->older);
	if (a == SC_ACT_ORIGIN)
		must(!(v->touched & (v->valid | v->dvalid)));
	if (a == SC_ACT_DROP)
		must(v->live && v->touched & (v->valid | v->dvalid));
	if (a == SC_ACT_BOTH)
		must(v->mode == SC_WRITETHROUGH && (v->live || v->admit));
	if (v->mode == SC_WRITETHROUGH && a != SC_ACT_BOTH)
		must(!v->live && !v->admit);
	if (v->mode == SC_WRITEBACK)
		must(!v->admit);
}

static void check_edge(const struct sc_view *v, enum sc_action a)
{
	must(v->touched & ~v->whole & ~v->valid);
	must(v->live || v->admit);
	must(!(v->touched & v->dclean));
	must(v->mode == SC_WRITEBACK || v->touched & v->dirty);
	/*
	 * The edges are published clean. Of two clean records of one block
	 * nothing would say which is newer.
	 */
	must(v->live || !v->older);
}

static void check_write(const struct sc_view *v)
{
	enum sc_action a = sc_plan_write(v);

	must(is_final(a) || is_wait(a) || a == SC_ACT_EDGE ||
	     a == SC_ACT_MARK);
	must(v->busy == (a == SC_ACT_WAIT_OWNER));
	switch (a) {
	case SC_ACT_OVERWRITE:
	case SC_ACT_EXTEND:
		check_in_place(v, a);
		break;
	case SC_ACT_ALLOC:
		check_alloc(v, a);
		break;
	case SC_ACT_EDGE:
		check_edge(v, a);
		break;
	case SC_ACT_BOTH:
	case SC_ACT_DROP:
	case SC_ACT_ORIGIN:
		check_origin(v, a);
		break;
	case SC_ACT_MARK:
		/* Only what is valid can be marked, only that it helps. */
		must(v->live && v->touched & v->dclean & v->valid);
		must(v->mode == SC_WRITEBACK || v->touched & v->dirty);
		break;
	case SC_ACT_WAIT_COMMIT:
		must(v->older || (v->touched & v->dclean & ~v->valid));
		break;
	default:
		break;
	}
}

static void test_write(void **state)
{
	(void)state;
	for_all(check_write);
}

/* ---- writes: that they end ------------------------------------------------- */

static void commit(struct sc_view *v)
{
	v->dvalid = v->valid;
	v->dclean = v->valid & ~v->dirty;
	v->older = false;
	v->older_dirty = false;
}

/* What the executor of a plan makes of the view, if nobody interferes. */
static void take_step(struct sc_view *v, enum sc_action a)
{
	u16 edges = v->touched & ~v->whole & ~v->valid;

	switch (a) {
	case SC_ACT_WAIT_OWNER:
		v->busy = false;
		break;
	case SC_ACT_WAIT_COMMIT:
		commit(v);
		break;
	case SC_ACT_MARK:
		v->dirty |= v->touched & v->valid;
		commit(v);
		break;
	case SC_ACT_EDGE:
		if (edges & v->dvalid) {
			commit(v);
			break;
		}
		/* A slot of the block that was there is older now. */
		v->live = true;
		v->valid |= edges;
		break;
	default:
		break;
	}
}

/* Each wait is for something that comes, and one of each kind is enough. */
static void check_ends(const struct sc_view *v)
{
	struct sc_view now = *v;
	enum sc_action a = sc_plan_write(&now);
	unsigned int steps = 0, nr[SC_NR_ACTIONS] = {};

	while (!is_final(a)) {
		nr[a]++;
		must(nr[SC_ACT_WAIT_OWNER] <= 1 && nr[SC_ACT_MARK] <= 1 &&
		     nr[SC_ACT_WAIT_COMMIT] <= 1);
		must(++steps < 6);
		take_step(&now, a);
		a = sc_plan_write(&now);
	}
}

static void test_write_ends(void **state)
{
	(void)state;
	for_all(check_ends);
}

/* ---- discards -------------------------------------------------------------- */

static void check_discard(const struct sc_view *v)
{
	enum sc_action a;

	/* Only whole sub-blocks are ever given up. */
	if (v->touched != v->whole)
		return;
	a = sc_plan_discard(v);
	must(v->busy == (a == SC_ACT_WAIT_OWNER));
	if (v->busy)
		return;
	/* Rule 4, for foreground discards. */
	must(v->older == (a == SC_ACT_WAIT_COMMIT));
	if (v->older)
		return;
	must(a == (v->whole & (v->valid | v->dvalid) ? SC_ACT_DROP :
						       SC_ACT_ORIGIN));
}

static void test_discard(void **state)
{
	(void)state;
	for_all(check_discard);
}

/* ---- some exact answers ---------------------------------------------------- */

/*
 * A slot of four sub-blocks as a word, one letter for each: '.' nothing, 'c'
 * clean, 'd' dirty, both durable; 'C' and 'D' not yet durable; 'm' clean, now
 * marked dirty, not yet durable; 'w' dirty, now clean, not yet durable; 'x'
 * was clean, given up, not yet durable. "-" means no slot.
 */
static void view_of(struct sc_view *v, const char *slot)
{
	unsigned int n;

	*v = (struct sc_view){ .all = 15, .admit = true };
	if (!strcmp(slot, "-"))
		return;
	v->live = true;
	for (n = 0; n < 4; n++) {
		if (strchr("cdCDmw", slot[n]))
			v->valid |= BIT(n);
		if (strchr("dDm", slot[n]))
			v->dirty |= BIT(n);
		if (strchr("cdmwx", slot[n]))
			v->dvalid |= BIT(n);
		if (strchr("cmx", slot[n]))
			v->dclean |= BIT(n);
	}
}

/* A request: 'o' not touched, 'T' whole, 't' in part. */
static void cover(struct sc_view *v, const char *request)
{
	unsigned int n;

	for (n = 0; n < 4; n++) {
		if (request[n] != 'o')
			v->touched |= BIT(n);
		if (request[n] == 'T')
			v->whole |= BIT(n);
	}
}

struct answer {
	const char *slot;
	const char *request;
	enum sc_action act[SC_NR_MODES];
};

#define ANSWER(s, r, wb, wt, wa, pt)				\
	{ s, r, { SC_ACT_##wb, SC_ACT_##wt, SC_ACT_##wa, SC_ACT_##pt } }

static const struct answer writes[] = {
	ANSWER("-",    "TTTT", ALLOC,     BOTH,      ORIGIN,    ORIGIN),
	ANSWER("-",    "oTTo", ALLOC,     BOTH,      ORIGIN,    ORIGIN),
	ANSWER("-",    "tooo", EDGE,      BOTH,      ORIGIN,    ORIGIN),
	ANSWER("-",    "tTTT", EDGE,      BOTH,      ORIGIN,    ORIGIN),
	ANSWER("dddd", "TTTT", OVERWRITE, OVERWRITE, OVERWRITE, OVERWRITE),
	ANSWER("dddd", "otoo", OVERWRITE, OVERWRITE, OVERWRITE, OVERWRITE),
	ANSWER("DDDD", "otoo", OVERWRITE, OVERWRITE, OVERWRITE, OVERWRITE),
	ANSWER("cccc", "TTTT", ALLOC,     BOTH,      DROP,      DROP),
	ANSWER("cccc", "TTTo", MARK,      BOTH,      DROP,      DROP),
	ANSWER("cccc", "tooo", MARK,      BOTH,      DROP,      DROP),
	ANSWER("CCCC", "TTTT", OVERWRITE, BOTH,      DROP,      DROP),
	ANSWER("wwww", "TTTT", OVERWRITE, BOTH,      DROP,      DROP),
	ANSWER("mmmm", "TTTT", MARK,      MARK,      MARK,      MARK),
	ANSWER("dccc", "TTTT", MARK,      MARK,      MARK,      MARK),
	ANSWER("dccc", "oTTT", MARK,      BOTH,      DROP,      DROP),
	ANSWER("dccc", "Tooo", OVERWRITE, OVERWRITE, OVERWRITE, OVERWRITE),
	ANSWER("d...", "TToo", EXTEND,    EXTEND,    EXTEND,    EXTEND),
	ANSWER("d...", "Ttoo", EDGE,      EDGE,      EDGE,      EDGE),
	ANSWER("d...", "oToo", EXTEND,    BOTH,      ORIGIN,    ORIGIN),
	ANSWER("d...", "otoo", EDGE,      BOTH,      ORIGIN,    ORIGIN),
	ANSWER("dx..", "oToo", WAIT_COMMIT, BOTH,    DROP,      DROP),
	ANSWER("dx..", "otoo", WAIT_COMMIT, BOTH,    DROP,      DROP),
	ANSWER("xccc", "TTTT", ALLOC,     BOTH,      DROP,      DROP),
};

static void check_answer(const struct answer *want, bool older, bool busy,
			 const enum sc_action *other)
{
	unsigned int mode;
	enum sc_action act;
	struct sc_view v;

	for (mode = 0; mode < SC_NR_MODES; mode++) {
		view_of(&v, want->slot);
		cover(&v, want->request);
		v.mode = mode;
		v.older = older;
		v.busy = busy;
		act = sc_plan_write(&v);
		if (act != (other ? *other : want->act[mode]))
			show(&v, act, want->request);
	}
}

static void test_write_answers(void **state)
{
	const enum sc_action wait = SC_ACT_WAIT_OWNER;
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(writes); n++) {
		check_answer(&writes[n], false, false, NULL);
		if (strcmp(writes[n].slot, "-"))
			check_answer(&writes[n], false, true, &wait);
	}
}

/* Beside a retiring slot: write-back goes on, the origin has to wait. */
static const struct answer beside_older[] = {
	ANSWER("-",    "TTTT", ALLOC,     WAIT_COMMIT, WAIT_COMMIT, WAIT_COMMIT),
	ANSWER("dddd", "TTTT", OVERWRITE, OVERWRITE,   OVERWRITE,   OVERWRITE),
	ANSWER("DD..", "ooTo", EXTEND,    WAIT_COMMIT, WAIT_COMMIT, WAIT_COMMIT),
	ANSWER("cccc", "TTTT", MARK,      WAIT_COMMIT, WAIT_COMMIT, WAIT_COMMIT),
};

static void test_write_beside_older(void **state)
{
	struct sc_view v;
	unsigned int n;

	(void)state;
	for (n = 0; n < ARRAY_SIZE(beside_older); n++)
		check_answer(&beside_older[n], true, false, NULL);
	view_of(&v, "-");
	cover(&v, "tTTT");
	v.older = true;
	assert_int_equal(sc_plan_write(&v), SC_ACT_WAIT_COMMIT);
	view_of(&v, "-");
	cover(&v, "TTTT");
	v.older = true;
	v.older_dirty = true;
	assert_int_equal(sc_plan_write(&v), SC_ACT_WAIT_COMMIT);
	v.admit = false;
	assert_int_equal(sc_plan_write(&v), SC_ACT_WAIT_COMMIT);
	v.older = false;
	v.older_dirty = false;
	assert_int_equal(sc_plan_write(&v), SC_ACT_ORIGIN);
}

/* Without room, and for a long stream, what is clean is dropped and passed by. */
static void test_write_without_room(void **state)
{
	struct sc_view v;

	(void)state;
	view_of(&v, "cccc");
	cover(&v, "TTTT");
	v.admit = false;
	assert_int_equal(sc_plan_write(&v), SC_ACT_DROP);
	v.mode = SC_WRITETHROUGH;
	assert_int_equal(sc_plan_write(&v), SC_ACT_BOTH);
	view_of(&v, "cDcc");
	cover(&v, "TTTT");
	v.admit = false;
	assert_int_equal(sc_plan_write(&v), SC_ACT_MARK);
	view_of(&v, "-");
	cover(&v, "TTTT");
	v.admit = false;
	v.mode = SC_WRITETHROUGH;
	assert_int_equal(sc_plan_write(&v), SC_ACT_ORIGIN);
}

static void test_names(void **state)
{
	unsigned int a, b;

	(void)state;
	for (a = 0; a < SC_NR_ACTIONS; a++) {
		assert_non_null(sc_action_name(a));
		for (b = 0; b < a; b++)
			assert_string_not_equal(sc_action_name(a),
						sc_action_name(b));
	}
	assert_string_equal(sc_action_name(SC_NR_ACTIONS), "?");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read),
		cmocka_unit_test(test_write),
		cmocka_unit_test(test_write_ends),
		cmocka_unit_test(test_discard),
		cmocka_unit_test(test_write_answers),
		cmocka_unit_test(test_write_beside_older),
		cmocka_unit_test(test_write_without_room),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
