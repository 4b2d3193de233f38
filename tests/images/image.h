/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A metadata device in memory, with the two labels of its cache device, and
 * what the module does when it takes such devices into use.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include "meta.h"
#include "policy.h"

#define IMAGE_LABELS	4

/**
 * struct image_label - 4 KiB of the cache device
 * @used: whether anything was written there
 * @sector: where
 * @data: what
 */
struct image_label {
	bool used;
	u64 sector;
	u8 data[SC_META_BLOCK_BYTES];
};

/**
 * struct image - the devices
 * @p: as the table says
 * @nr_blocks: size of the metadata device
 * @meta: its bytes
 * @label: what the cache device holds, as far as it matters
 * @nr_writes: how often either was written to
 * @bad: a block of the metadata device that cannot be read; -1: none
 */
struct image {
	struct sc_meta_params p;
	u32 nr_blocks;
	u8 *meta;
	struct image_label label[IMAGE_LABELS];
	u64 nr_writes;
	s64 bad;
};

/** image_init() - devices full of zeroes */
void image_init(struct image *img, const struct sc_meta_params *p);

/** image_exit() - throw them away */
void image_exit(struct image *img);

/** image_copy() - make @to, which is initialized, the same as @from */
void image_copy(struct image *to, const struct image *from);

/** image_same() - whether the devices hold the same */
bool image_same(const struct image *a, const struct image *b);

/** image_block() - a block of the metadata device */
static inline u8 *image_block(const struct image *img, u32 block)
{
	return img->meta + (size_t)block * SC_META_BLOCK_BYTES;
}

/** image_make() - format and use: both copies of pages and maps, a journal
 *
 * Slots 0 to 349 hold the blocks of their numbers, every third is dirty. The
 * last three transactions are in the journal, the first of them of two blocks.
 */
void image_make(struct image *img);

/** image_shut_down() - as a suspend leaves the devices */
void image_shut_down(struct image *img);

/* ---- in use ---------------------------------------------------------------- */

/**
 * struct world - the part of the module that begins to use devices
 * @img: the devices
 * @repair: leave out what is damaged
 * @nr_damaged: pieces left out
 * @m: the engine, NULL if refused
 * @map: the map, as load fills it
 * @policy: the policy, likewise
 * @view: the durable view: the last state of each slot that load handed out
 * @why: why it was refused
 */
struct world {
	struct image *img;
	bool repair;
	u32 nr_damaged;
	struct sc_meta *m;
	struct sc_map *map;
	struct sc_policy *policy;
	struct sc_record *view;
	struct sc_reason why;
};

/** world_open() - open and load, as the module does; 0 or -errno */
int world_open(struct world *w, struct image *img, bool repair);

/** world_close() - forget it, whether open succeeded or not */
void world_close(struct world *w);

/** world_fault() - what is wrong with the map that was loaded, or NULL */
const char *world_fault(const struct world *w);

/** world_commit() - one transaction, which enters the view */
int world_commit(struct world *w, const struct sc_record *rec, u32 nr);

/** world_same() - whether two loads found the same */
bool world_same(const struct world *a, const struct world *b);

#endif
