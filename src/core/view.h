/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a request and the map to the view that plan.h decides on.
 */
#ifndef SC_VIEW_H
#define SC_VIEW_H

#include "map.h"
#include "plan.h"

static inline u32 sc_block_sectors(const struct sc_geom *g)
{
	return 1u << g->block_shift;
}

static inline u32 sc_sub_sectors(const struct sc_geom *g)
{
	return 1u << g->sub_shift;
}

static inline u64 sc_run_sectors(const struct sc_geom *g)
{
	return 1ULL << (g->run_shift + g->block_shift);
}

/**
 * sc_block_end() - the sector behind the block that a sector is in
 * @g: sizes
 * @sector: the sector
 *
 * Context: any.
 * Return: the sector.
 */
static inline u64 sc_block_end(const struct sc_geom *g, u64 sector)
{
	return (sector | (sc_block_sectors(g) - 1)) + 1;
}

/**
 * sc_sub_end() - the sector behind the sub-block that a sector is in
 * @g: sizes
 * @sector: the sector
 *
 * Context: any.
 * Return: the sector.
 */
static inline u64 sc_sub_end(const struct sc_geom *g, u64 sector)
{
	return (sector | (sc_sub_sectors(g) - 1)) + 1;
}

/**
 * sc_run_end() - the sector behind the run that a sector is in
 * @g: sizes
 * @sector: the sector
 *
 * Context: any.
 * Return: the sector.
 */
static inline u64 sc_run_end(const struct sc_geom *g, u64 sector)
{
	return (sector | (sc_run_sectors(g) - 1)) + 1;
}

/**
 * sc_sub_index() - which sub-block of its block a sector is in
 * @g: sizes
 * @sector: the sector
 *
 * Context: any.
 * Return: the number.
 */
static inline u32 sc_sub_index(const struct sc_geom *g, u64 sector)
{
	return (sector & (sc_block_sectors(g) - 1)) >> g->sub_shift;
}

/**
 * sc_subs_touched() - sub-blocks touched by a range
 * @g: sizes
 * @sector: first sector
 * @end: behind the last, in the same block
 *
 * Context: any.
 * Return: the mask.
 */
static inline u16 sc_subs_touched(const struct sc_geom *g, u64 sector, u64 end)
{
	return GENMASK(sc_sub_index(g, end - 1), sc_sub_index(g, sector));
}

/**
 * sc_subs_whole() - sub-blocks covered by a range from end to end
 * @g: sizes
 * @sector: first sector
 * @end: behind the last, in the same block
 *
 * The last sub-block of the origin may be short: its end is where the origin
 * ends.
 *
 * Context: any.
 * Return: the mask, perhaps 0.
 */
static inline u16 sc_subs_whole(const struct sc_geom *g, u64 sector, u64 end)
{
	u16 mask = sc_subs_touched(g, sector, end);

	if (sector & (sc_sub_sectors(g) - 1))
		mask &= ~BIT(sc_sub_index(g, sector));
	if (end & (sc_sub_sectors(g) - 1) && end != g->origin_sectors)
		mask &= ~BIT(sc_sub_index(g, end - 1));
	return mask;
}

/**
 * sc_view_block() - look at the slot of one block
 * @v: the view; all but @mode and @admit is set
 * @m: the map
 * @run: of the block
 * @sector: first sector of the request in this block
 * @end: behind its last one in this block
 *
 * Context: shard lock held.
 * Return: the newest slot of the block, perhaps retiring, or SC_NIL.
 */
static inline u32 sc_view_block(struct sc_view *v, const struct sc_map *m,
				const struct sc_run *run, u64 sector, u64 end)
{
	sc_oblock_t b = sc_sector_block(&m->geom, sector);
	u32 i = sc_map_find(m, run, b), older = i;

	v->touched = sc_subs_touched(&m->geom, sector, end);
	v->whole = sc_subs_whole(&m->geom, sector, end);
	v->all = sc_all_subs(&m->geom);
	v->valid = 0;
	v->dirty = 0;
	v->dvalid = 0;
	v->dclean = 0;
	v->live = false;
	v->busy = false;
	v->settling = false;
	v->older = false;
	v->older_dirty = false;
	if (i == SC_NIL)
		return i;
	if (!(m->slots[i].flags & SC_RETIRING)) {
		v->live = true;
		v->busy = m->slots[i].flags & SC_BUSY;
		v->valid = sc_slot_valid(m, i);
		v->dirty = sc_slot_dirty(m, i);
		v->dvalid = sc_slot_dvalid(m, i);
		v->dclean = v->dvalid & ~sc_slot_ddirty(m, i);
		v->settling = m->slots[i].flags & SC_COMMITTING;
		older = sc_map_find_older(m, i);
	}
	for (; older != SC_NIL; older = sc_map_find_older(m, older)) {
		v->older = true;
		/* A record on its way may say so as well. */
		v->older_dirty |= sc_slot_ddirty(m, older) ||
				  m->slots[older].flags & SC_COMMITTING;
	}
	return i;
}

#endif
