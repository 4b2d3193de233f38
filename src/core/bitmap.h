/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bitmaps of slots: set by anybody at any time, without a lock, found and
 * cleared by one scanner, who does not look at what is empty.
 */
#ifndef SC_BITMAP_H
#define SC_BITMAP_H

#include "types.h"

#define SC_NIL		(~0u)	/* no slot */

/**
 * struct sc_bitmap - one bit per slot and a summary bit per word of them
 * @bits: the bits
 * @summary: set if the word may hold a set bit
 * @nr_words: words in @bits
 */
struct sc_bitmap {
	unsigned long *bits;
	unsigned long *summary;
	unsigned long nr_words;
};

/**
 * sc_bitmap_init() - make an empty one
 * @b: zeroed; after a failure, too, sc_bitmap_exit() takes it
 * @nr: bits
 * @bytes: what it takes is added
 *
 * Context: may sleep.
 * Return: 0 or -ENOMEM.
 */
int __must_check sc_bitmap_init(struct sc_bitmap *b, u32 nr, u64 *bytes);

/**
 * sc_bitmap_exit() - free it
 * @b: the bitmap
 *
 * Context: may sleep; no user left.
 */
void sc_bitmap_exit(struct sc_bitmap *b);

static inline void sc_bitmap_set(struct sc_bitmap *b, u32 i)
{
	if (test_and_set_bit(i, b->bits))
		return;
	set_bit(i / BITS_PER_LONG, b->summary);
}

/**
 * sc_bitmap_next() - find and clear the next bit
 * @b: the bitmap
 * @from: first slot to look at
 *
 * Clears a word's summary before it looks at the word, so that a bit set
 * meanwhile is found by this scan or the next. The caller scans upwards from 0
 * to the end, else a summary bit may be lost.
 *
 * Context: any; one scanner at a time.
 * Return: the slot, or SC_NIL at the end.
 */
u32 sc_bitmap_next(struct sc_bitmap *b, u32 from);

#endif
