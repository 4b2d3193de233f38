/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of the core: block numbers, modes, operations and the decoded
 * record of a slot. No function with state lives here.
 */
#ifndef SC_TYPES_H
#define SC_TYPES_H

#include "env.h"

/**
 * typedef sc_oblock_t - number of a block on the origin
 *
 * A block is an aligned piece of the origin of the configured block size.
 */
typedef u64 __bitwise sc_oblock_t;

/** typedef sc_cblock_t - number of a slot on the cache device */
typedef u32 __bitwise sc_cblock_t;

static inline sc_oblock_t to_oblock(u64 b)
{
	return (__force sc_oblock_t)b;
}

static inline u64 from_oblock(sc_oblock_t b)
{
	return (__force u64)b;
}

static inline sc_cblock_t to_cblock(u32 b)
{
	return (__force sc_cblock_t)b;
}

static inline u32 from_cblock(sc_cblock_t b)
{
	return (__force u32)b;
}

#define SC_SECTOR_SHIFT		9
/* The smallest block, the unit of all metadata I/O. */
#define SC_MIN_BLOCK_SECTORS	8u
#define SC_MAX_BLOCK_SECTORS	2048u
#define SC_META_BLOCK_BYTES	4096u
#define SC_UUID_BYTES		16
/* A block has at most so many sub-blocks: masks are 16 bits wide. */
#define SC_MAX_SUBS		16u
/* The table's fields limit origins to this many blocks and caches to slots. */
#define SC_MAX_OBLOCKS		(1ULL << 40)
#define SC_MAX_CBLOCKS		(1U << 30)
#define SC_NO_SLOT		((__force sc_cblock_t)~0U)

/**
 * enum sc_mode - what a write does
 * @SC_WRITEBACK: completes when it is on the cache
 * @SC_WRITETHROUGH: completes when it is on the origin and the cache
 * @SC_WRITEAROUND: goes to the origin, drops what is cached there
 * @SC_PASSTHROUGH: as writearound, and reads come from the origin as well
 */
enum sc_mode {
	SC_WRITEBACK,
	SC_WRITETHROUGH,
	SC_WRITEAROUND,
	SC_PASSTHROUGH,
	SC_NR_MODES,
};

/**
 * enum sc_health - the state that status shows
 * @SC_RW: all well
 * @SC_RO: metadata cannot be written: dirty hits are served, nothing admitted
 * @SC_DEGRADED: the cache cannot be used, the origin serves everything
 * @SC_FAIL: no I/O can be served
 */
enum sc_health {
	SC_RW,
	SC_RO,
	SC_DEGRADED,
	SC_FAIL,
	SC_NR_HEALTHS,
};

/**
 * struct sc_record - the absolute state of one slot, decoded
 * @slot: which slot
 * @hint: the policy's memory of it, opaque to everyone else
 * @valid: sub-blocks that the slot holds; 0: the slot is unmapped
 * @dirty: sub-blocks newer than the origin, a subset of @valid
 * @block: the origin's block held, meaningless if @valid is 0
 */
struct sc_record {
	sc_cblock_t slot;
	u8 hint;
	u16 valid;
	u16 dirty;
	sc_oblock_t block;
};

/**
 * struct sc_geom - sizes that everything agrees on
 * @block_shift: log2 of the block size in sectors
 * @sub_shift: log2 of the sub-block size in sectors
 * @nr_subs: sub-blocks in a block, 1 to 16
 * @run_shift: log2 of the number of blocks in a run
 * @nr_slots: slots of the cache
 * @origin_sectors: size of the origin
 * @nr_oblocks: blocks of the origin, the last one perhaps partial
 * @data_offset: sector of the cache device where slot 0 begins
 */
struct sc_geom {
	u8 block_shift;
	u8 sub_shift;
	u8 nr_subs;
	u8 run_shift;
	u32 nr_slots;
	u64 origin_sectors;
	u64 nr_oblocks;
	u64 data_offset;
};

static inline u16 sc_all_subs(const struct sc_geom *g)
{
	return (u16)((1u << g->nr_subs) - 1);
}

static inline sc_oblock_t sc_sector_block(const struct sc_geom *g, u64 sector)
{
	return to_oblock(sector >> g->block_shift);
}

static inline u64 sc_block_sector(const struct sc_geom *g, sc_oblock_t b)
{
	return from_oblock(b) << g->block_shift;
}

static inline u64 sc_slot_sector(const struct sc_geom *g, sc_cblock_t slot)
{
	return g->data_offset + ((u64)from_cblock(slot) << g->block_shift);
}

#endif
