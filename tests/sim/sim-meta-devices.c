// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata engine and its devices: what is refused with which words, what
 * survives which change.
 */
#include "meta-kit.h"

/* ---- devices --------------------------------------------------------------- */

static void test_foreign(void **state)
{
	(void)state;
	rig_close(&kit);
	memset(sim_disk_block(&kit.meta, 0)->seen, 'x', SIM_BLOCK);
	memset(sim_disk_block(&kit.meta, 1)->seen, 'y', SIM_BLOCK);
	kit_reopen_with(&kit_params, -EINVAL, "holds something else");
	/* Zeroes are a wish to format. */
	memset(sim_disk_block(&kit.meta, 0)->seen, 0, SIM_BLOCK);
	kit_reopen_with(&kit_params, 0, NULL);
	assert_true(sc_meta_was_clean(kit.m));
}

static void test_reformat(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	kit_commit_range(0, 300, 1);
	rig_close(&kit);
	memset(sim_disk_block(&kit.meta, 0)->seen, 0, SIM_BLOCK);
	p.uuid[0] = 0;
	p.uuid[1] = 0;
	kit_reopen_with(&p, -EINVAL, "uuid");
	/* What is left of the old journal must not be replayed. */
	p.uuid[3] = 1;
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(sc_meta_start(kit.m), 0);
	memset(kit.view, 0, sizeof(*kit.view));
	kit_reopen();
}

static void test_wrong_cache_device(void **state)
{
	struct sim_disk *d = &kit.cache;
	struct sim_block *head, *tail;
	u8 byte;

	(void)state;
	rig_close(&kit);
	head = sim_disk_block(d, 0);
	tail = sim_disk_block(d, 1001);
	byte = head->seen[4095];
	head->seen[4095] ^= 1;
	kit_reopen();
	tail->seen[100] ^= 1;
	kit_reopen_with(&kit_params, -EINVAL, "no label");
	tail->seen[100] ^= 1;
	/* A start repairs what is missing. */
	assert_int_equal(rig_up(&kit), 0);
	assert_int_equal(head->seen[4095], byte);
	rig_exit(&kit);
	/* Another cache's metadata with this cache device. */
	kit_setup(NULL);
	rig_close(&kit);
	kit.p.uuid[0] = 1;
	memset(sim_disk_block(&kit.meta, 0)->seen, 0, SIM_BLOCK);
	assert_int_equal(rig_up(&kit), 0);
	rig_close(&kit);
	*sim_disk_block(&kit.cache, 0) = *sim_disk_block(&kit.cache, 5);
	*sim_disk_block(&kit.cache, 1001) = *sim_disk_block(&kit.cache, 5);
	sc_codec_label_encode(sim_disk_block(&kit.cache, 0)->seen,
			      &(struct sc_block_id){kit_params.uuid, 0, 1});
	kit_reopen_with(&kit_params, -EINVAL, "another cache");
	sc_codec_label_encode(sim_disk_block(&kit.cache, 0)->seen,
			      &(struct sc_block_id){kit.p.uuid, 0, 1});
}

/* Whatever is at the end: a cache was formatted there afterwards. */
static void test_foreign_head(void **state)
{
	(void)state;
	rig_close(&kit);
	sc_codec_label_encode(sim_disk_block(&kit.cache, 0)->seen,
			      &(struct sc_block_id){(u8[SC_UUID_BYTES]){9}, 0, 1});
	kit_reopen_with(&kit_params, -EINVAL, "another cache");
}

/* What took the place of the metadata is not made empty. */
static void test_void_spares_others(void **state)
{
	struct sc_super s = *sc_meta_super(kit.m);
	u8 *first = sim_disk_block(&kit.meta, 0)->seen;
	u8 old[SIM_BLOCK];

	(void)state;
	memcpy(old, first, SIM_BLOCK);
	s.uuid[0] ^= 1;
	sc_codec_super_encode(first, &s, 0);
	assert_int_equal(sc_meta_void(kit.m), -EINVAL);
	assert_true(sc_meta_is_other(kit.m));
	assert_false(sc_codec_is_zero(first));
	memset(first, 1, SIM_BLOCK);
	assert_int_equal(sc_meta_void(kit.m), -EINVAL);
	/* As the next start does it believes the second. */
	assert_false(sc_meta_is_other(kit.m));
	memcpy(first, old, SIM_BLOCK);
	assert_false(sc_meta_is_other(kit.m));
	assert_int_equal(sc_meta_void(kit.m), 0);
	assert_true(sc_codec_is_zero(first));
	assert_true(sc_meta_is_other(kit.m));
}

/* A copy of the cache device, taken before a raised epoch was dealt with. */
static void test_old_cache_device(void **state)
{
	struct sim_block head, tail;

	(void)state;
	head = *sim_disk_block(&kit.cache, 0);
	tail = *sim_disk_block(&kit.cache, 1001);
	assert_int_equal(sc_meta_raise_epoch(kit.m), 0);
	rig_close(&kit);
	assert_int_equal(rig_up(&kit), 0);
	*sim_disk_block(&kit.cache, 0) = head;
	kit_reopen();
	*sim_disk_block(&kit.cache, 1001) = tail;
	kit_reopen_with(&kit_params, -EINVAL, "older than its metadata");
}

static void test_block_size(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	p.block_sectors = 16;
	kit_reopen_with(&p, -EINVAL, "made for 8 sectors, got 16");
	p.block_sectors = 24;
	kit_reopen_with(&p, -EINVAL, "power of two");
}

static void test_too_small(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	kit_commit_range(0, 1000, 1);
	/* The device has room for one group of pages: 5376 slots. */
	p.cache_sectors = 5377 * 8 + 16;
	kit_reopen_with(&p, -ENOSPC,
			"336 KiB needed for 5377 slots, got 256 KiB");
	p.metadata_sectors = 84 * 8 - 1;
	kit_reopen_with(&p, -ENOSPC, "336 KiB needed for 5377 slots");
	p.metadata_sectors = 84 * 8;
	kit_reopen_with(&p, 0, NULL);
	assert_true(rig_check_loaded(&kit));
	assert_int_equal(sc_meta_start(kit.m), 0);
	/* Now the smaller one will not do. */
	p.metadata_sectors = 64 * 8;
	kit_reopen_with(&p, -ENOSPC, "336 KiB needed");
	p.metadata_sectors = 84 * 8;
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(kit.loaded->rec[999].dirty, 1);
}

static void test_map_too_small(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	p.metadata_sectors = 1ULL << 24;
	p.cache_sectors = (16128ULL * 336 + 1) * 8 + 16;
	kit_reopen_with(&p, -ENOSPC,
			"formatted for 5419008 slots at most, got 5419009");
	rig_close(&kit);
	kit.p = kit_params;
}

static void test_shrink_refused(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	kit_commit_range(0, 400, 0);
	kit_commit_range(900, 100, 1);
	p.cache_sectors = 500 * 8 + 16;
	kit_reopen_with(&p, -EINVAL, "100 slots hold dirty data");
	p = kit_params;
	p.origin_sectors = 950 * 8;
	kit_reopen_with(&p, -EINVAL, "50 slots hold dirty data");
	/* In the middle of a sub-block. */
	p.origin_sectors = 951 * 8 - 1;
	kit_reopen_with(&p, -EINVAL, "50 slots hold dirty data");
	/* Destaged since, says the journal. */
	kit_reopen_with(&kit_params, 0, NULL);
	assert_int_equal(sc_meta_start(kit.m), 0);
	assert_true(rig_check_loaded(&kit));
	kit_commit_range(900, 100, 0);
	p.origin_sectors = 950 * 8;
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(kit.loaded->rec[949].valid, 1);
	assert_int_equal(kit.loaded->rec[950].valid, 0);
}

/*
 * What was behind the end must be forgotten by every later checkpoint, not only
 * by the one that shrinks: the states of four pages share a byte.
 */
static void test_shrink_and_go_on(void **state)
{
	struct sc_meta_params p = kit_params;

	(void)state;
	rig_exit(&kit);
	p.metadata_sectors = 256 * 8;
	p.cache_sectors = (u64)6 * SC_PAGE_ENTRIES * 8 + 16;
	rig_init(&kit, &p);
	assert_int_equal(rig_up(&kit), 0);
	kit_commit_range(0, 6 * SC_PAGE_ENTRIES, 0);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	p.cache_sectors = (u64)4 * SC_PAGE_ENTRIES * 8 + 16;
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(sc_meta_start(kit.m), 0);
	kit_commit_range(0, 1, 1);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	kit_reopen_with(&p, 0, NULL);
	assert_int_equal(kit.loaded->rec[0].dirty, 1);
	assert_int_equal(kit.loaded->rec[4 * SC_PAGE_ENTRIES - 1].valid, 1);
	assert_int_equal(kit.loaded->rec[4 * SC_PAGE_ENTRIES].valid, 0);
}

/* ---- features -------------------------------------------------------------- */

/* Set a feature word of both superblocks behind the engine's back. */
static void set_feature(u32 offset, u64 word)
{
	u8 *b;
	u32 i, crc;

	rig_close(&kit);
	word = htole64(word);
	for (i = 0; i < 2; i++) {
		b = sim_disk_block(&kit.meta, i)->seen;
		memcpy(b + offset, &word, sizeof(word));
		crc = htole32(sc_env_crc32c(b + 12, SIM_BLOCK - 12));
		memcpy(b + 8, &crc, sizeof(crc));
	}
}

static void test_features(void **state)
{
	(void)state;
	kit_commit_range(0, 10, 1);
	set_feature(48, 1);
	kit_reopen();
	assert_false(sc_meta_read_only(kit.m));
	assert_int_equal(sc_meta_start(kit.m), 0);
	set_feature(56, 1ULL << 63);
	kit_reopen();
	assert_true(sc_meta_read_only(kit.m));
	assert_int_equal(sc_meta_start(kit.m), -EROFS);
	set_feature(64, 4);
	kit_reopen_with(&kit_params, -EINVAL, "incompatible features 0x4");
}

static void test_version(void **state)
{
	(void)state;
	set_feature(64, 0);
	/* Bytes 12 and 13, with the type and the uuid's beginning behind. */
	set_feature(12, 2 | 1 << 16 | 0xcdabULL << 32);
	kit_reopen_with(&kit_params, -EINVAL, "version 2 is not supported");
}

/* ---- a large one ----------------------------------------------------------- */

static u32 nr_set, last_slot;

static int count_set(void *ctx, const struct sc_record *rec, u32 nr)
{
	(void)ctx;
	for (; nr--; rec++) {
		assert_true(!nr_set || from_cblock(rec->slot) > last_slot);
		last_slot = from_cblock(rec->slot);
		nr_set++;
	}
	return 0;
}

static void large_get(void *ctx, sc_cblock_t slot, struct sc_record *rec)
{
	(void)ctx;
	*rec = kit_record(from_cblock(slot), from_cblock(slot), 1);
}

static int large_try(const struct sc_meta_io *io)
{
	rig_close(&kit);
	kit.m = sc_meta_create(io, &kit, &kit.p);
	assert_int_equal(sc_meta_open(kit.m, &kit.why), 0);
	nr_set = 0;
	return sc_meta_load(kit.m, count_set, &kit.why);
}

static void large_load(const struct sc_meta_io *io)
{
	assert_int_equal(large_try(io), 0);
	assert_int_equal(sc_meta_start(kit.m), 0);
}

/* The model does not reach so far. */
static void large_commit(u32 slot, u32 nr)
{
	struct sc_record rec;
	u32 i;

	assert_int_equal(sc_meta_commit_begin(kit.m), 0);
	for (i = 0; i < nr; i++) {
		rec = kit_record(slot + i, slot + i, 1);
		assert_int_equal(sc_meta_commit_add(kit.m, &rec), 0);
	}
	assert_int_equal(sc_meta_commit_end(kit.m), 0);
}

static void large_open(u32 nr_slots, struct sc_meta_io *io)
{
	struct sc_meta_params p = kit_params;

	rig_exit(&kit);
	p.cache_sectors = (nr_slots + 2) * 8ULL;
	p.metadata_sectors = sc_meta_size_needed(nr_slots);
	p.origin_sectors = 1ULL << 30;
	p.journal_blocks = 0;
	rig_init(&kit, &p);
	sim_disk_exit(&kit.meta);
	sim_disk_init(&kit.meta, p.metadata_sectors / 8);
	sim_disk_exit(&kit.cache);
	sim_disk_init(&kit.cache, p.cache_sectors / 8);
	*io = rig_io;
	io->get = large_get;
	io->set_whole = NULL;
	large_load(io);
}

/* Two map blocks for each region; only what was touched is read. */
static void test_two_map_blocks(void **state)
{
	struct sc_meta_io io;

	(void)state;
	large_open(16130 * 336, &io);
	large_commit(16128 * 336 - 100, 200);
	large_load(&io);
	assert_int_equal(nr_set, 200);
	assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	large_load(&io);
	/* Two whole pages. */
	assert_int_equal(nr_set, 2 * 336);
	assert_int_equal(last_slot, 16129 * 336 - 1);
}

/* ---- many reads ------------------------------------------------------------ */

#define MANY_PAGES	200u
/* No page from the first to the second: a read that nobody needs. */
#define HOLE_BEGIN	40u
#define HOLE_END	130u
#define MANY_SLOTS	((HOLE_BEGIN + MANY_PAGES - HOLE_END) * 336)

/* All of a page have both copies. */
static void many_pages(struct sc_meta_io *io)
{
	u32 page, times;

	large_open(MANY_PAGES * 336, io);
	for (times = 0; times < 2; times++) {
		for (page = 0; page < MANY_PAGES; page++)
			if (page < HOLE_BEGIN || page >= HOLE_END)
				large_commit(page * 336, 1);
		assert_int_equal(sc_meta_checkpoint(kit.m), 0);
	}
	large_load(io);
	assert_int_equal(nr_set, MANY_SLOTS);
	assert_int_equal(last_slot, MANY_PAGES * 336 - 1);
}

/* Where the newer copy of a page is, or the older one. */
static u32 find_page(u32 page, bool newer)
{
	struct sc_block_id id = { .uuid = kit.p.uuid, .seq = ~0ULL };
	u64 first = 0, seq;
	u32 at = 0;
	u8 *b;

	for (; id.location < kit.p.metadata_sectors / 8; id.location++) {
		b = sim_disk_block(&kit.meta, id.location)->seen;
		if (sc_codec_page_open(b, &id, page, NULL))
			continue;
		seq = sc_codec_seq(b);
		if (!at || (seq > first) == newer)
			at = id.location;
		first = first ?: seq;
	}
	assert_int_not_equal(at, 0);
	return at;
}

/* The read before and the one behind is on its way while that is found out. */
static void test_bad_read(void **state)
{
	static const u32 pages[] = { 0, 31, 32, 150, MANY_PAGES - 1 };
	struct sc_meta_io io, repair;
	u32 i;

	(void)state;
	many_pages(&io);
	repair = io;
	repair.damaged = rig_repair_io.damaged;
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		kit.meta.bad = find_page(pages[i], false);
		large_load(&io);
		assert_int_equal(nr_set, MANY_SLOTS);
		kit.meta.bad = find_page(pages[i], true);
		assert_int_equal(large_try(&io), -EIO);
		assert_non_null(strstr(kit.why.text, "page block"));
		memset(&kit.damaged, 0, sizeof(kit.damaged));
		assert_int_equal(large_try(&repair), 0);
		assert_int_equal(kit.damaged.nr[SC_DAMAGE_PAGE], 1);
		assert_int_equal(kit.damaged.last.slot, pages[i] * 336);
		assert_int_equal(nr_set, MANY_SLOTS - 336);
	}
}

static void test_bad_page(void **state)
{
	static const u32 pages[] = { 5, 33, MANY_PAGES - 1 };
	struct sc_meta_io io;
	u32 i;
	u8 *b;

	(void)state;
	many_pages(&io);
	for (i = 0; i < ARRAY_SIZE(pages); i++) {
		b = sim_disk_block(&kit.meta, find_page(pages[i], true))->seen;
		b[1000] ^= 1;
		assert_int_equal(large_try(&io), -EUCLEAN);
		assert_non_null(strstr(kit.why.text, "wrong checksum"));
		b[1000] ^= 1;
		large_load(&io);
		assert_int_equal(nr_set, MANY_SLOTS);
	}
}

static u32 nr_begun;

static int begin_at_times(void *ctx, u64 block, void *data, u32 nr)
{
	if (nr_begun++ % 2)
		return -EIO;
	return rig_io.read_begin(ctx, block, data, nr);
}

static void test_no_begin(void **state)
{
	struct sc_meta_io io;
	u8 *b;

	(void)state;
	many_pages(&io);
	io.read_begin = begin_at_times;
	nr_begun = 0;
	large_load(&io);
	assert_int_equal(nr_set, MANY_SLOTS);
	assert_in_range(nr_begun, 3, 5);
	b = sim_disk_block(&kit.meta, find_page(5, true))->seen;
	b[1000] ^= 1;
	nr_begun = 0;
	assert_int_equal(large_try(&io), -EUCLEAN);
	assert_int_equal(nr_begun, 2);
	b[1000] ^= 1;
	io.read_begin = NULL;
	large_load(&io);
	assert_int_equal(nr_set, MANY_SLOTS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		KIT_TEST(test_foreign),
		KIT_TEST(test_reformat),
		KIT_TEST(test_wrong_cache_device),
		KIT_TEST(test_foreign_head),
		KIT_TEST(test_void_spares_others),
		KIT_TEST(test_old_cache_device),
		KIT_TEST(test_block_size),
		KIT_TEST(test_too_small),
		KIT_TEST(test_map_too_small),
		KIT_TEST(test_shrink_refused),
		KIT_TEST(test_shrink_and_go_on),
		KIT_TEST(test_features),
		KIT_TEST(test_version),
		KIT_TEST(test_two_map_blocks),
		KIT_TEST(test_bad_read),
		KIT_TEST(test_bad_page),
		KIT_TEST(test_no_begin),
	};

	return cmocka_run_group_tests_name("metadata devices", tests, NULL,
					   NULL);
}
