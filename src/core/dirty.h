/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The dirty bitmap: where on the origin the sweeper has work, in the order of
 * the origin's addresses.
 *
 * DOC: protocol of the dirty bitmap
 *
 * One bit stands for a granule: a power of two of neighbouring blocks, at least
 * a run. A set bit says that a block of the granule may be dirty, the map says
 * whether it is; no dirty block is without its bit, but while the sweeper is at
 * work on its granule.
 *
 * Setter: marks the slot dirty under the shard's lock, then calls
 * sc_dirty_set() under the same lock.
 *
 * Sweeper, one at a time: finds a granule with sc_dirty_next(), clears its bit
 * with sc_dirty_clear() and only then looks up each block of the granule under
 * its shard's lock. If something stays dirty that it will not destage now, or
 * whose destage failed, it calls sc_dirty_set() for that block.
 *
 * Nothing gets lost: if the sweeper has the shard's lock after the setter, it
 * sees the dirty slot. If before, the lock orders its clearing before the
 * setter's look at the bit, so the setter finds the bit clear and sets it.
 *
 * A summary has one bit for each word of the bitmap. A setter sets the bit,
 * then the summary. The sweeper clears the summary of an empty word, then looks
 * at the word again and takes the clearing back if it is no longer empty. The
 * operation between each pair is fully ordered (test_and_*), so at least one of
 * them sees what the other did. A granule set while sc_dirty_next() runs may be
 * left to the next sweep.
 */
#ifndef SC_DIRTY_H
#define SC_DIRTY_H

#include "types.h"

#define SC_NO_GRANULE	(~0u)

/**
 * struct sc_dirty - the bitmap
 * @bits: one for each granule
 * @summary: one for each word of @bits
 * @nr_granules: bits in use
 * @nr_words: words of @bits
 * @granule_shift: log2 of the blocks of a granule
 * @nr_oblocks: blocks of the origin
 * @bytes: memory that all this takes
 */
struct sc_dirty {
	unsigned long *bits;
	unsigned long *summary;
	u32 nr_granules;
	u32 nr_words;
	u8 granule_shift;
	u64 nr_oblocks;
	u64 bytes;
};

/**
 * sc_dirty_create() - make an empty bitmap
 * @g: sizes
 *
 * Takes a quarter of a byte for each slot at most, or 64 KiB if that is more.
 *
 * Context: may sleep.
 * Return: the bitmap, or NULL without memory.
 */
struct sc_dirty *sc_dirty_create(const struct sc_geom *g);

/**
 * sc_dirty_destroy() - free it
 * @d: the bitmap or NULL
 *
 * Context: may sleep; no user left.
 */
void sc_dirty_destroy(struct sc_dirty *d);

static inline u32 sc_dirty_granule(const struct sc_dirty *d, sc_oblock_t b)
{
	return (u32)(from_oblock(b) >> d->granule_shift);
}

/**
 * sc_dirty_set() - a block is dirty
 * @d: the bitmap
 * @b: the block, marked dirty in the map before
 *
 * Writes to memory only if the granule's bit is clear.
 *
 * Context: any, lock of the block's shard held since it was marked.
 */
static inline void sc_dirty_set(struct sc_dirty *d, sc_oblock_t b)
{
	u32 granule = sc_dirty_granule(d, b);

	if (test_bit(granule, d->bits))
		return;
	if (!test_and_set_bit(granule, d->bits))
		set_bit(granule / BITS_PER_LONG, d->summary);
}

/**
 * sc_dirty_clear() - the sweeper is about to look at a granule
 * @d: the bitmap
 * @granule: which one
 *
 * Context: the sweeper, without any shard's lock.
 */
void sc_dirty_clear(struct sc_dirty *d, u32 granule);

/**
 * sc_dirty_next() - find the next granule that may hold something dirty
 * @d: the bitmap
 * @from: first granule to look at; the number of granules or more finds none
 *
 * Context: the sweeper, any lock or none.
 * Return: the granule, or SC_NO_GRANULE.
 */
u32 sc_dirty_next(struct sc_dirty *d, u32 from);

/**
 * sc_dirty_granule_blocks() - which blocks a granule stands for
 * @d: the bitmap
 * @granule: which one
 * @first: set to its first block
 *
 * Context: any.
 * Return: how many blocks; the last granule may have fewer.
 */
u64 sc_dirty_granule_blocks(const struct sc_dirty *d, u32 granule,
			    sc_oblock_t *first);

/**
 * sc_dirty_bytes() - count memory
 * @d: the bitmap
 *
 * Context: any.
 * Return: what it takes.
 */
static inline u64 sc_dirty_bytes(const struct sc_dirty *d)
{
	return d->bytes;
}

#endif
