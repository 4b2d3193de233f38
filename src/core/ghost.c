// SPDX-License-Identifier: GPL-2.0-only
/*
 * The ghost: which blocks were seen lately though no slot holds them.
 */
#include "ghost.h"

struct bucket {
	u16 *entry;
	u16 print;
};

/* Independent of the hash that chooses the shard: all bits of @b count. */
static u64 spread(u64 b)
{
	b = (b ^ b >> 33) * 0xff51afd7ed558ccdULL;
	b = (b ^ b >> 33) * 0xc4ceb9fe1a85ec53ULL;
	return b ^ b >> 33;
}

static struct bucket find_bucket(const struct sc_ghost *g, u32 shard,
				 sc_oblock_t b)
{
	u64 h = spread(from_oblock(b));
	u64 nr = (u64)shard * g->nr_buckets +
		 reciprocal_scale(h >> 32, g->nr_buckets);

	return (struct bucket){
		.entry = &g->prints[nr * g->nr_ways],
		.print = (u16)h ? (u16)h : 1,
	};
}

/* Return: where the fingerprint is, or nr_ways. */
static u32 find_entry(const struct sc_ghost *g, const struct bucket *bucket)
{
	u32 i;

	for (i = 0; i < g->nr_ways && bucket->entry[i]; i++)
		if (bucket->entry[i] == bucket->print)
			return i;
	return g->nr_ways;
}

struct sc_ghost *sc_ghost_create(u32 nr_shards, u32 nr_entries)
{
	struct sc_ghost *g = sc_env_alloc(1, sizeof(*g));
	u32 each = max_t(u32, 1, nr_entries / nr_shards);
	size_t nr;

	if (!g)
		return NULL;
	g->nr_shards = nr_shards;
	g->nr_buckets = DIV_ROUND_UP(each, SC_GHOST_WAYS);
	g->nr_ways = each / g->nr_buckets;
	nr = (size_t)nr_shards * g->nr_buckets * g->nr_ways;
	g->bytes = sizeof(*g) + nr * sizeof(*g->prints);
	g->prints = sc_env_alloc(nr, sizeof(*g->prints));
	if (!g->prints) {
		sc_env_free(g);
		return NULL;
	}
	return g;
}

void sc_ghost_destroy(struct sc_ghost *g)
{
	if (!g)
		return;
	sc_env_free(g->prints);
	sc_env_free(g);
}

void sc_ghost_add(struct sc_ghost *g, u32 shard, sc_oblock_t b)
{
	struct bucket bucket = find_bucket(g, shard, b);

	memmove(bucket.entry + 1, bucket.entry,
		(g->nr_ways - 1) * sizeof(*bucket.entry));
	bucket.entry[0] = bucket.print;
}

bool sc_ghost_has(const struct sc_ghost *g, u32 shard, sc_oblock_t b)
{
	struct bucket bucket = find_bucket(g, shard, b);

	return find_entry(g, &bucket) < g->nr_ways;
}

bool sc_ghost_take(struct sc_ghost *g, u32 shard, sc_oblock_t b)
{
	struct bucket bucket = find_bucket(g, shard, b);
	u32 i = find_entry(g, &bucket);

	if (i == g->nr_ways)
		return false;
	memmove(bucket.entry + i, bucket.entry + i + 1,
		(g->nr_ways - i - 1) * sizeof(*bucket.entry));
	bucket.entry[g->nr_ways - 1] = 0;
	return true;
}
