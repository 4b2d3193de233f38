// SPDX-License-Identifier: GPL-2.0-only
/*
 * Destage offline: neighbours on the origin are gathered into one write.
 */
#include "destage.h"
#include "report.h"

#define EXTENT_SECTORS	(4u << 11)	/* 4 MiB */
#define BATCH_SECTORS	(256u << 11)	/* a flush for each 256 MiB */

static_assert(EXTENT_SECTORS >= SC_MAX_BLOCK_SECTORS);

/**
 * struct dirty_slot - for sorting
 * @block: block held
 * @slot: the slot
 */
struct dirty_slot {
	u64 block;
	u32 slot;
};

/**
 * struct extent - neighbouring sectors on their way to the origin
 * @data: their content
 * @start: the first, on the origin
 * @nr: how many; 0: nothing is on its way
 * @first: index of the first slot that they are of
 */
struct extent {
	u8 *data;
	u64 start;
	u64 nr;
	u32 first;
};

/**
 * struct work - a job at work
 * @d: the job
 * @list: slots, in the order of their blocks
 * @nr: how many
 * @is_failed: by index into @list
 * @extent: on its way
 */
struct work {
	struct destage *d;
	struct dirty_slot *list;
	u32 nr;
	bool *is_failed;
	struct extent extent;
};

static int compare(const void *a, const void *b)
{
	const struct dirty_slot *x = a, *y = b;

	return (x->block > y->block) - (x->block < y->block);
}

static bool is_wanted(const struct work *w, u32 slot, struct sc_record *rec)
{
	rest_get(w->d->rest, to_cblock(slot), rec);
	return rec->dirty && (!w->d->want || w->d->want(w->d->ctx, rec));
}

static bool make_list(struct work *w)
{
	u32 nr_slots = w->d->rest->geom->nr_slots, nr = 0, i;
	struct sc_record rec;

	for (i = 0; i < nr_slots; i++)
		nr += is_wanted(w, i, &rec);
	w->list = calloc(nr + 1, sizeof(*w->list));
	w->is_failed = calloc(nr + 1, sizeof(*w->is_failed));
	w->extent.data = malloc(EXTENT_SECTORS << SC_SECTOR_SHIFT);
	if (!w->list || !w->is_failed || !w->extent.data)
		return false;
	for (i = 0; i < nr_slots; i++) {
		if (!is_wanted(w, i, &rec))
			continue;
		w->list[w->nr].block = from_oblock(rec.block);
		w->list[w->nr++].slot = i;
	}
	qsort(w->list, w->nr, sizeof(*w->list), compare);
	return true;
}

static void free_work(struct work *w)
{
	free(w->list);
	free(w->is_failed);
	free(w->extent.data);
}

/* ---- data ------------------------------------------------------------------ */

/* Write what is on its way; if that fails, all slots up to @last have failed. */
static void send(struct work *w, u32 last)
{
	struct extent *e = &w->extent;
	u32 i;

	if (e->nr && disk_write(&w->d->rest->origin, e->start, e->data, e->nr))
		for (i = e->first; i <= last; i++)
			w->is_failed[i] = true;
	e->nr = 0;
}

/* Sectors [from, from + nr) of the origin, which slot @i holds at @at. */
static void take(struct work *w, u32 i, u64 from, u64 at, u64 nr)
{
	struct extent *e = &w->extent;

	if (e->nr && (e->start + e->nr != from || e->nr + nr > EXTENT_SECTORS))
		send(w, i);
	if (!e->nr) {
		e->start = from;
		e->first = i;
	}
	if (disk_read(&w->d->rest->cache, at,
		      e->data + (e->nr << SC_SECTOR_SHIFT), nr))
		w->is_failed[i] = true;
	else
		e->nr += nr;
}

/* Returns how many sectors of the slot are dirty. */
static u64 take_slot(struct work *w, u32 i)
{
	const struct sc_geom *g = w->d->rest->geom;
	u64 origin, start, end, sum = 0;
	struct sc_record rec;
	u32 sub, next;

	rest_get(w->d->rest, to_cblock(w->list[i].slot), &rec);
	origin = sc_block_sector(g, rec.block);
	for (sub = 0; sub < g->nr_subs; sub = next) {
		next = sub + 1;
		if (!(rec.dirty >> sub & 1))
			continue;
		while (next < g->nr_subs && rec.dirty >> next & 1)
			next++;
		start = (u64)sub << g->sub_shift;
		end = min((u64)next << g->sub_shift,
			  g->origin_sectors - origin);
		take(w, i, origin + start,
		     sc_slot_sector(g, rec.slot) + start, end - start);
		sum += end - start;
	}
	return sum;
}

/* ---- batches --------------------------------------------------------------- */

static void fail_slot(struct work *w, const struct sc_record *rec)
{
	w->d->nr_failed++;
	if (w->d->failed)
		w->d->failed(w->d->ctx, rec);
}

/* Slots [first, end) are as durable as they will get. */
static int settle_batch(struct work *w, u32 first, u32 end)
{
	const struct sc_geom *g = w->d->rest->geom;
	struct sc_record *done;
	u32 nr = 0, i;
	int code;

	done = calloc(end - first, sizeof(*done));
	if (!done) {
		report_error("no memory");
		return EXIT_FAILED;
	}
	for (i = first; i < end; i++) {
		rest_get(w->d->rest, to_cblock(w->list[i].slot), &done[nr]);
		if (w->is_failed[i]) {
			fail_slot(w, &done[nr]);
			continue;
		}
		w->d->sectors += sc_mask_sectors(g, done[nr].block,
						 done[nr].dirty);
		nr++;
	}
	w->d->nr_written += nr;
	code = nr ? w->d->written(w->d->ctx, done, nr) : EXIT_DONE;
	free(done);
	return code;
}

static int run_batch(struct work *w, u32 *at)
{
	u32 first = *at;
	u64 sectors = 0;
	int err;

	while (*at < w->nr && sectors < BATCH_SECTORS)
		sectors += take_slot(w, (*at)++);
	send(w, *at - 1);
	err = disk_flush(&w->d->rest->origin);
	if (err) {
		report_error("%s: cannot be flushed: %s",
			     w->d->rest->origin.path, strerror(-err));
		return EXIT_FAILED;
	}
	return settle_batch(w, first, *at);
}

int destage_run(struct destage *d)
{
	struct work w = { .d = d };
	int code = EXIT_DONE;
	u32 at = 0;

	d->nr_written = 0;
	d->sectors = 0;
	d->nr_failed = 0;
	if (!make_list(&w)) {
		report_error("no memory");
		code = EXIT_FAILED;
	}
	while (!code && at < w.nr) {
		report_progress("writing back", at, w.nr);
		code = run_batch(&w, &at);
	}
	report_progress_end();
	free_work(&w);
	return code ?: d->nr_failed ? EXIT_FAILED : EXIT_DONE;
}
