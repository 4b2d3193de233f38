// SPDX-License-Identifier: GPL-2.0-only
/*
 * The volatile write cache; see vcache.h.
 *
 * Locks: sim_vcache.lock for the queue; the content is the worker's own.
 */
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/highmem.h>
#include <linux/math64.h>
#include <linux/slab.h>

#include "vcache.h"

/* Destaged together, so that the backing device can work on many. */
#define BATCH_PAGES	256

/**
 * struct sim_page - a page's worth of sectors.
 * @age: in sim_vcache.age.
 * @index: sector / PAGE_SECTORS.
 * @page: content.
 * @valid: one bit for each sector that is held.
 * @out: those of them that are being destaged.
 */
struct sim_page {
	struct list_head age;
	unsigned long index;
	struct page *page;
	u8 valid;
	u8 out;
};

static_assert(sizeof_field(struct sim_page, valid) * 8 == PAGE_SECTORS);

/**
 * struct sim_batch - writes on their way to the backing device.
 * @pending: bios in flight, and one for the builder.
 * @done: all of them ended.
 * @status: an error.
 */
struct sim_batch {
	atomic_t pending;
	struct completion done;
	blk_status_t status;
};

/* ---- pages ---------------------------------------------------------------- */

static struct sim_page *page_add(struct sim_vcache *vc, unsigned long index)
{
	struct sim_page *p = kzalloc(sizeof(*p), GFP_NOIO | __GFP_NOWARN);

	if (!p)
		return NULL;
	p->index = index;
	p->page = alloc_page(GFP_NOIO | __GFP_NOWARN);
	if (!p->page)
		goto err_free;
	if (xa_err(xa_store(&vc->pages, index, p, GFP_NOIO)))
		goto err_free_page;
	list_add_tail(&p->age, &vc->age);
	WRITE_ONCE(vc->nr_pages, vc->nr_pages + 1);
	return p;

err_free_page:
	__free_page(p->page);
err_free:
	kfree(p);
	return NULL;
}

/* Forget some sectors of a page; an empty one is freed. */
static void page_forget(struct sim_vcache *vc, struct sim_page *p, u8 mask)
{
	vc->nr_sectors -= hweight8(p->valid & mask);
	p->valid &= ~mask;
	if (p->valid)
		return;
	xa_erase(&vc->pages, p->index);
	list_del(&p->age);
	__free_page(p->page);
	kfree(p);
	/* Readers that see 0 go to the backing device: it has all by now. */
	smp_store_release(&vc->nr_pages, vc->nr_pages - 1);
}

/* The sectors of a page that lie in a range. */
static u8 range_mask(unsigned long index, u64 sector, u64 nr)
{
	u64 first = (u64)index * PAGE_SECTORS;
	u64 from = max(first, sector);
	u64 to = min(first + PAGE_SECTORS, sector + nr);

	return from < to ? GENMASK(to - first - 1, from - first) : 0;
}

/* ---- destage -------------------------------------------------------------- */

static void batch_put(struct sim_batch *b)
{
	if (atomic_dec_and_test(&b->pending))
		complete(&b->done);
}

static void batch_end_io(struct bio *bio)
{
	struct sim_batch *b = bio->bi_private;

	if (bio->bi_status)
		WRITE_ONCE(b->status, bio->bi_status);
	bio_put(bio);
	batch_put(b);
}

static void batch_write(struct sim_vcache *vc, struct sim_batch *b,
			struct sim_page *p)
{
	struct sim_disk *sd = vc->disk;
	unsigned long out = p->out;
	unsigned int from, to;
	struct bio *bio;

	for_each_set_bitrange(from, to, &out, PAGE_SECTORS) {
		bio = bio_alloc(sd->dev->bdev, 1, REQ_OP_WRITE, GFP_NOIO);
		bio->bi_iter.bi_sector = sd->start + from +
			(sector_t)p->index * PAGE_SECTORS;
		bio->bi_end_io = batch_end_io;
		bio->bi_private = b;
		__bio_add_page(bio, p->page, (to - from) << SECTOR_SHIFT,
			       from << SECTOR_SHIFT);
		atomic_inc(&b->pending);
		submit_bio(bio);
	}
}

/* Write sectors of pages out and forget them; with an error they stay. */
static blk_status_t destage(struct sim_vcache *vc, struct list_head *pages)
{
	struct sim_batch b = { .pending = ATOMIC_INIT(1) };
	struct sim_page *p, *tmp;
	struct blk_plug plug;

	init_completion(&b.done);
	blk_start_plug(&plug);
	list_for_each_entry(p, pages, age)
		batch_write(vc, &b, p);
	blk_finish_plug(&plug);
	batch_put(&b);
	wait_for_completion(&b.done);

	if (b.status)
		DMERR_LIMIT("%pg: write error", vc->disk->dev->bdev);
	list_for_each_entry_safe_reverse(p, tmp, pages, age) {
		list_move(&p->age, &vc->age);
		if (b.status)
			continue;
		vc->nr_destaged += hweight8(p->out);
		page_forget(vc, p, p->out);
	}
	return b.status;
}

static blk_status_t destage_oldest(struct sim_vcache *vc)
{
	unsigned int nr = min_t(unsigned int, BATCH_PAGES,
				max(vc->low_pages / 2, 1U));
	struct sim_page *p, *tmp;
	LIST_HEAD(pages);

	list_for_each_entry_safe(p, tmp, &vc->age, age) {
		p->out = p->valid;
		list_move_tail(&p->age, &pages);
		if (!--nr)
			break;
	}
	return destage(vc, &pages);
}

static blk_status_t destage_range(struct sim_vcache *vc, u64 sector, u32 nr)
{
	unsigned long last = (sector + nr - 1) / PAGE_SECTORS;
	unsigned long index;
	struct sim_page *p;
	LIST_HEAD(pages);

	xa_for_each_range(&vc->pages, index, p, sector / PAGE_SECTORS, last) {
		p->out = p->valid & range_mask(index, sector, nr);
		list_move_tail(&p->age, &pages);
	}
	return destage(vc, &pages);
}

static blk_status_t destage_all(struct sim_vcache *vc)
{
	blk_status_t r = BLK_STS_OK;

	while (!r && !list_empty(&vc->age))
		r = destage_oldest(vc);
	return r;
}

/* ---- data ----------------------------------------------------------------- */

/* Copy between a bio, whose iterator moves on, and a place in a page. */
static void copy_bio(struct bio *bio, struct bvec_iter *iter,
		     struct sim_page *p, unsigned int sector, bool to_bio)
{
	unsigned int offset = sector << SECTOR_SHIFT;
	unsigned int len = SECTOR_SIZE;

	while (len) {
		struct bio_vec bv = bio_iter_iovec(bio, *iter);
		unsigned int n = min(bv.bv_len, len);

		if (to_bio)
			memcpy_page(bv.bv_page, bv.bv_offset, p->page, offset,
				    n);
		else
			memcpy_page(p->page, offset, bv.bv_page, bv.bv_offset,
				    n);
		bio_advance_iter_single(bio, iter, n);
		offset += n;
		len -= n;
	}
}

/*
 * The page to write to, or NULL without memory for it. A disk that has lost
 * its power destages no more.
 */
static struct sim_page *get_page_for(struct sim_vcache *vc, unsigned long index)
{
	struct sim_page *p = xa_load(&vc->pages, index);

	if (p)
		return p;
	while (vc->nr_pages >= vc->max_pages)
		if (READ_ONCE(vc->disk->state) != SIM_ON || destage_oldest(vc))
			return NULL;
	return page_add(vc, index);
}

/* Returns false if not all of it was taken in. */
static bool take_in(struct sim_vcache *vc, struct sim_io *io)
{
	struct bio *bio = sim_io_bio(io);
	struct bvec_iter iter = bio->bi_iter;
	u64 sector = io->req.sector;
	struct sim_page *p = NULL;

	for (; iter.bi_size; sector++) {
		unsigned int i = sector % PAGE_SECTORS;

		if (!p || !i)
			p = get_page_for(vc, sector / PAGE_SECTORS);
		if (!p)
			return false;
		copy_bio(bio, &iter, p, i, false);
		vc->nr_sectors += !(p->valid & BIT(i));
		p->valid |= BIT(i);
	}
	return true;
}

static void handle_write(struct sim_vcache *vc, struct sim_io *io)
{
	blk_status_t r = BLK_STS_OK;
	bool all = take_in(vc, io);

	sim_power_count_write(vc->disk);
	if (READ_ONCE(vc->disk->state) != SIM_ON) {
		sim_io_served(io, BLK_STS_IOERR);
		return;
	}
	if (!all || io->req.fua)
		r = destage_range(vc, io->req.sector, io->req.nr);
	else if (vc->nr_pages > vc->low_pages)
		r = destage_oldest(vc);
	/* No memory: nothing of the range is held now, so write it through. */
	if (r || all)
		sim_io_served(io, r);
	else
		sim_io_submit(io);
}

static void overlay(struct sim_vcache *vc, struct sim_io *io)
{
	struct bio *bio = sim_io_bio(io);
	struct bvec_iter iter = bio->bi_iter;
	u64 sector = io->req.sector;
	struct sim_page *p = NULL;

	for (; iter.bi_size; sector++) {
		unsigned int i = sector % PAGE_SECTORS;

		if (!i || sector == io->req.sector)
			p = xa_load(&vc->pages, sector / PAGE_SECTORS);
		if (p && (p->valid & BIT(i)))
			copy_bio(bio, &iter, p, i, true);
		else
			bio_advance_iter(bio, &iter, SECTOR_SIZE);
	}
}

static bool is_held(struct sim_vcache *vc, const struct sim_req *req)
{
	unsigned long first = req->sector / PAGE_SECTORS;
	unsigned long last = (req->sector + req->nr - 1) / PAGE_SECTORS;
	unsigned long index;
	struct sim_page *p;

	xa_for_each_range(&vc->pages, index, p, first, last)
		if (p->valid & range_mask(index, req->sector, req->nr))
			return true;
	return false;
}

/*
 * A read of held sectors waits for the backing device here: were it done
 * beside the worker, a destage could come between the two looks.
 */
static void handle_read(struct sim_vcache *vc, struct sim_io *io)
{
	struct sim_disk *sd = vc->disk;
	struct bio *clone;
	int r;

	if (!is_held(vc, &io->req)) {
		sim_io_submit(io);
		return;
	}
	clone = bio_alloc_clone(sd->dev->bdev, sim_io_bio(io), GFP_NOIO,
				&fs_bio_set);
	clone->bi_iter.bi_sector = sd->start + io->req.sector;
	r = submit_bio_wait(clone);
	bio_put(clone);
	if (!r)
		overlay(vc, io);
	sim_io_served(io, errno_to_blk_status(r));
}

static void handle_flush(struct sim_vcache *vc, struct sim_io *io)
{
	blk_status_t r = destage_all(vc);

	if (r)
		sim_io_served(io, r);
	else
		sim_io_submit(io);
}

static void handle_discard(struct sim_vcache *vc, struct sim_io *io)
{
	u64 sector = io->req.sector;
	unsigned long last = (sector + io->req.nr - 1) / PAGE_SECTORS;
	unsigned long index;
	struct sim_page *p;

	xa_for_each_range(&vc->pages, index, p, sector / PAGE_SECTORS, last)
		page_forget(vc, p, range_mask(index, sector, io->req.nr));
	sim_io_submit(io);
}

/* ---- power ---------------------------------------------------------------- */

/* A coin: 64 bits that look random (the splitmix64 finalizer). */
static u64 mix(u64 seed, u64 what)
{
	u64 x = seed + what * 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/*
 * A third of the pages survives, a third is lost, and of the others each
 * sector has a coin of its own: with coins for sectors alone hardly any
 * block of eight would be as a whole on either side.
 */
static u8 lost_mask(const struct sim_disk *sd, const struct sim_page *p)
{
	u64 coin = mix(mix(sd->config.seed, sd->nr_cuts), p->index);

	if (sd->cut_mode == SIM_CUT_DROP)
		return p->valid;
	if (sd->cut_mode == SIM_CUT_KEEP)
		return 0;
	switch (coin % 3) {
	case 0:
		return 0;
	case 1:
		return p->valid;
	default:
		return p->valid & (coin >> 32);
	}
}

static void settle(struct sim_vcache *vc)
{
	unsigned int before = vc->nr_sectors;
	struct sim_page *p, *tmp;

	list_for_each_entry_safe(p, tmp, &vc->age, age) {
		u8 lost = lost_mask(vc->disk, p);

		if (lost)
			page_forget(vc, p, lost);
	}
	vc->nr_lost += before - vc->nr_sectors;
	destage_all(vc);
	/* What can not be written down is lost as well. */
	vc->nr_lost += vc->nr_sectors;
	list_for_each_entry_safe(p, tmp, &vc->age, age)
		page_forget(vc, p, p->valid);
}

/* ---- the worker ----------------------------------------------------------- */

static void handle(struct sim_vcache *vc, struct sim_io *io, bool cut)
{
	enum sim_kind kind = io->req.kind;

	if (READ_ONCE(vc->disk->state) != SIM_ON) {
		/* On its way at the instant of the cut. */
		if (cut && kind == SIM_WRITE)
			take_in(vc, io);
		sim_io_served(io, BLK_STS_IOERR);
		return;
	}
	if (kind == SIM_WRITE)
		handle_write(vc, io);
	else if (kind == SIM_READ)
		handle_read(vc, io);
	else if (kind == SIM_FLUSH)
		handle_flush(vc, io);
	else
		handle_discard(vc, io);
}

/* The first that came; or any, for a disk may serve them as it likes. */
static struct sim_io *pick_io(struct sim_vcache *vc)
{
	struct sim_io *io;
	u32 n = 0;

	if (vc->disk->config.shuffle_us)
		div_u64_rem(mix(vc->disk->config.seed, vc->nr_picked++),
			    max(vc->nr_queued, 1U), &n);
	list_for_each_entry(io, &vc->queue, link)
		if (!n--)
			return io;
	return NULL;
}

/* The next I/O, or NULL and the orders to follow now that there is none. */
static struct sim_io *next_io(struct sim_vcache *vc, bool *cut, bool *drain)
{
	struct sim_io *io;

	spin_lock_irq(&vc->lock);
	io = pick_io(vc);
	*cut = vc->settle;
	*drain = vc->drain;
	if (io) {
		list_del(&io->link);
		vc->nr_queued--;
	} else {
		vc->settle = false;
		vc->drain = false;
	}
	spin_unlock_irq(&vc->lock);
	return io;
}

static void vcache_work(struct work_struct *work)
{
	struct sim_vcache *vc = container_of(work, struct sim_vcache, work);
	unsigned int us = vc->disk->config.shuffle_us;
	struct sim_io *io;
	bool cut, drain;

	do {
		/* So that more than one is there to pick from. */
		if (us && READ_ONCE(vc->disk->state) == SIM_ON)
			usleep_range(us, us + us / 2);
		io = next_io(vc, &cut, &drain);
		if (io)
			handle(vc, io, cut);
		else if (cut)
			settle(vc);
		else if (drain)
			destage_all(vc);
		cond_resched();
	} while (io);
}

void sim_vcache_queue(struct sim_vcache *vc, struct sim_io *io)
{
	unsigned long flags;

	spin_lock_irqsave(&vc->lock, flags);
	list_add_tail(&io->link, &vc->queue);
	vc->nr_queued++;
	spin_unlock_irqrestore(&vc->lock, flags);
	queue_work(vc->wq, &vc->work);
}

void sim_vcache_settle(struct sim_vcache *vc)
{
	lockdep_assert_held(&vc->disk->group->lock);
	spin_lock(&vc->lock);
	vc->settle = true;
	spin_unlock(&vc->lock);
	queue_work(vc->wq, &vc->work);
}

void sim_vcache_wait(struct sim_vcache *vc)
{
	flush_work(&vc->work);
}

void sim_vcache_drain(struct sim_vcache *vc)
{
	spin_lock_irq(&vc->lock);
	vc->drain = true;
	spin_unlock_irq(&vc->lock);
	queue_work(vc->wq, &vc->work);
	sim_vcache_wait(vc);
}

int sim_vcache_create(struct sim_disk *sd)
{
	struct sim_vcache *vc = kzalloc(sizeof(*vc), GFP_KERNEL);

	if (!vc)
		return -ENOMEM;
	vc->disk = sd;
	xa_init(&vc->pages);
	INIT_LIST_HEAD(&vc->age);
	vc->max_pages = max(sd->config.cache_kb >> (PAGE_SHIFT - 10), 1U);
	vc->low_pages = sd->config.hold ? vc->max_pages : vc->max_pages / 2;
	spin_lock_init(&vc->lock);
	INIT_LIST_HEAD(&vc->queue);
	INIT_WORK(&vc->work, vcache_work);
	vc->wq = alloc_workqueue("simdisk", WQ_MEM_RECLAIM | WQ_UNBOUND, 1);
	if (!vc->wq) {
		kfree(vc);
		return -ENOMEM;
	}
	sd->vcache = vc;
	return 0;
}

void sim_vcache_destroy(struct sim_disk *sd)
{
	struct sim_vcache *vc = sd->vcache;
	struct sim_page *p, *tmp;

	if (!vc)
		return;
	destroy_workqueue(vc->wq);
	list_for_each_entry_safe(p, tmp, &vc->age, age)
		page_forget(vc, p, p->valid);
	xa_destroy(&vc->pages);
	kfree(vc);
	sd->vcache = NULL;
}
