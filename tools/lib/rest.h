/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cache at rest: its devices, the metadata engine on them, and the state of
 * every slot in memory. What the offline verbs have in common.
 *
 * DOC: how a verb goes about it
 *
 *	rest_open() -> rest_settle() -> look
 *	rest_open() -> rest_settle() -> rest_start() -> rest_commit()... -> rest_end()
 *	rest_create() -> rest_put()... -> rest_create_end()
 *
 * Nothing is written before rest_start() or rest_create(). The engine decides
 * what is on the disk; here are only its devices and its view.
 *
 * Context: one thread; all functions of this header. What is wrong has been said
 * when they return.
 */
#ifndef SC_TOOLS_REST_H
#define SC_TOOLS_REST_H

#include "check.h"
#include "disk.h"
#include "dump.h"
#include "exit.h"
#include "meta.h"
#include "text.h"

/**
 * struct rest_slot - the state of a slot, as small as can be
 * @block_lo: block held, bits 0 to 31
 * @block_hi: bits 32 to 39
 * @hint: of the policy
 * @valid: sub-blocks held
 * @dirty: of these, dirty
 */
struct rest_slot {
	u32 block_lo;
	u8 block_hi;
	u8 hint;
	u16 valid;
	u16 dirty;
};

/**
 * struct rest_how - what a verb wants of a cache
 * @metadata: path
 * @cache: path, or NULL: look at the metadata alone
 * @origin: path, or NULL
 * @write: metadata and labels will be changed
 * @new_labels: labels are not looked at, but written
 * @super_only: nothing is loaded
 * @write_cache: so will data on the cache device; a flush is the caller's
 * @write_origin: so will the origin
 * @damaged: NULL: damaged metadata is refused; else told of each damage
 * @ctx: for @damaged
 */
struct rest_how {
	const char *metadata;
	const char *cache;
	const char *origin;
	bool write;
	bool new_labels;
	bool super_only;
	bool write_cache;
	bool write_origin;
	void (*damaged)(void *ctx, const struct sc_damage *damage);
	void *ctx;
};

#define REST_CURTAIN_BLOCKS	2

/**
 * struct rest - a cache at rest
 * @how: as given
 * @metadata: the device
 * @cache: the device, if given
 * @origin: the device, if given
 * @io: the engine's callbacks
 * @meta: the engine
 * @geom: sizes
 * @slots: the durable view
 * @changed: a bit for each slot that was changed since it was loaded
 * @why: the engine's last refusal
 * @curtain: while it is made: the superblocks, which nobody is to see yet
 */
struct rest {
	struct rest_how how;
	struct disk metadata;
	struct disk cache;
	struct disk origin;
	struct sc_meta_io io;
	struct sc_meta *meta;
	const struct sc_geom *geom;
	struct rest_slot *slots;
	unsigned long *changed;
	struct sc_reason why;
	u8 *curtain;
};

/**
 * rest_init() - nothing is open
 * @r: for a caller who may come to rest_close() before anything else
 */
void rest_init(struct rest *r);

/**
 * rest_open() - open a cache and load it
 * @r: the cache; rest_close() is due whatever comes of this
 * @how: what is wanted; copied
 *
 * Return: an enum exit_code.
 */
int __must_check rest_open(struct rest *r, const struct rest_how *how);

/**
 * rest_close() - let go of a cache
 * @r: opened, with or without success
 */
void rest_close(struct rest *r);

/**
 * rest_get() - the state of a slot
 * @ctx: the struct rest
 * @slot: below nr_slots
 * @rec: set
 */
void rest_get(void *ctx, sc_cblock_t slot, struct sc_record *rec);

/**
 * rest_put() - change the state of a slot in memory
 * @r: opened and not started, or created
 * @rec: the state
 */
void rest_put(struct rest *r, const struct sc_record *rec);

/**
 * rest_unmap() - forget a slot in memory
 * @r: opened and not started, or created
 * @slot: which
 */
void rest_unmap(struct rest *r, sc_cblock_t slot);

/**
 * rest_settle() - have each block held by one slot
 * @r: opened
 * @check: geom, get, found and ctx are set here; counts are the result. @found
 *	is called for what is a fault, NULL: faults are refused
 * @found: see @check
 * @ctx: for @found
 *
 * Slots that were being given up when the power failed are forgotten in memory,
 * those at fault as well if @found is there.
 *
 * Return: an enum exit_code; EXIT_FAILED if there are faults and no @found.
 */
int __must_check rest_settle(struct rest *r, struct sc_check *check,
			     void (*found)(void *ctx, const struct sc_reason *why),
			     void *ctx);

/**
 * rest_start() - have the engine take the devices into use
 * @r: settled, opened for writing
 *
 * What was changed in memory goes to the disk with the next checkpoint: all at
 * once, in rest_end() at the latest, and here already if damage is repaired.
 *
 * Return: an enum exit_code.
 */
int __must_check rest_start(struct rest *r);

/**
 * rest_commit() - make new states durable, then remember them
 * @r: started
 * @rec: the states
 * @nr: how many
 *
 * Return: an enum exit_code.
 */
int __must_check rest_commit(struct rest *r, const struct sc_record *rec,
			     u32 nr);

/**
 * rest_end() - bring all slots to the table and mark the metadata clean
 * @r: started
 *
 * Return: an enum exit_code.
 */
int __must_check rest_end(struct rest *r);

/**
 * rest_clear_needs_check() - take the mark away
 * @r: started
 *
 * Return: an enum exit_code.
 */
int __must_check rest_clear_needs_check(struct rest *r);

/**
 * struct rest_new - metadata to be made
 * @path: of the metadata device
 * @force: overwrite what is there
 * @p: for the engine; metadata_sectors is set here
 */
struct rest_new {
	const char *path;
	bool force;
	struct sc_meta_params p;
};

/**
 * rest_create() - begin to make metadata
 * @r: the cache, nothing mapped; rest_close() is due whatever comes of this
 * @new: what is wanted
 *
 * Writes nothing yet. A device with something on it is refused, unless it is
 * metadata of the same uuid, was begun to be made like this, or
 * &rest_new.force is set.
 *
 * Return: an enum exit_code.
 */
int __must_check rest_create(struct rest *r, const struct rest_new *new);

/**
 * rest_create_end() - write it
 * @r: created, all states put
 * @needs_check: set that mark
 *
 * Touches the metadata device only; no label is written. What is cut short is
 * refused by everybody afterwards: it is never taken for a cache that holds less.
 *
 * Return: an enum exit_code.
 */
int __must_check rest_create_end(struct rest *r, bool needs_check);

/**
 * rest_is_made() - whether a device holds metadata of a cache
 * @path: of the metadata device
 * @is_made: set on success
 *
 * Return: an enum exit_code.
 */
int __must_check rest_is_made(const char *path, bool *is_made);

/**
 * rest_change() - open, start, change and end
 * @how: for rest_open()
 * @change: what to do in between, an enum exit_code comes back; or NULL
 *
 * Return: an enum exit_code.
 */
int __must_check rest_change(const struct rest_how *how,
			     int (*change)(struct rest *r));

/**
 * rest_write_labels() - write the labels of a cache that was just made
 * @metadata: path
 * @cache: path of its cache device, which must be large enough
 * @are_there: one is there already, and has to agree
 *
 * Return: an enum exit_code.
 */
int __must_check rest_write_labels(const char *metadata, const char *cache,
				   bool are_there);

/**
 * rest_damage_text() - say what a damage means
 * @damage: what is wrong
 * @t: where to append
 */
void rest_damage_text(const struct sc_damage *damage, struct sc_text *t);

/**
 * rest_describe() - what a dump of a cache begins with
 * @r: opened
 * @nr_mapped: mapped slots
 * @cache: set
 */
void rest_describe(const struct rest *r, u32 nr_mapped,
		   struct dump_cache *cache);

/**
 * rest_exit_code() - what an errno means for a caller of the command
 * @r: 0 or -errno
 *
 * Return: an enum exit_code.
 */
int rest_exit_code(int r);

#endif
