// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every kind of damage, by its name: check finds it, repair mends it and says
 * what is lost, and nothing but that is lost.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <unistd.h>

#include "codec.h"
#include "image.h"
#include "offline.h"
#include "random.h"
#include "report.h"

#include <setjmp.h>
#include <cmocka.h>

/* 1008 slots: three pages. A map region has one block. */
static const struct image image = {
	.metadata = "meta", .cache = "cache", .origin = "origin",
	.block_sectors = 8,
	.cache_sectors = 1010 * 8,
	.origin_sectors = 20001,
	.metadata_sectors = 512,
};

static struct sc_layout layout;
static struct sc_record rec[1008], before[1008];
static u32 nr_rec;

/* ---- a sound cache --------------------------------------------------------- */

static int enter(void **state)
{

	random_seed();
	assert_int_equal(sc_layout_init(&layout, image.metadata_sectors, 0,
					NULL), 0);
	return image_enter(state);
}

static void load(struct sc_record *to)
{
	struct rest r;
	u32 i;

	said_begin();
	image_load(&image, &r);
	said_end();
	for (i = 0; i < ARRAY_SIZE(before); i++)
		rest_get(&r, to_cblock(i), &to[i]);
	rest_close(&r);
}

static struct sc_record record(u32 slot, u64 block, u16 dirty)
{
	return (struct sc_record){
		.slot = to_cblock(slot),
		.block = to_oblock(block),
		.valid = 1,
		.dirty = dirty,
		.hint = 5,
	};
}

static bool is_held(u64 block)
{
	u32 i;

	for (i = 0; i < nr_rec; i++)
		if (from_oblock(rec[i].block) == block)
			return true;
	return false;
}

/* The @n-th block that no slot holds. */
static u64 free_block(u32 n)
{
	u64 block = 0;

	while (is_held(block) || n--)
		block++;
	return block;
}

/* Two checkpoints, so that both copies exist; two transactions in the journal. */
static void make(void)
{
	struct sc_record one, two;

	said_begin();
	image_make(&image);
	nr_rec = image_random(&image, rec, ARRAY_SIZE(rec));
	one = record(1006, free_block(0), 1);
	two = record(1007, free_block(1), 0);
	image_commit(&image, rec, nr_rec / 2, true);
	image_commit(&image, rec, nr_rec, true);
	image_commit(&image, &one, 1, false);
	image_commit(&image, &two, 1, false);
	said_end();
	load(before);
}

/* ---- damages --------------------------------------------------------------- */

static void spoil_super0(void)
{
	image_spoil("meta", 0);
}

static void spoil_super1(void)
{
	image_spoil("meta", 1);
}

static void spoil_supers(void)
{
	image_spoil("meta", 0);
	image_spoil("meta", 1);
}

static void spoil_map(void)
{
	image_spoil("meta", layout.map_start);
	image_spoil("meta", layout.map_start + 1);
}

static void spoil_page(void)
{
	image_spoil("meta", sc_layout_page(&layout, 1, 0));
	image_spoil("meta", sc_layout_page(&layout, 1, 1));
}

/* Intact, but an entry says what cannot be. */
static void spoil_entry(void)
{
	struct sc_record bad = record(700, 99999, 1);
	struct sc_block_id id = { .uuid = image_uuid };
	u8 data[SC_META_BLOCK_BYTES];
	u32 copy;

	for (copy = 0; copy < 2; copy++) {
		id.location = sc_layout_page(&layout, 2, copy);
		image_block("meta", id.location, data);
		id.seq = sc_codec_seq(data);
		sc_codec_page_put(data, 700 % SC_PAGE_ENTRIES, &bad);
		sc_codec_page_seal(data, &id, 2);
		image_put_block("meta", id.location, data);
	}
}

static void spoil_journal(void)
{
	image_spoil_journal(&image, to_cblock(1006));
}

/* Looks as if the power had failed before it was written. */
static void spoil_last_transaction(void)
{
	image_spoil_journal(&image, to_cblock(1007));
}

static void spoil_label0(void)
{
	image_spoil("cache", 0);
}

static void spoil_labels(void)
{
	image_spoil("cache", 0);
	image_spoil("cache", 1009);
}

static void spoil_labels_foreign(void)
{
	static const u8 uuid[SC_UUID_BYTES] = { 9 };
	struct sc_block_id id = { .uuid = uuid, .seq = 1 };
	u8 data[SC_META_BLOCK_BYTES];

	sc_codec_label_encode(data, &id);
	image_put_block("cache", 0, data);
	id.location = 1009;
	sc_codec_label_encode(data, &id);
	image_put_block("cache", 1009, data);
}

/* Slots that are free. */
static void take_free(u64 block, u16 dirty, u16 dirty2)
{
	struct sc_record two[2];
	u32 i, nr = 0;

	for (i = 300; nr < 2; i++)
		if (!before[i].valid)
			two[nr++] = record(i, block, 1);
	two[0].dirty = dirty;
	two[1].dirty = dirty2;
	said_begin();
	image_commit(&image, two, 2, false);
	said_end();
}

static void twice_clean(void)
{
	take_free(free_block(2), 0, 0);
}

static void twice_dirty(void)
{
	take_free(free_block(3), 1, 1);
}

static void retired(void)
{
	take_free(free_block(4), 1, 0);
}

static void mark(void)
{
	struct rest_how how = { .metadata = "meta", .write = true };
	struct rest r;

	said_begin();
	assert_int_equal(rest_open(&r, &how), 0);
	assert_int_equal(rest_start(&r), 0);
	assert_int_equal(sc_meta_set_needs_check(r.meta, true), 0);
	rest_close(&r);
	said_end();
}

static void shorten(void)
{
	assert_int_equal(truncate("meta", 5000), 0);
}

/* ---- what has to come of them ---------------------------------------------- */

/**
 * struct damage - a kind of damage
 * @name: its name
 * @spoil: do it
 * @check: exit code of check
 * @said: a part of what check says
 * @repair: exit code of repair
 * @told: a part of what repair says
 * @first: slots from here on may be lost
 * @end: up to here
 * @no_clean: clean ones may be lost wherever they are, and are
 * @added: slots of those that the damage itself added that stay
 */
struct damage {
	const char *name;
	void (*spoil)(void);
	int check;
	const char *said;
	int repair;
	const char *told;
	u32 first;
	u32 end;
	bool no_clean;
	u32 added;
};

static const struct damage damages[] = {
	{ "superblock 0", spoil_super0, 0, "good superblocks             1",
	  0, "one superblock of two", 0, 0, false, 0 },
	{ "superblock 1", spoil_super1, 0, "good superblocks             1",
	  0, "one superblock of two", 0, 0, false, 0 },
	{ "both superblocks", spoil_supers, 1, "holds something else",
	  1, "holds something else", 0, 0, false, 0 },
	{ "map", spoil_map, 1, "corrupt map block", 0, "nothing is lost",
	  0, 0, false, 0 },
	{ "page", spoil_page, 1, "corrupt page block", 0,
	  "slots 336 to 671 are lost", 336, 672, false, 0 },
	{ "entry", spoil_entry, 1, "out of range", 0, "slot 700 is lost",
	  700, 701, false, 0 },
	{ "journal", spoil_journal, 1, "corrupt journal block", 0,
	  "older state", 1006, 1007, true, 0 },
	{ "last transaction", spoil_last_transaction, 0,
	  "transactions in the journal  1", 0, "damages                  0", 1007,
	  1008,
	  false, 0 },
	{ "one label", spoil_label0, 0, "good labels                  1", 0,
	  "one label of two", 0, 0, false, 0 },
	{ "both labels", spoil_labels, 1, "no label", 0,
	  "clean data cannot be believed", 0, 0, true, 0 },
	{ "labels of another cache", spoil_labels_foreign, 1,
	  "belongs to another cache", 1, "belongs to another cache", 0, 0,
	  false, 0 },
	{ "one block in two clean slots", twice_clean, 1,
	  "two clean slots hold one block", 0, "clean blocks dropped     2",
	  0, 0, false, 0 },
	{ "one block in two dirty slots", twice_dirty, 1,
	  "two dirty slots hold one block", 0, "blocks that may be lost  1",
	  0, 0, false, 1 },
	{ "a slot that was being given up", retired, 0, "faults", 0,
	  "damages                  0", 0, 0, false, 1 },
	{ "needs_check", mark, 0, "needs check                  true", 0,
	  "marked as needs_check", 0, 0, false, 0 },
	{ "a device cut short", shorten, 1, "too small", 1, "too small", 0, 0,
	  false, 0 },
};

static void expect_said(const struct damage *d, const char *who,
			const char *want, const char *said)
{
	if (!strstr(said, want))
		fail_msg("%s, %s: no \"%s\" in: %s", d->name, who, want, said);
}

/* What ends, about @who, what began with said_begin(). */
static const char *end_said(const struct damage *d, const char *who, int code,
			    int want)
{
	const char *said = said_end();

	if (code != want)
		fail_msg("%s, %s: exit code %d: %s", d->name, who, code, said);
	return said;
}

/* What check says, which exits with @want. */
static const char *check_says(const struct damage *d, const char *who, int want)
{
	struct check_opts opts = { .metadata = "meta", .cache = "cache" };

	said_begin();
	return end_said(d, who, check_run(&opts), want);
}

static void expect_checked(const struct damage *d)
{
	expect_said(d, "check", d->said, check_says(d, "check", d->check));
}

/* Returns whether there is something left to look at. */
static bool expect_repair(const struct damage *d)
{
	struct repair_opts opts = { .metadata = "meta", .cache = "cache" };

	said_begin();
	expect_said(d, "repair", d->told,
		    end_said(d, "repair", repair_run(&opts), d->repair));
	return !d->repair;
}

/* Nothing is wrong any more. */
static void expect_sound(const struct damage *d)
{
	const char *said = check_says(d, "repaired", 0);

	if (strcmp(d->told, "damages                  0")) {
		expect_said(d, "repaired", "good superblocks             2", said);
		expect_said(d, "repaired", "good labels                  2", said);
		expect_said(d, "repaired", "needs check                  false",
			    said);
	}
	expect_said(d, "repaired", "faults                       0", said);
}

static bool may_differ(const struct damage *d, u32 slot,
		       const struct sc_record *was)
{
	if (slot >= d->first && slot < d->end)
		return true;
	/* What the damage itself added. */
	if (!was->valid)
		return true;
	return d->no_clean && !was->dirty;
}

static void expect_rest_kept(const struct damage *d)
{
	struct sc_record now[1008];
	u32 i, nr_clean = 0, nr_added = 0;

	load(now);
	for (i = 0; i < ARRAY_SIZE(now); i++) {
		nr_clean += now[i].valid && !now[i].dirty;
		nr_added += now[i].valid && !before[i].valid;
		if (may_differ(d, i, &before[i]))
			continue;
		if (now[i].valid != before[i].valid ||
		    now[i].dirty != before[i].dirty ||
		    from_oblock(now[i].block) != from_oblock(before[i].block))
			fail_msg("%s: slot %u is lost", d->name, i);
	}
	assert_int_equal(nr_added, d->added);
	if (d->no_clean)
		assert_int_equal(nr_clean, 0);
	else
		assert_true(nr_clean > 50);
}

static void test_damages(void **state)
{
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		make();
		damages[i].spoil();
		expect_checked(&damages[i]);
		if (!expect_repair(&damages[i]))
			continue;
		expect_sound(&damages[i]);
		expect_rest_kept(&damages[i]);
		print_message("# %s\n", damages[i].name);
	}
}

/* To another device: the damaged one stays as it is. */
static void test_repair_elsewhere(void **state)
{
	struct repair_opts opts = { .metadata = "meta", .output = "meta2" };
	struct check_opts check = { .metadata = "meta2", .cache = "cache" };
	u8 *was, *now;
	size_t bytes;

	(void)state;
	make();
	spoil_page();
	was = image_read("meta", &bytes);
	image_file("meta2", image.metadata_sectors);
	said_begin();
	assert_int_equal(repair_run(&opts), 0);
	assert_int_equal(check_run(&check), 0);
	said_end();
	now = image_read("meta", &bytes);
	assert_memory_equal(was, now, bytes);
	free(was);
	free(now);
	assert_int_equal(rename("meta2", "meta"), 0);
	expect_rest_kept(&(struct damage){ "elsewhere", .first = 336,
					   .end = 672 });
}

/* The mark goes if all is well, and only then. */
static void test_clear_needs_check(void **state)
{
	struct check_opts opts = {
		.metadata = "meta", .clear_needs_check = true, .quiet = true,
	};
	struct damage d = { "mark", .said = "needs check                  true" };

	(void)state;
	make();
	mark();
	spoil_page();
	said_begin();
	assert_int_equal(check_run(&opts), 1);
	said_end();
	d.check = 1;
	expect_checked(&d);
	make();
	mark();
	said_begin();
	assert_int_equal(check_run(&opts), 0);
	assert_string_equal(said_end(), "");
	d.check = 0;
	d.said = "needs check                  false";
	expect_checked(&d);
	expect_rest_kept(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_damages),
		cmocka_unit_test(test_repair_elsewhere),
		cmocka_unit_test(test_clear_needs_check),
	};

	return cmocka_run_group_tests_name("damage", tests, enter, image_leave);
}
