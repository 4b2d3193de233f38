// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/map: random sequences of what its users may do, beside a model that
 * knows for each slot what the metadata device says. SEED=number repeats a run.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "map.h"
#include "random.h"

#define MAX_SLOTS	16384
#define NR_BLOCKS	40
#define NR_KEPT		24	/* slots that a test plays with, if it can */

enum life { FREE, LIVE, RETIRING, RESTING };

/**
 * struct model - what must be true of a slot
 * @life: where it stands
 * @block: that it holds, if hashed
 * @age: the larger, the later inserted
 * @valid: in memory
 * @dirty: in memory
 * @busy: has an owner
 * @held: clean parts are not committed
 * @copying: being destaged; of it @copy
 * @redirty: written since
 * @replaces: a live slot of the same block retires when this one is published
 * @disk: the last record that is durable
 * @rec: the record on its way, if @committing
 * @in_doubt: @rec failed, and may be durable all the same
 */
struct model {
	enum life life;
	u64 block;
	u64 age;
	u16 valid;
	u16 dirty;
	u16 copy;
	bool busy;
	bool held;
	bool copying;
	bool redirty;
	bool replaces;
	bool committing;
	bool in_doubt;
	struct sc_record disk;
	struct sc_record rec;
};

static struct model model[MAX_SLOTS];
static struct sc_map *m;
static u64 now;
static bool in_tx;
static bool in_flush;
static bool dead; /* a transaction has failed, no other will be */

static u16 some_subs(u16 of)
{
	return (u16)random_u64() & (random_below(3) ? (u16)random_u64() : ~0) &
	       of;
}

static bool hashed(u32 i)
{
	return model[i].life == LIVE || model[i].life == RETIRING;
}

/* The newest slot of a block, or the newest of those before @age. */
static u32 newest(u64 block, u64 age)
{
	u32 i, best = SC_NIL;

	for (i = 0; i < m->geom.nr_slots; i++)
		if (hashed(i) && model[i].block == block &&
		    model[i].age < age &&
		    (best == SC_NIL || model[i].age > model[best].age))
			best = i;
	return best;
}

/* ---- checks ---------------------------------------------------------------- */

static u16 record_valid(const struct model *s)
{
	return s->held ? s->dirty : s->valid;
}

/* Rules 3 and 4: never less, nor cleaner, than a record that may count. */
static void check_record(u32 i, const struct sc_record *rec)
{
	if (!rec->valid)
		return;
	assert_true(hashed(i));
	assert_int_equal(from_oblock(rec->block), model[i].block);
	assert_int_equal(rec->valid & ~sc_slot_dvalid(m, i), 0);
	assert_int_equal(rec->valid & ~rec->dirty & sc_slot_ddirty(m, i), 0);
}

static void check_slot(u32 i)
{
	const struct model *s = &model[i];
	u32 flags = sc_map_slot(m, i)->flags;

	assert_int_equal(!!(flags & SC_HASHED), hashed(i));
	assert_int_equal(!!(flags & SC_RETIRING), s->life == RETIRING);
	check_record(i, &s->disk);
	if (s->committing || s->in_doubt)
		check_record(i, &s->rec);
	assert_int_equal(sc_slot_valid(m, i), s->valid);
	assert_int_equal(sc_slot_dirty(m, i), s->dirty);
	assert_int_equal(!!(flags & SC_BUSY), s->busy);
	assert_int_equal(!!(flags & SC_HELD), s->held);
	assert_int_equal(!!(flags & SC_REDIRTY), s->redirty);
	assert_int_equal(!!(flags & SC_COMMITTING),
			 s->committing || (s->in_doubt && s->rec.valid &&
					   (s->rec.dirty | s->disk.dirty)));
	assert_int_equal(s->dirty & ~s->valid, 0);
	if (!hashed(i))
		return;
	assert_int_equal(from_oblock(sc_slot_block(sc_map_slot(m, i))),
			 s->block);
	/* Some flush will release it. */
	if (s->held)
		assert_true(test_bit(i, m->hold.bits) ||
			    test_bit(i, m->holding.bits));
	if (s->committing || dead)
		return;
	assert_int_equal(sc_slot_dvalid(m, i), s->disk.valid);
	assert_int_equal(sc_slot_ddirty(m, i), s->disk.dirty);
	if (record_valid(s) != s->disk.valid || s->dirty != s->disk.dirty)
		assert_true(test_bit(i, m->pending.bits));
}

static u32 nr_with(u32 sh, bool (*has)(const struct model *s))
{
	u32 i, nr = 0;

	for (i = 0; i < m->geom.nr_slots; i++)
		nr += sc_slot_shard(sc_map_slot(m, i)) == sh && has(&model[i]);
	return nr;
}

static bool is_free(const struct model *s) { return s->life == FREE; }
static bool is_mapped(const struct model *s) { return s->valid; }
static bool is_dirty(const struct model *s) { return s->dirty; }
static bool is_retiring(const struct model *s) { return s->life == RETIRING; }
static bool is_resting(const struct model *s) { return s->life == RESTING; }
static bool is_any(const struct model *s) { return s; }

static void check_counts(void)
{
	const struct sc_shard *sh;
	u32 n, i, nr, last;

	for (n = 0; n < m->nr_shards; n++) {
		sh = &m->shards[n];
		assert_int_equal(sh->nr_slots, nr_with(n, is_any));
		assert_int_equal(sh->nr_free, nr_with(n, is_free));
		assert_int_equal(sh->nr_mapped, nr_with(n, is_mapped));
		assert_int_equal(sh->nr_dirty, nr_with(n, is_dirty));
		assert_int_equal(sh->nr_retiring, nr_with(n, is_retiring));
		assert_int_equal(sh->nr_resting, nr_with(n, is_resting));
		last = SC_NIL;
		i = sh->free_head;
		for (nr = 0; i != SC_NIL; nr++) {
			assert_int_equal(model[i].life, FREE);
			assert_int_equal(sc_slot_shard(sc_map_slot(m, i)), n);
			last = i;
			i = sc_map_slot(m, i)->hash_next;
		}
		assert_int_equal(nr, sh->nr_free);
		assert_int_equal(last, sh->free_tail);
	}
}

/* The chain of a block has its slots from the newest to the oldest. */
static void check_chain(u64 block)
{
	struct sc_run run = sc_map_run(m, to_oblock(block));
	u32 i = sc_map_find(m, &run, to_oblock(block));
	u64 age = ~0ULL;

	do {
		assert_int_equal(i, newest(block, age));
		if (i == SC_NIL)
			break;
		assert_int_equal(sc_slot_shard(sc_map_slot(m, i)), run.shard);
		age = model[i].age;
		i = sc_map_find_older(m, i);
	} while (true);
}

static void check_queues(void)
{
	const struct sc_slot *s;
	u32 n, q, i, nr;

	for (n = 0; n < m->nr_shards; n++) {
		for (q = SC_Q_SMALL; q < SC_NR_QUEUES; q++) {
			i = m->shards[n].queue[q].head;
			for (nr = 0; i != SC_NIL; nr++) {
				s = sc_map_slot(m, i);
				assert_int_equal(sc_slot_queue(s), q);
				assert_int_equal(sc_slot_shard(s), n);
				i = s->q_next;
			}
			assert_int_equal(nr, m->shards[n].queue[q].nr);
		}
	}
}

static void check_all(void)
{
	u32 i, b;

	for (i = 0; i < m->geom.nr_slots; i++)
		check_slot(i);
	for (b = 0; b < NR_BLOCKS; b++)
		check_chain(b);
	check_counts();
	check_queues();
}

/* ---- operations, each if it is legal --------------------------------------- */

static void retire(u32 i)
{
	struct model *s = &model[i];
	bool durable = s->disk.valid ||
		       ((s->committing || s->in_doubt) && s->rec.valid);
	bool rests;

	sc_queue_remove(m, i);
	rests = sc_map_retire(m, i);
	/* A record on its way may be overtaken by nothing. */
	assert_int_equal(rests, !durable && !s->committing);
	s->valid = 0;
	s->dirty = 0;
	s->held = false;
	s->life = rests ? RESTING : RETIRING;
	if (!rests)
		assert_true(test_bit(i, m->pending.bits));
}

static void op_insert(void)
{
	u64 block = random_below(NR_BLOCKS);
	struct sc_run run = sc_map_run(m, to_oblock(block));
	u32 old = newest(block, ~0ULL), i;
	bool live = old != SC_NIL && model[old].life == LIVE;

	if (live && (model[old].busy || model[old].dirty ||
		     newest(block, model[old].age) != SC_NIL))
		return;
	i = sc_map_alloc(m, run.shard);
	if (i == SC_NIL) {
		assert_int_equal(m->shards[run.shard].nr_free, 0);
		return;
	}
	assert_int_equal(model[i].life, FREE);
	assert_int_equal(model[i].disk.valid, 0);
	assert_true(!model[i].in_doubt || !model[i].rec.valid);
	sc_map_insert(m, &run, i, to_oblock(block));
	model[i] = (struct model){
		.life = LIVE, .block = block, .age = ++now, .busy = true,
		.replaces = live,
	};
}

/* The owner ends, well or not. */
static void op_publish(u32 i)
{
	struct model *s = &model[i];
	u16 all = sc_all_subs(&m->geom), valid, dirty;
	u32 old;

	if (!s->busy)
		return;
	if (random_below(4)) {
		valid = s->replaces ? all : some_subs(all);
		dirty = s->replaces ? all :
				      some_subs(valid) | (s->dirty & valid);
		if (!random_below(3)) {
			sc_map_hold(m, i);
			s->held = true;
		}
		sc_map_publish(m, i, valid, dirty);
		if (dirty)
			sc_map_mark_dirty(m, i, dirty);
		s->redirty |= s->copying && dirty;
		s->valid |= valid;
		s->dirty = (s->dirty & ~valid) | dirty;
		old = newest(s->block, s->age);
		if (old != SC_NIL && model[old].life == LIVE)
			retire(old);
	}
	sc_map_slot(m, i)->flags &= ~SC_BUSY;
	s->busy = false;
	s->replaces = false;
	if (!s->valid)
		retire(i);
	else if (sc_slot_queue(sc_map_slot(m, i)) == SC_Q_NONE)
		sc_queue_push(m, i, 1 + random_below(3));
}

static void op_own(u32 i)
{
	if (model[i].busy)
		return;
	sc_map_slot(m, i)->flags |= SC_BUSY;
	model[i].busy = true;
}

static void op_mark_dirty(u32 i)
{
	struct model *s = &model[i];
	u16 mask = some_subs(s->valid);

	if (s->busy || !mask)
		return;
	sc_map_mark_dirty(m, i, mask);
	s->dirty |= mask;
	s->redirty |= s->copying;
}

static void op_copy(u32 i)
{
	struct model *s = &model[i];
	struct sc_slot *slot = sc_map_slot(m, i);

	if (s->copying) {
		if (!s->redirty) {
			sc_map_mark_clean(m, i, s->copy);
			s->dirty &= ~s->copy;
		}
		slot->flags &= ~(SC_COPYING | SC_REDIRTY);
		s->copying = false;
		s->redirty = false;
	} else if (s->dirty && !s->busy && !dead &&
		   sc_map_settled(m, i, s->dirty)) {
		assert_false(s->committing);
		assert_int_equal(s->dirty & ~(s->disk.valid & s->disk.dirty),
				 0);
		slot->flags |= SC_COPYING;
		s->copying = true;
		s->copy = s->dirty;
	}
}

static void op_invalidate(u32 i)
{
	struct model *s = &model[i];
	u16 mask = some_subs(sc_all_subs(&m->geom));
	bool gone;

	if (s->copying && mask & s->dirty)
		return;
	gone = sc_map_invalidate(m, i, mask);
	s->valid &= ~mask;
	s->dirty &= ~mask;
	assert_int_equal(gone, !s->valid && !s->busy);
	if (gone)
		retire(i);
}

/* As a victim of the policy, which does not care for blocks. */
static void op_evict(u32 i)
{
	struct model *s = &model[i];

	if (!s->busy && !s->dirty && !s->copying && !s->held)
		retire(i);
}

static void op_requeue(u32 i)
{
	sc_queue_remove(m, i);
	if (random_below(2))
		sc_queue_push(m, i, 1 + random_below(3));
	else
		sc_queue_push_tail(m, i, 1 + random_below(3));
}

static void op_free(void)
{
	u32 i;

	for (i = 0; i < m->geom.nr_slots; i++) {
		if (model[i].life != RESTING || random_below(2))
			continue;
		sc_map_free(m, i);
		model[i].life = FREE;
	}
}

static void op_tx_begin(void)
{
	struct model *s;
	struct sc_record rec;
	u32 i = 0;

	for (; (i = sc_bitmap_next(&m->pending, i)) != SC_NIL; i++) {
		s = &model[i];
		if (!sc_map_capture(m, i, &rec)) {
			assert_int_equal(record_valid(s), s->disk.valid);
			assert_int_equal(s->dirty, s->disk.dirty);
			continue;
		}
		assert_int_equal(from_cblock(rec.slot), i);
		assert_int_equal(from_oblock(rec.block), s->block);
		assert_int_equal(rec.valid, record_valid(s));
		assert_int_equal(rec.dirty, s->dirty);
		s->committing = true;
		s->rec = rec;
	}
}

static void op_tx_fail(bool maybe)
{
	struct model *s;
	u32 i;

	for (i = 0; i < m->geom.nr_slots; i++) {
		s = &model[i];
		if (!s->committing)
			continue;
		sc_map_commit_failed(m, &s->rec, &s->disk, maybe);
		s->committing = false;
		s->in_doubt = maybe;
	}
}

static void op_tx_end(void)
{
	struct model *s;
	bool unmapped;
	u32 i;

	for (i = 0; i < m->geom.nr_slots; i++) {
		s = &model[i];
		if (!s->committing)
			continue;
		unmapped = sc_map_committed(m, &s->rec);
		s->committing = false;
		s->disk = s->rec;
		assert_int_equal(unmapped, s->life == RETIRING &&
					   !s->disk.valid);
		if (unmapped)
			s->life = RESTING;
	}
}

static void op_commit(void)
{
	if (dead)
		return;
	if (!in_tx)
		op_tx_begin();
	else if (random_below(8))
		op_tx_end();
	else
		op_tx_fail(false);
	in_tx = !in_tx;
}

/* Rule 7: released is what was held, and not again, when the flush began. */
static void op_flush(void)
{
	u32 i = 0;

	in_flush = !in_flush;
	if (in_flush) {
		for (; (i = sc_bitmap_next(&m->hold, i)) != SC_NIL; i++)
			sc_bitmap_set(&m->holding, i);
		return;
	}
	for (; (i = sc_bitmap_next(&m->holding, i)) != SC_NIL; i++) {
		if (!sc_map_release(m, i))
			continue;
		assert_true(model[i].held);
		assert_false(test_bit(i, m->hold.bits));
		model[i].held = false;
	}
}

static void on_slot(u32 i, u32 dice)
{
	if (model[i].life != LIVE)
		return;
	/* Who evicts does not look the block up; all others do. */
	if (dice == 0) {
		op_evict(i);
		return;
	}
	if (newest(model[i].block, ~0ULL) != i)
		return;
	if (dice < 6)
		op_publish(i);
	else if (dice < 8)
		op_own(i);
	else if (dice < 11)
		op_mark_dirty(i);
	else if (dice < 14)
		op_copy(i);
	else if (dice < 16)
		op_invalidate(i);
	else
		op_requeue(i);
}

static void operate(void)
{
	u32 dice = random_below(26), i;

	if (dice < 17) {
		i = newest(random_below(NR_BLOCKS), ~0ULL);
		if (i != SC_NIL)
			on_slot(i, dice);
	} else if (dice == 17) {
		on_slot(random_below(min(m->geom.nr_slots, NR_KEPT)), 0);
	} else if (dice < 22) {
		op_insert();
	} else if (dice == 22) {
		op_free();
	} else if (dice < 25) {
		op_commit();
	} else {
		op_flush();
	}
}

/* ---- lives ----------------------------------------------------------------- */

static void load_block(u32 i, u64 block, u16 valid, u16 dirty)
{
	struct model *s = &model[i];

	s->disk = (struct sc_record){
		.slot = to_cblock(i), .block = to_oblock(block),
		.valid = valid, .dirty = dirty,
	};
	sc_map_load(m, &s->disk, 1);
	s->life = LIVE;
	s->block = block;
	s->valid = valid;
	s->dirty = dirty;
}

/* Some blocks are there, some of them twice, a clean one and a dirty one. */
static void load_some(void)
{
	u16 all = sc_all_subs(&m->geom), valid;
	u32 i = 0, end = min(m->geom.nr_slots, NR_KEPT);
	sc_oblock_t bad;
	u64 b;

	for (b = 0; b < NR_BLOCKS && i + 2 < end; b += 1 + random_below(4)) {
		valid = some_subs(all) | 1;
		load_block(i, b, valid, 1);
		model[i].age = 2;
		if (random_below(2)) {
			load_block(i + 1, b, some_subs(all) | 1, 0);
			model[i + 1].age = 1;
			model[i + 1].life = RETIRING;
			model[i + 1].valid = 0;
		}
		i += 2;
	}
	assert_int_equal(sc_map_load_end(m, &bad), 0);
}

static void live(u32 nr_slots, u8 nr_subs, u32 nr_ops, u32 check_every)
{
	struct sc_geom g = {
		.block_shift = 3 + ilog2(nr_subs),
		.sub_shift = 3,
		.nr_subs = nr_subs,
		.run_shift = 1,
		.nr_slots = nr_slots,
		.nr_oblocks = 1 << 20,
		.origin_sectors = 1 << 30,
	};
	u32 n;

	memset(model, 0, sizeof(model));
	now = 10;
	in_tx = false;
	in_flush = false;
	dead = false;
	m = sc_map_create(&g);
	assert_non_null(m);
	load_some();
	check_all();
	for (n = 1; n <= nr_ops; n++) {
		operate();
		if (!(n % check_every))
			check_all();
	}
	if (!in_tx)
		op_commit();
	dead = random_below(2);
	if (dead)
		op_tx_fail(true);
	else
		op_tx_end();
	check_all();
	dead = true;
	for (n = 0; n < 100; n++)
		operate();
	check_all();
	sc_map_destroy(m);
}

static void test_one_sub(void **state)
{
	u32 n;

	(void)state;
	for (n = 0; n < 60; n++)
		live(3 + random_below(30), 1, 1000, 1);
}

static void test_sixteen_subs(void **state)
{
	u32 n;

	(void)state;
	for (n = 0; n < 60; n++)
		live(3 + random_below(30), 16, 1000, 1);
}

static void test_shards(void **state)
{
	(void)state;
	live(8192, 1, 1500, 100);
	live(16384, 16, 1500, 100);
}

static int group_setup(void **state)
{
	(void)state;
	random_seed();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_sub),
		cmocka_unit_test(test_sixteen_subs),
		cmocka_unit_test(test_shards),
	};

	return cmocka_run_group_tests_name("map lives", tests, group_setup,
					   NULL);
}
