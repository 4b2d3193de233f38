/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The metadata engine on simulated disks, with a model of what must be durable
 * beside it. Every step of every I/O is a tick, at which the power may fail or
 * a test may look.
 */
#ifndef META_RIG_H
#define META_RIG_H

#include "meta.h"
#include "sim-disk.h"

#define RIG_MAX_SLOTS	5632u
/* The disks are larger than any device that a test makes of them. */
#define RIG_META_BLOCKS	640u
#define RIG_CACHE_BLOCKS 12288u

/**
 * struct rig_state - what the table says
 * @rec: a record for each slot
 */
struct rig_state {
	struct sc_record rec[RIG_MAX_SLOTS];
};

/**
 * enum rig_cache_ill - what fails of the cache device
 * @RIG_CACHE_WELL: nothing
 * @RIG_CACHE_DEAD: writes and flushes
 * @RIG_HEAD_BAD: writes to the first label
 */
enum rig_cache_ill {
	RIG_CACHE_WELL,
	RIG_CACHE_DEAD,
	RIG_HEAD_BAD,
};

/**
 * struct rig_damage - what a repair reported
 * @nr: pieces of each kind
 * @last: the last one; its reason is gone
 */
struct rig_damage {
	u32 nr[SC_NR_DAMAGES];
	struct sc_damage last;
};

/**
 * struct rig_read - a read of the metadata device
 * @block: from there
 * @data: to here
 * @nr: so many blocks
 */
struct rig_read {
	u64 block;
	void *data;
	u32 nr;
};

/**
 * struct rig - the engine's world
 * @io: the engine's callbacks
 * @p: for the engine
 * @meta: metadata device
 * @cache: cache device, of which only the labels are kept
 * @m: the engine, NULL while the machine is off
 * @why: its last refusal
 * @left: ticks until the power fails; 0: never
 * @off: it has failed
 * @ticks: how many there were
 * @probe: called at each tick, may be NULL
 * @probe_ctx: for it
 * @data_written: data writes to the cache device so far
 * @data_flushing: of these, when the flush under way began
 * @data_durable: of these, durable
 * @data_needed: of these, that the transaction under way relies on
 * @view: the durable view
 * @maybe: what may be durable instead, while @in_doubt
 * @in_doubt: an operation is under way
 * @loaded: what load handed out
 * @trace: what the engine did, if tracing
 * @tracing: whether
 * @fail_at: this write to the metadata device fails, counted down; 0: none
 * @cache_ill: what fails of the cache device
 * @reading: the read on its way, if its length is not 0
 * @damaged: what a repair reported
 */
struct rig {
	const struct sc_meta_io *io;
	struct sc_meta_params p;
	struct sim_disk meta;
	struct sim_disk cache;
	struct sc_meta *m;
	struct sc_reason why;
	u64 left;
	bool off;
	u64 ticks;
	void (*probe)(struct rig *rig);
	void *probe_ctx;
	u64 data_written;
	u64 data_flushing;
	u64 data_durable;
	u64 data_needed;
	struct rig_state *view;
	struct rig_state *maybe;
	bool in_doubt;
	struct rig_state *loaded;
	char trace[4096];
	bool tracing;
	u32 fail_at;
	enum rig_cache_ill cache_ill;
	struct rig_read reading;
	struct rig_damage damaged;
};

/** rig_init() - disks full of zeroes, machine off */
void rig_init(struct rig *rig, const struct sc_meta_params *p);

/** rig_exit() - throw everything away */
void rig_exit(struct rig *rig);

/** rig_copy_disks() - give @to the disks and the model's counters of @from */
void rig_copy_disks(struct rig *to, const struct rig *from);

/** rig_open() - create, open and load; 0 or what refused */
int rig_open(struct rig *rig);

/** rig_up() - rig_open() and start */
int rig_up(struct rig *rig);

/** rig_close() - forget the engine, as a crash of the machine would */
void rig_close(struct rig *rig);

/** rig_cut() - a power failure on all disks; the machine is off */
void rig_cut(struct rig *rig, struct rng *rng);

/** rig_crash() - the machine starts again, the disks had power all the time */
void rig_crash(struct rig *rig);

/** rig_commit() - a transaction; the view follows if it succeeds */
int rig_commit(struct rig *rig, const struct sc_record *rec, u32 nr);

/** rig_random_record() - any record that the sizes allow */
struct sc_record rig_random_record(const struct rig *rig, struct rng *rng);

/** rig_same() - whether two states are equal; says where not */
bool rig_same(const struct rig_state *a, const struct rig_state *b,
	      const char *what);

/** rig_check_loaded() - whether load gave the view or what was in doubt */
bool rig_check_loaded(const struct rig *rig);

/** rig_drop_clean() - what rule 9 leaves of a state */
void rig_drop_clean(struct rig_state *s);

/**
 * rig_shrink() - what other sizes leave of a state; false: dirty data is lost
 *
 * Thought out by sectors, where the engine uses masks.
 */
bool rig_shrink(struct rig_state *s, const struct sc_geom *old,
		const struct sc_geom *new);

/** rig_set() - the callback of load */
int rig_set(void *ctx, const struct sc_record *rec, u32 nr);

extern const struct sc_meta_io rig_io;

/* The same, for a repair. */
extern const struct sc_meta_io rig_repair_io;

/* The cache device is not there; or its labels are written and not read. */
extern const struct sc_meta_io rig_alone_io;
extern const struct sc_meta_io rig_label_io;

#endif
