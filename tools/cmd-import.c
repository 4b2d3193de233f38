// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache import: a pool of dm-cache's becomes a cache of ours, its warm blocks
 * where they are.
 *
 * DOC: what moves, and in which order
 *
 * dm-cache's block n begins at sector n * block size of its cache device, our
 * slot n at data_offset + n * block size, where data_offset is the block size, as
 * dm-cache has no blocks smaller than that of 32 KiB. So its block n + 1 is our
 * slot n, at the same place. Under our two labels are its block 0 and, unless the
 * device has room behind it, its last one: these are displaced. A dirty one is
 * written to the origin, a clean one is forgotten.
 *
 * First the displaced blocks go to the origin, and that is flushed; then the
 * metadata is made, which counts only when all of it is there; then the labels are
 * written, and that is the first change of the cache device. So an import that was
 * cut short is done again from the beginning while there is no metadata, and
 * goes on with the labels when there is: never is a displaced block read from
 * where a label may be.
 */
#define _GNU_SOURCE
#include <sys/random.h>

#include "codec.h"
#include "lib/report.h"
#include "lib/rest.h"
#include "lib/verb.h"

#define MIN_FOREIGN_SECTORS	64u
/* A label lies in one block of the pool. */
#define MAX_DISPLACED		2u

static const char *metadata_path, *cache_path, *origin_path;
static bool trust_clean, force;

static const struct option_spec options[] = {
	OPT_TEXT("metadata", 'm', "DEVICE", "for our metadata: its content is lost",
		 &metadata_path),
	OPT_TEXT("cache", 'c', "DEVICE", "cache device of the pool",
		 &cache_path),
	OPT_TEXT("origin", 'o', "DEVICE", "origin of the pool", &origin_path),
	OPT_FLAG("trust-clean", 't',
		 "believe the dump where it says that a block is clean",
		 &trust_clean),
	OPT_FLAG("force", 'f', "overwrite whatever is on the metadata device",
		 &force),
	OPT_END
};

static const struct column columns[] = {
	{ "imported", "blocks imported", CELL_NUMBER, 0, NULL },
	{ "dirty", "of these dirty", CELL_NUMBER, 0, NULL },
	{ "displaced", "blocks under our labels", CELL_NUMBER, 0, NULL },
	{ "written", "of these written back", CELL_NUMBER, 0, NULL },
	{ "uuid", "uuid", CELL_TEXT, 0, NULL },
	COLUMN_END
};

/**
 * struct import - an import under way
 * @dump: the pool's dump
 * @again: the metadata is there; is it the same?
 * @is_labelled: so is a label
 * @rest: our cache
 * @cache: the pool's cache device
 * @origin: its origin
 * @displaced: blocks under our labels, by their numbers in the pool
 * @nr_displaced: how many
 * @nr_written: of these, written back
 * @nr: imported
 * @nr_dirty: of these, dirty
 */
struct import {
	const char *dump;
	bool again;
	bool is_labelled;
	struct rest rest;
	struct disk cache;
	struct disk origin;
	struct sc_record displaced[MAX_DISPLACED];
	u32 nr_displaced;
	u32 nr_written;
	u32 nr;
	u32 nr_dirty;
};

/* ---- the pool -------------------------------------------------------------- */

static int refuse(const struct import *m, const char *what, u64 got)
{
	report_error("%s: %s, got %llu", m->dump, what,
		     (unsigned long long)got);
	return EXIT_USAGE;
}

static int check_pool(const struct import *m, const struct dump_cache *pool)
{
	if (!pool->is_foreign)
		return refuse(m, "a dump of ours, which restore takes, with sectors",
			      pool->origin_sectors);
	if (pool->block_sectors < MIN_FOREIGN_SECTORS ||
	    pool->block_sectors > SC_MAX_BLOCK_SECTORS ||
	    !is_power_of_2(pool->block_sectors))
		return refuse(m, "the block size must be a power of two from 64 to 2048 sectors",
			      pool->block_sectors);
	if ((u64)pool->nr_slots * pool->block_sectors > m->cache.sectors)
		return refuse(m, "the pool has more blocks than the cache device",
			      pool->nr_slots);
	return EXIT_DONE;
}

static int make_metadata(struct import *m, const struct dump_cache *pool)
{
	struct rest_new new = {
		.path = metadata_path,
		.force = force,
		.p = {
			.cache_sectors = m->cache.sectors,
			.origin_sectors = m->origin.sectors,
			.block_sectors = pool->block_sectors,
			.policy = "s3fifo",
		},
	};

	if (getrandom(new.p.uuid, sizeof(new.p.uuid), 0) !=
	    sizeof(new.p.uuid)) {
		report_error("no random numbers: %s", strerror(errno));
		return EXIT_FAILED;
	}
	return rest_create(&m->rest, &new);
}

/* Metadata without labels: an import was cut short, or it is something else. */
static int open_metadata(struct import *m, const struct dump_cache *pool)
{
	struct rest_how how = { .metadata = metadata_path };
	const struct sc_super *s;
	int code;

	code = rest_open(&m->rest, &how);
	if (code)
		return code;
	s = sc_meta_super(m->rest.meta);
	if (s->cache_sectors == m->cache.sectors &&
	    m->rest.geom->origin_sectors == m->origin.sectors &&
	    1u << m->rest.geom->block_shift == pool->block_sectors)
		return EXIT_DONE;
	report_error("%s: holds a cache; if that is not needed any more, zero its first 8 KiB",
		     metadata_path);
	return EXIT_REFUSED;
}

static int take_pool(void *ctx, const struct dump_cache *pool)
{
	struct import *m = ctx;
	int code = check_pool(m, pool);

	if (code)
		return code;
	return m->again ? open_metadata(m, pool) : make_metadata(m, pool);
}

/* ---- its blocks ------------------------------------------------------------ */

static int refuse_twice(const struct import *m, const struct sc_record *rec)
{
	return refuse(m, "a block is told twice",
		      from_oblock(rec->block));
}

static int displace(struct import *m, const struct sc_record *rec)
{
	u32 i;

	for (i = 0; i < m->nr_displaced; i++)
		if (from_cblock(m->displaced[i].slot) ==
			    from_cblock(rec->slot) ||
		    from_oblock(m->displaced[i].block) ==
			    from_oblock(rec->block))
			return refuse_twice(m, rec);
	if (sc_env_warn_once(i == MAX_DISPLACED))
		return EXIT_FAILED;
	m->displaced[m->nr_displaced++] = *rec;
	return EXIT_DONE;
}

static int keep(struct import *m, const struct sc_record *rec)
{
	struct sc_record known;

	rest_get(&m->rest, rec->slot, &known);
	if (!m->again) {
		if (known.valid)
			return refuse_twice(m, rec);
		rest_put(&m->rest, rec);
	} else if (known.valid != rec->valid || known.dirty != rec->dirty ||
		   from_oblock(known.block) != from_oblock(rec->block)) {
		report_error("%s: holds a cache that is not this pool; if that is not needed any more, zero its first 8 KiB",
			     metadata_path);
		return EXIT_REFUSED;
	}
	m->nr++;
	m->nr_dirty += !!rec->dirty;
	return EXIT_DONE;
}

static int take_block(void *ctx, const struct sc_record *rec)
{
	struct import *m = ctx;
	const struct sc_geom *g = m->rest.geom;
	u32 block_of_pool = from_cblock(rec->slot);
	struct sc_record ours = *rec;

	if (from_oblock(rec->block) >= g->nr_oblocks)
		return refuse(m, "origin block outside of the origin",
			      from_oblock(rec->block));
	ours.valid = sc_geom_subs(g, rec->block);
	ours.dirty = rec->dirty || !trust_clean ? ours.valid : 0;
	if (!block_of_pool || block_of_pool - 1 >= g->nr_slots)
		return displace(m, &ours);
	ours.slot = to_cblock(block_of_pool - 1);
	return keep(m, &ours);
}

/* ---- those under the labels ------------------------------------------------ */

static int check_displaced(struct import *m)
{
	struct sc_record rec;
	u32 slot, i;

	for (slot = 0; slot < m->rest.geom->nr_slots; slot++) {
		rest_get(&m->rest, to_cblock(slot), &rec);
		for (i = 0; i < m->nr_displaced && rec.valid; i++)
			if (from_oblock(m->displaced[i].block) ==
			    from_oblock(rec.block))
				return refuse_twice(m, &rec);
	}
	return EXIT_DONE;
}

static int write_block(struct import *m, const struct sc_record *rec)
{
	static u8 data[SC_MAX_BLOCK_SECTORS << SC_SECTOR_SHIFT];
	const struct sc_geom *g = m->rest.geom;
	u64 to = sc_block_sector(g, rec->block);
	u64 from = (u64)from_cblock(rec->slot) << g->block_shift;
	u64 nr = min(1ULL << g->block_shift, g->origin_sectors - to);
	int err;

	err = disk_read(&m->cache, from, data, nr);
	return err ?: disk_write(&m->origin, to, data, nr);
}

static int write_displaced(struct import *m)
{
	int err = 0;
	u32 i;

	for (i = 0; i < m->nr_displaced && !err; i++) {
		if (!m->displaced[i].dirty)
			continue;
		err = write_block(m, &m->displaced[i]);
		m->nr_written++;
	}
	if (!err)
		err = disk_flush(&m->origin);
	if (!err)
		return EXIT_DONE;
	report_error("the blocks under the labels cannot be written back: %s",
		     strerror(-err));
	return EXIT_FAILED;
}

/* ---- all of it ------------------------------------------------------------- */

static bool has_label(const struct import *m, u64 sector)
{
	u8 block[SC_META_BLOCK_BYTES], uuid[SC_UUID_BYTES];
	u64 epoch;

	return !disk_read(&m->cache, sector, block, SC_LABEL_SECTORS) &&
	       !sc_codec_label_decode(block, sector / SC_LABEL_SECTORS, uuid,
				      &epoch, NULL);
}

static int open_disks(struct import *m)
{
	int err;

	err = disk_open(&m->cache, cache_path, true, NULL);
	if (!err)
		err = disk_open(&m->origin, origin_path, true, NULL);
	if (err)
		return rest_exit_code(err);
	if (disk_same(&m->cache, &m->origin)) {
		report_error("cache and origin must be different devices");
		return EXIT_USAGE;
	}
	if (m->cache.sectors >= 2 * SC_LABEL_SECTORS)
		m->is_labelled = has_label(m, 0) ||
				 has_label(m, sc_geom_tail_label(
						m->cache.sectors));
	return EXIT_DONE;
}

/* What a label was written over is on the origin, or it is another cache's. */
static int check_again_or_new(struct import *m)
{
	int code = rest_is_made(metadata_path, &m->again);

	if (code || m->again || !m->is_labelled)
		return code;
	report_error("%s: is a cache device of ours already", cache_path);
	return EXIT_REFUSED;
}

static void print(const struct import *m)
{
	struct json_object *o = json_object_new_object();
	char uuid[SC_UUID_TEXT_BYTES];
	struct sc_text t;

	sc_text_init(&t, uuid, sizeof(uuid));
	sc_uuid_to_text(sc_meta_super(m->rest.meta)->uuid, &t);
	json_object_object_add(o, "imported", json_object_new_int64(m->nr));
	json_object_object_add(o, "dirty", json_object_new_int64(m->nr_dirty));
	json_object_object_add(o, "displaced",
			       json_object_new_int64(m->nr_displaced));
	json_object_object_add(o, "written",
			       json_object_new_int64(m->nr_written));
	json_object_object_add(o, "uuid", json_object_new_string(uuid));
	report_fields(columns, o);
}

static int check_again(const struct import *m, const struct sc_check *check)
{
	if (!m->again || check->nr_mapped == m->nr)
		return EXIT_DONE;
	report_error("%s: holds a cache that is not this pool; if that is not needed any more, zero its first 8 KiB",
		     metadata_path);
	return EXIT_REFUSED;
}

static int import(struct import *m)
{
	struct dump_reader reader = {
		.begin = take_pool, .slot = take_block, .ctx = m,
	};
	struct sc_check check;
	int code;

	code = open_disks(m);
	if (!code)
		code = check_again_or_new(m);
	if (code)
		return code;
	code = dump_read(m->dump, &reader);
	if (code)
		return code > 0 ? code :
		       code == -EINVAL ? EXIT_USAGE : rest_exit_code(code);
	code = rest_settle(&m->rest, &check, NULL, NULL);
	if (!code)
		code = check_displaced(m);
	if (code || m->again)
		return code ?: check_again(m, &check);
	code = write_displaced(m);
	return code ?: rest_create_end(&m->rest, false);
}

static int run(int argc, char **argv)
{
	struct import m = { .dump = argv[0] };
	int code;

	(void)argc;
	if (!metadata_path || !cache_path || !origin_path) {
		report_error("which devices? --metadata, --cache and --origin are needed");
		return EXIT_USAGE;
	}
	m.cache.fd = -1;
	m.origin.fd = -1;
	rest_init(&m.rest);
	code = import(&m);
	if (!code)
		print(&m);
	rest_close(&m.rest);
	disk_close(&m.cache);
	disk_close(&m.origin);
	return code ?: rest_write_labels(metadata_path, cache_path,
					 m.is_labelled);
}

const struct verb cmd_import = {
	.name = "import",
	.args = "DUMP --metadata DEVICE --cache DEVICE --origin DEVICE",
	.summary = "take over a pool of dm-cache's with its contents, from what cache_dump printed",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
