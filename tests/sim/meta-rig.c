// SPDX-License-Identifier: GPL-2.0-only
/*
 * The engine's callbacks on simulated disks, and the model.
 */
#include "meta-rig.h"

#include "../whole-record.h"

/* ---- ticks ----------------------------------------------------------------- */

/* Returns true if the power is off from here on. */
static bool tick(struct rig *rig)
{
	rig->ticks++;
	if (rig->probe)
		rig->probe(rig);
	if (rig->left && !--rig->left)
		rig->off = true;
	return rig->off;
}

__printf(2, 3)
static void trace(struct rig *rig, const char *fmt, ...)
{
	size_t len = strlen(rig->trace);
	va_list args;

	if (!rig->tracing)
		return;
	va_start(args, fmt);
	vscnprintf(rig->trace + len, sizeof(rig->trace) - len, fmt, args);
	va_end(args);
}

/* ---- metadata device ------------------------------------------------------- */

static int io_read(void *ctx, u64 block, void *data, u32 nr)
{
	struct rig *rig = ctx;

	assert((block + nr) * 8 <= rig->p.metadata_sectors);
	return rig->off ? -EIO : sim_disk_read(&rig->meta, block * 8, data,
					       nr * 8);
}

/* What it reads is not there before the end. */
static int io_read_begin(void *ctx, u64 block, void *data, u32 nr)
{
	struct rig *rig = ctx;

	assert(!rig->reading.nr);
	if (rig->off)
		return -EIO;
	memset(data, 0xdb, nr * SC_META_BLOCK_BYTES);
	rig->reading = (struct rig_read){ block, data, nr };
	return 0;
}

static int io_read_end(void *ctx)
{
	struct rig *rig = ctx;
	struct rig_read read = rig->reading;

	assert(read.nr);
	rig->reading.nr = 0;
	return io_read(rig, read.block, read.data, read.nr);
}

static void flush_meta(struct rig *rig)
{
	sim_disk_flush(&rig->meta);
	if (rig->p.same_disk)
		rig->data_durable = rig->data_written;
}

static int io_write(void *ctx, u64 block, const void *data, u32 nr,
		    unsigned int flags)
{
	struct rig *rig = ctx;
	int r;

	assert((block + nr) * 8 <= rig->p.metadata_sectors);
	assert(!rig->reading.nr);
	if (rig->off || tick(rig))
		return -EIO;
	trace(rig, "%s%s%llu+%u ", flags & SC_IO_PREFLUSH ? "p" : "",
	      flags & SC_IO_FUA ? "f" : "w", (unsigned long long)block, nr);
	if (rig->fail_at && !--rig->fail_at)
		return -EIO;
	if (flags & SC_IO_PREFLUSH) {
		flush_meta(rig);
		if (tick(rig))
			return -EIO;
	}
	r = sim_disk_write(&rig->meta, block * 8, data, nr * 8);
	if (r || tick(rig))
		return r ?: -EIO;
	if (flags & SC_IO_FUA) {
		sim_disk_force(&rig->meta, block * 8, nr * 8);
		if (tick(rig))
			return -EIO;
	}
	return 0;
}

static int io_flush(void *ctx)
{
	struct rig *rig = ctx;

	if (rig->off || tick(rig))
		return -EIO;
	trace(rig, "F ");
	flush_meta(rig);
	return tick(rig) ? -EIO : 0;
}

/* ---- cache device ---------------------------------------------------------- */

static int io_cache_flush_begin(void *ctx)
{
	struct rig *rig = ctx;

	if (rig->off || rig->cache_ill == RIG_CACHE_DEAD)
		return -EIO;
	trace(rig, "cb ");
	rig->data_flushing = rig->data_written;
	return 0;
}

static int io_cache_flush_end(void *ctx)
{
	struct rig *rig = ctx;

	if (rig->off || tick(rig))
		return -EIO;
	trace(rig, "ce ");
	rig->data_durable = rig->data_flushing;
	sim_disk_flush(&rig->cache);
	return tick(rig) ? -EIO : 0;
}

static int io_cache_read(void *ctx, u64 sector, void *data)
{
	struct rig *rig = ctx;

	assert(sector + 8 <= rig->p.cache_sectors);
	return rig->off ? -EIO : sim_disk_read(&rig->cache, sector, data, 8);
}

static int io_cache_write(void *ctx, u64 sector, const void *data)
{
	struct rig *rig = ctx;

	assert(sector + 8 <= rig->p.cache_sectors);
	if (rig->off || rig->cache_ill == RIG_CACHE_DEAD || tick(rig))
		return -EIO;
	trace(rig, "L%llu ", (unsigned long long)sector);
	if (rig->cache_ill == RIG_HEAD_BAD && !sector)
		return -EIO;
	if (sim_disk_write(&rig->cache, sector, data, 8) || tick(rig))
		return -EIO;
	sim_disk_force(&rig->cache, sector, 8);
	return tick(rig) ? -EIO : 0;
}

static void io_get(void *ctx, sc_cblock_t slot, struct sc_record *rec)
{
	struct rig *rig = ctx;

	*rec = rig->view->rec[from_cblock(slot)];
}

/* Stops now and then, as the map may. */
static void io_set_whole(void *ctx, struct sc_page_cursor *c)
{
	struct rig *rig = ctx;
	struct sc_page_cursor before;
	struct sc_record rec;
	u64 block;
	u8 hint;

	while (c->slot % 50 != 49) {
		before = *c;
		if (!sc_page_next_whole(c, &block, &hint))
			break;
		rec = whole_record(&before, sc_meta_geom(rig->m));
		rig_set(rig, &rec, 1);
	}
}

static void io_damaged(void *ctx, const struct sc_damage *damage)
{
	struct rig *rig = ctx;

	assert(strlen(damage->why->text) > 10);
	assert(damage->kind < SC_NR_DAMAGES);
	rig->damaged.nr[damage->kind]++;
	rig->damaged.last = *damage;
}

#define RIG_ALONE_IO \
	.read = io_read, .read_begin = io_read_begin, \
	.read_end = io_read_end, .write = io_write, .flush = io_flush, \
	.cache_flush_begin = io_cache_flush_begin, \
	.cache_flush_end = io_cache_flush_end, \
	.get = io_get, .set_whole = io_set_whole
#define RIG_IO \
	RIG_ALONE_IO, \
	.cache_read = io_cache_read, .cache_write = io_cache_write

const struct sc_meta_io rig_io = { RIG_IO };
const struct sc_meta_io rig_repair_io = { RIG_IO, .damaged = io_damaged };
const struct sc_meta_io rig_alone_io = { RIG_ALONE_IO };
const struct sc_meta_io rig_label_io = {
	RIG_ALONE_IO, .cache_write = io_cache_write,
};

/* ---- the model ------------------------------------------------------------- */

bool rig_same(const struct rig_state *a, const struct rig_state *b,
	      const char *what)
{
	const struct sc_record *x, *y;
	u32 i;

	for (i = 0; i < RIG_MAX_SLOTS; i++) {
		x = &a->rec[i];
		y = &b->rec[i];
		if (x->valid == y->valid && x->dirty == y->dirty &&
		    x->hint == y->hint && x->block == y->block)
			continue;
		if (what)
			printf("# %s: slot %u: %llu %x/%x %u, not %llu %x/%x %u\n",
			       what, i, (unsigned long long)x->block, x->valid,
			       x->dirty, x->hint, (unsigned long long)y->block,
			       y->valid, y->dirty, y->hint);
		return false;
	}
	return true;
}

bool rig_check_loaded(const struct rig *rig)
{
	if (rig_same(rig->loaded, rig->view, rig->in_doubt ? NULL : "loaded"))
		return true;
	if (!rig->in_doubt || !rig_same(rig->loaded, rig->maybe, "loaded"))
		return false;
	if (rig->data_durable >= rig->data_needed)
		return true;
	printf("# loaded: relies on data that is not durable (rule 1)\n");
	return false;
}

static void apply(struct rig_state *s, const struct sc_record *rec)
{
	struct sc_record *to = &s->rec[from_cblock(rec->slot)];

	*to = *rec;
	if (!rec->valid)
		*to = (struct sc_record){ .slot = rec->slot };
}

void rig_drop_clean(struct rig_state *s)
{
	u32 i;

	for (i = 0; i < RIG_MAX_SLOTS; i++) {
		s->rec[i].valid = s->rec[i].dirty;
		if (!s->rec[i].valid)
			s->rec[i] = (struct sc_record){};
	}
}

static bool sub_kept(const struct sc_geom *old, const struct sc_geom *new,
		     const struct sc_record *rec, u32 sub)
{
	u64 sub_sectors = 1ULL << old->sub_shift;
	u64 begin = (from_oblock(rec->block) << old->block_shift) +
		    sub * sub_sectors;

	if (from_cblock(rec->slot) >= new->nr_slots)
		return false;
	return old->origin_sectors == new->origin_sectors ||
	       (begin + sub_sectors <= old->origin_sectors &&
		begin + sub_sectors <= new->origin_sectors);
}

bool rig_shrink(struct rig_state *s, const struct sc_geom *old,
		const struct sc_geom *new)
{
	struct sc_record *rec;
	u32 i, sub;

	for (i = 0; i < RIG_MAX_SLOTS; i++) {
		rec = &s->rec[i];
		for (sub = 0; sub < 16; sub++) {
			if (!(rec->valid >> sub & 1) ||
			    sub_kept(old, new, rec, sub))
				continue;
			if (rec->dirty >> sub & 1)
				return false;
			rec->valid &= ~(1u << sub);
		}
		if (!rec->valid)
			*rec = (struct sc_record){};
	}
	return true;
}

struct sc_record rig_random_record(const struct rig *rig, struct rng *rng)
{
	const struct sc_geom *g = sc_meta_geom(rig->m);
	struct sc_record rec = {};
	u32 slots = rng_below(rng, 2) ? g->nr_slots : min(g->nr_slots, 40u);
	u64 blocks = rng_below(rng, 4) ? min(g->nr_oblocks, 200ULL) :
					 g->nr_oblocks;
	u64 begin, left;

	rec.slot = to_cblock(rng_below(rng, slots));
	if (!rng_below(rng, 5))
		return rec;
	/* Often near the end of the origin, where blocks are partial. */
	rec.block = to_oblock(rng_below(rng, 8) ?
			      rng_below(rng, blocks) :
			      g->nr_oblocks - 1 -
				      rng_below(rng, min(g->nr_oblocks, 3ULL)));
	begin = from_oblock(rec.block) << g->block_shift;
	left = DIV_ROUND_UP(g->origin_sectors - begin, 1ULL << g->sub_shift);
	rec.valid = (1u << min_t(u64, left, g->nr_subs)) - 1;
	if (rng_below(rng, 2))
		rec.valid &= rng_next(rng);
	rec.dirty = rec.valid & rng_next(rng) & rng_next(rng);
	rec.hint = rng_next(rng);
	if (!rec.valid)
		rec = (struct sc_record){ .slot = rec.slot };
	return rec;
}

/* ---- the machine ----------------------------------------------------------- */

void rig_init(struct rig *rig, const struct sc_meta_params *p)
{
	memset(rig, 0, sizeof(*rig));
	rig->p = *p;
	rig->io = &rig_io;
	sim_disk_init(&rig->meta, RIG_META_BLOCKS);
	sim_disk_init(&rig->cache, RIG_CACHE_BLOCKS);
	rig->view = calloc(1, sizeof(*rig->view));
	rig->maybe = calloc(1, sizeof(*rig->maybe));
	rig->loaded = calloc(1, sizeof(*rig->loaded));
	assert(rig->view && rig->maybe && rig->loaded);
}

void rig_exit(struct rig *rig)
{
	rig_close(rig);
	sim_disk_exit(&rig->meta);
	sim_disk_exit(&rig->cache);
	free(rig->view);
	free(rig->maybe);
	free(rig->loaded);
}

void rig_copy_disks(struct rig *to, const struct rig *from)
{
	assert(!to->m);
	to->p = from->p;
	sim_disk_copy(&to->meta, &from->meta);
	sim_disk_copy(&to->cache, &from->cache);
	to->data_written = from->data_written;
	to->data_flushing = from->data_flushing;
	to->data_durable = from->data_durable;
	to->data_needed = from->data_needed;
	to->in_doubt = from->in_doubt;
	*to->view = *from->view;
	*to->maybe = *from->maybe;
}

int rig_set(void *ctx, const struct sc_record *rec, u32 nr)
{
	struct rig *rig = ctx;

	for (; nr--; rec++) {
		assert(from_cblock(rec->slot) < sc_meta_geom(rig->m)->nr_slots);
		apply(rig->loaded, rec);
	}
	return 0;
}

void rig_close(struct rig *rig)
{
	assert(!rig->reading.nr);
	sc_meta_destroy(rig->m);
	rig->m = NULL;
}

int rig_open(struct rig *rig)
{
	int r;

	assert(!rig->m);
	memset(rig->loaded, 0, sizeof(*rig->loaded));
	rig->why.text[0] = 0;
	memset(&rig->damaged, 0, sizeof(rig->damaged));
	rig->m = sc_meta_create(rig->io, rig, &rig->p);
	assert(rig->m);
	r = sc_meta_open(rig->m, &rig->why);
	if (!r)
		r = sc_meta_load(rig->m, rig_set, &rig->why);
	if (r)
		rig_close(rig);
	return r;
}

int rig_up(struct rig *rig)
{
	int r = rig_open(rig);

	if (r)
		return r;
	*rig->view = *rig->loaded;
	rig->in_doubt = false;
	return sc_meta_start(rig->m);
}

void rig_crash(struct rig *rig)
{
	rig_close(rig);
	rig->off = false;
	rig->left = 0;
}

void rig_cut(struct rig *rig, struct rng *rng)
{
	rig_crash(rig);
	sim_disk_cut(&rig->meta, rng);
	sim_disk_cut(&rig->cache, rng);
	rig->data_written = rig->data_durable;
}

int rig_commit(struct rig *rig, const struct sc_record *rec, u32 nr)
{
	u32 i;
	int r;

	r = sc_meta_commit_begin(rig->m);
	if (r)
		return r;
	*rig->maybe = *rig->view;
	rig->data_needed = ++rig->data_written;
	for (i = 0; i < nr; i++) {
		r = sc_meta_commit_add(rig->m, &rec[i]);
		if (r)
			return r;
		apply(rig->maybe, &rec[i]);
	}
	rig->in_doubt = true;
	r = sc_meta_commit_end(rig->m);
	if (r)
		return r;
	rig->in_doubt = false;
	*rig->view = *rig->maybe;
	return 0;
}
