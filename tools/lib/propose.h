/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Proposals for sizes that the user need not know about.
 *
 * Context: any; all functions of this header.
 */
#ifndef SC_TOOLS_PROPOSE_H
#define SC_TOOLS_PROPOSE_H

#include "env.h"

/**
 * propose_block_sectors() - a block size
 * @cache_sectors: size of the cache device
 * @ram_bytes: memory of the machine
 *
 * The smallest with which the cache takes no more than 3 % of the memory: small
 * blocks waste no SSD, but each takes 24 bytes of memory.
 *
 * Return: sectors.
 */
u32 propose_block_sectors(u64 cache_sectors, u64 ram_bytes);

/**
 * propose_metadata_bytes() - a size for metadata
 * @cache_sectors: size of the cache device
 * @block_sectors: block size
 *
 * What docs/interface.md says is always enough, in whole MiB.
 *
 * Return: bytes.
 */
u64 propose_metadata_bytes(u64 cache_sectors, u32 block_sectors);

#endif
