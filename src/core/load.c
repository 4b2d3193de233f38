// SPDX-License-Identifier: GPL-2.0-only
/*
 * From disk to the caller's map: the table first, then what the journal knows
 * better. Every value is checked before it is used, nothing is written.
 */
#include "meta-priv.h"
#include "page-cursor.h"

#define NO_BLOCK	(~0ULL)

/* ---- what a resize or an epoch takes away ---------------------------------- */

/* Mask of sub-blocks that the sizes now in force have no place for. */
static u16 lost_subs(const struct sc_loader *l, const struct sc_record *rec)
{
	if (from_cblock(rec->slot) >= l->m->geom.nr_slots)
		return rec->valid;
	return rec->valid & ~sc_geom_whole_subs(&l->m->geom, rec->block,
						l->end);
}

/* The last state of a slot decides whether dirty data would be lost. */
static void judge(struct sc_loader *l, u32 slot, bool doomed)
{
	bool was;

	if (!l->doomed)
		return;
	was = doomed ? test_and_set_bit(slot, l->doomed) :
		       test_and_clear_bit(slot, l->doomed);
	l->nr_doomed += doomed;
	l->nr_doomed -= was;
}

static bool other_policy(const struct sc_meta *m)
{
	return m->p.policy[0] &&
	       memcmp(m->p.policy, m->sb.policy, SC_POLICY_BYTES);
}

/* Rule 9: nobody knows what became of the clean ones. */
static bool other_epoch(const struct sc_meta *m)
{
	return m->epoch > m->sb.label_epoch;
}

/* What is left of a record. Returns whether it is to be handed out. */
static bool adapt(struct sc_loader *l, struct sc_record *rec, bool again)
{
	struct sc_meta *m = l->m;
	u32 slot = from_cblock(rec->slot);
	u16 valid = rec->valid;
	u8 hint = rec->hint;
	u16 lost;

	if (other_epoch(m))
		rec->valid &= rec->dirty;
	lost = l->doomed ? lost_subs(l, rec) : 0;
	judge(l, slot, rec->dirty & lost);
	rec->valid &= ~lost;
	if (other_policy(m))
		rec->hint = 0;
	sc_record_trim(&m->geom, rec);
	if (rec->valid != valid || rec->hint != hint) {
		m->stats.dropped += rec->valid != valid;
		sc_checkpoint_mark(m, slot);
	}
	return slot < m->geom.nr_slots && (rec->valid || again);
}

int sc_load_deliver(struct sc_loader *l, bool again)
{
	struct sc_records *recs = l->recs;
	u32 nr = recs->nr, i;

	if (!l->as_is) {
		for (i = 0, nr = 0; i < recs->nr; i++) {
			recs->rec[nr] = recs->rec[i];
			nr += adapt(l, &recs->rec[nr], again);
		}
	}
	recs->nr = 0;
	recs->next = 0;
	return nr ? l->set(l->m->ctx, recs->rec, nr) : 0;
}

/* ---- map ------------------------------------------------------------------- */

static int read_map_block(struct sc_meta *m, u32 index, struct sc_reason *why)
{
	struct sc_block_id id = {
		.uuid = m->sb.uuid,
		.location = sc_map_block(&m->sb.layout, m->sb.checkpoint,
					 index),
		.seq = m->sb.checkpoint,
	};
	int r = m->io->read(m->ctx, id.location, m->block, 1);

	if (r) {
		sc_reason_set(why, "map block %llu: read error, got %d",
			      (unsigned long long)id.location, r);
		return r;
	}
	return sc_codec_map_decode(m->block, &id, index, m->ckpt.state +
				   index * (SC_MAP_PAGES / 4), why);
}

/*
 * Without the map: of the two copies the later one counts, unless it is later
 * than the last checkpoint.
 */
static u32 guess_state(struct sc_meta *m, u32 page)
{
	struct sc_block_id id = {
		.uuid = m->sb.uuid, .seq = m->sb.checkpoint,
	};
	u32 copy, best = SC_PAGE_ABSENT;
	u64 newest = 0;

	for (copy = 0; copy < 2; copy++) {
		id.location = sc_layout_page(&m->sb.layout, page, copy);
		if (m->io->read(m->ctx, id.location, m->block, 1) ||
		    sc_codec_page_open(m->block, &id, page, NULL) ||
		    sc_codec_seq(m->block) < newest)
			continue;
		newest = sc_codec_seq(m->block);
		best = copy + 1;
	}
	return best;
}

static int read_map(struct sc_meta *m, struct sc_reason *why)
{
	struct sc_damage damage = { .kind = SC_DAMAGE_MAP, .why = why };
	u32 nr_pages = sc_pages_for(m->sb.geom.nr_slots);
	u32 total = sc_map_blocks_for(&m->sb.geom);
	u32 page, end, i;
	int r;

	for (i = 0; i < total; i++) {
		r = read_map_block(m, i, why);
		if (!r)
			continue;
		r = sc_meta_damage(m, r, &damage);
		if (r)
			return r;
		page = i * SC_MAP_PAGES;
		end = min_t(u32, nr_pages, page + SC_MAP_PAGES);
		for (; page < end; page++)
			sc_state_set(m->ckpt.state, page,
				     guess_state(m, page));
	}
	return 0;
}

/* No slot is behind the last one. */
static int check_map_end(struct sc_meta *m, struct sc_reason *why)
{
	struct sc_damage damage = { .kind = SC_DAMAGE_MAP, .why = why };
	u32 page = sc_pages_for(m->sb.geom.nr_slots);
	u32 end = min_t(u32, m->ckpt.nr_pages,
			sc_map_blocks_for(&m->sb.geom) * SC_MAP_PAGES);
	int r = 0;

	for (; page < end && !r; page++) {
		if (sc_state_get(m->ckpt.state, page) == SC_PAGE_ABSENT)
			continue;
		sc_reason_set(why, "corrupt map: page %u behind the last slot, got a copy",
			      page);
		sc_state_set(m->ckpt.state, page, SC_PAGE_ABSENT);
		r = sc_meta_damage(m, -EUCLEAN, &damage);
	}
	sc_checkpoint_count(m);
	return r;
}

/* ---- table ----------------------------------------------------------------- */

/* Where the copy of a page that counts is. */
static u64 page_block(const struct sc_meta *m, u32 page)
{
	u32 state = sc_state_get(m->ckpt.state, page);

	if (state == SC_PAGE_ABSENT)
		return NO_BLOCK;
	return sc_layout_page(&m->sb.layout, page, state - 1);
}

/* A page, or an entry of it, is left out: then the next one says so. */
static int lose(struct sc_loader *l, u32 slot, u32 nr_slots, int r)
{
	struct sc_damage damage = {
		.kind = SC_DAMAGE_PAGE,
		.slot = slot,
		.nr_slots = nr_slots,
		.why = l->why,
	};

	sc_checkpoint_mark(l->m, slot);
	return sc_meta_damage(l->m, r, &damage);
}

static int lose_page(struct sc_loader *l, u32 page, int r)
{
	u32 slot = page * SC_PAGE_ENTRIES;

	return lose(l, slot, min_t(u32, SC_PAGE_ENTRIES,
				   l->m->sb.geom.nr_slots - slot), r);
}

/* What the caller takes off the page itself. Returns where it stopped. */
static u32 set_whole(struct sc_meta *m, const u8 *buf, u32 page)
{
	struct sc_page_cursor cursor;

	sc_page_cursor_init(&cursor, buf, page, &m->sb.geom);
	m->io->set_whole(m->ctx, &cursor);
	return cursor.slot - page * SC_PAGE_ENTRIES;
}

static int load_page(struct sc_loader *l, u32 page, const u8 *buf)
{
	struct sc_meta *m = l->m;
	struct sc_block_id id = {
		.uuid = m->sb.uuid,
		.location = page_block(m, page),
		.seq = m->sb.checkpoint,
	};
	u32 first = page * SC_PAGE_ENTRIES;
	int r;

	r = sc_codec_page_open(buf, &id, page, l->why);
	if (r)
		return lose_page(l, page, r);
	if (l->as_is && m->io->set_whole)
		l->recs->next = set_whole(m, buf, page);
	do {
		r = sc_codec_page_read(buf, page, &m->sb.geom, l->recs, l->why);
		if (!r)
			return sc_load_deliver(l, false);
		r = lose(l, first + l->recs->next - 1, 1, r);
	} while (!r);
	return r;
}

/*
 * struct chunk - some pages of the table, and the read that takes them all
 * @page: the first
 * @end: behind the last
 * @first: the first block that counts
 * @nr: blocks from there to the last that counts; 0: none does
 * @buf: for both copies of all
 * @error: of the read's beginning
 */
struct chunk {
	u32 page;
	u32 end;
	u64 first;
	u32 nr;
	u8 *buf;
	int error;
};

#define CHUNK_PAGES	(SC_META_BATCH / 4)	/* two chunks share the buffer */

/* The chunk that begins at @page: where it is; then its read is let go. */
static void chunk_begin(struct sc_loader *l, struct chunk *c, u32 page)
{
	struct sc_meta *m = l->m;
	u64 first = NO_BLOCK, last = 0, block;

	c->page = page;
	c->end = min_t(u32, page + CHUNK_PAGES,
		       sc_pages_for(m->sb.geom.nr_slots));
	c->nr = 0;
	for (; page < c->end; page++) {
		block = page_block(m, page);
		if (block == NO_BLOCK)
			continue;
		first = min_t(u64, first, block);
		last = max_t(u64, last, block);
		c->nr = last - first + 1;
	}
	c->first = first;
	if (c->nr && m->io->read_begin)
		c->error = m->io->read_begin(m->ctx, first, c->buf, c->nr);
}

/* The read's end, or all of it. */
static int chunk_end(struct sc_loader *l, struct chunk *c)
{
	struct sc_meta *m = l->m;

	if (!c->nr)
		return 0;
	if (!m->io->read_begin)
		return m->io->read(m->ctx, c->first, c->buf, c->nr);
	return c->error ?: m->io->read_end(m->ctx);
}

/* Nobody wants it any more. */
static void chunk_drop(struct sc_loader *l, struct chunk *c)
{
	if (c->nr && l->m->io->read_begin && !c->error)
		l->m->io->read_end(l->m->ctx);
}

/* A large read failed: the culprit may be a copy that does not count. */
static int load_one_by_one(struct sc_loader *l, struct chunk *c)
{
	struct sc_meta *m = l->m;
	u64 block;
	u32 page;
	int r = 0;

	for (page = c->page; page < c->end && !r; page++) {
		block = page_block(m, page);
		if (block == NO_BLOCK)
			continue;
		r = m->io->read(m->ctx, block, c->buf, 1);
		if (!r) {
			r = load_page(l, page, c->buf);
			continue;
		}
		sc_reason_set(l->why, "page block %llu: read error, got %d",
			      (unsigned long long)block, r);
		r = lose_page(l, page, r);
	}
	return r;
}

static int load_chunk(struct sc_loader *l, struct chunk *c, int r)
{
	u64 block;
	u32 page;

	if (r)
		return load_one_by_one(l, c);
	for (page = c->page; page < c->end && !r; page++) {
		block = page_block(l->m, page);
		if (block != NO_BLOCK)
			r = load_page(l, page, sc_nth_block(c->buf,
							    block - c->first));
	}
	return r;
}

/* While one chunk is gone through, the next is read. */
static int load_chunks(struct sc_loader *l)
{
	struct chunk c[2] = {
		{ .buf = l->m->buf },
		{ .buf = sc_nth_block(l->m->buf, SC_META_BATCH / 2) },
	};
	u32 i;
	int r = 0;

	chunk_begin(l, &c[0], 0);
	for (i = 0; c[i].page < c[i].end && !r; i ^= 1) {
		r = chunk_end(l, &c[i]);
		chunk_begin(l, &c[i ^ 1], c[i].end);
		r = load_chunk(l, &c[i], r);
	}
	chunk_drop(l, &c[i]);
	return r;
}

static int load_table(struct sc_loader *l)
{
	int r = read_map(l->m, l->why);

	if (!r)
		r = check_map_end(l->m, l->why);
	return r ?: load_chunks(l);
}

/* ---- all of it ------------------------------------------------------------- */

/*
 * A resize keeps what is wholly inside both the old and the new origin: of a
 * sub-block that an end cuts, the cache holds a part only.
 */
static bool prepare_resize(struct sc_loader *l)
{
	struct sc_meta *m = l->m;
	const struct sc_geom *old = &m->sb.geom;

	l->end = ~0ULL;
	if (m->geom.origin_sectors != old->origin_sectors)
		l->end = min_t(u64, m->geom.origin_sectors,
			       old->origin_sectors);
	if (l->end == ~0ULL && m->geom.nr_slots >= old->nr_slots)
		return true;
	l->doomed = sc_env_alloc(BITS_TO_LONGS(old->nr_slots),
				 sizeof(long));
	return l->doomed;
}

static int prepare(struct sc_loader *l)
{
	l->recs = sc_env_alloc(1, sizeof(*l->recs));
	if (!l->recs || !prepare_resize(l)) {
		sc_reason_set(l->why, "load: no memory");
		return -ENOMEM;
	}
	l->as_is = !l->doomed && !other_epoch(l->m) && !other_policy(l->m);
	return 0;
}

static int refuse_doomed(struct sc_loader *l)
{
	sc_reason_set(l->why, "resize: %u slots hold dirty data outside the new size; go back, flush, try again",
		      l->nr_doomed);
	return -EINVAL;
}

int sc_meta_load(struct sc_meta *m, sc_meta_set_fn set, struct sc_reason *why)
{
	struct sc_loader l = { .m = m, .set = set, .why = why ?: &m->why };
	int r;

	sc_reason_set(why, "load: failed");
	if (m->phase != SC_META_OPENED)
		return -EINVAL;
	if (m->fresh) {
		m->phase = SC_META_LOADED;
		return 0;
	}
	r = prepare(&l);
	if (!r)
		r = load_table(&l);
	if (!r)
		r = sc_replay(&l);
	if (!r && l.nr_doomed)
		r = refuse_doomed(&l);
	sc_env_free(l.doomed);
	sc_env_free(l.recs);
	if (!r)
		m->phase = SC_META_LOADED;
	return r;
}
