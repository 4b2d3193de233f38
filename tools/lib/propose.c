// SPDX-License-Identifier: GPL-2.0-only
/*
 * Proposals for sizes.
 */
#include "propose.h"
#include "types.h"

#define RAM_PART		32	/* at most this part of the memory */
#define SLOT_RAM_BYTES		24
#define LARGE_SLOT_RAM_BYTES	32	/* with masks of sub-blocks */
#define META_BASE_BYTES		(4ULL << 20)
#define META_SLOT_BYTES		44
#define MIB			(1ULL << 20)

u32 propose_block_sectors(u64 cache_sectors, u64 ram_bytes)
{
	u32 block = SC_MIN_BLOCK_SECTORS;
	u64 each = SLOT_RAM_BYTES;

	while (block < SC_MAX_BLOCK_SECTORS &&
	       (cache_sectors / block * each > ram_bytes / RAM_PART ||
		cache_sectors / block > SC_MAX_CBLOCKS)) {
		block *= 2;
		each = LARGE_SLOT_RAM_BYTES;
	}
	return block;
}

u64 propose_metadata_bytes(u64 cache_sectors, u32 block_sectors)
{
	u64 bytes = META_BASE_BYTES +
		    META_SLOT_BYTES * (cache_sectors / block_sectors);

	return DIV_ROUND_UP(bytes, MIB) * MIB;
}
