// SPDX-License-Identifier: GPL-2.0-only
/*
 * The dirty bitmap: where on the origin the sweeper has work. dirty.h has the
 * protocol between those who set bits and the one who clears them.
 */
#include "dirty.h"

#define MIN_GRANULES	(1u << 19)

/* The finest granule of a run or more that keeps the memory within bounds. */
static u8 choose_shift(const struct sc_geom *g)
{
	u64 limit = max_t(u64, 2 * (u64)g->nr_slots, MIN_GRANULES);
	u8 shift = g->run_shift;

	while ((g->nr_oblocks - 1) >> shift >= limit)
		shift++;
	return shift;
}

struct sc_dirty *sc_dirty_create(const struct sc_geom *g)
{
	struct sc_dirty *d = sc_env_alloc(1, sizeof(*d));
	u32 summary;

	if (!d)
		return NULL;
	d->nr_oblocks = g->nr_oblocks;
	d->granule_shift = choose_shift(g);
	d->nr_granules = (u32)((g->nr_oblocks - 1) >> d->granule_shift) + 1;
	d->nr_words = BITS_TO_LONGS(d->nr_granules);
	summary = BITS_TO_LONGS(d->nr_words);
	d->bits = sc_env_alloc(d->nr_words, sizeof(long));
	d->summary = sc_env_alloc(summary, sizeof(long));
	d->bytes = sizeof(*d) + ((u64)d->nr_words + summary) * sizeof(long);
	if (!d->bits || !d->summary) {
		sc_dirty_destroy(d);
		return NULL;
	}
	return d;
}

void sc_dirty_destroy(struct sc_dirty *d)
{
	if (!d)
		return;
	sc_env_free(d->summary);
	sc_env_free(d->bits);
	sc_env_free(d);
}

void sc_dirty_clear(struct sc_dirty *d, u32 granule)
{
	/*
	 * Cleared before the locks of the shards are taken to look at the
	 * blocks. The summary is left to sc_dirty_next().
	 */
	test_and_clear_bit(granule, d->bits);
}

/* Return: the first set bit of the word of @from, not before @from. */
static u32 next_in_word(const struct sc_dirty *d, u32 from)
{
	/* Setters change the word at any time: look at it once. */
	unsigned long left = READ_ONCE(d->bits[from / BITS_PER_LONG]) >>
			     (from % BITS_PER_LONG);

	return left ? from + (u32)__ffs(left) : SC_NO_GRANULE;
}

/* Setters may be at work: see the protocol of the summary. */
static void drop_summary(struct sc_dirty *d, u32 word)
{
	test_and_clear_bit(word, d->summary);
	if (READ_ONCE(d->bits[word]))
		test_and_set_bit(word, d->summary);
}

u32 sc_dirty_next(struct sc_dirty *d, u32 from)
{
	u32 word, granule;

	while (from < d->nr_granules) {
		word = find_next_bit(d->summary, d->nr_words,
				     from / BITS_PER_LONG);
		if (word >= d->nr_words)
			break;
		from = max_t(u32, from, word * BITS_PER_LONG);
		granule = next_in_word(d, from);
		if (granule != SC_NO_GRANULE)
			return granule;
		if (!READ_ONCE(d->bits[word]))
			drop_summary(d, word);
		/* The last word ends below 2^31 + 64: no overflow. */
		from = (word + 1) * BITS_PER_LONG;
	}
	return SC_NO_GRANULE;
}

u64 sc_dirty_granule_blocks(const struct sc_dirty *d, u32 granule,
			    sc_oblock_t *first)
{
	u64 begin = (u64)granule << d->granule_shift;

	*first = to_oblock(begin);
	return min_t(u64, 1ULL << d->granule_shift, d->nr_oblocks - begin);
}
