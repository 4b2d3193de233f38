// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata engine in a program: its devices are files, its durable view is
 * an array.
 */
#include "codec.h"
#include "report.h"
#include "rest.h"

#define META_SECTORS	SC_MIN_BLOCK_SECTORS

/* In place of the superblocks until they are written; no superblock, not zero. */
static const char unfinished[] =
	"ssdcache: this metadata was not finished, make it again\n";

int rest_exit_code(int r)
{
	switch (r) {
	case 0:
		return EXIT_DONE;
	case -EBUSY:
		return EXIT_REFUSED;
	case -ENOENT:
	case -ENXIO:
	case -ENODEV:
		return EXIT_MISSING;
	default:
		return EXIT_FAILED;
	}
}

void rest_damage_text(const struct sc_damage *damage, struct sc_text *t)
{
	static const char *const meaning[] = {
		[SC_DAMAGE_LABEL] = "clean data cannot be believed",
		[SC_DAMAGE_MAP] = "nothing is lost",
		[SC_DAMAGE_JOURNAL] = "slots may be in an older state, and dirty ones hold something else by now",
	};
	u32 end = damage->slot + damage->nr_slots;

	sc_text_add(t, "%s: ", damage->why->text);
	if (damage->kind != SC_DAMAGE_PAGE)
		sc_text_add(t, "%s", meaning[damage->kind]);
	else if (damage->nr_slots == 1)
		sc_text_add(t, "slot %u is lost", damage->slot);
	else
		sc_text_add(t, "slots %u to %u are lost, but for what the journal knows of them",
			    damage->slot, end - 1);
}

void rest_describe(const struct rest *r, u32 nr_mapped,
		   struct dump_cache *cache)
{
	const struct sc_super *s = sc_meta_super(r->meta);
	char *c;

	*cache = (struct dump_cache){
		.needs_check = sc_meta_needs_check(r->meta),
		.block_sectors = 1u << r->geom->block_shift,
		.nr_slots = r->geom->nr_slots,
		.nr_mapped = nr_mapped,
		.origin_sectors = r->geom->origin_sectors,
		.cache_sectors = s->cache_sectors,
		.label_epoch = s->label_epoch,
	};
	memcpy(cache->uuid, s->uuid, sizeof(s->uuid));
	memcpy(cache->policy, s->policy, sizeof(s->policy));
	for (c = cache->policy; *c; c++)
		*c = strchr(DUMP_NAME_SIGNS, *c) ? *c : '_';
}

/* ---- the engine's devices -------------------------------------------------- */

/* Superblocks are read and written one by one. */
static u8 *behind_curtain(const struct rest *r, u64 block)
{
	if (!r->curtain || block >= REST_CURTAIN_BLOCKS)
		return NULL;
	return r->curtain + block * SC_META_BLOCK_BYTES;
}

static int meta_read(void *ctx, u64 block, void *data, u32 nr_blocks)
{
	struct rest *r = ctx;
	u8 *hidden = behind_curtain(r, block);

	if (hidden) {
		memcpy(data, hidden, SC_META_BLOCK_BYTES);
		return 0;
	}
	return disk_read(&r->metadata, block * META_SECTORS, data,
			 (u64)nr_blocks * META_SECTORS);
}

static int meta_write(void *ctx, u64 block, const void *data, u32 nr_blocks,
		      unsigned int flags)
{
	struct rest *r = ctx;
	u8 *hidden = behind_curtain(r, block);
	int err = 0;

	if (hidden) {
		memcpy(hidden, data, SC_META_BLOCK_BYTES);
		return 0;
	}
	if (flags & SC_IO_PREFLUSH)
		err = disk_flush(&r->metadata);
	if (!err)
		err = disk_write(&r->metadata, block * META_SECTORS, data,
				 (u64)nr_blocks * META_SECTORS);
	if (!err && flags & SC_IO_FUA)
		err = disk_flush(&r->metadata);
	return err;
}

static int meta_flush(void *ctx)
{
	struct rest *r = ctx;

	return disk_flush(&r->metadata);
}

/* No data is ever written to the cache device here. */
static int cache_flush(void *ctx)
{
	(void)ctx;
	return 0;
}

static int cache_read(void *ctx, u64 sector, void *data)
{
	struct rest *r = ctx;

	return disk_read(&r->cache, sector, data, META_SECTORS);
}

static int cache_write(void *ctx, u64 sector, const void *data)
{
	struct rest *r = ctx;
	int err;

	err = disk_write(&r->cache, sector, data, META_SECTORS);
	return err ?: disk_flush(&r->cache);
}

static void tell_damage(void *ctx, const struct sc_damage *damage)
{
	struct rest *r = ctx;

	r->how.damaged(r->how.ctx, damage);
}

static void set_io(struct rest *r)
{
	r->io = (struct sc_meta_io){
		.read = meta_read,
		.write = meta_write,
		.flush = meta_flush,
		.cache_flush_begin = cache_flush,
		.cache_flush_end = cache_flush,
		.get = rest_get,
	};
	if (r->how.damaged)
		r->io.damaged = tell_damage;
	if (r->cache.fd < 0)
		return;
	if (!r->how.new_labels)
		r->io.cache_read = cache_read;
	r->io.cache_write = cache_write;
}

/* ---- the view -------------------------------------------------------------- */

void rest_get(void *ctx, sc_cblock_t slot, struct sc_record *rec)
{
	struct rest *r = ctx;
	const struct rest_slot *s = &r->slots[from_cblock(slot)];

	*rec = (struct sc_record){
		.slot = slot,
		.hint = s->hint,
		.valid = s->valid,
		.dirty = s->dirty,
		.block = to_oblock((u64)s->block_hi << 32 | s->block_lo),
	};
}

static void store(struct rest *r, const struct sc_record *rec)
{
	u64 block = rec->valid ? from_oblock(rec->block) : 0;

	r->slots[from_cblock(rec->slot)] = (struct rest_slot){
		.block_lo = (u32)block,
		.block_hi = block >> 32,
		.hint = rec->valid ? rec->hint : 0,
		.valid = rec->valid,
		.dirty = rec->valid & rec->dirty,
	};
}

void rest_put(struct rest *r, const struct sc_record *rec)
{
	store(r, rec);
	set_bit(from_cblock(rec->slot), r->changed);
}

void rest_unmap(struct rest *r, sc_cblock_t slot)
{
	struct sc_record nothing = { .slot = slot };

	rest_put(r, &nothing);
}

static int set_loaded(void *ctx, const struct sc_record *rec, u32 nr)
{
	for (; nr--; rec++)
		store(ctx, rec);
	return 0;
}

/* ---- open ------------------------------------------------------------------ */

static int refuse(struct rest *r, int err)
{
	report_error("%s: %s", r->metadata.path, r->why.text);
	return rest_exit_code(err);
}

static int no_memory(void)
{
	report_error("no memory");
	return EXIT_FAILED;
}

static int open_disks(struct rest *r)
{
	const struct rest_how *how = &r->how;
	bool write = how->write || how->write_cache;
	int err;

	err = disk_open(&r->metadata, how->metadata, write, NULL);
	if (!err && how->cache)
		err = disk_open(&r->cache, how->cache, write, &r->metadata);
	if (!err && how->origin)
		err = disk_open(&r->origin, how->origin,
				how->write_origin, NULL);
	if (err)
		return rest_exit_code(err);
	if (disk_same(&r->metadata, &r->cache) ||
	    disk_same(&r->metadata, &r->origin) ||
	    disk_same(&r->cache, &r->origin)) {
		report_error("metadata, cache and origin must be different devices");
		return EXIT_USAGE;
	}
	return EXIT_DONE;
}

/* The devices may be larger than the cache, which has its own idea of them. */
static int check_size(const struct disk *d, u64 wanted)
{
	if (d->fd < 0 || d->sectors >= wanted)
		return EXIT_DONE;
	report_error("%s: has %llu sectors, but the cache was made for %llu",
		     d->path, (unsigned long long)d->sectors,
		     (unsigned long long)wanted);
	return EXIT_FAILED;
}

static int check_sizes(struct rest *r)
{
	const struct sc_geom *g = r->geom;
	int code;

	code = check_size(&r->origin, g->origin_sectors);
	return code ?: check_size(&r->cache,
				  sc_meta_super(r->meta)->cache_sectors);
}

static int open_engine(struct rest *r, const struct sc_meta_params *p)
{
	int err;

	set_io(r);
	r->meta = sc_meta_create(&r->io, r, p);
	if (!r->meta)
		return no_memory();
	err = sc_meta_open(r->meta, &r->why);
	if (err)
		return refuse(r, err);
	r->geom = sc_meta_geom(r->meta);
	if (r->how.super_only)
		return EXIT_DONE;
	r->slots = calloc(r->geom->nr_slots, sizeof(*r->slots));
	r->changed = calloc(BITS_TO_LONGS(r->geom->nr_slots), sizeof(long));
	if (!r->slots || !r->changed)
		return no_memory();
	err = sc_meta_load(r->meta, set_loaded, &r->why);
	return err ? refuse(r, err) : EXIT_DONE;
}

void rest_init(struct rest *r)
{
	memset(r, 0, sizeof(*r));
	r->metadata.fd = -1;
	r->cache.fd = -1;
	r->origin.fd = -1;
}

int rest_open(struct rest *r, const struct rest_how *how)
{
	struct sc_meta_params p = { .adopt_sizes = true };
	int code;

	rest_init(r);
	r->how = *how;
	code = open_disks(r);
	if (code)
		return code;
	p.metadata_sectors = r->metadata.sectors;
	code = open_engine(r, &p);
	return code ?: check_sizes(r);
}

void rest_close(struct rest *r)
{
	sc_meta_destroy(r->meta);
	free(r->slots);
	free(r->changed);
	free(r->curtain);
	disk_close(&r->metadata);
	disk_close(&r->cache);
	disk_close(&r->origin);
	rest_init(r);
}

/* ---- settle ---------------------------------------------------------------- */

/**
 * struct settling - what rest_settle() hands through
 * @r: the cache
 * @doomed: slots to be forgotten
 * @found: see there
 * @ctx: for it
 */
struct settling {
	struct rest *r;
	unsigned long *doomed;
	void (*found)(void *ctx, const struct sc_reason *why);
	void *ctx;
};

static void settle_get(void *ctx, sc_cblock_t slot, struct sc_record *rec)
{
	struct settling *s = ctx;

	rest_get(s->r, slot, rec);
}

static void settle_found(void *ctx, const struct sc_check_find *find)
{
	struct settling *s = ctx;
	struct sc_reason why;

	set_bit(from_cblock(find->rec.slot), s->doomed);
	if (find->fault == SC_CHECK_TWICE_CLEAN)
		set_bit(from_cblock(find->other.slot), s->doomed);
	if (find->fault == SC_CHECK_RETIRED)
		return;
	sc_check_to_reason(s->r->geom, find, &why);
	if (s->found)
		s->found(s->ctx, &why);
	else
		report_error("%s: corrupt %s", s->r->metadata.path, why.text);
}

static void forget(struct settling *s)
{
	u32 nr = s->r->geom->nr_slots, i;

	for (i = find_next_bit(s->doomed, nr, 0); i < nr;
	     i = find_next_bit(s->doomed, nr, i + 1))
		rest_unmap(s->r, to_cblock(i));
}

int rest_settle(struct rest *r, struct sc_check *check,
		void (*found)(void *ctx, const struct sc_reason *why),
		void *ctx)
{
	struct settling s = { .r = r, .found = found, .ctx = ctx };
	int err;

	s.doomed = calloc(BITS_TO_LONGS(r->geom->nr_slots), sizeof(long));
	if (!s.doomed)
		return no_memory();
	*check = (struct sc_check){
		.geom = r->geom, .get = settle_get, .found = settle_found,
		.ctx = &s,
	};
	err = sc_check_run(check);
	if (!err)
		forget(&s);
	free(s.doomed);
	if (err)
		return no_memory();
	return sc_check_nr_faults(check) && !found ? EXIT_FAILED : EXIT_DONE;
}

/* ---- write ----------------------------------------------------------------- */

static int failed_write(struct rest *r, int err)
{
	if (err == -EROFS)
		report_error("%s: an unknown ro_compat feature forbids writing to it",
			     r->metadata.path);
	else
		report_error("%s: cannot write metadata: %s",
			     r->metadata.path, strerror(-err));
	return EXIT_FAILED;
}

int rest_start(struct rest *r)
{
	u32 nr = r->geom->nr_slots, i;
	int err;

	for (i = find_next_bit(r->changed, nr, 0); i < nr;
	     i = find_next_bit(r->changed, nr, i + 1))
		sc_meta_touch(r->meta, to_cblock(i));
	err = sc_meta_start(r->meta);
	return err ? failed_write(r, err) : EXIT_DONE;
}

/* One transaction, as many records as it takes; returns their number. */
static int commit_some(struct rest *r, const struct sc_record *rec, u32 nr)
{
	u32 n, i;
	int err;

	err = sc_meta_commit_begin(r->meta);
	for (n = 0; !err && n < nr && !sc_meta_commit_full(r->meta); n++)
		err = sc_meta_commit_add(r->meta, &rec[n]);
	if (!err)
		err = sc_meta_commit_end(r->meta);
	if (err)
		return err;
	for (i = 0; i < n; i++)
		store(r, &rec[i]);
	return n;
}

int rest_commit(struct rest *r, const struct sc_record *rec, u32 nr)
{
	int n;

	for (; nr; rec += n, nr -= n) {
		n = commit_some(r, rec, nr);
		if (n < 0)
			return failed_write(r, n);
	}
	return EXIT_DONE;
}

int rest_end(struct rest *r)
{
	int err = sc_meta_checkpoint(r->meta);

	return err ? failed_write(r, err) : EXIT_DONE;
}

int rest_clear_needs_check(struct rest *r)
{
	int err = sc_meta_set_needs_check(r->meta, false);

	return err ? failed_write(r, err) : EXIT_DONE;
}

#define CLEAR_BLOCKS	256u

/* ---- create ---------------------------------------------------------------- */

/* Of two blocks one may be torn. */
static bool is_ours(const u8 *block, const u8 *uuid)
{
	struct sc_super s;
	u32 i;

	if (sc_codec_is_zero(block))
		return true;
	for (i = 0; i < REST_CURTAIN_BLOCKS; i++, block += SC_META_BLOCK_BYTES)
		if (!memcmp(block, unfinished, sizeof(unfinished)) ||
		    (!sc_codec_super_decode(block, i, &s, NULL) &&
		     !memcmp(s.uuid, uuid, SC_UUID_BYTES)))
			return true;
	return false;
}

static int check_place(struct rest *r, const struct rest_new *new)
{
	u8 *block = r->curtain;
	int err;

	if (new->force ||
	    r->metadata.sectors < REST_CURTAIN_BLOCKS * META_SECTORS)
		return EXIT_DONE;
	err = disk_read(&r->metadata, 0, block,
			REST_CURTAIN_BLOCKS * META_SECTORS);
	if (!err && is_ours(block, new->p.uuid))
		return EXIT_DONE;
	if (err)
		report_error("%s: %s", r->metadata.path, strerror(-err));
	else
		report_error("%s: holds something; --force overwrites it",
			     r->metadata.path);
	return err ? EXIT_FAILED : EXIT_REFUSED;
}

int rest_create(struct rest *r, const struct rest_new *new)
{
	struct sc_meta_params p = new->p;
	int code, err;

	rest_init(r);
	err = disk_open(&r->metadata, new->path, true, NULL);
	if (err)
		return rest_exit_code(err);
	r->curtain = calloc(REST_CURTAIN_BLOCKS, SC_META_BLOCK_BYTES);
	if (!r->curtain)
		return no_memory();
	code = check_place(r, new);
	if (code)
		return code;
	memset(r->curtain, 0, REST_CURTAIN_BLOCKS * SC_META_BLOCK_BYTES);
	p.metadata_sectors = r->metadata.sectors;
	return open_engine(r, &p);
}

/* One block after the other, each durable before the next and behind all else. */
static int write_supers(struct rest *r, const u8 *first, const u8 *second)
{
	int err = disk_flush(&r->metadata);

	if (!err)
		err = disk_write(&r->metadata, META_SECTORS, second,
				 META_SECTORS);
	if (!err)
		err = disk_flush(&r->metadata);
	if (!err)
		err = disk_write(&r->metadata, 0, first, META_SECTORS);
	return err ?: disk_flush(&r->metadata);
}

/* From here on the device is nobody's metadata. */
static int draw_curtain(struct rest *r)
{
	u8 block[SC_META_BLOCK_BYTES] = {};

	memcpy(block, unfinished, sizeof(unfinished));
	return write_supers(r, block, block);
}

/* Journal blocks of the cache that has been there would be of ours by their uuid. */
static int clear_journal(struct rest *r)
{
	static const u8 zeroes[CLEAR_BLOCKS * SC_META_BLOCK_BYTES];
	struct sc_meta_stats st;
	u64 block, nr;
	int err = 0;

	sc_meta_stats(r->meta, &st);
	for (block = REST_CURTAIN_BLOCKS; block < st.nr_used && !err;
	     block += nr) {
		nr = min_t(u64, CLEAR_BLOCKS, st.nr_used - block);
		err = disk_write(&r->metadata, block * META_SECTORS, zeroes,
				 nr * META_SECTORS);
	}
	return err;
}

static int open_curtain(struct rest *r)
{
	return write_supers(r, behind_curtain(r, 0), behind_curtain(r, 1));
}

int rest_create_end(struct rest *r, bool needs_check)
{
	int code, err;

	err = draw_curtain(r);
	if (!err)
		err = clear_journal(r);
	if (err)
		return failed_write(r, err);
	code = rest_start(r);
	if (code)
		return code;
	err = sc_meta_set_needs_check(r->meta, needs_check);
	if (!err)
		err = sc_meta_checkpoint(r->meta);
	if (!err)
		err = open_curtain(r);
	return err ? failed_write(r, err) : EXIT_DONE;
}

int rest_is_made(const char *path, bool *is_made)
{
	u8 block[SC_META_BLOCK_BYTES];
	struct sc_super s;
	struct disk d;
	int err;
	u32 i;

	*is_made = false;
	err = disk_open(&d, path, true, NULL);
	if (err)
		return rest_exit_code(err);
	for (i = 0; i < REST_CURTAIN_BLOCKS && !*is_made && !err; i++) {
		err = disk_read(&d, i * META_SECTORS, block, META_SECTORS);
		*is_made = !err && !sc_codec_super_decode(block, i, &s, NULL);
	}
	disk_close(&d);
	if (err)
		report_error("%s: %s", path, strerror(-err));
	return err ? EXIT_FAILED : EXIT_DONE;
}

int rest_change(const struct rest_how *how, int (*change)(struct rest *r))
{
	struct rest r;
	int code;

	code = rest_open(&r, how);
	if (!code)
		code = rest_start(&r);
	if (!code && change)
		code = change(&r);
	if (!code)
		code = rest_end(&r);
	rest_close(&r);
	return code;
}

int rest_write_labels(const char *metadata, const char *cache, bool are_there)
{
	struct rest_how how = {
		.metadata = metadata,
		.cache = cache,
		.write = true,
		.new_labels = !are_there,
	};

	return rest_change(&how, NULL);
}
