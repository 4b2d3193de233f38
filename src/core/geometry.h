/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes: from devices and block size to counts and places. All checks against
 * overflow and against devices that are too small or too large are here.
 */
#ifndef SC_GEOMETRY_H
#define SC_GEOMETRY_H

#include "reason.h"
#include "types.h"

/* Facts of the disk format that sizes depend on; codec.c asserts them. */
#define SC_PAGE_ENTRIES		336u
#define SC_MAP_PAGES		16128u	/* pages that a map block speaks of */
#define SC_JOURNAL_RECORDS	252u
#define SC_PAGE_GROUP		16u	/* pages laid out copy by copy */
#define SC_MIN_JOURNAL		16u
#define SC_MAX_JOURNAL		16384u
#define SC_MAX_TX_BLOCKS	64u
#define SC_LABEL_SECTORS	8u

/**
 * struct sc_layout - where what is on the metadata device, in 4 KiB blocks
 * @nr_blocks: up to here, counted from 0
 * @map_start: map region A, B behind it; the superblocks are before
 * @journal_start: the journal ring
 * @pages_start: the table
 * @map_blocks: size of one map region
 * @journal_blocks: size of the ring
 * @nr_pages: table pages there is room for, a multiple of SC_PAGE_GROUP
 */
struct sc_layout {
	u64 nr_blocks;
	u64 map_start;
	u64 journal_start;
	u64 pages_start;
	u32 map_blocks;
	u32 journal_blocks;
	u32 nr_pages;
};

/**
 * sc_geom_init() - sizes of a cache
 * @g: set on success
 * @block_sectors: block size
 * @origin_sectors: size of the origin
 * @cache_sectors: size of the cache device
 * @why: set if refused
 *
 * Context: any.
 * Return: 0, or -EINVAL.
 */
int __must_check sc_geom_init(struct sc_geom *g, u32 block_sectors,
			      u64 origin_sectors, u64 cache_sectors,
			      struct sc_reason *why);

/**
 * sc_geom_subs() - the sub-blocks that a block has
 * @g: sizes
 * @b: the block
 *
 * Context: any.
 * Return: all, less at the end of the origin, none behind it. A sub-block that
 * the end of the origin cuts counts.
 */
u16 sc_geom_subs(const struct sc_geom *g, sc_oblock_t b);

/**
 * sc_geom_whole_subs() - the sub-blocks of a block wholly before some sector
 * @g: sizes; the size of the origin does not matter
 * @b: the block
 * @end: the sector
 *
 * Context: any.
 * Return: their mask.
 */
u16 sc_geom_whole_subs(const struct sc_geom *g, sc_oblock_t b, u64 end);

/**
 * sc_geom_tail_label() - where the label at the end of the cache device is
 * @cache_sectors: size of the cache device, which sc_geom_init() accepted
 *
 * Context: any.
 * Return: its sector, a multiple of 8.
 */
u64 sc_geom_tail_label(u64 cache_sectors);

/**
 * sc_layout_init() - divide a metadata device
 * @l: set on success
 * @metadata_sectors: its size
 * @journal_blocks: size of the journal, 0: depends on the size of the device
 * @why: set if refused
 *
 * Context: any.
 * Return: 0; -ENOSPC if the device is too small; -EINVAL.
 */
int __must_check sc_layout_init(struct sc_layout *l, u64 metadata_sectors,
				u32 journal_blocks, struct sc_reason *why);

/**
 * sc_layout_resize() - fit an existing layout to the size of its device
 * @l: nr_pages and nr_blocks are changed, nothing moves
 * @metadata_sectors: size of the device
 *
 * Context: any.
 */
void sc_layout_resize(struct sc_layout *l, u64 metadata_sectors);

/**
 * sc_layout_check() - whether a layout read from disk can be one
 * @l: the layout
 *
 * Context: any.
 * Return: 0, or -EUCLEAN.
 */
int __must_check sc_layout_check(const struct sc_layout *l);

/**
 * sc_layout_capacity() - slots that the table has room for
 * @l: the layout
 *
 * Context: any.
 * Return: their number.
 */
u32 sc_layout_capacity(const struct sc_layout *l);

/**
 * sc_layout_blocks_for() - how far this layout would reach for some slots
 * @l: the layout
 * @nr_slots: slots wanted
 *
 * Context: any.
 * Return: blocks of the metadata device; 0 if its map is too small for that.
 */
u64 sc_layout_blocks_for(const struct sc_layout *l, u32 nr_slots);

/**
 * sc_layout_page() - where a copy of a table page is
 * @l: the layout
 * @page: below nr_pages
 * @copy: 0 or 1
 *
 * The first copies of SC_PAGE_GROUP pages come together, then their second
 * copies, so that neighbours are read and written in one transfer.
 *
 * Context: any.
 * Return: its block.
 */
static inline u64 sc_layout_page(const struct sc_layout *l, u32 page, u32 copy)
{
	return l->pages_start + (u64)(page / SC_PAGE_GROUP) * 2 * SC_PAGE_GROUP +
	       copy * SC_PAGE_GROUP + page % SC_PAGE_GROUP;
}

/**
 * sc_pages_for() - table pages of some slots
 * @nr_slots: slots
 *
 * Context: any.
 * Return: pages, the last one perhaps partly used.
 */
static inline u32 sc_pages_for(u32 nr_slots)
{
	return DIV_ROUND_UP(nr_slots, SC_PAGE_ENTRIES);
}

#endif
