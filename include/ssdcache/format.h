/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The disk format, all of it, explained in docs/format.md. Included by
 * src/core/codec.c only: everyone else works with decoded values.
 *
 * Rules: little-endian; no enum, bool, bit-field or implicit padding; every
 * member has a static_assert on its offset. A change here comes with a new
 * golden image (tests/unit/test-golden.c) and a change of docs/format.md.
 */
#ifndef SSDCACHE_FORMAT_H
#define SSDCACHE_FORMAT_H

#include "env.h"

#define SC_DISK_BLOCK		4096
#define SC_DISK_VERSION		1
/* The bytes "ssdcache". */
#define SC_DISK_MAGIC		0x6568636163647373ULL

#define SC_DISK_SUPER		1
#define SC_DISK_MAP		2
#define SC_DISK_JOURNAL		3
#define SC_DISK_PAGE		4
#define SC_DISK_LABEL		5

/**
 * struct sc_disk_header - how every block begins
 * @magic: SC_DISK_MAGIC
 * @crc: crc32c of the rest of the block, from @version to its end
 * @version: SC_DISK_VERSION
 * @type: SC_DISK_SUPER ... SC_DISK_LABEL
 * @uuid: of the cache
 * @location: the block's own number on its device
 * @seq: what it counts depends on the type
 *
 * Every type fills the 16 bytes behind it on its own, which makes 64.
 */
struct sc_disk_header {
	__le64 magic;
	__le32 crc;
	__le16 version;
	__le16 type;
	u8 uuid[16];
	__le64 location;
	__le64 seq;
};

static_assert(offsetof(struct sc_disk_header, magic) == 0);
static_assert(offsetof(struct sc_disk_header, crc) == 8);
static_assert(offsetof(struct sc_disk_header, version) == 12);
static_assert(offsetof(struct sc_disk_header, type) == 14);
static_assert(offsetof(struct sc_disk_header, uuid) == 16);
static_assert(offsetof(struct sc_disk_header, location) == 32);
static_assert(offsetof(struct sc_disk_header, seq) == 40);
static_assert(sizeof(struct sc_disk_header) == 48);

/* The bits of the super block's flags. */
#define SC_DISK_CLEAN		0x1	/* the journal is empty */
#define SC_DISK_NEEDS_CHECK	0x2	/* someone should run a check */
#define SC_DISK_FLAGS		0x3	/* all that are defined */

/**
 * struct sc_disk_super - superblock, blocks 0 and 1; seq: rises with each write
 * @head: as every block's
 * @compat: features that may be ignored
 * @ro_compat: features that must be known to write
 * @incompat: features that must be known to read
 * @flags: SC_DISK_CLEAN, SC_DISK_NEEDS_CHECK
 * @checkpoint: number of the last checkpoint, says which map region counts
 * @origin_sectors: size of the origin
 * @cache_sectors: size of the cache device
 * @data_offset: sector of the cache device where slot 0 begins
 * @block_sectors: block size
 * @sub_sectors: what a bit of the masks covers
 * @nr_slots: slots of the cache
 * @nr_blocks: blocks of the metadata device that are in use or may be
 * @map_start: first block of map region A; region B follows
 * @journal_start: first block of the journal
 * @pages_start: first block of the table
 * @map_blocks: size of one map region
 * @journal_blocks: size of the journal
 * @nr_pages: table pages there is room for
 * @tail: where replay begins, counted from @journal_start
 * @tail_tx: number of the transaction expected there
 * @generation: rises with each start, journal blocks carry it
 * @label_epoch: label epoch that the table agrees with
 * @policy: name of the policy that wrote the hints, padded with zeroes
 * @pad: zero
 */
struct sc_disk_super {
	struct sc_disk_header head;
	__le64 compat;
	__le64 ro_compat;
	__le64 incompat;
	__le64 flags;
	__le64 checkpoint;
	__le64 origin_sectors;
	__le64 cache_sectors;
	__le64 data_offset;
	__le32 block_sectors;
	__le32 sub_sectors;
	__le32 nr_slots;
	__le32 map_blocks;
	__le64 nr_blocks;
	__le64 map_start;
	__le64 journal_start;
	__le64 pages_start;
	__le32 journal_blocks;
	__le32 nr_pages;
	__le64 tail;
	__le64 tail_tx;
	__le64 generation;
	__le64 label_epoch;
	u8 policy[16];
	u8 pad[3880];
};

static_assert(offsetof(struct sc_disk_super, head) == 0);
static_assert(offsetof(struct sc_disk_super, compat) == 48);
static_assert(offsetof(struct sc_disk_super, ro_compat) == 56);
static_assert(offsetof(struct sc_disk_super, incompat) == 64);
static_assert(offsetof(struct sc_disk_super, flags) == 72);
static_assert(offsetof(struct sc_disk_super, checkpoint) == 80);
static_assert(offsetof(struct sc_disk_super, origin_sectors) == 88);
static_assert(offsetof(struct sc_disk_super, cache_sectors) == 96);
static_assert(offsetof(struct sc_disk_super, data_offset) == 104);
static_assert(offsetof(struct sc_disk_super, block_sectors) == 112);
static_assert(offsetof(struct sc_disk_super, sub_sectors) == 116);
static_assert(offsetof(struct sc_disk_super, nr_slots) == 120);
static_assert(offsetof(struct sc_disk_super, map_blocks) == 124);
static_assert(offsetof(struct sc_disk_super, nr_blocks) == 128);
static_assert(offsetof(struct sc_disk_super, map_start) == 136);
static_assert(offsetof(struct sc_disk_super, journal_start) == 144);
static_assert(offsetof(struct sc_disk_super, pages_start) == 152);
static_assert(offsetof(struct sc_disk_super, journal_blocks) == 160);
static_assert(offsetof(struct sc_disk_super, nr_pages) == 164);
static_assert(offsetof(struct sc_disk_super, tail) == 168);
static_assert(offsetof(struct sc_disk_super, tail_tx) == 176);
static_assert(offsetof(struct sc_disk_super, generation) == 184);
static_assert(offsetof(struct sc_disk_super, label_epoch) == 192);
static_assert(offsetof(struct sc_disk_super, policy) == 200);
static_assert(offsetof(struct sc_disk_super, pad) == 216);
static_assert(sizeof(struct sc_disk_super) == SC_DISK_BLOCK);

/* The two bits of a page in the map. */
#define SC_DISK_PAGE_ABSENT	0	/* never written: all slots unmapped */
#define SC_DISK_PAGE_COPY0	1
#define SC_DISK_PAGE_COPY1	2

#define SC_DISK_MAP_BYTES	4032

/**
 * struct sc_disk_map - block of a map region; seq: number of the checkpoint
 * @head: as every block's
 * @index: which block of the region
 * @region: 0 for A, 1 for B
 * @pad: zero
 * @state: two bits for each page, the lowest bits of a byte first
 */
struct sc_disk_map {
	struct sc_disk_header head;
	__le32 index;
	__le32 region;
	u8 pad[8];
	u8 state[SC_DISK_MAP_BYTES];
};

static_assert(offsetof(struct sc_disk_map, head) == 0);
static_assert(offsetof(struct sc_disk_map, index) == 48);
static_assert(offsetof(struct sc_disk_map, region) == 52);
static_assert(offsetof(struct sc_disk_map, pad) == 56);
static_assert(offsetof(struct sc_disk_map, state) == 64);
static_assert(sizeof(struct sc_disk_map) == SC_DISK_BLOCK);

/**
 * struct sc_disk_entry - the state of one slot
 * @block_lo: bits 0 to 31 of the number of the block held
 * @block_hi: bits 32 to 39; the upper 8 bits are zero
 * @valid: sub-blocks held; 0: unmapped, and all other members are 0
 * @dirty: sub-blocks newer than the origin
 * @hint: the policy's
 * @flags: zero
 */
struct sc_disk_entry {
	__le32 block_lo;
	__le16 block_hi;
	__le16 valid;
	__le16 dirty;
	u8 hint;
	u8 flags;
};

static_assert(offsetof(struct sc_disk_entry, block_lo) == 0);
static_assert(offsetof(struct sc_disk_entry, block_hi) == 4);
static_assert(offsetof(struct sc_disk_entry, valid) == 6);
static_assert(offsetof(struct sc_disk_entry, dirty) == 8);
static_assert(offsetof(struct sc_disk_entry, hint) == 10);
static_assert(offsetof(struct sc_disk_entry, flags) == 11);
static_assert(sizeof(struct sc_disk_entry) == 12);

#define SC_DISK_PAGE_ENTRIES	336

/**
 * struct sc_disk_page - table page; seq: number of the checkpoint that wrote it
 * @head: as every block's
 * @page: which page
 * @pad: zero
 * @entry: slots @page * 336 and on; zero from nr_slots on
 */
struct sc_disk_page {
	struct sc_disk_header head;
	__le32 page;
	u8 pad[12];
	struct sc_disk_entry entry[SC_DISK_PAGE_ENTRIES];
};

static_assert(offsetof(struct sc_disk_page, head) == 0);
static_assert(offsetof(struct sc_disk_page, page) == 48);
static_assert(offsetof(struct sc_disk_page, pad) == 52);
static_assert(offsetof(struct sc_disk_page, entry) == 64);
static_assert(sizeof(struct sc_disk_page) == SC_DISK_BLOCK);

/**
 * struct sc_disk_record - new state of a slot, in the journal
 * @slot: which
 * @entry: the state
 */
struct sc_disk_record {
	__le32 slot;
	struct sc_disk_entry entry;
};

static_assert(offsetof(struct sc_disk_record, slot) == 0);
static_assert(offsetof(struct sc_disk_record, entry) == 4);
static_assert(sizeof(struct sc_disk_record) == 16);

#define SC_DISK_JOURNAL_RECORDS	252

/**
 * struct sc_disk_journal - journal block; seq: number of its transaction
 * @head: as every block's
 * @index: which block of the transaction
 * @count: how many blocks that has
 * @nr_records: records here
 * @pad: zero
 * @generation: see superblock
 * @record: the records, zero behind the last
 */
struct sc_disk_journal {
	struct sc_disk_header head;
	__le16 index;
	__le16 count;
	__le16 nr_records;
	u8 pad[2];
	__le64 generation;
	struct sc_disk_record record[SC_DISK_JOURNAL_RECORDS];
};

static_assert(offsetof(struct sc_disk_journal, head) == 0);
static_assert(offsetof(struct sc_disk_journal, index) == 48);
static_assert(offsetof(struct sc_disk_journal, count) == 50);
static_assert(offsetof(struct sc_disk_journal, nr_records) == 52);
static_assert(offsetof(struct sc_disk_journal, pad) == 54);
static_assert(offsetof(struct sc_disk_journal, generation) == 56);
static_assert(offsetof(struct sc_disk_journal, record) == 64);
static_assert(sizeof(struct sc_disk_journal) == SC_DISK_BLOCK);

/**
 * struct sc_disk_label - on the cache device; location: sector / 8; seq: epoch
 * @head: as every block's
 * @pad: zero
 */
struct sc_disk_label {
	struct sc_disk_header head;
	u8 pad[4048];
};

static_assert(offsetof(struct sc_disk_label, head) == 0);
static_assert(offsetof(struct sc_disk_label, pad) == 48);
static_assert(sizeof(struct sc_disk_label) == SC_DISK_BLOCK);

#endif
