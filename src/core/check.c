// SPDX-License-Identifier: GPL-2.0-only
/*
 * The check of all slots together. Slots that hold the same block are found by
 * a hash table of slot numbers with open addressing, half full at most.
 */
#include "check.h"
#include "codec.h"

#define EMPTY	(~0U)
/* In a place: a clean slot has given up for this one. No slot has such a number. */
#define RETIRED	(1U << 31)

/**
 * struct table - the slots seen so far
 * @slot: by hash of their block, perhaps with RETIRED
 * @shift: 64 - log2 of the number of places
 * @mask: that number - 1
 */
struct table {
	u32 *slot;
	u32 shift;
	u32 mask;
};

u64 sc_mask_sectors(const struct sc_geom *g, sc_oblock_t b, u16 mask)
{
	u64 nr = (u64)hweight16(mask) << g->sub_shift;
	u64 end = sc_block_sector(g, b);
	u32 i;

	if (!mask)
		return 0;
	for (i = 0; mask >> i; i++)
		end += 1ULL << g->sub_shift;
	return end > g->origin_sectors ? nr - (end - g->origin_sectors) : nr;
}

static bool table_init(struct table *t, u64 nr)
{
	u32 bits = 1;
	u64 i;

	while ((1ULL << bits) < 2 * nr)
		bits++;
	t->shift = 64 - bits;
	t->mask = (1ULL << bits) - 1;
	t->slot = sc_env_alloc((size_t)1 << bits, sizeof(*t->slot));
	if (!t->slot)
		return false;
	for (i = 0; i <= t->mask; i++)
		t->slot[i] = EMPTY;
	return true;
}

/*
 * The slot that holds the block of @rec, whose state is set in @other, or NULL
 * when @rec has been added because there is none. Knuth's multiplicative hash.
 */
static u32 *table_meet(struct sc_check *c, struct table *t,
		       const struct sc_record *rec, struct sc_record *other)
{
	u32 i = from_oblock(rec->block) * 0x9e3779b97f4a7c15ULL >> t->shift;

	for (; t->slot[i] != EMPTY; i = (i + 1) & t->mask) {
		c->get(c->ctx, to_cblock(t->slot[i] & ~RETIRED), other);
		if (from_oblock(other->block) == from_oblock(rec->block))
			return &t->slot[i];
	}
	t->slot[i] = from_cblock(rec->slot);
	return NULL;
}

static void report(struct sc_check *c, enum sc_check_fault fault,
		   const struct sc_record *rec, const struct sc_record *other)
{
	struct sc_check_find find = { .fault = fault, .rec = *rec };

	if (other)
		find.other = *other;
	c->nr[fault]++;
	c->found(c->ctx, &find);
}

/* @rec is clean, and @dirty, at @place from now on, holds its block. */
static void judge_retired(struct sc_check *c, u32 *place,
			  const struct sc_record *rec,
			  const struct sc_record *dirty)
{
	report(c, *place & RETIRED ? SC_CHECK_THRICE : SC_CHECK_RETIRED, rec,
	       dirty);
	*place = from_cblock(dirty->slot) | RETIRED;
}

static void judge_pair(struct sc_check *c, u32 *place,
		       const struct sc_record *rec,
		       const struct sc_record *other)
{
	if (!rec->dirty && !other->dirty)
		report(c, SC_CHECK_TWICE_CLEAN, rec, other);
	else if (rec->dirty && other->dirty)
		report(c, SC_CHECK_TWICE_DIRTY, rec, other);
	else if (other->dirty)
		judge_retired(c, place, rec, other);
	else
		judge_retired(c, place, other, rec);
}

static bool is_sound(const struct sc_check *c, const struct sc_record *rec)
{
	u64 got;

	return !sc_record_fault(c->geom, rec, &got);
}

static void count(struct sc_check *c, const struct sc_record *rec)
{
	c->nr_mapped++;
	c->nr_dirty += !!rec->dirty;
	c->valid_sectors += sc_mask_sectors(c->geom, rec->block, rec->valid);
	c->dirty_sectors += sc_mask_sectors(c->geom, rec->block, rec->dirty);
}

static void check_each(struct sc_check *c)
{
	struct sc_record rec;
	u32 i;

	for (i = 0; i < c->geom->nr_slots; i++) {
		c->get(c->ctx, to_cblock(i), &rec);
		if (!is_sound(c, &rec))
			report(c, SC_CHECK_RECORD, &rec, NULL);
		else if (rec.valid)
			count(c, &rec);
	}
}

static void check_pairs(struct sc_check *c, struct table *t)
{
	struct sc_record rec, other;
	u32 *place, i;

	for (i = 0; i < c->geom->nr_slots; i++) {
		c->get(c->ctx, to_cblock(i), &rec);
		if (!rec.valid || !is_sound(c, &rec))
			continue;
		place = table_meet(c, t, &rec, &other);
		if (place)
			judge_pair(c, place, &rec, &other);
	}
}

int sc_check_run(struct sc_check *c)
{
	struct table t;

	c->nr_mapped = 0;
	c->nr_dirty = 0;
	c->valid_sectors = 0;
	c->dirty_sectors = 0;
	memset(c->nr, 0, sizeof(c->nr));
	check_each(c);
	if (!table_init(&t, c->nr_mapped))
		return -ENOMEM;
	check_pairs(c, &t);
	sc_env_free(t.slot);
	return 0;
}

u64 sc_check_nr_faults(const struct sc_check *c)
{
	return c->nr[SC_CHECK_RECORD] + c->nr[SC_CHECK_TWICE_CLEAN] +
	       c->nr[SC_CHECK_TWICE_DIRTY] + c->nr[SC_CHECK_THRICE];
}

void sc_check_to_reason(const struct sc_geom *geom,
			const struct sc_check_find *find,
			struct sc_reason *why)
{
	static const char *const what[] = {
		[SC_CHECK_TWICE_CLEAN] = "two clean slots hold one block",
		[SC_CHECK_TWICE_DIRTY] = "two dirty slots hold one block",
		[SC_CHECK_THRICE] = "three slots hold one block",
		[SC_CHECK_RETIRED] = "given up for a dirty one",
	};
	u32 slot = from_cblock(find->rec.slot);
	const char *fault;
	u64 got = 0;

	if (find->fault != SC_CHECK_RECORD) {
		sc_reason_set(why, "slots %u and %u: %s, got block %llu",
			      from_cblock(find->other.slot), slot,
			      what[find->fault],
			      (unsigned long long)from_oblock(find->rec.block));
		return;
	}
	fault = sc_record_fault(geom, &find->rec, &got);
	sc_reason_set(why, "slot %u: %s, got %llu", slot, fault ?: "sound",
		      (unsigned long long)got);
}
