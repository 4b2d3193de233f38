// SPDX-License-Identifier: GPL-2.0-only
/*
 * Injected failures: rules that fail requests, and silent corruption.
 *
 * Locks: rules are under the group lock.
 */
#include <linux/bio.h>

#include "simdisk.h"

int sim_fault_add(struct sim_disk *sd, const struct sim_fault *fault)
{
	int r = -ENOSPC;

	spin_lock_irq(&sd->group->lock);
	if (sd->nr_faults < SIM_MAX_FAULTS) {
		sd->faults[sd->nr_faults++] = *fault;
		sim_power_guard(sd);
		r = 0;
	}
	spin_unlock_irq(&sd->group->lock);
	return r;
}

void sim_fault_clear(struct sim_disk *sd)
{
	spin_lock_irq(&sd->group->lock);
	sd->nr_faults = 0;
	sim_power_guard(sd);
	spin_unlock_irq(&sd->group->lock);
}

static bool matches(const struct sim_fault *f, const struct sim_req *req)
{
	if (!(f->kinds & BIT(req->kind)))
		return false;
	if (req->kind == SIM_FLUSH)
		return true;
	return req->sector - f->first < f->nr ||
	       f->first - req->sector < req->nr;
}

static void remove_fault(struct sim_disk *sd, unsigned int i)
{
	sd->faults[i] = sd->faults[--sd->nr_faults];
	sim_power_guard(sd);
}

bool sim_fault_hit(struct sim_disk *sd, const struct sim_req *req)
{
	unsigned int i = 0;
	bool hit = false;

	lockdep_assert_held(&sd->group->lock);
	while (i < sd->nr_faults) {
		struct sim_fault *f = &sd->faults[i];

		if (!matches(f, req)) {
			i++;
		} else if (f->nth > 1) {
			f->nth--;
			i++;
		} else {
			hit = true;
			if (f->nth)
				remove_fault(sd, i);
			else
				i++;
		}
	}
	sd->nr_failed += hit;
	return hit;
}

static int page_io(struct sim_disk *sd, struct page *page, u64 sector,
		   unsigned int nr, blk_opf_t opf)
{
	struct bio_vec bv;
	struct bio bio;
	int r;

	bio_init(&bio, sd->dev->bdev, &bv, 1, opf);
	bio.bi_iter.bi_sector = sd->start + sector;
	__bio_add_page(&bio, page, nr << SECTOR_SHIFT, 0);
	r = submit_bio_wait(&bio);
	bio_uninit(&bio);
	return r;
}

static int flip_page(struct sim_disk *sd, struct page *page, u64 sector,
		     unsigned int nr)
{
	u8 *data = page_address(page);
	unsigned int i;
	int r;

	r = page_io(sd, page, sector, nr, REQ_OP_READ);
	if (r)
		return r;
	for (i = 0; i < nr << SECTOR_SHIFT; i++)
		data[i] ^= 0xff;
	return page_io(sd, page, sector, nr, REQ_OP_WRITE);
}

int sim_fault_corrupt(struct sim_disk *sd, u64 first, u64 nr)
{
	struct page *page;
	u64 done = 0;
	int r = 0;

	if (!nr || first >= sd->ti->len || nr > sd->ti->len - first)
		return -EINVAL;
	page = alloc_page(GFP_NOIO);
	if (!page)
		return -ENOMEM;
	while (!r && done < nr) {
		unsigned int n = min_t(u64, nr - done, PAGE_SECTORS);

		r = flip_page(sd, page, first + done, n);
		done += n;
	}
	__free_page(page);
	return r;
}
