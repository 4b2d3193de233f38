/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The ghost: which blocks were seen lately though no slot holds them.
 *
 * A table of 16-bit fingerprints cut into buckets. Each bucket is a FIFO whose
 * order is the order of its entries, so that nothing but the fingerprints is
 * stored and at most 32 of them, one cache line, are looked at. Every shard has
 * buckets of its own, protected by the shard's lock. A block that was never
 * added is found by mistake with a chance of 32 in 65535 at most.
 */
#ifndef SC_GHOST_H
#define SC_GHOST_H

#include "types.h"

#define SC_GHOST_WAYS	32u

/**
 * struct sc_ghost - fingerprints of blocks
 * @prints: all buckets; 0 is an empty entry, behind it all are empty
 * @nr_shards: parts of the table, each behind its own lock
 * @nr_buckets: of one shard
 * @nr_ways: entries of a bucket, at most SC_GHOST_WAYS
 * @bytes: memory that all this takes
 */
struct sc_ghost {
	u16 *prints;
	u32 nr_shards;
	u32 nr_buckets;
	u32 nr_ways;
	u64 bytes;
};

/**
 * sc_ghost_create() - make an empty ghost
 * @nr_shards: how many shards share it
 * @nr_entries: blocks to remember in all of them together; rounded down to
 *              what all shards and buckets have alike, at least 1 each
 *
 * Context: may sleep.
 * Return: the ghost, or NULL without memory.
 */
struct sc_ghost *sc_ghost_create(u32 nr_shards, u32 nr_entries);

/**
 * sc_ghost_destroy() - free it
 * @g: the ghost or NULL
 *
 * Context: may sleep; no user left.
 */
void sc_ghost_destroy(struct sc_ghost *g);

/**
 * sc_ghost_add() - remember a block
 * @g: the ghost
 * @shard: of the block
 * @b: the block; the oldest one of its bucket is forgotten
 *
 * Context: any, shard lock held.
 */
void sc_ghost_add(struct sc_ghost *g, u32 shard, sc_oblock_t b);

/**
 * sc_ghost_has() - is a block remembered?
 * @g: the ghost
 * @shard: of the block
 * @b: the block
 *
 * Context: any, shard lock held.
 * Return: true if it is, or if its fingerprint is that of one that is.
 */
bool sc_ghost_has(const struct sc_ghost *g, u32 shard, sc_oblock_t b);

/**
 * sc_ghost_take() - forget a block
 * @g: the ghost
 * @shard: of the block
 * @b: the block
 *
 * Context: any, shard lock held.
 * Return: true if it was remembered, as sc_ghost_has().
 */
bool sc_ghost_take(struct sc_ghost *g, u32 shard, sc_oblock_t b);

#endif
