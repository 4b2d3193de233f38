// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bitmaps of slots that are set by many and scanned by one.
 */
#include "bitmap.h"

int sc_bitmap_init(struct sc_bitmap *b, u32 nr, u64 *bytes)
{
	size_t summary;

	b->nr_words = BITS_TO_LONGS(nr);
	summary = BITS_TO_LONGS(b->nr_words);
	b->bits = sc_env_alloc(b->nr_words, sizeof(long));
	b->summary = sc_env_alloc(summary, sizeof(long));
	*bytes += (b->nr_words + summary) * sizeof(long);
	return b->bits && b->summary ? 0 : -ENOMEM;
}

void sc_bitmap_exit(struct sc_bitmap *b)
{
	sc_env_free(b->summary);
	sc_env_free(b->bits);
}

/* Find and clear the first set bit of a word at or above @bit. */
static u32 bitmap_next_in_word(struct sc_bitmap *b, unsigned long word,
			       unsigned int bit)
{
	unsigned long left = READ_ONCE(b->bits[word]) >> bit << bit;
	unsigned long i;

	while (left) {
		i = word * BITS_PER_LONG + __ffs(left);
		if (test_and_clear_bit(i, b->bits))
			return i;
		left &= left - 1;
	}
	return SC_NIL;
}

u32 sc_bitmap_next(struct sc_bitmap *b, u32 from)
{
	unsigned long word = from / BITS_PER_LONG;
	u32 i;

	if (from % BITS_PER_LONG) {
		i = bitmap_next_in_word(b, word, from % BITS_PER_LONG);
		if (i != SC_NIL)
			return i;
		word++;
	}
	while ((word = find_next_bit(b->summary, b->nr_words, word)) <
	       b->nr_words) {
		/*
		 * Atomic and fully ordered, so that a setter who found the
		 * summary still set has set its bit before we look.
		 */
		test_and_clear_bit(word, b->summary);
		i = bitmap_next_in_word(b, word, 0);
		if (i != SC_NIL)
			return i;
		word++;
	}
	return SC_NIL;
}
