// SPDX-License-Identifier: GPL-2.0-only
/*
 * The simulated disk. Blocks exist once they are written, so that copies of a
 * large and empty disk are cheap.
 */
#include "sim-disk.h"

void sim_disk_init(struct sim_disk *d, u32 nr_blocks)
{
	memset(d, 0, sizeof(*d));
	d->nr_blocks = nr_blocks;
	d->blocks = calloc(nr_blocks, sizeof(*d->blocks));
	d->bad = -1;
	assert(d->blocks);
}

void sim_disk_exit(struct sim_disk *d)
{
	u32 i;

	for (i = 0; i < d->nr_blocks; i++)
		free(d->blocks[i]);
	free(d->blocks);
	free(d->pending);
	memset(d, 0, sizeof(*d));
}

struct sim_block *sim_disk_block(struct sim_disk *d, u32 block)
{
	assert(block < d->nr_blocks);
	if (!d->blocks[block])
		d->blocks[block] = calloc(1, sizeof(**d->blocks));
	assert(d->blocks[block]);
	return d->blocks[block];
}

static void reserve(struct sim_disk *d, u32 nr)
{
	if (d->nr_pending + nr <= d->max_pending)
		return;
	d->max_pending = 2 * (d->nr_pending + nr);
	d->pending = realloc(d->pending,
			     d->max_pending * sizeof(*d->pending));
	assert(d->pending);
}

void sim_disk_copy(struct sim_disk *to, const struct sim_disk *from)
{
	u32 i;

	assert(to->nr_blocks == from->nr_blocks);
	for (i = 0; i < to->nr_blocks; i++) {
		if (from->blocks[i]) {
			*sim_disk_block(to, i) = *from->blocks[i];
		} else {
			free(to->blocks[i]);
			to->blocks[i] = NULL;
		}
	}
	to->nr_pending = 0;
	reserve(to, from->nr_pending);
	if (from->nr_pending)
		memcpy(to->pending, from->pending,
		       from->nr_pending * sizeof(*to->pending));
	to->nr_pending = from->nr_pending;
	to->nr_writes = from->nr_writes;
	to->bad = from->bad;
}

static bool outside(const struct sim_disk *d, u64 sector, u32 nr)
{
	return !nr || sector + nr > (u64)d->nr_blocks * SIM_BLOCK_SECTORS;
}

static u8 *in_block(u8 *block, u64 sector)
{
	return block + sector % SIM_BLOCK_SECTORS * SIM_SECTOR;
}

int sim_disk_read(const struct sim_disk *d, u64 sector, void *data, u32 nr)
{
	struct sim_block *b;
	u8 *to = data;

	if (outside(d, sector, nr))
		return -EIO;
	for (; nr; nr--, sector++, to += SIM_SECTOR) {
		if (d->bad == (s64)(sector / SIM_BLOCK_SECTORS))
			return -EIO;
		b = d->blocks[sector / SIM_BLOCK_SECTORS];
		if (b)
			memcpy(to, in_block(b->seen, sector), SIM_SECTOR);
		else
			memset(to, 0, SIM_SECTOR);
	}
	return 0;
}

int sim_disk_write(struct sim_disk *d, u64 sector, const void *data, u32 nr)
{
	const u8 *from = data;
	struct sim_pending *p;
	struct sim_block *b;

	if (outside(d, sector, nr))
		return -EIO;
	reserve(d, nr);
	d->nr_writes++;
	for (; nr; nr--, sector++, from += SIM_SECTOR) {
		b = sim_disk_block(d, sector / SIM_BLOCK_SECTORS);
		memcpy(in_block(b->seen, sector), from, SIM_SECTOR);
		p = &d->pending[d->nr_pending++];
		p->sector = sector;
		p->write = d->nr_writes;
		memcpy(p->data, from, SIM_SECTOR);
	}
	return 0;
}

static void land(struct sim_disk *d, const struct sim_pending *p)
{
	struct sim_block *b = sim_disk_block(d, p->sector / SIM_BLOCK_SECTORS);

	memcpy(in_block(b->media, p->sector), p->data, SIM_SECTOR);
}

void sim_disk_force(struct sim_disk *d, u64 sector, u32 nr)
{
	struct sim_pending *p;
	u32 i, kept = 0;

	for (i = 0; i < d->nr_pending; i++) {
		p = &d->pending[i];
		if (p->sector >= sector && p->sector < sector + nr)
			land(d, p);
		else
			d->pending[kept++] = *p;
	}
	d->nr_pending = kept;
}

void sim_disk_flush(struct sim_disk *d)
{
	u32 i;

	for (i = 0; i < d->nr_pending; i++)
		land(d, &d->pending[i]);
	d->nr_pending = 0;
}

/* Chances in 16 that a write lands wholly, and else that a sector of it does. */
struct luck {
	u32 write;
	u32 sector;
};

static bool lands(const struct luck *luck, u64 salt, u32 write, struct rng *rng)
{
	struct rng of_write = { salt + write };

	return rng_below(&of_write, 16) < luck->write ||
	       rng_below(rng, 16) < luck->sector;
}

void sim_disk_cut(struct sim_disk *d, struct rng *rng)
{
	static const struct luck lucks[] = {
		{ 0, 0 }, { 16, 0 }, { 8, 0 }, { 14, 0 }, { 2, 0 },
		{ 0, 8 }, { 8, 8 }, { 0, 15 }, { 12, 12 },
	};
	const struct luck *luck = &lucks[rng_below(rng, ARRAY_SIZE(lucks))];
	u64 salt = rng_next(rng);
	u32 i;

	/* Versions of one sector land in any order: skipped is overtaken. */
	for (i = 0; i < d->nr_pending; i++)
		if (lands(luck, salt, d->pending[i].write, rng))
			land(d, &d->pending[i]);
	d->nr_pending = 0;
	for (i = 0; i < d->nr_blocks; i++)
		if (d->blocks[i])
			memcpy(d->blocks[i]->seen, d->blocks[i]->media,
			       SIM_BLOCK);
}
