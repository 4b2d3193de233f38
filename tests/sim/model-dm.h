/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * device-mapper of the model kernel: one mapped device, made of three, with
 * the module's target on it.
 */
#ifndef MODEL_DM_H
#define MODEL_DM_H

#include "model-disk.h"
#include "types.h"

#define MODEL_MAX_SLOTS	256u

/** struct model_setup - what the devices and the table say */
struct model_setup {
	u32 block_sectors;
	u32 metadata_sectors;
	u32 cache_sectors;
	u32 max_cache_sectors;
	u64 origin_sectors;
	bool same_disk;
	char table[256];
};

/* ---- the machine ----------------------------------------------------------- */

/** model_machine_init() - new disks full of zeroes, power on */
void model_machine_init(const struct model_setup *s);
void model_machine_exit(void);

/** model_machine_weights() - how fast the disks are compared to each other */
void model_machine_weights(u32 metadata, u32 origin, u32 cache);

/**
 * model_machine_fails() - let a device fail
 * @leg: 0 metadata, 1 cache, 2 origin; partitions of one disk share their fate
 * @read: chances in 256 that a read fails
 * @write: the same for writes and discards
 * @flush: the same for flushes
 */
void model_machine_fails(u32 leg, u32 read, u32 write, u32 flush);

/** model_machine_through() - from now on the SSD has no volatile cache, or has one */
void model_machine_through(bool on);

/** model_machine_dies() - all I/O of a device fails after so many requests */
void model_machine_dies(u32 leg, u32 nr_requests);

/** model_machine_unplug() - after so much I/O the SSD's devices have no size any more */
void model_machine_unplug(u32 nr_requests);

/** model_machine_io() - a request is made */
void model_machine_io(void);

/** model_machine_plug() - no device dies, and all are as large as before */
void model_machine_plug(void);

/** model_machine_settle() - no disk has anything to lose */
void model_machine_settle(void);

/** model_machine_cut() - the power fails, everything in memory is gone */
void model_machine_cut(struct rng *rng);

/** model_machine_resize() - another size for the cache device, while down */
void model_machine_resize(u32 cache_sectors);

/** model_origin_peek() - a sector of the origin as it is read now */
const u8 *model_origin_peek(u64 sector);

/** model_origin_format() - write a sector of the origin, as if long ago */
void model_origin_format(u64 sector, const void *data);

/** model_slot_peek() - a sector of a slot as it is read now */
const u8 *model_slot_peek(u32 slot, u32 sector);

/* ---- the mapped device, all from within a task ----------------------------- */

/** model_dev_up() - create the target by the table and resume it */
int model_dev_up(void);

/** model_dev_suspend() - suspend it; no request is on its way */
void model_dev_suspend(void);

/** model_dev_resume() - resume it, or remove it if that fails */
int model_dev_resume(void);

/** model_dev_is_parked() - has a cache outlived the suspend? */
bool model_dev_is_parked(void);

/** model_dev_is_well() - is it active, and no device has failed? */
bool model_dev_is_well(void);

/** model_dev_down() - suspend and remove it; no request is on its way */
void model_dev_down(void);

/** model_dev_message() - send a message, words separated by blanks */
int model_dev_message(const char *words);

/**
 * struct model_request - a request to the mapped device
 * @op: enum req_op
 * @flags: REQ_PREFLUSH, REQ_FUA
 * @sector: first sector
 * @nr_sectors: length
 * @data: from or to
 */
struct model_request {
	u32 op;
	u32 flags;
	u64 sector;
	u32 nr_sectors;
	u8 *data;
};

/** model_dev_do() - do it and wait; 0 or -errno */
int model_dev_do(const struct model_request *r);

/* ---- a look inside --------------------------------------------------------- */

/**
 * struct model_slot - the map's view of a slot
 * @rec: in memory
 * @durable: what durable records may say; dirty: none of them says clean
 * @committing: a record is on its way
 * @flags: SC_BUSY and so on
 */
struct model_slot {
	struct sc_record rec;
	struct sc_record durable;
	bool committing;
	u32 flags;
};

/** model_dev_slots() - look at all slots; returns how many, 0 if not up */
u32 model_dev_slots(struct model_slot *slots);

/** model_dev_private() - the module's struct of the target, NULL without */
void *model_dev_private(void);

/** model_dev_geom() - sizes, valid while up or loading */
const struct sc_geom *model_dev_geom(void);

/** model_loaded - called when the metadata has been loaded, not yet used */
extern void (*model_loaded)(const struct sc_record *rec, u32 nr);

/** model_loaded_later - only model_tell_loaded() calls that */
extern bool model_loaded_later;

/** model_tell_loaded() - what was loaded last is used */
void model_tell_loaded(void);

/** model_tx_records - transactions of the commit thread are not longer */
extern u32 model_tx_records;
/** model_turn_ms - the flusher's turns beside the foreground last as long */
extern u32 model_turn_ms;

/** model_dev_abandon() - free what model_kill_all() cannot */
void model_dev_abandon(void);

#endif
