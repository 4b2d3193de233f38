/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A table page read entry by entry, for who cannot afford a record for each of
 * many millions. Beside codec.c the only one that knows the bytes of an entry.
 */
#ifndef SC_PAGE_CURSOR_H
#define SC_PAGE_CURSOR_H

#include "geometry.h"

#include <ssdcache/format.h>

/**
 * struct sc_entry_words - an entry as a processor likes to read it
 * @head: block, 48 bits, and valid
 * @tail: dirty, 16 bits, hint, 8 bits, and flags
 */
struct sc_entry_words {
	__le64 head;
	__le32 tail;
} __packed;

static_assert(sizeof(struct sc_entry_words) == sizeof(struct sc_disk_entry));

#define SC_HEAD_VALID_SHIFT	48
#define SC_TAIL_HINT_SHIFT	16
#define SC_TAIL_HINT		(0xffu << SC_TAIL_HINT_SHIFT)

/**
 * struct sc_page_cursor - how far an opened page is read
 * @entry: the next entry
 * @end: behind the last one
 * @slot: its slot
 * @nr_blocks: blocks that have all their sub-blocks
 * @head: first word of an entry that has all of block 0
 */
struct sc_page_cursor {
	const struct sc_disk_entry *entry;
	const struct sc_disk_entry *end;
	u32 slot;
	u64 nr_blocks;
	u64 head;
};

/**
 * sc_page_cursor_init() - go to the first entry
 * @c: set
 * @buf: a page that sc_codec_page_open() found good
 * @page: its number
 * @g: bounds; a page of which the cache does not have all slots has no entry
 *	for sc_page_next_whole()
 *
 * Context: any.
 */
static inline void sc_page_cursor_init(struct sc_page_cursor *c,
				       const void *buf, u32 page,
				       const struct sc_geom *g)
{
	const struct sc_disk_page *d = buf;

	c->entry = d->entry;
	c->end = d->entry + SC_DISK_PAGE_ENTRIES;
	c->slot = page * SC_DISK_PAGE_ENTRIES;
	c->nr_blocks = g->nr_slots - c->slot < SC_DISK_PAGE_ENTRIES ?
			       0 : g->origin_sectors >> g->block_shift;
	c->head = (u64)sc_all_subs(g) << SC_HEAD_VALID_SHIFT;
}

/**
 * sc_page_next_whole() - pass an entry that is nothing special
 * @c: the cursor
 * @block: set to the block
 * @hint: set to the hint
 *
 * Nearly all of millions of entries say that all of a block is valid and clean,
 * of one that has all its sub-blocks: two comparisons find that out, and need
 * no other check.
 *
 * Context: any.
 * Return: false, with the cursor where it was, at an entry of another kind and
 * behind the last one.
 */
static inline bool sc_page_next_whole(struct sc_page_cursor *c, u64 *block,
				      u8 *hint)
{
	struct sc_entry_words w;

	if (c->entry == c->end)
		return false;
	memcpy(&w, c->entry, sizeof(w));
	*block = le64_to_cpu(w.head) - c->head;
	*hint = (u8)(le32_to_cpu(w.tail) >> SC_TAIL_HINT_SHIFT);
	if (*block >= c->nr_blocks || le32_to_cpu(w.tail) & ~SC_TAIL_HINT)
		return false;
	c->entry++;
	c->slot++;
	return true;
}

#endif
