// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata engine's devices: synchronous I/O through dm-io. Used by one
 * thread at a time: preresume, then the commit thread, then postsuspend.
 */
#include "commit-thread.h"

#define META_SECTORS	(SC_META_BLOCK_BYTES >> SECTOR_SHIFT)

static int device_io(struct sc_cache *c, enum sc_leg leg, blk_opf_t opf,
		     struct dm_io_region *region, void *data)
{
	struct dm_io_request req = {
		.bi_opf = opf,
		.mem.type = sc_mem_type(data),
		.mem.ptr.addr = data,
		.client = c->pools.io,
	};

	region->bdev = sc_bdev(c, leg);
	return sc_dm_io(&req, region);
}

static int meta_read(void *ctx, u64 block, void *data, u32 nr_blocks)
{
	struct dm_io_region region = {
		.sector = block * META_SECTORS,
		.count = nr_blocks * META_SECTORS,
	};

	return device_io(ctx, SC_LEG_METADATA, REQ_OP_READ | REQ_META, &region,
			 data);
}

static void read_done(unsigned long error, void *context)
{
	struct sc_commit *k = context;

	k->read_error = error ? -EIO : 0;
	complete(&k->read_done);
}

SC_DM_IO_NOTIFY(read_done);

static int meta_read_begin(void *ctx, u64 block, void *data, u32 nr_blocks)
{
	struct sc_cache *c = ctx;
	struct dm_io_request req = {
		.bi_opf = REQ_OP_READ | REQ_META,
		.mem.type = sc_mem_type(data),
		.mem.ptr.addr = data,
		.notify.fn = read_done_notify,
		.notify.context = c->commit,
		.client = c->pools.io,
	};
	struct dm_io_region region = {
		.bdev = sc_bdev(c, SC_LEG_METADATA),
		.sector = block * META_SECTORS,
		.count = nr_blocks * META_SECTORS,
	};

	init_completion(&c->commit->read_done);
	return sc_dm_io(&req, &region);
}

static int meta_read_end(void *ctx)
{
	struct sc_commit *k = ((struct sc_cache *)ctx)->commit;

	wait_for_completion_io(&k->read_done);
	return k->read_error;
}

static int meta_write(void *ctx, u64 block, const void *data, u32 nr_blocks,
		      unsigned int flags)
{
	struct dm_io_region region = {
		.sector = block * META_SECTORS,
		.count = nr_blocks * META_SECTORS,
	};
	blk_opf_t opf = REQ_OP_WRITE | REQ_META | REQ_SYNC;

	if (flags & SC_IO_PREFLUSH)
		opf |= REQ_PREFLUSH;
	if (flags & SC_IO_FUA)
		opf |= REQ_FUA;
	return device_io(ctx, SC_LEG_METADATA, opf, &region, (void *)data);
}

static int meta_flush(void *ctx)
{
	return blkdev_issue_flush(sc_bdev(ctx, SC_LEG_METADATA)) ? -EIO : 0;
}

static void cache_flush_end_io(struct bio *bio)
{
	complete(bio->bi_private);
}

static int cache_flush_begin(void *ctx)
{
	struct sc_cache *c = ctx;
	struct sc_commit *k = c->commit;

	bio_init(&k->cache_flush, sc_bdev(c, SC_LEG_CACHE), NULL, 0,
		 REQ_OP_WRITE | REQ_PREFLUSH);
	init_completion(&k->cache_flushed);
	k->cache_flush.bi_private = &k->cache_flushed;
	k->cache_flush.bi_end_io = cache_flush_end_io;
	submit_bio(&k->cache_flush);
	return 0;
}

static int cache_flush_end(void *ctx)
{
	struct sc_cache *c = ctx;
	struct sc_commit *k = c->commit;
	int r;

	wait_for_completion_io(&k->cache_flushed);
	r = k->cache_flush.bi_status ? -EIO : 0;
	bio_uninit(&k->cache_flush);
	if (r)
		sc_fail_io(c, SC_LEG_CACHE, true);
	return r;
}

static int cache_read(void *ctx, u64 sector, void *data)
{
	struct dm_io_region region = {
		.sector = sector,
		.count = META_SECTORS,
	};

	return device_io(ctx, SC_LEG_CACHE, REQ_OP_READ | REQ_META, &region,
			 data);
}

static int cache_write(void *ctx, u64 sector, const void *data)
{
	struct dm_io_region region = {
		.sector = sector,
		.count = META_SECTORS,
	};

	return device_io(ctx, SC_LEG_CACHE,
			 REQ_OP_WRITE | REQ_META | REQ_SYNC | REQ_FUA, &region,
			 (void *)data);
}

/*
 * Between transactions nobody else changes the durable view, but it shares a
 * word with what others do change.
 */
static void meta_get(void *ctx, sc_cblock_t slot, struct sc_record *rec)
{
	struct sc_cache *c = ctx;
	struct sc_lock *l = sc_slot_lock(c, from_cblock(slot));

	spin_lock_irq(&l->lock);
	sc_map_durable(c->map, from_cblock(slot), rec);
	if (rec->valid)
		rec->hint = sc_policy_hint(c->policy, from_cblock(slot));
	spin_unlock_irq(&l->lock);
}

/* Millions of records need not be made for this. */
static void meta_set_whole(void *ctx, struct sc_page_cursor *cursor)
{
	struct sc_cache *c = ctx;

	cond_resched();
	sc_map_load_page(c->map, cursor);
}

const struct sc_meta_io sc_meta_io_ops = {
	.read = meta_read,
	.read_begin = meta_read_begin,
	.read_end = meta_read_end,
	.write = meta_write,
	.flush = meta_flush,
	.cache_flush_begin = cache_flush_begin,
	.cache_flush_end = cache_flush_end,
	.cache_read = cache_read,
	.cache_write = cache_write,
	.get = meta_get,
	.set_whole = meta_set_whole,
};
