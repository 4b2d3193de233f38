/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Disk bytes to values and back. Whatever is read is checked here, once and
 * completely, so that nobody else need doubt it; whatever is written is made of
 * values that would pass the same checks. Buffers are 4 KiB.
 */
#ifndef SC_CODEC_H
#define SC_CODEC_H

#include "geometry.h"
#include "meta.h"
#include "reason.h"
#include "types.h"

/**
 * struct sc_block_id - which block this is, or has to be
 * @uuid: of the cache
 * @location: its number on its device
 * @seq: checkpoint, transaction or epoch, depending on the type
 */
struct sc_block_id {
	const u8 *uuid;
	u64 location;
	u64 seq;
};

/* Bits of &sc_super.flags. */
#define SC_SUPER_CLEAN		1ULL
#define SC_SUPER_NEEDS_CHECK	2ULL

/**
 * struct sc_super - a superblock, decoded
 * @uuid: of the cache
 * @seq: rises with each write
 * @ro_compat: features that forbid writing if unknown
 * @compat: features of no concern to others
 * @flags: SC_SUPER_*
 * @checkpoint: number of the last checkpoint
 * @cache_sectors: size of the cache device
 * @geom: all other sizes
 * @layout: places on the metadata device
 * @tail: where replay begins, counted from the ring's first block
 * @tail_tx: number of the transaction expected there
 * @generation: rises with each start
 * @label_epoch: label epoch that the table agrees with
 * @policy: who wrote the hints
 */
struct sc_super {
	u8 uuid[SC_UUID_BYTES];
	u64 seq;
	u64 compat;
	u64 ro_compat;
	u64 flags;
	u64 checkpoint;
	u64 cache_sectors;
	struct sc_geom geom;
	struct sc_layout layout;
	u32 tail;
	u64 tail_tx;
	u64 generation;
	u64 label_epoch;
	char policy[SC_POLICY_BYTES];
};

/**
 * struct sc_tx_block - place of a journal block in its transaction
 * @generation: see &sc_super
 * @index: which block
 * @count: of how many
 * @nr_records: records in it
 */
struct sc_tx_block {
	u64 generation;
	u16 index;
	u16 count;
	u16 nr_records;
};

/**
 * sc_codec_is_zero() - whether a block holds nothing
 * @buf: the block
 *
 * Context: any.
 * Return: true if all bytes are 0.
 */
bool sc_codec_is_zero(const void *buf);

/**
 * sc_codec_has_magic() - whether a block seems to be ours
 * @buf: the block
 *
 * Context: any.
 * Return: true if it begins with our magic.
 */
bool sc_codec_has_magic(const void *buf);

/**
 * sc_codec_super_encode() - make a superblock
 * @buf: set
 * @s: the values
 * @location: block 0 or 1
 *
 * Context: any.
 */
void sc_codec_super_encode(void *buf, const struct sc_super *s, u64 location);

/**
 * sc_codec_super_decode() - read a superblock
 * @buf: the block
 * @location: where it was read
 * @s: set on success; sizes agree with each other
 * @why: set if refused
 *
 * Context: any.
 * Return: 0; -EUCLEAN if corrupt; -EINVAL if the version or a feature is
 * unknown.
 */
int __must_check sc_codec_super_decode(const void *buf, u64 location,
				       struct sc_super *s,
				       struct sc_reason *why);

/**
 * sc_codec_map_encode() - make a block of a map region
 * @buf: set
 * @id: seq is the checkpoint
 * @index: which block of the region
 * @state: SC_MAP_PAGES / 4 bytes, see sc_state_get()
 *
 * Context: any.
 */
void sc_codec_map_encode(void *buf, const struct sc_block_id *id, u32 index,
			 const u8 *state);

/**
 * sc_codec_map_decode() - read a block of a map region
 * @buf: the block
 * @id: as it has to be
 * @index: as it has to be
 * @state: SC_MAP_PAGES / 4 bytes, set on success
 * @why: set if refused
 *
 * Context: any.
 * Return: 0, -EUCLEAN, or -EINVAL for an unknown version.
 */
int __must_check sc_codec_map_decode(const void *buf,
				     const struct sc_block_id *id, u32 index,
				     u8 *state, struct sc_reason *why);

/**
 * sc_codec_page_begin() - begin a table page without mapped slots
 * @buf: set
 *
 * Context: any.
 */
void sc_codec_page_begin(void *buf);

/**
 * sc_codec_page_put() - put the state of a slot into a page
 * @buf: the page
 * @i: which entry, below SC_PAGE_ENTRIES
 * @rec: the state, already checked; its slot number does not matter
 *
 * Context: any.
 */
void sc_codec_page_put(void *buf, u32 i, const struct sc_record *rec);

/**
 * sc_codec_page_seal() - finish a page
 * @buf: the page
 * @id: seq is the checkpoint
 * @page: its number
 *
 * Context: any.
 */
void sc_codec_page_seal(void *buf, const struct sc_block_id *id, u32 page);

/**
 * sc_codec_page_open() - check a page but for its entries
 * @buf: the page
 * @id: as it has to be; seq is the newest checkpoint allowed
 * @page: as it has to be
 * @why: set if refused
 *
 * Context: any.
 * Return: 0, -EUCLEAN, or -EINVAL for an unknown version.
 */
int __must_check sc_codec_page_open(const void *buf,
				    const struct sc_block_id *id, u32 page,
				    struct sc_reason *why);

/**
 * sc_codec_seq() - the header's seq
 * @buf: a block found good
 *
 * Context: any.
 * Return: seq.
 */
u64 sc_codec_seq(const void *buf);

/**
 * struct sc_records - what a page or a block of the journal says
 * @next: first entry of the page that is not read yet
 * @nr: how many of @rec are set
 * @rec: in the order of the block
 */
struct sc_records {
	u32 next;
	u32 nr;
	struct sc_record rec[SC_PAGE_ENTRIES];
};

static_assert(SC_PAGE_ENTRIES >= SC_JOURNAL_RECORDS);

/**
 * sc_codec_page_read() - read the states of a page's slots
 * @buf: an opened page
 * @page: its number; its slots behind nr_slots must be unmapped
 * @g: bounds
 * @recs: mapped ones are added from @next on; after a failure @next is behind
 *	the entry at fault, and another call goes on there
 * @why: set if refused
 *
 * Context: any.
 * Return: 0 or -EUCLEAN.
 */
int __must_check sc_codec_page_read(const void *buf, u32 page,
				    const struct sc_geom *g,
				    struct sc_records *recs,
				    struct sc_reason *why);

/**
 * sc_codec_journal_begin() - begin a journal block without records
 * @buf: set
 *
 * Context: any.
 */
void sc_codec_journal_begin(void *buf);

/**
 * sc_codec_journal_put() - put a record into a journal block
 * @buf: the block
 * @i: which, below SC_JOURNAL_RECORDS
 * @rec: the record, already checked
 *
 * Context: any.
 */
void sc_codec_journal_put(void *buf, u32 i, const struct sc_record *rec);

/**
 * sc_codec_journal_seal() - finish a journal block
 * @buf: the block
 * @id: seq is the transaction
 * @tx: its place there
 *
 * Context: any.
 */
void sc_codec_journal_seal(void *buf, const struct sc_block_id *id,
			   const struct sc_tx_block *tx);

/**
 * sc_codec_journal_open() - check a journal block but for its records
 * @buf: the block
 * @id: as it has to be but for seq, which is set
 * @tx: set on success
 * @why: set if refused
 *
 * Context: any.
 * Return: 0, -EUCLEAN, or -EINVAL for an unknown version.
 */
int __must_check sc_codec_journal_open(const void *buf, struct sc_block_id *id,
				       struct sc_tx_block *tx,
				       struct sc_reason *why);

/**
 * sc_codec_journal_get() - read a record
 * @buf: an opened journal block
 * @i: which, below nr_records
 * @g: bounds
 * @rec: set on success
 * @why: set if refused
 *
 * Context: any.
 * Return: 0 or -EUCLEAN.
 */
int __must_check sc_codec_journal_get(const void *buf, u32 i,
				      const struct sc_geom *g,
				      struct sc_record *rec,
				      struct sc_reason *why);

/**
 * sc_codec_journal_slot() - the slot of a record that we made ourselves
 * @buf: a journal block
 * @i: which, below nr_records
 *
 * Context: any.
 * Return: the slot.
 */
u32 sc_codec_journal_slot(const void *buf, u32 i);

/**
 * sc_codec_label_encode() - make a label
 * @buf: set
 * @id: location counts 4 KiB, seq is the epoch
 *
 * Context: any.
 */
void sc_codec_label_encode(void *buf, const struct sc_block_id *id);

/**
 * sc_codec_label_decode() - read a label
 * @buf: the block
 * @location: as it has to be, counted in 4 KiB
 * @uuid: set on success
 * @epoch: set on success
 * @why: set if refused
 *
 * Context: any.
 * Return: 0, -EUCLEAN, or -EINVAL for an unknown version.
 */
int __must_check sc_codec_label_decode(const void *buf, u64 location, u8 *uuid,
				       u64 *epoch, struct sc_reason *why);

/**
 * sc_record_trim() - bring a record into the form that the disk knows
 * @g: sizes
 * @rec: sub-blocks behind the end of the origin are taken away; an unmapped
 *	slot has neither block nor hint
 *
 * Context: any.
 */
void sc_record_trim(const struct sc_geom *g, struct sc_record *rec);

/**
 * sc_record_fault() - check a record
 * @g: bounds
 * @rec: the record
 * @got: set to the offending value
 *
 * Context: any.
 * Return: NULL, or what is wrong, in a few words.
 */
const char *sc_record_fault(const struct sc_geom *g,
			    const struct sc_record *rec, u64 *got);

/* The two bits of a page in a map: 0 absent, 1 first copy, 2 second copy. */
#define SC_PAGE_ABSENT	0u

static inline u32 sc_state_get(const u8 *state, u32 page)
{
	return state[page / 4] >> page % 4 * 2 & 3;
}

static inline void sc_state_set(u8 *state, u32 page, u32 value)
{
	u32 shift = page % 4 * 2;

	state[page / 4] = (state[page / 4] & ~(3u << shift)) | value << shift;
}

#endif
