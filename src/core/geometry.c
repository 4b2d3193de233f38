// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes. The metadata device is divided in units of SIZE_STEP blocks, so that
 * a larger device never holds fewer slots than a smaller one.
 */
#include "geometry.h"
#include "meta.h"

#define NR_SUPERS	2u
#define SIZE_STEP	64u
/* From so many blocks on the journal has at least 1 MiB. */
#define ROOMY_JOURNAL	256u
#define MAX_META_BLOCKS	(1ULL << 32)
/* Table pages of SC_MAX_CBLOCKS slots, in whole groups. */
#define MAX_PAGES	3195664u

static_assert((u64)MAX_PAGES * SC_PAGE_ENTRIES >= SC_MAX_CBLOCKS);
static_assert((u64)(MAX_PAGES - SC_PAGE_GROUP) * SC_PAGE_ENTRIES <
	      SC_MAX_CBLOCKS);
static_assert(MAX_PAGES % SC_PAGE_GROUP == 0);
static_assert(SC_MAP_PAGES % SC_PAGE_GROUP == 0);

static int check_block_size(u32 block_sectors, struct sc_reason *why)
{
	if (is_power_of_2(block_sectors) &&
	    block_sectors >= SC_MIN_BLOCK_SECTORS &&
	    block_sectors <= SC_MAX_BLOCK_SECTORS)
		return 0;
	sc_reason_set(why, "block size: must be a power of two from %u to %u sectors, got %u",
		      SC_MIN_BLOCK_SECTORS, SC_MAX_BLOCK_SECTORS, block_sectors);
	return -EINVAL;
}

static void set_shifts(struct sc_geom *g, u32 block_sectors)
{
	u32 sub = max_t(u32, SC_MIN_BLOCK_SECTORS, block_sectors / SC_MAX_SUBS);
	u32 run = max_t(u32, 128, block_sectors);

	g->block_shift = ilog2(block_sectors);
	g->sub_shift = ilog2(sub);
	g->nr_subs = block_sectors / sub;
	g->run_shift = ilog2(run) - g->block_shift;
}

static int set_slots(struct sc_geom *g, u64 cache_sectors,
		     struct sc_reason *why)
{
	u32 block_sectors = 1u << g->block_shift;
	u64 least, nr;

	/*
	 * Slot 0 is aligned to its size; in the gap before it is one label,
	 * behind the last slot the other.
	 */
	g->data_offset = max_t(u64, SC_LABEL_SECTORS, block_sectors);
	least = g->data_offset + block_sectors + SC_LABEL_SECTORS;
	if (cache_sectors < least) {
		sc_reason_set(why, "cache device too small: at least %llu sectors needed, got %llu",
			      (unsigned long long)least,
			      (unsigned long long)cache_sectors);
		return -EINVAL;
	}
	nr = (sc_geom_tail_label(cache_sectors) - g->data_offset) >>
	     g->block_shift;
	if (nr > SC_MAX_CBLOCKS) {
		sc_reason_set(why, "cache device too large for this block size: at most %u blocks, got %llu",
			      SC_MAX_CBLOCKS, (unsigned long long)nr);
		return -EINVAL;
	}
	g->nr_slots = (u32)nr;
	return 0;
}

int sc_geom_init(struct sc_geom *g, u32 block_sectors, u64 origin_sectors,
		 u64 cache_sectors, struct sc_reason *why)
{
	struct sc_geom new = {};
	int r;

	r = check_block_size(block_sectors, why);
	if (r)
		return r;
	set_shifts(&new, block_sectors);
	/* Without an addition, which might overflow. */
	new.origin_sectors = origin_sectors;
	new.nr_oblocks = (origin_sectors >> new.block_shift) +
			 !!(origin_sectors & (block_sectors - 1));
	if (!origin_sectors || new.nr_oblocks > SC_MAX_OBLOCKS) {
		sc_reason_set(why, "origin: must have 1 to %llu blocks, got %llu",
			      SC_MAX_OBLOCKS,
			      (unsigned long long)new.nr_oblocks);
		return -EINVAL;
	}
	r = set_slots(&new, cache_sectors, why);
	if (r)
		return r;
	*g = new;
	return 0;
}

u16 sc_geom_whole_subs(const struct sc_geom *g, sc_oblock_t b, u64 end)
{
	u64 sector = sc_block_sector(g, b);
	u64 nr;

	if (sector >= end)
		return 0;
	nr = min_t(u64, (end - sector) >> g->sub_shift, g->nr_subs);
	return (u16)((1u << nr) - 1);
}

u16 sc_geom_subs(const struct sc_geom *g, sc_oblock_t b)
{
	u64 sector = sc_block_sector(g, b);
	u64 rest, nr;

	if (from_oblock(b) >= g->nr_oblocks)
		return 0;
	rest = g->origin_sectors - sector;
	if (rest >= 1u << g->block_shift)
		return sc_all_subs(g);
	nr = (rest + (1u << g->sub_shift) - 1) >> g->sub_shift;
	return (u16)((1u << nr) - 1);
}

u64 sc_geom_tail_label(u64 cache_sectors)
{
	return (cache_sectors & ~(u64)(SC_LABEL_SECTORS - 1)) -
	       SC_LABEL_SECTORS;
}

/* An eighth of the device, more of a small one, whose ring would be tiny. */
static u32 auto_journal(u64 nr_blocks)
{
	u64 j = max_t(u64, nr_blocks / 8,
		      min_t(u64, nr_blocks / 4, ROOMY_JOURNAL));

	return (u32)clamp_t(u64, j, SC_MIN_JOURNAL, SC_MAX_JOURNAL);
}

/* The map has room for eight times the pages, should the device be enlarged. */
static u32 auto_map(u64 nr_blocks)
{
	u64 nr_pages = min_t(u64, nr_blocks / 2 * 8, MAX_PAGES);

	return (u32)max_t(u64, 1, div_u64(nr_pages + SC_MAP_PAGES - 1,
					  SC_MAP_PAGES));
}

static u32 max_pages(const struct sc_layout *l)
{
	return (u32)min_t(u64, (u64)l->map_blocks * SC_MAP_PAGES, MAX_PAGES);
}

static void set_pages(struct sc_layout *l, u64 nr_blocks)
{
	u64 nr = 0;

	if (nr_blocks > l->pages_start)
		nr = (nr_blocks - l->pages_start) / (2 * SC_PAGE_GROUP) *
		     SC_PAGE_GROUP;
	l->nr_pages = (u32)min_t(u64, nr, max_pages(l));
	l->nr_blocks = l->pages_start + 2 * (u64)l->nr_pages;
}

static void divide(struct sc_layout *l, u64 nr_blocks, u32 journal_blocks)
{
	nr_blocks &= ~(u64)(SIZE_STEP - 1);
	l->map_start = NR_SUPERS;
	l->map_blocks = auto_map(nr_blocks);
	l->journal_start = l->map_start + 2 * (u64)l->map_blocks;
	l->journal_blocks = journal_blocks ?: auto_journal(nr_blocks);
	l->pages_start = l->journal_start + l->journal_blocks;
	set_pages(l, nr_blocks);
}

static u64 device_blocks(u64 metadata_sectors)
{
	return min_t(u64, metadata_sectors / SC_MIN_BLOCK_SECTORS,
		     MAX_META_BLOCKS);
}

/* KiB of the smallest device for a ring of that size. */
static u64 least_kib(u32 journal_blocks)
{
	struct sc_layout l;

	if (!journal_blocks)
		return sc_meta_size_needed(1) / 2;
	divide(&l, SIZE_STEP, journal_blocks);
	return ((l.pages_start + 2 * SC_PAGE_GROUP + SIZE_STEP - 1) &
		~(u64)(SIZE_STEP - 1)) * (SC_META_BLOCK_BYTES / 1024);
}

int sc_layout_init(struct sc_layout *l, u64 metadata_sectors,
		   u32 journal_blocks, struct sc_reason *why)
{
	struct sc_layout new;

	if (journal_blocks && (journal_blocks < SC_MIN_JOURNAL ||
			       journal_blocks > SC_MAX_JOURNAL)) {
		sc_reason_set(why, "journal: must have %u to %u blocks, got %u",
			      SC_MIN_JOURNAL, SC_MAX_JOURNAL, journal_blocks);
		return -EINVAL;
	}
	divide(&new, device_blocks(metadata_sectors), journal_blocks);
	if (!new.nr_pages) {
		sc_reason_set(why, "metadata device too small: at least %llu KiB needed, got %llu KiB",
			      (unsigned long long)least_kib(journal_blocks),
			      (unsigned long long)metadata_sectors / 2);
		return -ENOSPC;
	}
	*l = new;
	return 0;
}

void sc_layout_resize(struct sc_layout *l, u64 metadata_sectors)
{
	set_pages(l, device_blocks(metadata_sectors));
}

int sc_layout_check(const struct sc_layout *l)
{
	if (l->map_start != NR_SUPERS || !l->map_blocks ||
	    l->map_blocks > DIV_ROUND_UP(MAX_PAGES, SC_MAP_PAGES))
		return -EUCLEAN;
	if (l->journal_start != l->map_start + 2 * (u64)l->map_blocks ||
	    l->journal_blocks < SC_MIN_JOURNAL ||
	    l->journal_blocks > SC_MAX_JOURNAL)
		return -EUCLEAN;
	if (l->pages_start != l->journal_start + l->journal_blocks ||
	    !l->nr_pages || l->nr_pages > max_pages(l) ||
	    l->nr_pages % SC_PAGE_GROUP)
		return -EUCLEAN;
	if (l->nr_blocks != l->pages_start + 2 * (u64)l->nr_pages)
		return -EUCLEAN;
	return 0;
}

u32 sc_layout_capacity(const struct sc_layout *l)
{
	return (u32)min_t(u64, (u64)l->nr_pages * SC_PAGE_ENTRIES,
			  SC_MAX_CBLOCKS);
}

u64 sc_layout_blocks_for(const struct sc_layout *l, u32 nr_slots)
{
	u32 nr_pages = DIV_ROUND_UP(sc_pages_for(nr_slots), SC_PAGE_GROUP) *
		       SC_PAGE_GROUP;

	if (nr_pages > max_pages(l))
		return 0;
	return l->pages_start + 2 * (u64)nr_pages;
}

u64 sc_meta_size_needed(u32 nr_slots)
{
	u32 wanted = clamp_t(u32, nr_slots, 1, SC_MAX_CBLOCKS);
	u32 low = 0, high = 1u << 18, mid;
	struct sc_layout l;

	/* Capacity only grows with the size: search the least that is enough. */
	while (high - low > 1) {
		mid = low + (high - low) / 2;
		divide(&l, (u64)mid * SIZE_STEP, 0);
		if (sc_layout_capacity(&l) >= wanted)
			high = mid;
		else
			low = mid;
	}
	return (u64)high * SIZE_STEP * SC_MIN_BLOCK_SECTORS;
}
