/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small caches in files, made by the metadata engine itself.
 */
#ifndef TEST_IMAGE_H
#define TEST_IMAGE_H

#include "rest.h"
#include "verb.h"

/**
 * struct image - a cache in files
 * @metadata: path
 * @cache: path
 * @origin: path
 * @block_sectors: block size
 * @cache_sectors: size of the cache device
 * @origin_sectors: size of the origin
 * @metadata_sectors: size of the metadata device
 */
struct image {
	const char *metadata;
	const char *cache;
	const char *origin;
	u32 block_sectors;
	u64 cache_sectors;
	u64 origin_sectors;
	u64 metadata_sectors;
};

/** image_file() - a file of that size, full of zeroes */
void image_file(const char *path, u64 sectors);

/** image_copy() - a copy of a file */
void image_copy(const char *to, const char *from);

/** image_read() - all of a file; the caller frees it */
u8 *image_read(const char *path, size_t *bytes);

/** image_make() - files, formatted, nothing mapped */
void image_make(const struct image *image);

/**
 * image_commit() - new states, as the module would commit them
 * @image: made
 * @rec: the states; not checked across slots
 * @nr: how many
 * @clean: bring them to the table, else they stay in the journal
 */
void image_commit(const struct image *image, const struct sc_record *rec,
		  u32 nr, bool clean);

extern const u8 image_uuid[SC_UUID_BYTES];

/** image_block() - read a block of 4 KiB of a file */
void image_block(const char *path, u64 block, u8 *data);

/** image_put_block() - write one */
void image_put_block(const char *path, u64 block, const u8 *data);

/** image_spoil() - garbage in place of a block */
void image_spoil(const char *path, u64 block);

/** image_spoil_journal() - garbage in place of the block that begins with a slot */
void image_spoil_journal(const struct image *image, sc_cblock_t slot);

/** image_random() - states of random slots and blocks, no block twice */
u32 image_random(const struct image *image, struct sc_record *rec, u32 max);

/** image_load() - what a start of the module would find */
void image_load(const struct image *image, struct rest *r);

/** image_enter() - a directory of its own; for cmocka, as the next */
int image_enter(void **state);

/** image_leave() - and remove it */
int image_leave(void **state);

/** image_verb() - run a verb with these words; returns its exit code */
int image_verb(const struct verb *verb, const char *words);

/** said_begin() - what is printed from now on is kept */
void said_begin(void);

/** said_end() - end that; what was printed, valid until the next begin */
const char *said_end(void);

#endif
