// SPDX-License-Identifier: GPL-2.0-only
/*
 * The map's transitions; map.h says what they mean. Every change of what is
 * valid or dirty goes through set_state(), which keeps the counts and asks for
 * a commit where memory and durable records differ.
 */
#include "map.h"
#include "page-cursor.h"

#define SLOTS_PER_SHARD	4096u
/* Two slots share a chain head on average. */
#define SLOTS_PER_GROUP	(2 * SC_RUN_HEADS)
/* So many slots are gone through before others may run. */
#define LOAD_STRIDE	65536u

/* ---- creation ---------------------------------------------------------------- */

static u32 shards_for(u32 nr_slots)
{
	u32 nr = clamp_t(u32, nr_slots / SLOTS_PER_SHARD, 1, SC_MAX_SHARDS);

	return 1u << ilog2(nr);
}

static int map_init(struct sc_map *m)
{
	u32 nr = m->geom.nr_slots;

	m->nr_shards = shards_for(nr);
	m->nr_groups = max_t(u32, m->nr_shards, nr / SLOTS_PER_GROUP);
	m->slots = sc_env_alloc(nr, sizeof(*m->slots));
	m->heads = sc_env_alloc(m->nr_groups, SC_RUN_HEADS * sizeof(u32));
	m->shards = sc_env_alloc(m->nr_shards, sizeof(*m->shards));
	m->bytes = sizeof(*m) + (u64)nr * sizeof(*m->slots) +
		   (u64)m->nr_groups * SC_RUN_HEADS * sizeof(u32) +
		   m->nr_shards * sizeof(*m->shards);
	if (m->geom.nr_subs > 1) {
		m->masks = sc_env_alloc(nr, sizeof(*m->masks));
		m->bytes += (u64)nr * sizeof(*m->masks);
		if (!m->masks)
			return -ENOMEM;
	}
	if (sc_bitmap_init(&m->pending, nr, &m->bytes) ||
	    sc_bitmap_init(&m->hold, nr, &m->bytes) ||
	    sc_bitmap_init(&m->holding, nr, &m->bytes))
		return -ENOMEM;
	if (!m->slots || !m->heads || !m->shards)
		return -ENOMEM;
	memset(m->heads, 0xff, (size_t)m->nr_groups * SC_RUN_HEADS *
			       sizeof(*m->heads));
	return 0;
}

static void shard_init(struct sc_shard *sh)
{
	int q;

	for (q = 0; q < SC_NR_QUEUES; q++)
		sh->queue[q] = (struct sc_queue){ SC_NIL, SC_NIL, 0 };
	sh->free_head = SC_NIL;
	sh->free_tail = SC_NIL;
}

struct sc_map *sc_map_create(const struct sc_geom *g)
{
	struct sc_map *m = sc_env_alloc(1, sizeof(*m));
	u32 i;

	if (!m)
		return NULL;
	m->geom = *g;
	if (map_init(m)) {
		sc_map_destroy(m);
		return NULL;
	}
	for (i = 0; i < m->nr_shards; i++)
		shard_init(&m->shards[i]);
	for (i = 0; i < SC_NR_HINTS; i++)
		m->hint_flags[i] = SC_Q_MAIN << SC_QUEUE_SHIFT;
	return m;
}

void sc_map_destroy(struct sc_map *m)
{
	if (!m)
		return;
	sc_bitmap_exit(&m->holding);
	sc_bitmap_exit(&m->hold);
	sc_bitmap_exit(&m->pending);
	sc_env_free(m->shards);
	sc_env_free(m->heads);
	sc_env_free(m->masks);
	sc_env_free(m->slots);
	sc_env_free(m);
}

/* ---- the four masks of a slot ------------------------------------------------ */

static struct sc_shard *slot_shard(const struct sc_map *m, u32 i)
{
	return &m->shards[sc_slot_shard(&m->slots[i])];
}

static void set_flag(struct sc_slot *s, u32 flag, bool on)
{
	s->flags = on ? s->flags | flag : s->flags & ~flag;
}

static void put_state(struct sc_map *m, u32 i, u16 valid, u16 dirty)
{
	if (m->masks) {
		m->masks[i].valid = valid;
		m->masks[i].dirty = dirty;
		return;
	}
	set_flag(&m->slots[i], SC_V, valid);
	set_flag(&m->slots[i], SC_D, dirty);
}

static void set_durable(struct sc_map *m, u32 i, u16 dvalid, u16 ddirty)
{
	if (m->masks) {
		m->masks[i].dvalid = dvalid;
		m->masks[i].ddirty = ddirty;
		return;
	}
	set_flag(&m->slots[i], SC_DV, dvalid);
	set_flag(&m->slots[i], SC_DD, ddirty);
}

/* What a record captured now would say is valid (rule 7). */
static u16 record_valid(const struct sc_map *m, u32 i)
{
	if (m->slots[i].flags & SC_HELD)
		return sc_slot_dirty(m, i);
	return sc_slot_valid(m, i);
}

static void ask_commit(struct sc_map *m, u32 i)
{
	if (record_valid(m, i) != sc_slot_dvalid(m, i) ||
	    sc_slot_dirty(m, i) != sc_slot_ddirty(m, i))
		sc_bitmap_set(&m->pending, i);
}

static void set_state(struct sc_map *m, u32 i, u16 valid, u16 dirty)
{
	struct sc_shard *sh = slot_shard(m, i);

	sh->nr_mapped += !!valid - !!sc_slot_valid(m, i);
	sh->nr_dirty += !!dirty - !!sc_slot_dirty(m, i);
	sh->nr_dirty_subs += hweight16(dirty) - hweight16(sc_slot_dirty(m, i));
	put_state(m, i, valid, dirty);
	ask_commit(m, i);
}

/* ---- chains and free lists --------------------------------------------------- */

static void chain_push(struct sc_map *m, const struct sc_run *run, u32 i)
{
	struct sc_slot *s = &m->slots[i];
	u32 *head = sc_run_head(run, sc_slot_block(s));

	s->hash_next = *head;
	*head = i;
	s->flags |= SC_HASHED;
}

static void chain_remove(struct sc_map *m, u32 i)
{
	struct sc_slot *s = &m->slots[i];
	sc_oblock_t b = sc_slot_block(s);
	struct sc_run run = sc_map_run(m, b);
	u32 *link = sc_run_head(&run, b);

	while (*link != i) {
		if (sc_env_warn_once(*link == SC_NIL))
			return;
		link = &m->slots[*link].hash_next;
	}
	*link = s->hash_next;
	s->flags &= ~SC_HASHED;
}

void sc_map_unhash(struct sc_map *m, u32 i)
{
	struct sc_slot *s = &m->slots[i];
	struct sc_shard *sh = slot_shard(m, i);

	chain_remove(m, i);
	if (s->flags & SC_HASHED)
		return;
	if (s->flags & SC_RETIRING)
		sh->nr_retiring--;
	sh->nr_resting++;
	s->flags &= ~(SC_RETIRING | SC_HELD | SC_BUSY);
}

u32 sc_map_alloc(struct sc_map *m, u32 shard)
{
	struct sc_shard *sh = &m->shards[shard];
	u32 i = sh->free_head;

	if (i == SC_NIL)
		return i;
	sh->free_head = m->slots[i].hash_next;
	if (sh->free_head == SC_NIL)
		sh->free_tail = SC_NIL;
	sh->nr_free--;
	return i;
}

static void free_push(struct sc_map *m, u32 i)
{
	struct sc_shard *sh = slot_shard(m, i);

	m->slots[i].hash_next = SC_NIL;
	if (sh->free_tail == SC_NIL)
		sh->free_head = i;
	else
		m->slots[sh->free_tail].hash_next = i;
	sh->free_tail = i;
	sh->nr_free++;
}

void sc_map_free(struct sc_map *m, u32 i)
{
	slot_shard(m, i)->nr_resting--;
	free_push(m, i);
}

void sc_map_insert(struct sc_map *m, const struct sc_run *run, u32 i,
		   sc_oblock_t b)
{
	struct sc_slot *s = &m->slots[i];

	s->block_lo = (u32)from_oblock(b);
	s->flags = (s->flags & ~(SC_BLOCK_HI | SC_FREQ_MASK | SC_STAMP_MASK)) |
		   (u32)(from_oblock(b) >> 32) | SC_BUSY;
	chain_push(m, run, i);
}

/* ---- queues ------------------------------------------------------------------ */

static void set_queue(struct sc_slot *s, enum sc_queue_id q)
{
	s->flags = (s->flags & ~SC_QUEUE_MASK) | (u32)q << SC_QUEUE_SHIFT;
}

static void queue_link(struct sc_queue *queue, struct sc_slot *slots, u32 i)
{
	u32 next = queue->head;

	slots[i].q_prev = SC_NIL;
	slots[i].q_next = next;
	if (next == SC_NIL)
		queue->tail = i;
	else
		slots[next].q_prev = i;
	queue->head = i;
	queue->nr++;
}

void sc_queue_push(struct sc_map *m, u32 i, enum sc_queue_id q)
{
	set_queue(&m->slots[i], q);
	queue_link(&slot_shard(m, i)->queue[q], m->slots, i);
}

void sc_queue_push_tail(struct sc_map *m, u32 i, enum sc_queue_id q)
{
	struct sc_slot *s = &m->slots[i];
	struct sc_queue *queue = &slot_shard(m, i)->queue[q];

	set_queue(s, q);
	s->q_next = SC_NIL;
	s->q_prev = queue->tail;
	if (queue->tail == SC_NIL)
		queue->head = i;
	else
		m->slots[queue->tail].q_next = i;
	queue->tail = i;
	queue->nr++;
}

void sc_queue_remove(struct sc_map *m, u32 i)
{
	struct sc_slot *s = &m->slots[i];
	enum sc_queue_id q = sc_slot_queue(s);
	struct sc_queue *queue = &slot_shard(m, i)->queue[q];

	if (q == SC_Q_NONE)
		return;
	if (s->q_prev == SC_NIL)
		queue->head = s->q_next;
	else
		m->slots[s->q_prev].q_next = s->q_next;
	if (s->q_next == SC_NIL)
		queue->tail = s->q_prev;
	else
		m->slots[s->q_next].q_prev = s->q_prev;
	queue->nr--;
	set_queue(s, SC_Q_NONE);
}

/* ---- load -------------------------------------------------------------------- */

/* An earlier record is replaced: as if it had never been. */
static void load_undo(struct sc_map *m, u32 i)
{
	struct sc_shard *sh = slot_shard(m, i);

	sh->nr_dirty -= !!sc_slot_dirty(m, i);
	sh->nr_dirty_subs -= hweight16(sc_slot_dirty(m, i));
	sc_queue_remove(m, i);
	chain_remove(m, i);
	m->slots[i].flags = 0;
	put_state(m, i, 0, 0);
	set_durable(m, i, 0, 0);
}

static void load_masks(struct sc_map *m, const struct sc_record *rec)
{
	u32 i = from_cblock(rec->slot);
	struct sc_shard *sh = slot_shard(m, i);

	sh->nr_dirty += !!rec->dirty;
	sh->nr_dirty_subs += hweight16(rec->dirty);
	put_state(m, i, rec->valid, rec->dirty);
	set_durable(m, i, rec->valid, rec->dirty);
}

/**
 * struct load_run - where the next blocks of a run go
 * @run: the run
 * @shard: its shard
 * @first: its first block
 * @nr_blocks: blocks in it; 0: there is none yet
 * @flags: how the flags of their slots begin
 */
struct load_run {
	struct sc_run run;
	struct sc_shard *shard;
	u64 first;
	u32 nr_blocks;
	u32 flags;
};

static void load_begin_run(struct sc_map *m, struct load_run *lr, sc_oblock_t b)
{
	lr->run = sc_map_run(m, b);
	lr->shard = &m->shards[lr->run.shard];
	lr->first = from_oblock(b) >> m->geom.run_shift << m->geom.run_shift;
	lr->nr_blocks = 1u << m->geom.run_shift;
	lr->flags = (u32)(from_oblock(b) >> 32) | SC_HASHED |
		    (m->masks ? 0 : SC_V | SC_DV) |
		    lr->run.shard << SC_SHARD_SHIFT;
}

/*
 * Runs for each slot of the cache. Two that hold one block are looked at in the
 * end: until the journal is through there may be any number of them.
 */
static __always_inline void load_slot(struct sc_map *m, struct load_run *lr,
				      u32 i, sc_oblock_t b, u8 hint)
{
	struct sc_slot *slots = m->slots, *s = &slots[i];
	u32 next, *head;

	if (from_oblock(b) - lr->first >= lr->nr_blocks)
		load_begin_run(m, lr, b);
	head = sc_run_head(&lr->run, b);
	next = *head;
	if (unlikely(sc_map_match(m, next, b) != SC_NIL))
		sc_bitmap_set(&m->hold, i);
	*head = i;
	s->hash_next = next;
	s->block_lo = (u32)from_oblock(b);
	s->flags = lr->flags | m->hint_flags[hint % SC_NR_HINTS];
	queue_link(&lr->shard->queue[sc_slot_queue(s)], slots, i);
}

static __always_inline bool load_all(struct sc_map *m,
				     const struct sc_record *rec, u32 nr,
				     bool has_masks)
{
	const struct sc_record *end = rec + nr;
	struct load_run lr = {};
	bool dirty = false;
	u32 i;

	for (; rec != end; rec++) {
		i = from_cblock(rec->slot);
		if (unlikely(m->slots[i].flags & SC_HASHED))
			load_undo(m, i);
		if (unlikely(!rec->valid))
			continue;
		load_slot(m, &lr, i, rec->block, rec->hint);
		if (has_masks || unlikely(rec->dirty)) {
			load_masks(m, rec);
			dirty |= rec->dirty;
		}
	}
	return dirty;
}

bool sc_map_load(struct sc_map *m, const struct sc_record *rec, u32 nr)
{
	return m->masks ? load_all(m, rec, nr, true) :
			  load_all(m, rec, nr, false);
}

void sc_map_load_page(struct sc_map *m, struct sc_page_cursor *cursor)
{
	struct sc_page_cursor c = *cursor;
	struct load_run lr = {};
	u64 block;
	u8 hint;

	if (m->masks)
		return;
	for (; sc_page_next_whole(&c, &block, &hint); )
		load_slot(m, &lr, c.slot - 1, to_oblock(block), hint);
	*cursor = c;
}

/* A clean slot of a block that a newer one holds as well. */
static void load_loser(struct sc_map *m, u32 i)
{
	struct sc_shard *sh = slot_shard(m, i);

	sc_queue_remove(m, i);
	set_state(m, i, 0, 0);
	m->slots[i].flags |= SC_RETIRING;
	sh->nr_retiring++;
}

/* The first slot from @from on that holds a block and does not retire. */
static u32 load_next(const struct sc_map *m, sc_oblock_t b, u32 from)
{
	struct sc_run run = sc_map_run(m, b);
	u32 i = sc_map_find(m, &run, b), first = SC_NIL;

	for (; i != SC_NIL; i = sc_map_find_older(m, i))
		if (i >= from && i < first &&
		    !(m->slots[i].flags & SC_RETIRING))
			first = i;
	return first;
}

/* Two slots may hold a block, if one of them is dirty: that one lives. */
static int load_settle(struct sc_map *m, sc_oblock_t b)
{
	struct sc_run run = sc_map_run(m, b);
	u32 i = load_next(m, b, 0), live = i;

	i = load_next(m, b, i + 1);
	if (i != SC_NIL) {
		if (load_next(m, b, i + 1) != SC_NIL ||
		    !!sc_slot_dirty(m, i) == !!sc_slot_dirty(m, live))
			return -EUCLEAN;
		load_loser(m, sc_slot_dirty(m, i) ? live : i);
		live = sc_slot_dirty(m, i) ? i : live;
	}
	/* A retiring slot must not hide the live one. */
	chain_remove(m, live);
	chain_push(m, &run, live);
	return 0;
}

/* Free slots fill up the shards, each with neighbours where possible. */
static void load_free(struct sc_map *m, u32 i, u32 *shard)
{
	u32 share = m->geom.nr_slots / m->nr_shards, tried;

	for (tried = 0; tried < m->nr_shards; tried++) {
		if (m->shards[*shard].nr_slots < share)
			break;
		*shard = (*shard + 1) & (m->nr_shards - 1);
	}
	m->slots[i].flags = *shard << SC_SHARD_SHIFT;
	m->shards[*shard].nr_slots++;
	free_push(m, i);
}

static int load_settle_all(struct sc_map *m, sc_oblock_t *bad)
{
	u32 i = 0;
	int r = 0;

	for (; !r && (i = sc_bitmap_next(&m->hold, i)) != SC_NIL; i++) {
		if ((m->slots[i].flags & (SC_HASHED | SC_RETIRING)) != SC_HASHED)
			continue;
		*bad = sc_slot_block(&m->slots[i]);
		r = load_settle(m, *bad);
	}
	return r;
}

static bool four_hashed(const struct sc_slot *s)
{
	return s[0].flags & s[1].flags & s[2].flags & s[3].flags & SC_HASHED;
}

/* All slots that nothing was loaded for. */
static void load_free_all(struct sc_map *m)
{
	u32 i = 0, end, shard = 0;

	while (i < m->geom.nr_slots) {
		sc_env_resched(i);
		end = min_t(u32, m->geom.nr_slots, i + LOAD_STRIDE);
		while (i < end) {
			if (i + 4 <= end && four_hashed(&m->slots[i])) {
				i += 4;
				continue;
			}
			if (!(m->slots[i].flags & SC_HASHED))
				load_free(m, i, &shard);
			i++;
		}
	}
}

int sc_map_load_end(struct sc_map *m, sc_oblock_t *bad)
{
	struct sc_shard *sh = m->shards;
	u32 i;
	int r;

	for (i = 0; i < m->nr_shards; i++, sh++) {
		sh->nr_mapped = sh->queue[SC_Q_SMALL].nr +
				sh->queue[SC_Q_MAIN].nr;
		sh->nr_slots = sh->nr_mapped;
	}
	r = load_settle_all(m, bad);
	if (!r)
		load_free_all(m);
	return r;
}

/* ---- transitions ------------------------------------------------------------- */

void sc_map_publish(struct sc_map *m, u32 i, u16 valid, u16 dirty)
{
	sc_env_warn_once(!(m->slots[i].flags & SC_BUSY));
	set_state(m, i, sc_slot_valid(m, i) | valid,
		  (sc_slot_dirty(m, i) & ~valid) | dirty);
}

void sc_map_mark_dirty(struct sc_map *m, u32 i, u16 mask)
{
	struct sc_slot *s = &m->slots[i];
	u16 dirty = sc_slot_dirty(m, i);

	if (s->flags & SC_COPYING && !(s->flags & SC_REDIRTY))
		s->flags |= SC_REDIRTY;
	if ((dirty & mask) != mask)
		set_state(m, i, sc_slot_valid(m, i), dirty | mask);
}

void sc_map_mark_clean(struct sc_map *m, u32 i, u16 mask)
{
	set_state(m, i, sc_slot_valid(m, i), sc_slot_dirty(m, i) & ~mask);
}

void sc_map_hold(struct sc_map *m, u32 i)
{
	m->slots[i].flags |= SC_HELD;
	sc_bitmap_set(&m->hold, i);
	ask_commit(m, i);
}

bool sc_map_release(struct sc_map *m, u32 i)
{
	struct sc_slot *s = &m->slots[i];

	if (!(s->flags & SC_HELD) || test_bit(i, m->hold.bits))
		return false;
	s->flags &= ~SC_HELD;
	ask_commit(m, i);
	return true;
}

bool sc_map_invalidate(struct sc_map *m, u32 i, u16 mask)
{
	u16 valid = sc_slot_valid(m, i) & ~mask;

	set_state(m, i, valid, sc_slot_dirty(m, i) & ~mask);
	return !valid && !(m->slots[i].flags & SC_BUSY);
}

bool sc_map_retire(struct sc_map *m, u32 i)
{
	struct sc_slot *s = &m->slots[i];

	set_state(m, i, 0, 0);
	s->flags &= ~SC_HELD;
	if (!sc_slot_dvalid(m, i) && !(s->flags & SC_COMMITTING)) {
		sc_map_unhash(m, i);
		return true;
	}
	s->flags |= SC_RETIRING;
	slot_shard(m, i)->nr_retiring++;
	sc_bitmap_set(&m->pending, i);
	return false;
}

bool sc_map_capture(struct sc_map *m, u32 i, struct sc_record *rec)
{
	struct sc_slot *s = &m->slots[i];
	u16 dvalid = sc_slot_dvalid(m, i), ddirty = sc_slot_ddirty(m, i);
	u16 clean, fresh;

	rec->slot = to_cblock(i);
	rec->block = sc_slot_block(s);
	rec->valid = record_valid(m, i);
	rec->dirty = sc_slot_dirty(m, i);
	rec->hint = 0;
	if (rec->valid == dvalid && rec->dirty == ddirty)
		return false;
	/*
	 * From here on the record may reach the device at any moment, and until
	 * its transaction ends the old one may still be what counts.
	 */
	clean = rec->valid & ~rec->dirty;
	fresh = rec->dirty & ~dvalid;
	set_durable(m, i, dvalid | rec->valid, (ddirty & ~clean) | fresh);
	s->flags |= SC_COMMITTING;
	return true;
}

bool sc_map_committed(struct sc_map *m, const struct sc_record *rec)
{
	u32 i = from_cblock(rec->slot);
	struct sc_slot *s = &m->slots[i];

	s->flags &= ~SC_COMMITTING;
	set_durable(m, i, rec->valid, rec->dirty);
	if (s->flags & SC_RETIRING && !rec->valid) {
		sc_map_unhash(m, i);
		return true;
	}
	ask_commit(m, i);
	return false;
}

void sc_map_commit_failed(struct sc_map *m, const struct sc_record *rec,
			  const struct sc_record *old, bool maybe)
{
	u32 i = from_cblock(rec->slot);

	/*
	 * The views cannot tell an old clean and a new dirty record from the
	 * reverse, and nothing will be committed any more: it stays marked. Of
	 * an unmap, or where all is clean, they tell all there is.
	 */
	if (maybe && rec->valid && (rec->dirty || old->dirty))
		return;
	m->slots[i].flags &= ~SC_COMMITTING;
	if (maybe)
		return;
	set_durable(m, i, old->valid, old->dirty);
	ask_commit(m, i);
}

void sc_map_unmark(struct sc_map *m, u32 i, const struct sc_record *old)
{
	sc_map_mark_clean(m, i, old->valid & ~old->dirty);
}

void sc_map_durable(const struct sc_map *m, u32 i, struct sc_record *rec)
{
	rec->slot = to_cblock(i);
	rec->block = sc_slot_block(&m->slots[i]);
	rec->valid = sc_slot_dvalid(m, i);
	rec->dirty = sc_slot_ddirty(m, i);
	rec->hint = 0;
}

bool sc_map_settled(const struct sc_map *m, u32 i, u16 mask)
{
	return !(m->slots[i].flags & SC_COMMITTING) &&
	       !(mask & ~(sc_slot_dvalid(m, i) & sc_slot_ddirty(m, i)));
}

bool sc_map_any_dirty_record(const struct sc_map *m)
{
	u32 i;

	for (i = 0; i < m->geom.nr_slots; i++) {
		sc_env_resched(i);
		if (sc_slot_ddirty(m, i) ||
		    m->slots[i].flags & SC_COMMITTING)
			return true;
	}
	return false;
}
