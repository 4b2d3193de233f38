/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the metadata engine share with each other and nobody else:
 * super.c, label.c, journal.c, checkpoint.c, load.c, replay.c and meta.c.
 */
#ifndef SC_META_PRIV_H
#define SC_META_PRIV_H

#include "codec.h"
#include "meta.h"

/* The largest transfer, and the size of the work buffer. */
#define SC_META_BATCH	128u
/* Table pages that one step of a checkpoint writes if nobody says otherwise. */
#define SC_STEP_PAGES	64u
/* Commits overwrite a ring only so far that a transaction always fits. */
#define SC_MAX_TX_SHARE	8u

/**
 * enum sc_meta_phase - how far an engine has come
 * @SC_META_CREATED: touches no device yet
 * @SC_META_OPENED: sizes are known
 * @SC_META_LOADED: states were handed out
 * @SC_META_STARTED: may write
 */
enum sc_meta_phase {
	SC_META_CREATED,
	SC_META_OPENED,
	SC_META_LOADED,
	SC_META_STARTED,
};

/**
 * struct sc_journal - the ring, its end and the transaction being collected
 * @buf: blocks of the transaction
 * @max_blocks: how many it may have
 * @nr: records in it
 * @open: between commit_begin and commit_end
 * @head: ring block where the next transaction begins
 * @used: blocks before @head that the superblocks on disk still need
 * @tx: number of the next transaction
 */
struct sc_journal {
	u8 *buf;
	u32 max_blocks;
	u32 nr;
	bool open;
	u32 head;
	u32 used;
	u64 tx;
};

/**
 * struct sc_checkpoint - which pages changed and which copies count
 * @dirty: pages changed since the checkpoint under way began, or the last one
 * @capture: pages that the one under way has still to write
 * @state: the map on disk
 * @next: the map that the checkpoint under way will write
 * @nr_pages: pages that these four have room for
 * @nr_present: pages with a copy, by @state
 * @active: a checkpoint is under way
 * @cursor: pages before this one are not in @capture
 * @tail: @head of the journal when it began; the others likewise
 * @tail_tx: number of the first transaction that it need not contain
 * @used: blocks of the journal that it makes free
 */
struct sc_checkpoint {
	unsigned long *dirty;
	unsigned long *capture;
	u8 *state;
	u8 *next;
	u32 nr_pages;
	u32 nr_present;
	bool active;
	u32 cursor;
	u32 tail;
	u64 tail_tx;
	u32 used;
};

/**
 * struct sc_meta - the engine
 * @io: the caller's callbacks
 * @ctx: for them
 * @p: the caller's parameters
 * @phase: how far it has come
 * @error: first failure of a write, ends all writing
 * @fresh: nothing on disk yet
 * @was_clean: as open() found it
 * @labels_stale: a label is missing or in the wrong place
 * @worse: the superblock to overwrite first, because it is older or unreadable
 * @epoch: the labels' epoch
 * @sb: the superblock on disk
 * @next: a superblock being prepared
 * @geom: sizes in force; differ from those of @sb until start is through
 * @layout: likewise
 * @journal: the ring
 * @ckpt: the table
 * @buf: SC_META_BATCH blocks to work with
 * @block: one block to work with
 * @stats: counters
 * @why: for a caller who does not want to know
 */
struct sc_meta {
	const struct sc_meta_io *io;
	void *ctx;
	struct sc_meta_params p;
	enum sc_meta_phase phase;
	int error;
	bool fresh;
	bool was_clean;
	bool labels_stale;
	u32 worse;
	u64 epoch;
	struct sc_super sb;
	struct sc_super next;
	struct sc_geom geom;
	struct sc_layout layout;
	struct sc_journal journal;
	struct sc_checkpoint ckpt;
	u8 *buf;
	u8 *block;
	struct sc_meta_stats stats;
	struct sc_reason why;
};

/**
 * struct sc_loader - what load and replay hand states through
 * @m: the engine
 * @set: the caller's callback
 * @why: where a refusal goes
 * @end: sub-blocks not wholly before this sector get lost by a resize
 * @doomed: slots whose dirty data would get lost; NULL without a resize
 * @nr_doomed: how many
 * @as_is: no resize, no epoch and no other policy: every record is handed out
 *	as it stands
 * @recs: read and not handed out yet
 */
struct sc_loader {
	struct sc_meta *m;
	sc_meta_set_fn set;
	struct sc_reason *why;
	u64 end;
	unsigned long *doomed;
	u32 nr_doomed;
	bool as_is;
	struct sc_records *recs;
};

static inline u8 *sc_nth_block(u8 *buf, u32 i)
{
	return buf + (size_t)i * SC_META_BLOCK_BYTES;
}

/* Map blocks that say something about a slot below nr_slots. */
static inline u32 sc_map_blocks_for(const struct sc_geom *g)
{
	return DIV_ROUND_UP(sc_pages_for(g->nr_slots), SC_MAP_PAGES);
}

static inline u64 sc_map_block(const struct sc_layout *l, u64 checkpoint,
			       u32 index)
{
	return l->map_start + (checkpoint & 1) * l->map_blocks + index;
}

/**
 * sc_meta_fail() - remember the first failure of a write
 * @m: the engine
 * @r: 0 or -errno
 *
 * Context: any.
 * Return: @r.
 */
int sc_meta_fail(struct sc_meta *m, int r);

/**
 * sc_meta_damage() - a piece cannot be used: refuse, or report and go on
 * @m: the engine
 * @r: -errno, what to refuse with
 * @damage: which piece, with the reason
 *
 * Context: may sleep.
 * Return: @r, or 0 if this is a repair.
 */
int __must_check sc_meta_damage(struct sc_meta *m, int r,
				const struct sc_damage *damage);

/**
 * sc_meta_writable() - whether it may write
 * @m: the engine
 *
 * Context: any.
 * Return: 0; -EROFS before start; the first failure.
 */
int __must_check sc_meta_writable(const struct sc_meta *m);

/**
 * sc_super_open() - find the superblock that counts
 * @m: sets sb, worse and fresh
 * @why: set if refused
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if foreign or too new; -EUCLEAN; a read error.
 */
int __must_check sc_super_open(struct sc_meta *m, struct sc_reason *why);

/**
 * sc_super_prepare() - begin to change the superblock
 * @m: sets next to what is on disk
 *
 * Context: any.
 * Return: next, to be changed.
 */
struct sc_super *sc_super_prepare(struct sc_meta *m);

/**
 * sc_super_write() - write both superblocks from next, behind all else
 * @m: sb becomes next when both are durable
 *
 * Context: may sleep.
 * Return: 0 or a write error, which is remembered.
 */
int __must_check sc_super_write(struct sc_meta *m);

/**
 * sc_label_open() - read the labels
 * @m: sets epoch and labels_stale
 * @why: set if refused
 *
 * Context: may sleep.
 * Return: 0; -EINVAL if this is not the cache device; a read error.
 */
int __must_check sc_label_open(struct sc_meta *m, struct sc_reason *why);

/**
 * sc_label_write() - write every label
 * @m: with epoch
 *
 * Only where the superblock on disk says that no slot is (sb.cache_sectors).
 *
 * Context: may sleep.
 * Return: 0 if all are durable; else the first error.
 */
int __must_check sc_label_write(struct sc_meta *m);

/**
 * sc_label_write_head() - write the first label only, whatever the size
 * @m: opened
 *
 * Context: may sleep.
 * Return: 0 if it is durable, or there is no cache device; else -errno.
 */
int __must_check sc_label_write_head(struct sc_meta *m);

/**
 * sc_label_is_other() - can labels be read, and none of them is this cache's?
 * @m: failed, so that the epoch found is used no more
 *
 * Context: may sleep.
 * Return: false also if nothing can be read.
 */
bool sc_label_is_other(struct sc_meta *m);

/**
 * sc_checkpoint_complete() - finish the checkpoint under way, or do a whole one
 * @m: the engine
 * @clean: the journal will be empty: mark the metadata clean
 *
 * Context: may sleep.
 * Return: 0 or a write error, which is remembered.
 */
int __must_check sc_checkpoint_complete(struct sc_meta *m, bool clean);

/**
 * sc_checkpoint_mark() - a page of the table changes with the next checkpoint
 * @m: the engine
 * @slot: a slot of it
 *
 * Context: any.
 */
static inline void sc_checkpoint_mark(struct sc_meta *m, u32 slot)
{
	set_bit(slot / SC_PAGE_ENTRIES, m->ckpt.dirty);
}

/**
 * sc_checkpoint_count() - count the pages present again
 * @m: the engine
 *
 * Context: any.
 */
void sc_checkpoint_count(struct sc_meta *m);

/**
 * sc_load_deliver() - hand out what was read, as a resize or an epoch leaves it
 * @l: the loader; its records are verified by the sizes on disk, and forgotten
 * @again: the slots may have been handed out before
 *
 * Context: may sleep.
 * Return: 0 or what the callback returned.
 */
int __must_check sc_load_deliver(struct sc_loader *l, bool again);

/**
 * sc_replay() - hand out the records of the journal
 * @l: the loader
 *
 * Context: may sleep.
 * Return: 0; -EUCLEAN; a read error; what the callback returned.
 */
int __must_check sc_replay(struct sc_loader *l);

#endif
