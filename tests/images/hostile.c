// SPDX-License-Identifier: GPL-2.0-only
/*
 * Metadata that no module writes. Of what image_make() leaves, slots 0 to 39
 * are in the table only, slots 40 to 349 in the journal as well, whose
 * transactions have the blocks 0 and 1, 2, and 3 counted from the tail.
 */
#include "codec.h"
#include "hostile.h"
#include "raw-format.h"

#define FAR	(1ULL << 62)
#define NEVER	(1ULL << 63)

/* ---- where things are ------------------------------------------------------ */

static u64 super_get(const struct image *img, const char *field)
{
	return format_get(image_block(img, 0), field);
}

static void supers(struct image *img, const char *field, u64 value)
{
	format_set(image_block(img, 0), field, value);
	format_set(image_block(img, 1), field, value);
}

static u32 page_block(const struct image *img, u32 page, u32 copy)
{
	struct sc_layout l = { .pages_start = super_get(img,
							"super.pages_start") };

	return sc_layout_page(&l, page, copy);
}

static void pages(struct image *img, u32 page, const char *field, u64 value)
{
	format_set(image_block(img, page_block(img, page, 0)), field, value);
	format_set(image_block(img, page_block(img, page, 1)), field, value);
}

static void slot(struct image *img, u32 slot, struct format_entry e)
{
	u32 page = slot / SC_PAGE_ENTRIES, i = slot % SC_PAGE_ENTRIES;

	format_set_entry(image_block(img, page_block(img, page, 0)), i, &e);
	format_set_entry(image_block(img, page_block(img, page, 1)), i, &e);
}

static u8 *map(const struct image *img, u32 region)
{
	return image_block(img, super_get(img, "super.map_start") +
				region * super_get(img, "super.map_blocks"));
}

static void maps(struct image *img, const char *field, u64 value)
{
	format_set(map(img, 0), field, value);
	format_set(map(img, 1), field, value);
}

static void map_state(struct image *img, u32 page, u8 state)
{
	format_set_state(map(img, 0), page, state);
	format_set_state(map(img, 1), page, state);
}

static u32 journal_at(const struct image *img, u32 n)
{
	return super_get(img, "super.journal_start") +
	       (super_get(img, "super.tail") + n) %
		       super_get(img, "super.journal_blocks");
}

static u8 *journal(const struct image *img, u32 n)
{
	return image_block(img, journal_at(img, n));
}

/* Put a copy of a journal block elsewhere in the ring, as if it belonged. */
static void journal_copy(struct image *img, u32 to, u32 from)
{
	memcpy(journal(img, to), journal(img, from), SC_META_BLOCK_BYTES);
	format_set(journal(img, to), "header.location", journal_at(img, to));
}

static void labels(struct image *img, const char *field, u64 value)
{
	format_set(img->label[0].data, field, value);
	format_set(img->label[1].data, field, value);
}

static u32 total_slots(const struct image *img)
{
	return super_get(img, "super.nr_slots");
}

static u64 nr_blocks(const struct image *img)
{
	u64 block = super_get(img, "super.block_sectors");

	return (super_get(img, "super.origin_sectors") + block - 1) / block;
}

#define CLEAN(b)	((struct format_entry){ .block = (b), .valid = 1 })
#define DIRTY(b) \
	((struct format_entry){ .block = (b), .valid = 1, .dirty = 1 })

/* Each is a function of one expression. */
#define SPOIL(name, ...) \
	static void spoil_##name(struct image *img) { __VA_ARGS__; }

/* ---- superblocks ----------------------------------------------------------- */

SPOIL(super_incompat, supers(img, "super.incompat", 0x40))
SPOIL(super_incompat_one,
	format_set(image_block(img, 1), "super.incompat", NEVER))
SPOIL(super_ro_compat, supers(img, "super.ro_compat", 1))
SPOIL(super_version, supers(img, "header.version", 0xffff))
SPOIL(super_type, supers(img, "header.type", 5))
SPOIL(super_flags, supers(img, "super.flags", 4))
SPOIL(super_origin_0, supers(img, "super.origin_sectors", 0))
SPOIL(super_origin_max, supers(img, "super.origin_sectors", ~0ULL))
SPOIL(super_cache_0, supers(img, "super.cache_sectors", 0))
SPOIL(super_cache_small, supers(img, "super.cache_sectors", 23))
SPOIL(super_cache_max, supers(img, "super.cache_sectors", ~0ULL))
SPOIL(super_block_0, supers(img, "super.block_sectors", 0))
SPOIL(super_block_9, supers(img, "super.block_sectors", 9))
SPOIL(super_block_max, supers(img, "super.block_sectors", 1u << 31))
SPOIL(super_sub, supers(img, "super.sub_sectors", 16))
SPOIL(super_offset, supers(img, "super.data_offset", 0))
SPOIL(super_slots_0, supers(img, "super.nr_slots", 0))
SPOIL(super_slots_max, supers(img, "super.nr_slots", ~0u))
SPOIL(super_map_start, supers(img, "super.map_start", 0))
SPOIL(super_map_0, supers(img, "super.map_blocks", 0))
SPOIL(super_map_max, supers(img, "super.map_blocks", ~0u))
SPOIL(super_journal_start,
	supers(img, "super.journal_start", super_get(img, "super.map_start")))
SPOIL(super_journal_0, supers(img, "super.journal_blocks", 0))
SPOIL(super_journal_max, supers(img, "super.journal_blocks", ~0u))
SPOIL(super_pages_start,
	supers(img, "super.pages_start", super_get(img, "super.journal_start")))
SPOIL(super_pages_far, supers(img, "super.pages_start", ~0ULL - 1))
SPOIL(super_nr_pages_0, supers(img, "super.nr_pages", 0))
SPOIL(super_nr_pages_max, supers(img, "super.nr_pages", ~0u))
SPOIL(super_nr_blocks, supers(img, "super.nr_blocks", ~0ULL))
SPOIL(super_tail_at_end,
	supers(img, "super.tail", super_get(img, "super.journal_blocks")))
SPOIL(super_tail_far, supers(img, "super.tail", 1ULL << 32))
SPOIL(super_seq_0, supers(img, "header.seq", 0))
SPOIL(super_seq_never, supers(img, "header.seq", NEVER))
SPOIL(super_tx_0, supers(img, "super.tail_tx", 0))
SPOIL(super_tx_never, supers(img, "super.tail_tx", ~0ULL))
SPOIL(super_checkpoint_never, supers(img, "super.checkpoint", NEVER))
SPOIL(super_generation_never, supers(img, "super.generation", NEVER))
SPOIL(super_epoch_never, supers(img, "super.label_epoch", NEVER))
SPOIL(super_checkpoint_next,
	supers(img, "super.checkpoint", super_get(img, "super.checkpoint") + 2))
SPOIL(super_tx_old,
	supers(img, "super.tail_tx", super_get(img, "super.tail_tx") - 1))
SPOIL(super_tail_moved, supers(img, "super.tail", 5))
SPOIL(super_clean_lie, supers(img, "super.flags", 1))
SPOIL(super_policy, supers(img, "super.policy", ~0ULL))
SPOIL(super_uuids, format_set(image_block(img, 1), "header.uuid", 77))

/* All sizes agree, the device is smaller. */
static void spoil_super_journal_beyond(struct image *img)
{
	u64 more = SC_MAX_JOURNAL - super_get(img, "super.journal_blocks");

	supers(img, "super.journal_blocks", SC_MAX_JOURNAL);
	supers(img, "super.pages_start",
	       super_get(img, "super.pages_start") + more);
	supers(img, "super.nr_blocks", super_get(img, "super.nr_blocks") + more);
}

static void spoil_super_pages_beyond(struct image *img)
{
	u32 more = 16 * 512;

	supers(img, "super.nr_pages", super_get(img, "super.nr_pages") + more);
	supers(img, "super.nr_blocks",
	       super_get(img, "super.nr_blocks") + 2 * (u64)more);
	supers(img, "super.nr_slots", 2000000);
	supers(img, "super.cache_sectors",
	       super_get(img, "super.data_offset") + 8 +
		       2000000 * super_get(img, "super.block_sectors"));
}

/* More slots than pages, and a cache device to match. */
static void spoil_super_slots_crowded(struct image *img)
{
	u32 nr = super_get(img, "super.nr_pages") * SC_PAGE_ENTRIES + 1;

	supers(img, "super.nr_slots", nr);
	supers(img, "super.cache_sectors",
	       super_get(img, "super.data_offset") + 8 +
		       nr * super_get(img, "super.block_sectors"));
}

/* The newer superblock is of another checkpoint. */
static void spoil_super_newer_differs(struct image *img)
{
	u8 *b = image_block(img, 1);

	format_set(b, "header.seq", format_get(b, "header.seq") + 5);
	format_set(b, "super.checkpoint",
		   format_get(b, "super.checkpoint") - 1);
}

/* As old as each other, but not the same: the first counts. */
SPOIL(super_equals_differ,
	format_set(image_block(img, 1), "super.checkpoint",
		 super_get(img, "super.checkpoint") - 1))

/* ---- map ------------------------------------------------------------------- */

SPOIL(map_both_copies, map_state(img, 1, 3))
SPOIL(map_behind_end,
	map_state(img, sc_pages_for(total_slots(img)), SC_PAGE_ABSENT + 1))
SPOIL(map_index, maps(img, "map.index", 1))
SPOIL(map_region, maps(img, "map.region", 2))
SPOIL(map_seq, maps(img, "header.seq", 99))
SPOIL(map_uuid, maps(img, "header.uuid", 77))
SPOIL(map_location, maps(img, "header.location", 0))
SPOIL(map_absent, map_state(img, 0, SC_PAGE_ABSENT))

static void spoil_map_never_written(struct image *img)
{
	u32 page = sc_pages_for(total_slots(img)) - 1;

	map_state(img, page, SC_PAGE_ABSENT + 1);
	memset(image_block(img, page_block(img, page, 0)), 0,
	       SC_META_BLOCK_BYTES);
}

/* ---- table ----------------------------------------------------------------- */

SPOIL(page_number, pages(img, 0, "page.page", 1))
SPOIL(page_later, pages(img, 0, "header.seq", 1000))
SPOIL(page_uuid, pages(img, 0, "header.uuid", 77))
SPOIL(page_type, pages(img, 0, "header.type", 3))
SPOIL(slot_block_far, slot(img, 3, DIRTY(nr_blocks(img))))
SPOIL(slot_block_max, slot(img, 3, CLEAN((1ULL << 48) - 1)))
SPOIL(slot_subs, slot(img, 3, (struct format_entry){ .valid = 0xffff,
						     .block = nr_blocks(img) - 1 }))
SPOIL(slot_dirty_alone, slot(img, 3, (struct format_entry){ .dirty = 1 }))
SPOIL(slot_dirty_more, slot(img, 3, (struct format_entry){ .block = 3,
							   .valid = 1,
							   .dirty = 3 }))
SPOIL(slot_not_empty, slot(img, 3, (struct format_entry){ .block = 3 }))
SPOIL(slot_hint_alone, slot(img, 3, (struct format_entry){ .hint = 1 }))
SPOIL(slot_flags, slot(img, 3, (struct format_entry){ .flags = 0x80 }))
SPOIL(twice_dirty, slot(img, 1, DIRTY(7000 % nr_blocks(img)));
	slot(img, 8, DIRTY(7000 % nr_blocks(img))))
SPOIL(twice_clean, slot(img, 1, CLEAN(5000 % nr_blocks(img)));
	slot(img, 8, CLEAN(5000 % nr_blocks(img))))
SPOIL(twice_one_dirty, slot(img, 1, CLEAN(700)); slot(img, 8, DIRTY(700)))
SPOIL(thrice_dirty_first, slot(img, 1, DIRTY(700)); slot(img, 2, CLEAN(700));
	slot(img, 8, CLEAN(700)))
SPOIL(thrice_two_dirty, slot(img, 1, DIRTY(700)); slot(img, 2, CLEAN(700));
	slot(img, 8, DIRTY(700)))

static void spoil_all_the_same(struct image *img)
{
	u32 i;

	for (i = 0; i < SC_PAGE_ENTRIES; i++)
		slot(img, i, CLEAN(700));
}

static void spoil_hints(struct image *img)
{
	u32 i;

	for (i = 0; i < 40; i++)
		slot(img, i, (struct format_entry){ .block = i, .valid = 1,
						    .hint = 255 - i });
}

/* In a page that is there, but behind the last slot. */
static void spoil_slot_behind_end(struct image *img)
{
	u32 n = total_slots(img), page = n / SC_PAGE_ENTRIES, i;
	struct format_entry e = CLEAN(700);
	u8 *b;

	map_state(img, page, SC_PAGE_ABSENT + 1);
	for (i = 0; i < 2; i++) {
		b = image_block(img, page_block(img, page, i));
		memcpy(b, image_block(img, page_block(img, 0, i)),
		       SC_META_BLOCK_BYTES);
		memset(b + 64, 0, SC_META_BLOCK_BYTES - 64);
		format_set(b, "page.page", page);
		format_set(b, "header.seq", 1);
		format_set(b, "header.location", page_block(img, page, i));
		format_set_entry(b, n % SC_PAGE_ENTRIES, &e);
	}
}

/* ---- journal --------------------------------------------------------------- */

#define RECORD(n, slot, ...) do { \
	struct format_entry e_ = __VA_ARGS__; \
	format_set_record(journal(img, 2), n, slot, &e_); \
} while (0)

SPOIL(record_slot_end, RECORD(0, total_slots(img), CLEAN(1)))
SPOIL(record_slot_max, RECORD(0, ~0u, CLEAN(1)))
SPOIL(record_block_far, RECORD(0, 1, DIRTY(nr_blocks(img))))
SPOIL(record_dirty_alone, RECORD(0, 1, { .dirty = 1 }))
SPOIL(record_not_empty, RECORD(0, 1, { .block = 1 }))
SPOIL(record_flags, RECORD(0, 1, { .flags = 1 }))
SPOIL(record_twice, RECORD(0, 1, DIRTY(2)); RECORD(1, 2, DIRTY(2)))
SPOIL(record_circle, RECORD(0, 1, DIRTY(2)); RECORD(1, 2, DIRTY(3));
	RECORD(2, 3, DIRTY(1)))
SPOIL(record_again, RECORD(0, 1, DIRTY(9)); RECORD(1, 1, CLEAN(1));
	RECORD(2, 1, {}); RECORD(3, 1, DIRTY(1)))
SPOIL(tx_index, format_set(journal(img, 2), "journal.index", 1))
SPOIL(tx_index_max, format_set(journal(img, 0), "journal.index", 0xffff))
SPOIL(tx_count_0, format_set(journal(img, 0), "journal.count", 0))
SPOIL(tx_count_max, format_set(journal(img, 0), "journal.count", 0xffff))
SPOIL(tx_count_64, format_set(journal(img, 0), "journal.count", 64))
SPOIL(tx_counts_differ, format_set(journal(img, 1), "journal.count", 3))
SPOIL(tx_records_0, format_set(journal(img, 2), "journal.nr_records", 0))
SPOIL(tx_records_max, format_set(journal(img, 2), "journal.nr_records", 253))
SPOIL(tx_records_more, format_set(journal(img, 2), "journal.nr_records", 252))
SPOIL(tx_future,
	format_set(journal(img, 0), "journal.generation", 1000))
SPOIL(tx_past, format_set(journal(img, 3), "journal.generation", 0))
SPOIL(tx_generations_differ,
	format_set(journal(img, 1), "journal.generation", 0))
SPOIL(tx_never, format_set(journal(img, 2), "header.seq", ~0ULL))
SPOIL(tx_skipped, format_set(journal(img, 3), "header.seq",
			     format_get(journal(img, 3), "header.seq") + 1))
SPOIL(tx_twice, journal_copy(img, 7, 3))
SPOIL(tx_far_ahead, journal_copy(img, 7, 3);
	format_set(journal(img, 7), "header.seq", FAR))
SPOIL(tx_swapped, memset(journal(img, 0), 0, SC_META_BLOCK_BYTES);
	journal_copy(img, 0, 1))
SPOIL(tx_uuid, format_set(journal(img, 0), "header.uuid", 77))
SPOIL(tx_location, format_set(journal(img, 0), "header.location", 0))

/* The last transaction does not end, and nothing is behind it. */
SPOIL(tx_endless, format_set(journal(img, 3), "journal.count", 2))

/* ---- labels ---------------------------------------------------------------- */

SPOIL(label_old, supers(img, "super.label_epoch", 5))
SPOIL(label_future, labels(img, "header.seq", FAR))
SPOIL(label_0, labels(img, "header.seq", 0))
SPOIL(label_never, labels(img, "header.seq", NEVER))
SPOIL(label_uuid, labels(img, "header.uuid", 77))
SPOIL(label_one_uuid, format_set(img->label[1].data, "header.uuid", 77))
SPOIL(label_location, labels(img, "header.location", 1))
SPOIL(label_type, labels(img, "header.type", 1))
SPOIL(labels_differ, format_set(img->label[1].data, "header.seq", 3))

/* ---- all of them ----------------------------------------------------------- */

#define REFUSED(name, why)	{ #name, why, spoil_##name }
#define TAKEN(name)		{ #name, NULL, spoil_##name }

#define SIZES	"impossible sizes"
#define LAYOUT	"impossible layout"
#define COUNTER	"impossible counter"
#define SMALL	"metadata device too small"
#define NOT_TX	": not of transaction "
#define TWICE	"is held twice"
#define FEATURE	"unknown incompatible features"

static const struct hostile all[] = {
	REFUSED(super_incompat, FEATURE),
	REFUSED(super_incompat_one, FEATURE),
	REFUSED(super_ro_compat, "ro_compat feature forbids writing"),
	REFUSED(super_version, "version 65535 is not supported"),
	REFUSED(super_type, "another type"),
	REFUSED(super_flags, "unknown flags"),
	REFUSED(super_origin_0, SIZES),
	REFUSED(super_origin_max, SIZES),
	REFUSED(super_cache_0, SIZES),
	REFUSED(super_cache_small, SIZES),
	REFUSED(super_cache_max, SIZES),
	REFUSED(super_block_0, SIZES),
	REFUSED(super_block_9, SIZES),
	REFUSED(super_block_max, SIZES),
	REFUSED(super_sub, "wrong sub-block size"),
	REFUSED(super_offset, "wrong data offset"),
	REFUSED(super_slots_0, "wrong number of slots"),
	REFUSED(super_slots_max, "wrong number of slots"),
	REFUSED(super_slots_crowded, "more slots than room"),
	REFUSED(super_map_start, LAYOUT),
	REFUSED(super_map_0, LAYOUT),
	REFUSED(super_map_max, LAYOUT),
	REFUSED(super_journal_start, LAYOUT),
	REFUSED(super_journal_0, LAYOUT),
	REFUSED(super_journal_max, LAYOUT),
	REFUSED(super_journal_beyond, SMALL),
	REFUSED(super_pages_start, LAYOUT),
	REFUSED(super_pages_far, LAYOUT),
	REFUSED(super_pages_beyond, SMALL),
	REFUSED(super_nr_pages_0, LAYOUT),
	REFUSED(super_nr_pages_max, LAYOUT),
	REFUSED(super_nr_blocks, LAYOUT),
	REFUSED(super_tail_at_end, "tail outside the journal"),
	REFUSED(super_tail_far, "tail outside the journal"),
	REFUSED(super_seq_0, COUNTER),
	REFUSED(super_seq_never, COUNTER),
	REFUSED(super_tx_0, COUNTER),
	REFUSED(super_tx_never, COUNTER),
	REFUSED(super_checkpoint_never, COUNTER),
	REFUSED(super_generation_never, COUNTER),
	REFUSED(super_epoch_never, COUNTER),
	REFUSED(super_checkpoint_next, "of another checkpoint"),
	TAKEN(super_newer_differs),
	REFUSED(super_tx_old, NOT_TX),
	REFUSED(super_tail_moved, NOT_TX),
	REFUSED(super_clean_lie, NOT_TX),
	TAKEN(super_policy),
	TAKEN(super_uuids),
	TAKEN(super_equals_differ),
	REFUSED(map_both_copies, "impossible page state"),
	REFUSED(map_behind_end, "behind the last slot"),
	REFUSED(map_index, "another index"),
	REFUSED(map_region, "another region"),
	REFUSED(map_seq, "of another checkpoint"),
	REFUSED(map_uuid, "uuid of another cache"),
	REFUSED(map_location, "belongs elsewhere"),
	REFUSED(map_never_written, "no magic"),
	TAKEN(map_absent),
	REFUSED(page_number, "another page"),
	REFUSED(page_later, "of a later checkpoint"),
	REFUSED(page_uuid, "uuid of another cache"),
	REFUSED(page_type, "another type"),
	REFUSED(slot_block_far, "origin block out of range"),
	REFUSED(slot_block_max, "origin block out of range"),
	REFUSED(slot_subs, "sub-blocks that do not exist"),
	REFUSED(slot_dirty_alone, "unmapped slot not empty"),
	REFUSED(slot_dirty_more, "dirty sub-blocks that are not valid"),
	REFUSED(slot_not_empty, "unmapped slot not empty"),
	REFUSED(slot_hint_alone, "unmapped slot not empty"),
	REFUSED(slot_flags, "unknown flags"),
	REFUSED(slot_behind_end, "slot out of range"),
	REFUSED(twice_dirty, TWICE),
	REFUSED(twice_clean, TWICE),
	TAKEN(twice_one_dirty),
	REFUSED(thrice_dirty_first, TWICE),
	REFUSED(thrice_two_dirty, TWICE),
	REFUSED(all_the_same, TWICE),
	TAKEN(hints),
	REFUSED(record_slot_end, "slot out of range"),
	REFUSED(record_slot_max, "slot out of range"),
	REFUSED(record_block_far, "origin block out of range"),
	REFUSED(record_dirty_alone, "unmapped slot not empty"),
	REFUSED(record_not_empty, "unmapped slot not empty"),
	REFUSED(record_flags, "unknown flags"),
	REFUSED(record_twice, TWICE),
	TAKEN(record_circle),
	TAKEN(record_again),
	REFUSED(tx_index, NOT_TX),
	REFUSED(tx_index_max, NOT_TX),
	REFUSED(tx_count_0, NOT_TX),
	REFUSED(tx_count_max, NOT_TX),
	REFUSED(tx_count_64, NOT_TX),
	REFUSED(tx_counts_differ, NOT_TX),
	REFUSED(tx_records_0, NOT_TX),
	REFUSED(tx_records_max, NOT_TX),
	TAKEN(tx_records_more),
	REFUSED(tx_future, NOT_TX),
	REFUSED(tx_past, NOT_TX),
	REFUSED(tx_generations_differ, NOT_TX),
	REFUSED(tx_never, NOT_TX),
	REFUSED(tx_skipped, NOT_TX),
	TAKEN(tx_twice),
	REFUSED(tx_far_ahead, NOT_TX),
	REFUSED(tx_swapped, NOT_TX),
	REFUSED(tx_uuid, NOT_TX),
	REFUSED(tx_location, NOT_TX),
	TAKEN(tx_endless),
	REFUSED(label_old, "older than its metadata"),
	REFUSED(label_future, "a counter stands where none can"),
	REFUSED(label_0, "no label"),
	REFUSED(label_never, "no label"),
	REFUSED(label_uuid, "belongs to another cache"),
	TAKEN(label_one_uuid),
	REFUSED(label_location, "no label"),
	REFUSED(label_type, "no label"),
	TAKEN(labels_differ),
};

const struct hostile *hostile_nth(u32 n)
{
	return n < ARRAY_SIZE(all) ? &all[n] : NULL;
}

const struct hostile *hostile_find(const char *name)
{
	u32 n;

	for (n = 0; n < ARRAY_SIZE(all); n++)
		if (!strcmp(all[n].name, name))
			return &all[n];
	return NULL;
}

void hostile_make(struct image *img, const struct hostile *h)
{
	image_make(img);
	h->spoil(img);
}
