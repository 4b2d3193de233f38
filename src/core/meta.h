/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The metadata engine: which slot holds which block, kept on the metadata
 * device so that every power cut leaves it exact.
 */
#ifndef SC_META_H
#define SC_META_H

#include "reason.h"
#include "types.h"

/**
 * DOC: life of the metadata
 *
 *	create -> open -> load -> start -> { commit, checkpoint } -> destroy
 *
 * open() reads the superblocks and the labels and decides every size. load()
 * hands the caller the state of every slot. Neither writes anything: whatever
 * is refused leaves the devices as they were (P6). start() makes the devices
 * ours: it formats a fresh one, brings a resize or a raised label epoch to the
 * disk and marks the metadata as in use. From then on commits and checkpoints
 * alternate as the caller likes. A cache that is only looked at never starts.
 *
 * The caller keeps a durable view: for each slot the state of the last record
 * whose transaction ended with 0. Checkpoints ask for it through &sc_meta_io.get.
 * A transaction's records enter the view after sc_meta_commit_end() returned 0
 * and before the next call into the engine, never earlier: a table page must
 * not know what the journal may still lose. The engine asks from start(),
 * commit_begin() and the functions that make checkpoints, so begin first, then
 * collect the records.
 *
 * All calls for one &struct sc_meta come from one thread at a time and may
 * sleep in the callbacks. Memory is allocated by create() and, for the
 * duration of the call only, by load().
 *
 * After a failed write the engine refuses all further writing with the same
 * error; sc_meta_raise_epoch() still works and is what the caller does next
 * (rule 9).
 */
struct sc_meta;
struct sc_page_cursor;
struct sc_super;

/* Flags of &sc_meta_io.write. */
#define SC_IO_PREFLUSH	1u	/* all completed writes of this disk first */
#define SC_IO_FUA	2u	/* durable on return */

/**
 * enum sc_damage_kind - what a repair has to leave out
 * @SC_DAMAGE_LABEL: the labels: clean data is not believed any more
 * @SC_DAMAGE_MAP: a block of the map: which copy of a page counts had to be
 *	found out, nothing is lost
 * @SC_DAMAGE_PAGE: what some slots held, dirty data included
 * @SC_DAMAGE_JOURNAL: transactions: any slot may be in an older state than it
 *	was, and even hold another block by now
 */
enum sc_damage_kind {
	SC_DAMAGE_LABEL,
	SC_DAMAGE_MAP,
	SC_DAMAGE_PAGE,
	SC_DAMAGE_JOURNAL,
	SC_NR_DAMAGES,
};

/**
 * struct sc_damage - a piece that is left out
 * @kind: what it is
 * @slot: first slot lost, if @kind is SC_DAMAGE_PAGE. The journal may know them
 *	still: then they are handed out later
 * @nr_slots: how many are
 * @why: what is wrong, and where
 */
struct sc_damage {
	enum sc_damage_kind kind;
	u32 slot;
	u32 nr_slots;
	const struct sc_reason *why;
};

/**
 * struct sc_meta_io - the devices and the durable view, given by the caller
 * @read: read 4 KiB blocks of the metadata device
 * @read_begin: start such a read; never two at a time, nor another operation
 *	before @read_end but @read. NULL: load waits for each read
 * @read_end: wait for it; always called after a begin that returned 0
 * @write: write 4 KiB blocks of the metadata device, flags SC_IO_*
 * @flush: flush the metadata device
 * @cache_flush_begin: start to flush the cache device
 * @cache_flush_end: wait for that flush; always called after a begin that
 *	returned 0
 * @cache_read: read 4 KiB of the cache device at a sector (labels); NULL: nobody
 *	looks, the labels count as being what the superblock wants
 * @cache_write: write 4 KiB of the cache device with FUA (labels); NULL: start
 *	writes none. Without @cache_read it writes them in any case
 * @get: the durable view of a slot below nr_slots; sets all of @rec
 * @set_whole: NULL, or takes the first entries of a table page in sc_meta_load()'s
 *	place, by sc_page_next_whole(), as many as it likes; faster
 * @damaged: NULL: what is damaged is refused. Else, for a repair: load leaves
 *	it out, reports it here and goes on; start brings the rest to the disk
 *
 * All return 0 or -errno when the operation is over. Buffers are whole
 * multiples of 4 KiB from sc_env_alloc(): page-aligned in the kernel, either
 * kmalloc or vmalloc memory; in a program aligned as malloc does. A transfer
 * is at most 128 blocks long.
 */
struct sc_meta_io {
	int (*read)(void *ctx, u64 block, void *data, u32 nr_blocks);
	int (*read_begin)(void *ctx, u64 block, void *data, u32 nr_blocks);
	int (*read_end)(void *ctx);
	int (*write)(void *ctx, u64 block, const void *data, u32 nr_blocks,
		     unsigned int flags);
	int (*flush)(void *ctx);
	int (*cache_flush_begin)(void *ctx);
	int (*cache_flush_end)(void *ctx);
	int (*cache_read)(void *ctx, u64 sector, void *data);
	int (*cache_write)(void *ctx, u64 sector, const void *data);
	void (*get)(void *ctx, sc_cblock_t slot, struct sc_record *rec);
	void (*set_whole)(void *ctx, struct sc_page_cursor *cursor);
	void (*damaged)(void *ctx, const struct sc_damage *damage);
};

#define SC_POLICY_BYTES	16

/**
 * struct sc_meta_params - what the table and the devices say
 * @metadata_sectors: size of the metadata device
 * @cache_sectors: size of the cache device
 * @origin_sectors: size of the origin
 * @block_sectors: block size
 * @label_epoch: when formatting: epoch that the labels have, 0: 1
 * @journal_blocks: wanted journal size when formatting, 0: chosen by size
 * @step_pages: table pages that one step of a checkpoint writes, 0: 64
 * @same_disk: a flush of the metadata device flushes the cache device as well
 * @adopt_sizes: for a tool that looks at a part of the devices: sizes of cache,
 *	origin and block that are 0 are taken from the superblock, and a fresh
 *	metadata device is refused
 * @uuid: random, identifies the cache if this formats it; not all zero
 * @policy: name of the policy, ends with zeroes; hints kept by another policy
 *	are dropped at load. Empty: hints are kept.
 */
struct sc_meta_params {
	u64 metadata_sectors;
	u64 cache_sectors;
	u64 origin_sectors;
	u32 block_sectors;
	u32 journal_blocks;
	u64 label_epoch;
	u32 step_pages;
	bool same_disk;
	bool adopt_sizes;
	u8 uuid[SC_UUID_BYTES];
	char policy[SC_POLICY_BYTES];
};

/**
 * struct sc_meta_stats - what status and tests want to know
 * @nr_blocks: 4 KiB blocks of the metadata device
 * @nr_used: of these in use
 * @journal_blocks: size of the journal
 * @journal_used: of these in use
 * @capacity: slots the metadata device has room for
 * @commits: transactions made durable since create()
 * @commit_blocks: journal blocks written for them
 * @checkpoints: checkpoints completed since create()
 * @page_writes: table pages written for them
 * @replayed: transactions replayed by load()
 * @damaged: pieces that load() had to leave out
 * @dropped: states of which load() dropped the clean part (epoch, resize)
 * @good_supers: superblocks that open() found in order, of two
 * @good_labels: labels that open() found in order, of two
 */
struct sc_meta_stats {
	u64 nr_blocks;
	u64 nr_used;
	u32 journal_blocks;
	u32 journal_used;
	u32 capacity;
	u64 commits;
	u64 commit_blocks;
	u64 checkpoints;
	u64 page_writes;
	u64 replayed;
	u64 damaged;
	u64 dropped;
	u32 good_supers;
	u32 good_labels;
};

/**
 * typedef sc_meta_set_fn - take the states of slots during load
 * @ctx: as given to sc_meta_create()
 * @rec: verified: slot and block in range, dirty a subset of valid
 * @nr: how many, one after the other
 *
 * First come the mapped slots of the table in ascending order, then the records
 * of the journal in the order of their commits. A later record of a slot
 * replaces an earlier one, valid == 0 unmaps it. On the way two slots may hold
 * one block; whether one block is held twice can be told only after load.
 *
 * Return: 0, or -errno, which ends the load.
 */
typedef int (*sc_meta_set_fn)(void *ctx, const struct sc_record *rec, u32 nr);

/**
 * sc_meta_create() - make an engine; touches no device
 * @io: callbacks, must stay
 * @ctx: handed to every callback
 * @p: copied
 *
 * Context: may sleep, allocates all memory of the I/O path.
 * Return: the engine, NULL without memory.
 */
struct sc_meta *sc_meta_create(const struct sc_meta_io *io, void *ctx,
			       const struct sc_meta_params *p);

/**
 * sc_meta_destroy() - free an engine; touches no device
 * @m: NULL is allowed
 *
 * Context: may sleep.
 */
void sc_meta_destroy(struct sc_meta *m);

/**
 * sc_meta_open() - read superblocks and labels, decide the sizes
 * @m: just created
 * @why: set if refused
 *
 * A metadata device whose first 4 KiB are zero counts as fresh: nothing is
 * mapped, sc_meta_start() formats it.
 *
 * If the first 4 KiB are not zero, one good superblock of the two is enough.
 *
 * Context: may sleep. Writes nothing.
 * Return: 0; -EINVAL if table and devices do not fit together or are not ours;
 * -EUCLEAN if corrupt; -ENOSPC if the metadata device is too small; or a read
 * error.
 */
int __must_check sc_meta_open(struct sc_meta *m, struct sc_reason *why);

/**
 * sc_meta_geom() - the sizes in force after open
 * @m: opened
 *
 * Context: any.
 * Return: valid until sc_meta_destroy().
 */
const struct sc_geom *sc_meta_geom(const struct sc_meta *m);

/**
 * sc_meta_uuid() - which cache it is
 * @m: opened
 * @uuid: SC_UUID_BYTES bytes
 *
 * Context: any.
 */
void sc_meta_uuid(const struct sc_meta *m, u8 *uuid);

/**
 * sc_meta_load() - hand out the state of every slot
 * @m: opened, not yet loaded
 * @set: takes the states
 * @why: set if refused
 *
 * Applies a changed cache or origin size: clean mappings outside are dropped
 * (and not handed out), a dirty one outside refuses the load.
 *
 * A repair (&sc_meta_io.damaged) loses the slots of a damaged page; their dirty
 * data, if any, is lost with them. A damaged map costs nothing. Behind a damage
 * of the journal the transactions still complete are applied; slots of the
 * damaged one keep an older state, so that clean data should not be trusted:
 * the caller drops it, or raises the epoch.
 *
 * Context: may sleep and allocate. Writes nothing.
 * Return: 0; -EUCLEAN if corrupt; -EINVAL if a new size would lose dirty data;
 * -ENOMEM; a read error; what @set returned.
 */
int __must_check sc_meta_load(struct sc_meta *m, sc_meta_set_fn set,
			      struct sc_reason *why);

/**
 * sc_meta_start() - take the devices into use
 * @m: loaded; the caller is ready for &sc_meta_io.get and content with what
 *	load gave
 *
 * Formats a fresh device; brings dropped mappings and new sizes to the disk;
 * writes missing labels; marks the metadata as in use.
 *
 * Context: may sleep.
 * Return: 0; -EROFS if a feature forbids writing; -EOVERFLOW if a counter stands
 * where no counter can; a write error.
 */
int __must_check sc_meta_start(struct sc_meta *m);

/**
 * sc_meta_commit_begin() - begin a transaction
 * @m: started
 *
 * If the journal is full it completes a checkpoint before. A transaction begun
 * and not ended is forgotten.
 *
 * Context: may sleep.
 * Return: 0; -EROFS if not started; the error that made writing impossible.
 */
int __must_check sc_meta_commit_begin(struct sc_meta *m);

/**
 * sc_meta_commit_add() - add the absolute state of a slot
 * @m: in a transaction
 * @rec: verified here
 *
 * Context: does not sleep.
 * Return: 0; -ENOSPC if the transaction is full (end it, begin another, add
 * again); -EINVAL if the record breaks a rule of the format.
 */
int __must_check sc_meta_commit_add(struct sc_meta *m,
				    const struct sc_record *rec);

/**
 * sc_meta_commit_full() - whether the transaction takes no further record
 * @m: in a transaction
 *
 * Context: any.
 * Return: true if sc_meta_commit_add() would return -ENOSPC.
 */
bool sc_meta_commit_full(const struct sc_meta *m);

/**
 * sc_meta_commit_end() - make the transaction durable
 * @m: in a transaction
 *
 * Flushes the cache device first (rule 1), also for a transaction without
 * records.
 *
 * Context: may sleep.
 * Return: 0: all records are durable. The error of a cache flush: none is, and
 * the engine goes on (a caller that knows its cache device to be dead need not
 * flush it). Any other error: the engine has failed, and whether they are
 * durable only the next load will show.
 */
int __must_check sc_meta_commit_end(struct sc_meta *m);

/**
 * sc_meta_failed() - whether the engine refuses to write
 * @m: started
 *
 * Context: between calls of the engine.
 * Return: true after a failed write of the metadata, or a raised epoch.
 */
bool sc_meta_failed(const struct sc_meta *m);

/**
 * sc_meta_touch() - have the page of a slot written by the next checkpoint
 * @m: loaded
 * @slot: below nr_slots
 *
 * For states that change without a commit: the policy's hint; before start, what
 * a repair decides, or what formatted metadata begins with.
 *
 * Context: does not sleep; between calls of the engine, like all others.
 */
void sc_meta_touch(struct sc_meta *m, sc_cblock_t slot);

/**
 * sc_meta_checkpoint_wanted() - whether a checkpoint should make progress
 * @m: started
 *
 * Context: any.
 * Return: true while one is under way or the journal is half full.
 */
bool sc_meta_checkpoint_wanted(const struct sc_meta *m);

/**
 * sc_meta_checkpoint_step() - make bounded progress, begin one if none is on
 * @m: started, not in a transaction
 * @done: set when the checkpoint is complete
 *
 * Writes at most &sc_meta_params.step_pages table pages, at the end the map and the superblocks, too.
 * Commits may come between two steps.
 *
 * Context: may sleep.
 * Return: 0 or the error that made writing impossible.
 */
int __must_check sc_meta_checkpoint_step(struct sc_meta *m, bool *done);

/**
 * sc_meta_checkpoint() - bring everything to the table and mark it clean
 * @m: started, not in a transaction
 *
 * For suspend. The next commit takes the mark away again.
 *
 * Context: may sleep.
 * Return: 0 or the error that made writing impossible.
 */
int __must_check sc_meta_checkpoint(struct sc_meta *m);

/**
 * sc_meta_raise_epoch() - let the next load drop every clean mapping (rule 9)
 * @m: opened; works on a failed engine
 *
 * If no label can be written, as the cache device is dead, and the engine has
 * not failed, the superblock's label epoch is lowered instead. The engine
 * writes no metadata any more after this. If it failed it may be called again.
 *
 * Context: may sleep.
 * Return: 0 if the first label, which no resize cuts off, or the superblocks are
 * durable, else a write error.
 */
int __must_check sc_meta_raise_epoch(struct sc_meta *m);

/**
 * sc_meta_void() - let the next start begin with an empty cache
 * @m: opened; works on a failed engine
 *
 * Nothing of the records counts any more, dirty ones included. The engine
 * writes no metadata after this. If it failed it may be called again.
 *
 * Context: may sleep.
 * Return: 0 if that is durable; -EINVAL if the device holds another's superblock by
 * now; else a write error.
 */
int __must_check sc_meta_void(struct sc_meta *m);

/**
 * sc_meta_is_other() - do the devices hold another cache by now, or none?
 * @m: failed, so that nothing but sc_meta_void() follows
 *
 * What cannot be read says nothing.
 *
 * Context: may sleep.
 * Return: true if a superblock or the labels say so.
 */
bool sc_meta_is_other(struct sc_meta *m);

/**
 * sc_meta_set_needs_check() - set or clear the needs_check mark on the disk
 * @m: started
 * @on: new value
 *
 * Context: may sleep.
 * Return: 0 or the error that made writing impossible.
 */
int __must_check sc_meta_set_needs_check(struct sc_meta *m, bool on);

/**
 * sc_meta_super() - the superblock that counts, for tools that show it
 * @m: opened
 *
 * Context: any.
 * Return: as on the disk, or as it will be formatted; valid until the next call
 * that writes.
 */
const struct sc_super *sc_meta_super(const struct sc_meta *m);

/**
 * sc_meta_needs_check() - the needs_check mark
 * @m: opened
 *
 * Context: any.
 * Return: the mark as on the disk.
 */
bool sc_meta_needs_check(const struct sc_meta *m);

/**
 * sc_meta_read_only() - whether sc_meta_start() would refuse with -EROFS
 * @m: opened
 *
 * Context: any.
 * Return: true if a feature that we do not know forbids writing.
 */
bool sc_meta_read_only(const struct sc_meta *m);

/**
 * sc_meta_was_clean() - whether the metadata was shut down in order
 * @m: opened
 *
 * Context: any.
 * Return: true for a fresh device, too.
 */
bool sc_meta_was_clean(const struct sc_meta *m);

/**
 * sc_meta_stats() - counters
 * @m: opened
 * @st: all of it is set
 *
 * Context: between calls of the engine.
 */
void sc_meta_stats(const struct sc_meta *m, struct sc_meta_stats *st);

/**
 * sc_meta_size_needed() - metadata device size for a number of slots
 * @nr_slots: slots
 *
 * At most 4 MiB + 44 bytes per slot.
 *
 * Context: any.
 * Return: sectors.
 */
u64 sc_meta_size_needed(u32 nr_slots);

#endif
