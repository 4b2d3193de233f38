// SPDX-License-Identifier: GPL-2.0-only
/*
 * The disks of the model machine.
 */
#include "model-disk.h"
#include "model-task.h"

#define MAX_IO	4096u

bool model_power_off;
u32 model_io_weight = 8;

static struct model_io *flying[MAX_IO];
static u32 nr_flying;

/* ---- disks ----------------------------------------------------------------- */

void model_disk_init(struct model_disk *d, const char *name, u64 nr_sectors)
{
	*d = (struct model_disk){
		.name = name, .nr_sectors = nr_sectors, .weight = 1,
	};
	d->seen = calloc(nr_sectors, SECTOR_BYTES);
	d->media = calloc(nr_sectors, SECTOR_BYTES);
	assert(d->seen && d->media);
}

void model_disk_exit(struct model_disk *d)
{
	free(d->seen);
	free(d->media);
	free(d->pending);
	memset(d, 0, sizeof(*d));
}

static u8 *seen(const struct model_disk *d, u64 sector)
{
	assert(sector < d->nr_sectors);
	return d->seen + sector * SECTOR_BYTES;
}

static u8 *media(const struct model_disk *d, u64 sector)
{
	return d->media + sector * SECTOR_BYTES;
}

void model_disk_format(struct model_disk *d, u64 sector, const void *data)
{
	memcpy(seen(d, sector), data, SECTOR_BYTES);
	memcpy(media(d, sector), data, SECTOR_BYTES);
}

const u8 *model_disk_peek(const struct model_disk *d, u64 sector)
{
	return seen(d, sector);
}

/* ---- the volatile cache ---------------------------------------------------- */

static void put_pending(struct model_disk *d, u64 sector, u64 io,
			const u8 *data)
{
	struct model_pending *p;

	memcpy(seen(d, sector), data, SECTOR_BYTES);
	if (d->nr_pending == d->max_pending) {
		d->max_pending = 2 * d->max_pending + 64;
		d->pending = realloc(d->pending,
				     d->max_pending * sizeof(*d->pending));
		assert(d->pending);
	}
	p = &d->pending[d->nr_pending++];
	p->sector = sector;
	p->io = io;
	p->ended = 0;
	memcpy(p->data, data, SECTOR_BYTES);
}

static bool covered(const struct model_pending *p, const struct model_io *io,
		    bool fua)
{
	if (fua)
		return p->io == io->number;
	return p->ended && p->ended <= io->covers;
}

/* What is older than what lands is gone: it was overwritten in the cache. */
static bool overtaken(const struct model_disk *d, u32 n,
		      const struct model_io *io, bool fua)
{
	u64 sector = d->pending[n].sector;

	for (; n < d->nr_pending; n++)
		if (d->pending[n].sector == sector &&
		    covered(&d->pending[n], io, fua))
			return true;
	return false;
}

/* Make durable what a flush covers, or what an I/O with FUA brought. */
static void land(struct model_disk *d, const struct model_io *io, bool fua)
{
	u32 n, kept = 0;

	for (n = 0; n < d->nr_pending; n++) {
		if (covered(&d->pending[n], io, fua))
			memcpy(media(d, d->pending[n].sector),
			       d->pending[n].data, SECTOR_BYTES);
		else if (!overtaken(d, n, io, fua))
			d->pending[kept++] = d->pending[n];
	}
	d->nr_pending = kept;
}

void model_disk_settle(struct model_disk *d)
{
	u32 n;

	for (n = 0; n < d->nr_pending; n++)
		memcpy(media(d, d->pending[n].sector), d->pending[n].data,
		       SECTOR_BYTES);
	d->nr_pending = 0;
}

/* Chances in 16 that an I/O lands wholly, and else that a sector of it does. */
struct luck {
	u32 io;
	u32 sector;
};

static const struct luck lucks[] = {
	{ 0, 0 }, { 0, 0 }, { 16, 0 }, { 8, 0 }, { 14, 0 }, { 2, 0 },
	{ 0, 8 }, { 8, 8 }, { 0, 15 }, { 12, 12 },
};

void model_disk_cut(struct model_disk *d, struct rng *rng)
{
	const struct luck *luck = &lucks[rng_below(rng, ARRAY_SIZE(lucks))];
	u64 salt = rng_next(rng);
	struct model_pending *p;
	struct rng of_io;
	u32 n;

	for (n = 0; n < d->nr_pending; n++) {
		p = &d->pending[n];
		of_io.state = salt + p->io;
		if (rng_below(&of_io, 16) < luck->io ||
		    rng_below(rng, 16) < luck->sector)
			memcpy(media(d, p->sector), p->data, SECTOR_BYTES);
	}
	for (n = 0; n < d->nr_pending; n++)
		memcpy(seen(d, d->pending[n].sector),
		       media(d, d->pending[n].sector), SECTOR_BYTES);
	d->nr_pending = 0;
}

/* ---- I/O ------------------------------------------------------------------- */

static bool fails(struct model_disk *d, enum model_op op)
{
	u32 chance = d->fails[op == MODEL_DISCARD ? MODEL_WRITE : op];

	if (d->lives == 1)
		return true;
	if (d->lives)
		d->lives--;
	return chance && model_dice(256) < chance;
}

void model_io_submit(struct model_io *io)
{
	assert(nr_flying < MAX_IO);
	assert(io->sector + io->nr_sectors <= io->disk->nr_sectors);
	io->number = ++io->disk->nr_io;
	io->covers = io->disk->nr_ended;
	io->flushed = !io->preflush;
	io->done = 0;
	io->limit = io->nr_sectors + 1;
	if (io->nr_sectors && fails(io->disk, io->op))
		io->limit = model_dice(io->limit);
	flying[nr_flying++] = io;
}

bool model_io_pending(void)
{
	return nr_flying;
}

void model_io_forget(void)
{
	nr_flying = 0;
}

static void move_sector(struct model_io *io)
{
	static const u8 zero[SECTOR_BYTES];
	u64 sector = io->sector + io->done;
	u8 *data = io->data + io->done * SECTOR_BYTES;

	switch (io->op) {
	case MODEL_READ:
		memcpy(data, seen(io->disk, sector), SECTOR_BYTES);
		break;
	case MODEL_WRITE:
		put_pending(io->disk, sector, io->number, data);
		break;
	case MODEL_FLUSH:
		break;
	case MODEL_DISCARD:
		/* Some disks forget, some do not. */
		if (model_dice(2))
			put_pending(io->disk, sector, io->number, zero);
		break;
	}
	io->done++;
}

static void io_end(struct model_io *io, int r)
{
	struct model_disk *d = io->disk;
	u32 n;

	for (n = 0; flying[n] != io; n++)
		;
	flying[n] = flying[--nr_flying];
	d->nr_ended++;
	for (n = 0; n < d->nr_pending; n++)
		if (d->pending[n].io == io->number)
			d->pending[n].ended = d->nr_ended;
	if (d->through || (!r && io->fua))
		land(d, io, true);
	io->end(io, r);
}

static struct model_io *pick(void)
{
	struct model_io *found = NULL;
	u32 n, sum = 0;

	for (n = 0; n < nr_flying; n++) {
		sum += flying[n]->disk->weight;
		if (model_dice(sum) < flying[n]->disk->weight)
			found = flying[n];
	}
	return found;
}

void model_io_step(void)
{
	struct model_io *io = pick();
	u32 left;

	if (model_power_off) {
		io_end(io, -EIO);
		return;
	}
	if (!io->flushed) {
		if (fails(io->disk, MODEL_FLUSH)) {
			io_end(io, -EIO);
			return;
		}
		land(io->disk, io, false);
		io->flushed = true;
		return;
	}
	left = io->nr_sectors - io->done;
	if (left && !model_dice(3))
		left = model_dice(left);
	left = min(left, io->limit - io->done);
	while (left--)
		move_sector(io);
	if (io->done == io->limit)
		io_end(io, -EIO);
	else if (io->done == io->nr_sectors)
		io_end(io, 0);
}
