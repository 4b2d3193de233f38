/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The map: which slot holds which block, what is valid and dirty in memory,
 * and what the metadata device may say about it.
 *
 * DOC: life of a slot
 *
 *   free      on the shard's free list, in no hash chain
 *   busy      hashed, SC_BUSY: one owner fills or writes it and will publish
 *   live      hashed, some sub-block valid
 *   retiring  hashed, SC_RETIRING, nothing valid: a durable record may still
 *             map the block, so nobody may write that block to the origin, nor
 *             may the slot be used again, until the unmap is durable (rules 2, 4)
 *   resting   in no hash chain, unmap durable or never mapped: waits until the
 *             I/O that found it earlier has ended, then it is free
 *
 * Two views of each sub-block are kept. V (valid) and D (dirty) are the truth
 * in memory. DV: a durable record, or one on its way, may map it. DD: no such
 * record may call it clean. "Durably clean" is DV and not DD: rule 3 forbids to
 * overwrite that in place. The views meet when a record is captured and when
 * its transaction ends; a slot whose views differ has its pending bit set.
 *
 * A slot belongs to the shard of its block's run, and a free slot to a shard by
 * assignment. Everything here but the bitmaps is protected by the lock of that
 * shard, which the caller holds; the bitmaps are changed by atomic operations.
 * No function here sleeps or allocates, but create and destroy.
 */
#ifndef SC_MAP_H
#define SC_MAP_H

#include "bitmap.h"
#include "types.h"

struct sc_page_cursor;

/* Flags of a slot. The lowest byte is the upper part of the block number. */
#define SC_BLOCK_HI	0x000000ffu
#define SC_V		0x00000100u	/* with one sub-block: the masks */
#define SC_D		0x00000200u
#define SC_DV		0x00000400u
#define SC_DD		0x00000800u
#define SC_BUSY		0x00001000u	/* an owner will publish */
#define SC_COPYING	0x00002000u	/* being destaged */
#define SC_REDIRTY	0x00004000u	/* written since the destage began */
#define SC_HELD		0x00008000u	/* clean parts wait for an origin flush */
#define SC_RETIRING	0x00010000u
#define SC_COMMITTING	0x00020000u	/* in the transaction on its way */
#define SC_HASHED	0x00040000u
#define SC_FREQ_SHIFT	19
#define SC_FREQ_MASK	(3u << SC_FREQ_SHIFT)
#define SC_STAMP_SHIFT	21
#define SC_STAMP_MASK	(7u << SC_STAMP_SHIFT)
#define SC_QUEUE_SHIFT	24
#define SC_QUEUE_MASK	(3u << SC_QUEUE_SHIFT)
#define SC_SHARD_SHIFT	26
#define SC_SHARD_MASK	(63u << SC_SHARD_SHIFT)
#define SC_MAX_SHARDS	64u

#define SC_RUN_HEADS	16u
#define SC_NR_HINTS	16u		/* of a hint the lower bits count */

/**
 * struct sc_slot - one slot, 20 bytes
 * @block_lo: lower part of the number of the block held
 * @hash_next: next slot of the hash chain, or of the free list
 * @q_next: neighbour in the policy's queue
 * @q_prev: neighbour in the policy's queue
 * @flags: SC_V and so on
 */
struct sc_slot {
	u32 block_lo;
	u32 hash_next;
	u32 q_next;
	u32 q_prev;
	u32 flags;
};

/**
 * struct sc_masks - the bits of a slot of several sub-blocks
 * @valid: holds data
 * @dirty: newer than the origin
 * @dvalid: a durable record may map it
 * @ddirty: and none may call it clean
 */
struct sc_masks {
	u16 valid;
	u16 dirty;
	u16 dvalid;
	u16 ddirty;
};

/**
 * enum sc_queue_id - which queue of the policy a slot is in
 * @SC_Q_NONE: in none
 * @SC_Q_SMALL: newly admitted
 * @SC_Q_MAIN: proven
 * @SC_Q_DIRTY: would have been evicted, waits for the flusher
 */
enum sc_queue_id {
	SC_Q_NONE,
	SC_Q_SMALL,
	SC_Q_MAIN,
	SC_Q_DIRTY,
	SC_NR_QUEUES,
};

/**
 * struct sc_queue - a doubly linked list of slots by number
 * @head: the newest
 * @tail: the oldest
 * @nr: how many
 */
struct sc_queue {
	u32 head;
	u32 tail;
	u32 nr;
};

/**
 * struct sc_shard - the slots behind one lock
 * @queue: the policy's queues; SC_Q_NONE is not used
 * @free_head: next slot to hand out
 * @free_tail: where a freed one is put
 * @nr_free: length of that list
 * @nr_slots: all that belong to it
 * @nr_mapped: slots that hold something valid
 * @nr_dirty: of these, with something dirty
 * @nr_dirty_subs: dirty sub-blocks
 * @nr_retiring: slots whose unmap is not durable yet
 * @nr_resting: unhashed slots not yet given to sc_map_free()
 * @stamp: the small queue's clock, in steps that the policy chooses
 * @stamp_fill: slots admitted since it last advanced
 * @freq_max: where a slot's hit counter stops; 0 counts nothing
 * @stamp_skip: hits in a small-queue slot younger than this do not count
 */
struct sc_shard {
	struct sc_queue queue[SC_NR_QUEUES];
	u32 free_head;
	u32 free_tail;
	u32 nr_free;
	u32 nr_slots;
	u32 nr_mapped;
	u32 nr_dirty;
	u32 nr_dirty_subs;
	u32 nr_retiring;
	u32 nr_resting;
	u32 stamp_fill;
	u8 stamp;
	u8 freq_max;
	u8 stamp_skip;
};

/**
 * struct sc_map - all slots of a cache
 * @geom: sizes
 * @slots: the array
 * @masks: NULL if a block is one sub-block
 * @heads: hash chains, SC_RUN_HEADS for each group of runs
 * @nr_groups: groups of heads
 * @nr_shards: a power of two
 * @shards: @nr_shards of them
 * @pending: slots whose record must be committed
 * @hold: slots with SC_HELD set since the last origin flush began
 * @holding: slots whose SC_HELD falls when the flush on its way succeeds
 * @hint_flags: queue, counter and stamp of a slot that is loaded with a hint;
 *	the policy's, without one the main queue
 * @bytes: memory that all this takes
 */
struct sc_map {
	struct sc_geom geom;
	struct sc_slot *slots;
	struct sc_masks *masks;
	u32 *heads;
	u32 nr_groups;
	u32 nr_shards;
	struct sc_shard *shards;
	struct sc_bitmap pending;
	struct sc_bitmap hold;
	struct sc_bitmap holding;
	u32 hint_flags[SC_NR_HINTS];
	u64 bytes;
};

/**
 * struct sc_run - where the blocks of one run are looked up
 * @heads: the run's group of chains
 * @twist: spreads the blocks over the chains
 * @shard: whose lock protects them
 */
struct sc_run {
	u32 *heads;
	u32 twist;
	u32 shard;
};

/* ---- plain access; the shard's lock is held -------------------------------- */

static inline struct sc_slot *sc_map_slot(const struct sc_map *m, u32 i)
{
	return &m->slots[i];
}

static inline u32 sc_slot_shard(const struct sc_slot *s)
{
	return s->flags >> SC_SHARD_SHIFT;
}

static inline enum sc_queue_id sc_slot_queue(const struct sc_slot *s)
{
	return (s->flags & SC_QUEUE_MASK) >> SC_QUEUE_SHIFT;
}

static inline u32 sc_slot_freq(const struct sc_slot *s)
{
	return (s->flags & SC_FREQ_MASK) >> SC_FREQ_SHIFT;
}

static inline u32 sc_slot_stamp(const struct sc_slot *s)
{
	return (s->flags & SC_STAMP_MASK) >> SC_STAMP_SHIFT;
}

static inline void sc_slot_set_freq(struct sc_slot *s, u32 freq)
{
	s->flags = (s->flags & ~SC_FREQ_MASK) | freq << SC_FREQ_SHIFT;
}

static inline void sc_slot_set_stamp(struct sc_slot *s, u32 stamp)
{
	s->flags = (s->flags & ~SC_STAMP_MASK) |
		   ((stamp << SC_STAMP_SHIFT) & SC_STAMP_MASK);
}

static inline sc_oblock_t sc_slot_block(const struct sc_slot *s)
{
	return to_oblock((u64)(s->flags & SC_BLOCK_HI) << 32 | s->block_lo);
}

static inline u16 sc_slot_mask(const struct sc_map *m, u32 i, u32 flag,
			       size_t offset)
{
	if (!m->masks)
		return !!(m->slots[i].flags & flag);
	return *(const u16 *)((const char *)&m->masks[i] + offset);
}

static inline u16 sc_slot_valid(const struct sc_map *m, u32 i)
{
	return sc_slot_mask(m, i, SC_V, offsetof(struct sc_masks, valid));
}

static inline u16 sc_slot_dirty(const struct sc_map *m, u32 i)
{
	return sc_slot_mask(m, i, SC_D, offsetof(struct sc_masks, dirty));
}

static inline u16 sc_slot_dvalid(const struct sc_map *m, u32 i)
{
	return sc_slot_mask(m, i, SC_DV, offsetof(struct sc_masks, dvalid));
}

static inline u16 sc_slot_ddirty(const struct sc_map *m, u32 i)
{
	return sc_slot_mask(m, i, SC_DD, offsetof(struct sc_masks, ddirty));
}

/**
 * sc_slot_touch() - count a hit for the policy
 * @sh: the slot's shard
 * @s: the slot
 *
 * Writes nothing once the counter is saturated. A hit shortly after admission
 * belongs to the burst that admitted the block and does not count.
 *
 * Context: the lock of its shard is held.
 */
static inline void sc_slot_touch(const struct sc_shard *sh, struct sc_slot *s)
{
	if (sc_slot_freq(s) >= sh->freq_max)
		return;
	if (sc_slot_queue(s) == SC_Q_SMALL &&
	    ((sh->stamp - sc_slot_stamp(s)) & 7) < sh->stamp_skip)
		return;
	s->flags += 1u << SC_FREQ_SHIFT;
}

/**
 * sc_map_run() - find the run of a block
 * @m: the map
 * @b: the block
 *
 * Context: any, no lock.
 * Return: where the blocks of that run are looked up.
 */
static inline struct sc_run sc_map_run(const struct sc_map *m, sc_oblock_t b)
{
	u64 h = (from_oblock(b) >> m->geom.run_shift) * 0x9e3779b97f4a7c15ULL;
	u32 group = (u32)(((h >> 32) * m->nr_groups) >> 32);

	return (struct sc_run){
		.heads = &m->heads[group * SC_RUN_HEADS],
		.twist = (u32)h >> 28,
		.shard = group & (m->nr_shards - 1),
	};
}

static inline u32 *sc_run_head(const struct sc_run *run, sc_oblock_t b)
{
	return &run->heads[((u32)from_oblock(b) ^ run->twist) &
			   (SC_RUN_HEADS - 1)];
}

static inline u32 sc_map_match(const struct sc_map *m, u32 i, sc_oblock_t b)
{
	const struct sc_slot *s;

	for (; i != SC_NIL; i = s->hash_next) {
		s = &m->slots[i];
		if (s->block_lo == (u32)from_oblock(b) &&
		    (s->flags & SC_BLOCK_HI) == from_oblock(b) >> 32)
			break;
	}
	return i;
}

/**
 * sc_map_find() - the newest slot of a block
 * @m: the map
 * @run: of @b
 * @b: the block
 *
 * Context: shard lock held.
 * Return: the slot, perhaps retiring, or SC_NIL. One that is not retiring is
 * always found first.
 */
static inline u32 sc_map_find(const struct sc_map *m, const struct sc_run *run,
			      sc_oblock_t b)
{
	return sc_map_match(m, *sc_run_head(run, b), b);
}

/**
 * sc_map_find_older() - the slot that held the block before this one
 * @m: the map
 * @i: a hashed slot
 *
 * Context: shard lock held.
 * Return: a retiring slot of the same block, or SC_NIL.
 */
static inline u32 sc_map_find_older(const struct sc_map *m, u32 i)
{
	return sc_map_match(m, m->slots[i].hash_next,
			    sc_slot_block(&m->slots[i]));
}

/* ---- setting up ------------------------------------------------------------ */

/**
 * sc_map_create() - make an empty map
 * @g: sizes
 *
 * Context: may sleep.
 * Return: the map, or NULL without memory. Its slots are in no shard until
 * sc_map_load_end().
 */
struct sc_map *sc_map_create(const struct sc_geom *g);

/**
 * sc_map_destroy() - free it
 * @m: the map or NULL
 *
 * Context: may sleep; no user left.
 */
void sc_map_destroy(struct sc_map *m);

/**
 * sc_map_load() - take over records read from the metadata device
 * @m: a new map
 * @rec: checked records; a later one of the same slot replaces the earlier, one
 *       with nothing valid unmaps
 * @nr: how many
 *
 * Each slot becomes the newest in the policy's queue that its hint asks for.
 *
 * Context: before sc_map_load_end(), single thread.
 * Return: true if something of them is dirty.
 */
bool sc_map_load(struct sc_map *m, const struct sc_record *rec, u32 nr);

/**
 * sc_map_load_page() - take over what is simple of a table page
 * @m: a new map, that knows none of its slots
 * @cursor: at the page's first entry; afterwards at the first one that
 *	sc_map_load() has to take over, or behind the last one
 *
 * The same as sc_map_load() for blocks that are valid and clean as a whole.
 *
 * Context: before sc_map_load_end(), single thread.
 */
void sc_map_load_page(struct sc_map *m, struct sc_page_cursor *cursor);

/**
 * sc_map_load_end() - settle blocks held twice, build the free lists
 * @m: the map
 * @bad: set to a block held twice, if that is the reason of failure
 *
 * Of a clean and a dirty slot of one block the dirty one is the newer; the
 * clean one retires.
 *
 * Context: after the last sc_map_load(), single thread.
 * Return: 0, or -EUCLEAN if two slots hold the same sub-block and nothing says
 * which is newer.
 */
int sc_map_load_end(struct sc_map *m, sc_oblock_t *bad);

/* ---- transitions; the shard's lock is held --------------------------------- */

/**
 * sc_map_alloc() - take a free slot
 * @m: the map
 * @shard: of the block it shall hold
 *
 * Context: the lock of its shard is held.
 * Return: the slot, or SC_NIL.
 */
u32 sc_map_alloc(struct sc_map *m, u32 shard);

/**
 * sc_map_free() - a resting slot can be reached by nobody any more
 * @m: the map
 * @i: the slot, in no queue
 *
 * Context: the lock of its shard is held.
 */
void sc_map_free(struct sc_map *m, u32 i);

/**
 * sc_map_insert() - begin to hold a block
 * @m: the map
 * @run: of @b
 * @i: a slot of sc_map_alloc()
 * @b: the block; a slot of it that is there already is no longer found first
 *
 * The slot is busy and holds nothing valid.
 *
 * Context: the lock of its shard is held.
 */
void sc_map_insert(struct sc_map *m, const struct sc_run *run, u32 i,
		   sc_oblock_t b);

/**
 * sc_map_unhash() - leave the chain; the slot rests
 * @m: the map
 * @i: a hashed slot with nothing valid
 *
 * Context: the lock of its shard is held.
 */
void sc_map_unhash(struct sc_map *m, u32 i);

/**
 * sc_map_publish() - the owner of a busy slot has written sub-blocks
 * @m: the map
 * @i: the slot, stays busy
 * @valid: now hold data
 * @dirty: of these, newer than the origin
 *
 * Context: the lock of its shard is held.
 */
void sc_map_publish(struct sc_map *m, u32 i, u16 valid, u16 dirty);

/**
 * sc_map_mark_dirty() - valid sub-blocks are about to become newer
 * @m: the map
 * @i: a slot
 * @mask: sub-blocks, all valid
 *
 * Context: the lock of its shard is held.
 */
void sc_map_mark_dirty(struct sc_map *m, u32 i, u16 mask);

/**
 * sc_map_mark_clean() - destaged and durable on the origin (rule 5)
 * @m: the map
 * @i: a slot being copied
 * @mask: sub-blocks
 *
 * Context: the lock of its shard is held.
 */
void sc_map_mark_clean(struct sc_map *m, u32 i, u16 mask);

/**
 * sc_map_hold() - what is clean must not be committed before an origin flush
 * @m: the map
 * @i: a slot (rule 7)
 *
 * Context: the lock of its shard is held.
 */
void sc_map_hold(struct sc_map *m, u32 i);

/**
 * sc_map_release() - an origin flush that began after the hold has succeeded
 * @m: the map
 * @i: a slot found in @m->holding
 *
 * A slot held again since stays held. An owner still at work does not matter:
 * what it will publish it holds anew.
 *
 * Context: the lock of its shard is held.
 * Return: true if the slot was released.
 */
bool sc_map_release(struct sc_map *m, u32 i);

/**
 * sc_map_invalidate() - sub-blocks no longer hold anything
 * @m: the map
 * @i: a slot, not retiring
 * @mask: sub-blocks
 *
 * Context: the lock of its shard is held.
 * Return: true if nothing is valid any more and the slot is not busy: the
 * caller calls sc_map_retire().
 */
bool sc_map_invalidate(struct sc_map *m, u32 i, u16 mask);

/**
 * sc_map_retire() - give up a slot
 * @m: the map
 * @i: a slot, not busy, not dirty, not being copied, in no queue
 *
 * Context: the lock of its shard is held.
 * Return: true if no durable record can map it: the slot was unhashed and
 * rests. False: it is retiring and pending.
 */
bool sc_map_retire(struct sc_map *m, u32 i);

/**
 * sc_map_capture() - read the record to be committed
 * @m: the map
 * @i: a slot whose pending bit was just cleared
 * @rec: the record
 *
 * Context: the lock of its shard is held.
 * Return: false if the metadata device says so already: nothing to commit.
 */
bool sc_map_capture(struct sc_map *m, u32 i, struct sc_record *rec);

/**
 * sc_map_committed() - the transaction with that record is durable
 * @m: the map
 * @rec: what sc_map_capture() gave
 *
 * Context: the lock of its shard is held.
 * Return: true if the slot was retiring and is unmapped now: it was unhashed
 * and rests.
 */
bool sc_map_committed(struct sc_map *m, const struct sc_record *rec);

/**
 * sc_map_commit_failed() - the transaction with that record has failed
 * @m: the map
 * @rec: what sc_map_capture() gave
 * @old: what sc_map_durable() said before
 * @maybe: nobody knows whether it is on the device: if @rec maps anything, and
 *	either record calls anything dirty, the slot stays SC_COMMITTING for
 *	ever. Else it is not, and all is as before the capture
 *
 * Context: the lock of its shard is held.
 */
void sc_map_commit_failed(struct sc_map *m, const struct sc_record *rec,
			  const struct sc_record *old, bool maybe);

/**
 * sc_map_unmark() - what was marked dirty for a commit that failed
 * @m: the map
 * @i: the slot
 * @old: what durable records certainly say, or said before that commit
 *
 * A sub-block that a record calls clean is written only after one calls it
 * dirty (rule 3). So it still holds what it held, and is clean.
 *
 * Context: the lock of its shard is held; nothing is committed any more.
 */
void sc_map_unmark(struct sc_map *m, u32 i, const struct sc_record *old);

/**
 * sc_map_durable() - what durable records say
 * @m: the map
 * @i: the slot
 * @rec: that state, for a page of the slot table
 *
 * Context: between transactions.
 */
void sc_map_durable(const struct sc_map *m, u32 i, struct sc_record *rec);

/**
 * sc_map_settled() - is it durably dirty, so that nothing need be committed?
 * @m: the map
 * @i: a slot
 * @mask: sub-blocks
 *
 * Context: the lock of its shard is held.
 * Return: true if each is in a durable record as dirty.
 */
bool sc_map_settled(const struct sc_map *m, u32 i, u16 mask);

/**
 * sc_map_any_dirty_record() - may a durable record call anything dirty?
 * @m: the map
 *
 * Context: may sleep; after the last transaction, whether it failed or not.
 * Return: true if one may.
 */
bool sc_map_any_dirty_record(const struct sc_map *m);

/* ---- queues; the shard's lock is held -------------------------------------- */

/**
 * sc_queue_push() - put a slot at the new end
 * @m: the map
 * @i: a slot in no queue
 * @q: which queue of its shard
 *
 * Context: the lock of its shard is held.
 */
void sc_queue_push(struct sc_map *m, u32 i, enum sc_queue_id q);

/**
 * sc_queue_push_tail() - put a slot at the old end
 * @m: the map
 * @i: a slot in no queue
 * @q: which queue of its shard
 *
 * Context: the lock of its shard is held.
 */
void sc_queue_push_tail(struct sc_map *m, u32 i, enum sc_queue_id q);

/**
 * sc_queue_remove() - take a slot out of its queue
 * @m: the map
 * @i: the slot; nothing happens if it is in none
 *
 * Context: the lock of its shard is held.
 */
void sc_queue_remove(struct sc_map *m, u32 i);

#endif
