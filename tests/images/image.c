// SPDX-License-Identifier: GPL-2.0-only
/*
 * A metadata device in memory, and the module's way into its use.
 */
#include "../whole-record.h"
#include "codec.h"
#include "image.h"

/* ---- the devices ----------------------------------------------------------- */

void image_init(struct image *img, const struct sc_meta_params *p)
{
	memset(img, 0, sizeof(*img));
	img->p = *p;
	img->nr_blocks = p->metadata_sectors / SC_MIN_BLOCK_SECTORS;
	img->meta = calloc(img->nr_blocks, SC_META_BLOCK_BYTES);
	assert(img->meta);
	img->bad = -1;
}

void image_exit(struct image *img)
{
	free(img->meta);
	img->meta = NULL;
}

void image_copy(struct image *to, const struct image *from)
{
	u8 *meta = to->meta;

	assert(to->nr_blocks == from->nr_blocks);
	memcpy(meta, from->meta, (size_t)from->nr_blocks * SC_META_BLOCK_BYTES);
	*to = *from;
	to->meta = meta;
}

bool image_same(const struct image *a, const struct image *b)
{
	return a->nr_blocks == b->nr_blocks &&
	       !memcmp(a->meta, b->meta,
		       (size_t)a->nr_blocks * SC_META_BLOCK_BYTES) &&
	       !memcmp(a->label, b->label, sizeof(a->label));
}

/* ---- the engine's callbacks ------------------------------------------------ */

static int io_read(void *ctx, u64 block, void *data, u32 nr)
{
	const struct image *img = ((struct world *)ctx)->img;

	assert(nr && nr <= 128);
	/* A real device would say so as well. */
	if (block >= img->nr_blocks || nr > img->nr_blocks - block)
		return -EIO;
	if (img->bad >= (s64)block && img->bad < (s64)block + nr)
		return -EIO;
	memcpy(data, image_block(img, block), nr * SC_META_BLOCK_BYTES);
	return 0;
}

static int io_write(void *ctx, u64 block, const void *data, u32 nr,
		    unsigned int flags)
{
	struct image *img = ((struct world *)ctx)->img;

	(void)flags;
	assert(nr && nr <= 128);
	assert(block < img->nr_blocks && nr <= img->nr_blocks - block);
	img->nr_writes++;
	if (img->bad >= (s64)block && img->bad < (s64)block + nr)
		img->bad = -1;
	memcpy(image_block(img, block), data, nr * SC_META_BLOCK_BYTES);
	return 0;
}

static int io_nothing(void *ctx)
{
	(void)ctx;
	return 0;
}

static int io_cache_read(void *ctx, u64 sector, void *data)
{
	const struct image *img = ((struct world *)ctx)->img;
	u32 i;

	if (sector + SC_LABEL_SECTORS > img->p.cache_sectors)
		return -EIO;
	memset(data, 0, SC_META_BLOCK_BYTES);
	for (i = 0; i < IMAGE_LABELS; i++)
		if (img->label[i].used && img->label[i].sector == sector)
			memcpy(data, img->label[i].data, SC_META_BLOCK_BYTES);
	return 0;
}

static int io_cache_write(void *ctx, u64 sector, const void *data)
{
	struct image *img = ((struct world *)ctx)->img;
	struct image_label *l = img->label;

	assert(sector + SC_LABEL_SECTORS <= img->p.cache_sectors);
	img->nr_writes++;
	while (l->used && l->sector != sector) {
		l++;
		assert(l < img->label + IMAGE_LABELS);
	}
	l->used = true;
	l->sector = sector;
	memcpy(l->data, data, SC_META_BLOCK_BYTES);
	return 0;
}

static void io_get(void *ctx, sc_cblock_t slot, struct sc_record *rec)
{
	const struct world *w = ctx;

	*rec = w->view[from_cblock(slot)];
}

static void io_damaged(void *ctx, const struct sc_damage *damage)
{
	struct world *w = ctx;

	assert(strlen(damage->why->text) > 10);
	w->nr_damaged++;
}

/* ---- load, as src/dm/cache.c does ------------------------------------------ */

static void view_set(struct world *w, const struct sc_record *rec)
{
	struct sc_record *to = &w->view[from_cblock(rec->slot)];
	u64 got;

	assert(!sc_record_fault(sc_meta_geom(w->m), rec, &got));
	*to = *rec;
	if (!rec->valid)
		*to = (struct sc_record){ .slot = rec->slot };
}

static void set_whole(void *ctx, struct sc_page_cursor *cursor)
{
	struct world *w = ctx;
	struct sc_page_cursor c = *cursor;
	struct sc_record rec;

	sc_map_load_page(w->map, cursor);
	while (c.slot < cursor->slot) {
		rec = whole_record(&c, sc_meta_geom(w->m));
		view_set(w, &rec);
	}
}

static int load_records(void *ctx, const struct sc_record *rec, u32 nr)
{
	struct world *w = ctx;
	u32 i;

	for (i = 0; i < nr; i++)
		view_set(w, &rec[i]);
	sc_map_load(w->map, rec, nr);
	return 0;
}

static int load(struct world *w)
{
	const struct sc_geom *g = sc_meta_geom(w->m);
	const char *policy = w->img->p.policy;
	sc_oblock_t bad;
	int r;

	w->map = sc_map_create(g);
	w->view = calloc(g->nr_slots, sizeof(*w->view));
	assert(w->map && w->view);
	w->policy = sc_policy_create(*policy ? policy : "s3fifo", w->map, 10,
				     50);
	assert(w->policy);
	r = sc_meta_load(w->m, load_records, &w->why);
	if (r)
		return r;
	r = sc_map_load_end(w->map, &bad);
	if (r)
		sc_reason_set(&w->why, "corrupt slot table: block %llu is held twice",
			      (unsigned long long)from_oblock(bad));
	return r;
}

#define IMAGE_IO \
	.read = io_read, .write = io_write, .flush = io_nothing, \
	.cache_flush_begin = io_nothing, .cache_flush_end = io_nothing, \
	.cache_read = io_cache_read, .cache_write = io_cache_write, \
	.get = io_get, .set_whole = set_whole

static const struct sc_meta_io image_io = { IMAGE_IO };
static const struct sc_meta_io image_repair_io = {
	IMAGE_IO, .damaged = io_damaged,
};

int world_open(struct world *w, struct image *img, bool repair)
{
	int r;

	memset(w, 0, sizeof(*w));
	w->img = img;
	w->repair = repair;
	w->m = sc_meta_create(repair ? &image_repair_io : &image_io, w,
			      &img->p);
	assert(w->m);
	r = sc_meta_open(w->m, &w->why);
	return r ?: load(w);
}

void world_close(struct world *w)
{
	sc_policy_destroy(w->policy);
	sc_map_destroy(w->map);
	sc_meta_destroy(w->m);
	free(w->view);
	memset(w, 0, sizeof(*w));
}

/* ---- what must hold of what was loaded ------------------------------------- */

static const char *slot_fault(const struct world *w, u32 i)
{
	const struct sc_map *map = w->map;
	sc_oblock_t b = sc_slot_block(sc_map_slot(map, i));
	struct sc_run run = sc_map_run(map, b);
	struct sc_record durable;

	sc_map_durable(map, i, &durable);
	if (durable.valid != w->view[i].valid ||
	    durable.dirty != w->view[i].dirty)
		return "the map forgot what is durable";
	if (w->view[i].dirty && sc_slot_dirty(map, i) != w->view[i].dirty)
		return "a dirty slot is not dirty";
	if (sc_slot_dirty(map, i) & ~sc_slot_valid(map, i))
		return "dirty, but not valid";
	if (sc_slot_valid(map, i) && sc_map_find(map, &run, b) != i)
		return "a slot that is not found by its block";
	return NULL;
}

const char *world_fault(const struct world *w)
{
	u32 nr_slots = 0, nr_mapped = 0, nr_valid = 0, i;
	const char *fault;

	for (i = 0; i < w->map->nr_shards; i++) {
		nr_slots += w->map->shards[i].nr_slots;
		nr_mapped += w->map->shards[i].nr_mapped;
	}
	if (nr_slots != w->map->geom.nr_slots)
		return "slots without a shard";
	for (i = 0; i < nr_slots; i++) {
		nr_valid += !!sc_slot_valid(w->map, i);
		fault = slot_fault(w, i);
		if (fault)
			return fault;
	}
	return nr_valid == nr_mapped ? NULL : "slots counted wrongly";
}

int world_commit(struct world *w, const struct sc_record *rec, u32 nr)
{
	u32 i;
	int r;

	r = sc_meta_commit_begin(w->m);
	for (i = 0; i < nr && !r; i++)
		r = sc_meta_commit_add(w->m, &rec[i]);
	if (!r)
		r = sc_meta_commit_end(w->m);
	for (i = 0; i < nr && !r; i++)
		view_set(w, &rec[i]);
	return r;
}

bool world_same(const struct world *a, const struct world *b)
{
	const struct sc_record *x, *y;
	u32 i;

	if (sc_meta_geom(a->m)->nr_slots != sc_meta_geom(b->m)->nr_slots)
		return false;
	for (i = 0; i < sc_meta_geom(a->m)->nr_slots; i++) {
		x = &a->view[i];
		y = &b->view[i];
		if (x->valid != y->valid || x->dirty != y->dirty ||
		    x->hint != y->hint || x->block != y->block)
			return false;
	}
	return true;
}

/* ---- images ---------------------------------------------------------------- */

static void map_range(struct world *w, u32 slot, u32 nr, u16 dirty)
{
	struct sc_record rec[400];
	u32 i;

	assert(nr <= ARRAY_SIZE(rec));
	for (i = 0; i < nr; i++)
		rec[i] = (struct sc_record){
			.slot = to_cblock(slot + i),
			.block = to_oblock(slot + i),
			.valid = sc_all_subs(sc_meta_geom(w->m)),
			.dirty = (slot + i) % 3 ? 0 : dirty,
			.hint = (slot + i) % 16,
		};
	assert(!world_commit(w, rec, nr));
}

/* The ring turns until the log wraps around. */
static void use(struct world *w)
{
	u32 i;

	map_range(w, 0, 300, 0);
	map_range(w, 300, 50, 1);
	assert(!sc_meta_checkpoint(w->m));
	for (i = 0; i < 3; i++) {
		map_range(w, 0, 290, 0);
		map_range(w, 0, 300, 1);
		assert(!sc_meta_checkpoint(w->m));
	}
	assert(!sc_meta_checkpoint(w->m));
	map_range(w, 40, 300, 1);
	map_range(w, 340, 6, 1);
	map_range(w, 346, 4, 1);
}

void image_make(struct image *img)
{
	struct world w;

	assert(!world_open(&w, img, false) && !sc_meta_start(w.m));
	use(&w);
	world_close(&w);
	img->nr_writes = 0;
}

void image_shut_down(struct image *img)
{
	struct world w;

	assert(!world_open(&w, img, false) && !sc_meta_start(w.m));
	assert(!sc_meta_checkpoint(w.m));
	world_close(&w);
	img->nr_writes = 0;
}
