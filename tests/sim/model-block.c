// SPDX-License-Identifier: GPL-2.0-only
/*
 * The block layer and dm-io of the model kernel, on the model's disks.
 */
#include "model-kernel.h"
#include "model-dm.h"

/* ---- bios ------------------------------------------------------------------ */

static void bio_io_end(struct model_io *io, int r)
{
	struct bio *bio = io->ctx;

	kfree(io);
	bio->bi_status = r;
	bio_endio(bio);
}

static enum model_op op_of(blk_opf_t opf)
{
	switch (opf & REQ_OP_MASK) {
	case REQ_OP_READ:
		return MODEL_READ;
	case REQ_OP_WRITE:
		return MODEL_WRITE;
	default:
		return MODEL_DISCARD;
	}
}

static struct model_io *io_new(struct block_device *bdev, blk_opf_t opf,
			       u64 sector, u32 nr_sectors)
{
	struct model_io *io = kzalloc(sizeof(*io), GFP_NOIO);

	model_machine_io();
	/* One that is unplugged has none. */
	assert(!bdev->nr_sectors || sector + nr_sectors <= bdev->nr_sectors);
	io->disk = bdev->bd_disk;
	io->op = op_of(opf);
	io->preflush = opf & REQ_PREFLUSH;
	io->fua = opf & REQ_FUA;
	io->sector = bdev->start + sector;
	io->nr_sectors = nr_sectors;
	return io;
}

void submit_bio(struct bio *bio)
{
	struct model_io *io;

	/* The block layer does not bother such a disk, and changes the bio. */
	if (bio->bi_bdev->bd_disk->through)
		bio->bi_opf &= ~(REQ_PREFLUSH | REQ_FUA);
	io = io_new(bio->bi_bdev, bio->bi_opf, bio->bi_iter.bi_sector,
		    bio_sectors(bio));
	io->data = bio->data ? bio->data + bio->bi_iter.bi_done : NULL;
	assert(io->data || !io->nr_sectors || io->op == MODEL_DISCARD);
	io->end = bio_io_end;
	io->ctx = bio;
	model_io_submit(io);
}

static void wake_waiter(struct bio *bio)
{
	complete(bio->bi_private);
}

int submit_bio_wait(struct bio *bio)
{
	DECLARE_COMPLETION_ONSTACK(done);

	bio->bi_private = &done;
	bio->bi_end_io = wake_waiter;
	submit_bio(bio);
	wait_for_completion_io(&done);
	return blk_status_to_errno(bio->bi_status);
}

int blkdev_issue_flush(struct block_device *bdev)
{
	struct bio bio;

	bio_init(&bio, bdev, NULL, 0, REQ_OP_WRITE | REQ_PREFLUSH);
	/* Drivers have more to say than that it failed. */
	return submit_bio_wait(&bio) ? -EREMOTEIO : 0;
}

struct bio *bio_alloc_clone(struct block_device *bdev, struct bio *from,
			    int gfp, struct bio_set *bs)
{
	struct bio *bio = model_pool_get(bs);

	(void)gfp;
	*bio = *from;
	bio->bi_bdev = bdev;
	bio->bi_status = 0;
	bio->pool = bs;
	return bio;
}

void bio_put(struct bio *bio)
{
	model_pool_put(bio->pool, bio);
}

/* ---- dm-io ----------------------------------------------------------------- */

struct sync_io {
	struct completion done;
	int r;
};

static void sync_io_end(struct model_io *io, int r)
{
	struct sync_io *s = io->ctx;

	kfree(io);
	s->r = r;
	complete(&s->done);
}

struct async_io {
	void (*fn)(unsigned long error, void *context);
	void *context;
};

static void async_io_end(struct model_io *io, int r)
{
	struct async_io a = *(struct async_io *)io->ctx;

	kfree(io->ctx);
	kfree(io);
	a.fn(!!r, a.context);
}

int model_dm_io(struct dm_io_request *req, struct dm_io_region *region)
{
	struct model_io *io = io_new(region->bdev, req->bi_opf, region->sector,
				     region->count);
	struct sync_io sync = {};
	struct async_io *async;

	io->data = req->mem.ptr.addr;
	if (req->notify.fn) {
		async = kmalloc(sizeof(*async), GFP_NOIO);
		async->fn = req->notify.fn;
		async->context = req->notify.context;
		io->end = async_io_end;
		io->ctx = async;
		model_io_submit(io);
		return 0;
	}
	io->end = sync_io_end;
	io->ctx = &sync;
	model_io_submit(io);
	wait_for_completion_io(&sync.done);
	return sync.r;
}
