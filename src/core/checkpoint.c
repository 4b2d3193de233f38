// SPDX-License-Identifier: GPL-2.0-only
/*
 * Checkpoints: bring the durable view to the table, so that the journal can be
 * used again (rule 8).
 *
 * Pages changed since the last checkpoint are written to the copy that does not
 * count, then the map region that does not count, then the superblocks, which
 * make both count. A page written late may hold states newer than the new
 * tail; replay sets them again, and as states are absolute it ends at the same.
 */
#include "meta-priv.h"

static u32 nr_pages(const struct sc_meta *m)
{
	return sc_pages_for(m->geom.nr_slots);
}

void sc_checkpoint_count(struct sc_meta *m)
{
	struct sc_checkpoint *c = &m->ckpt;
	u32 page;

	c->nr_present = 0;
	for (page = 0; page < sc_pages_for(m->sb.geom.nr_slots); page++)
		c->nr_present += sc_state_get(c->state, page) != SC_PAGE_ABSENT;
}

static void begin(struct sc_meta *m)
{
	struct sc_checkpoint *c = &m->ckpt;
	unsigned long *empty = c->capture;
	u32 old = sc_pages_for(m->sb.geom.nr_slots);
	u32 page;

	/* Nothing is set there: the last checkpoint wrote all it captured. */
	c->capture = c->dirty;
	c->dirty = empty;
	/* All, as @next is what was in force before: a shrink may lie between. */
	memcpy(c->next, c->state, DIV_ROUND_UP(c->nr_pages, 4));
	/* Pages that a shrunk cache does not need any more. */
	for (page = nr_pages(m); page < old; page++) {
		sc_state_set(c->next, page, SC_PAGE_ABSENT);
		clear_bit(page, c->capture);
	}
	c->tail = m->journal.head;
	c->tail_tx = m->journal.tx;
	c->used = m->journal.used;
	c->cursor = 0;
	c->active = true;
}

/* Fill a page from the durable view. */
static int make_page(struct sc_meta *m, u32 page, u64 location, u8 *buf)
{
	struct sc_block_id id = {
		.uuid = m->sb.uuid,
		.location = location,
		.seq = m->sb.checkpoint + 1,
	};
	u32 slot = page * SC_PAGE_ENTRIES;
	u32 nr = min_t(u32, SC_PAGE_ENTRIES, m->geom.nr_slots - slot);
	struct sc_record rec;
	u64 got;
	u32 i;

	sc_codec_page_begin(buf);
	for (i = 0; i < nr; i++) {
		m->io->get(m->ctx, to_cblock(slot + i), &rec);
		rec.slot = to_cblock(slot + i);
		sc_record_trim(&m->geom, &rec);
		if (sc_env_warn_once(sc_record_fault(&m->geom, &rec, &got)))
			return -EINVAL;
		sc_codec_page_put(buf, i, &rec);
	}
	sc_codec_page_seal(buf, &id, page);
	return 0;
}

/*
 * Write the next pages whose places are neighbours. Returns how many, 0 if
 * none is left, or -errno.
 */
static int write_run(struct sc_meta *m, u32 limit)
{
	struct sc_checkpoint *c = &m->ckpt;
	u64 first = 0, block;
	u32 page, copy, nr = 0;
	int r;

	for (; nr < limit; nr++) {
		page = find_next_bit(c->capture, nr_pages(m), c->cursor);
		if (page >= nr_pages(m))
			break;
		copy = sc_state_get(c->state, page) == 1;
		block = sc_layout_page(&m->layout, page, copy);
		if (!nr)
			first = block;
		else if (block != first + nr)
			break;
		r = make_page(m, page, block, sc_nth_block(m->buf, nr));
		if (r)
			return r;
		sc_state_set(c->next, page, copy + 1);
		clear_bit(page, c->capture);
		c->cursor = page + 1;
	}
	r = nr ? m->io->write(m->ctx, first, m->buf, nr, 0) : 0;
	m->stats.page_writes += nr;
	return r ?: (int)nr;
}

/* Returns 0 if all pages are written, 1 if some may be left, or -errno. */
static int write_pages(struct sc_meta *m)
{
	u32 left = m->p.step_pages ?: SC_STEP_PAGES;
	int r;

	do {
		r = write_run(m, min_t(u32, left, SC_META_BATCH));
		if (r < 0)
			return sc_meta_fail(m, r);
		left -= r;
	} while (r && left);
	return !left;
}

static int write_map(struct sc_meta *m)
{
	struct sc_block_id id = {
		.uuid = m->sb.uuid, .seq = m->sb.checkpoint + 1,
	};
	u32 total = sc_map_blocks_for(&m->geom);
	u32 first, nr, i;
	int r = 0;

	for (first = 0; first < total && !r; first += nr) {
		nr = min_t(u32, total - first, SC_META_BATCH);
		for (i = 0; i < nr; i++) {
			id.location = sc_map_block(&m->layout, id.seq,
						   first + i);
			sc_codec_map_encode(sc_nth_block(m->buf, i), &id,
					    first + i, m->ckpt.next +
					    (first + i) * (SC_MAP_PAGES / 4));
		}
		r = m->io->write(m->ctx,
				 sc_map_block(&m->layout, id.seq, first),
				 m->buf, nr, 0);
	}
	return sc_meta_fail(m, r);
}

/* The superblock of this checkpoint, with the sizes now in force. */
static void prepare_super(struct sc_meta *m, bool clean)
{
	struct sc_super *s = sc_super_prepare(m);

	s->checkpoint++;
	s->tail = m->ckpt.tail;
	s->tail_tx = m->ckpt.tail_tx;
	s->cache_sectors = m->p.cache_sectors;
	s->geom = m->geom;
	s->layout = m->layout;
	s->label_epoch = m->epoch;
	if (m->p.policy[0])
		memcpy(s->policy, m->p.policy, sizeof(s->policy));
	s->flags &= ~SC_SUPER_CLEAN;
	if (clean)
		s->flags |= SC_SUPER_CLEAN;
}

/* All pages are written: let them count. Only then the old ones are free. */
static int finish(struct sc_meta *m, bool clean)
{
	struct sc_checkpoint *c = &m->ckpt;
	u8 *old = c->state;
	int r;

	r = write_map(m);
	if (r)
		return r;
	/* Nothing was committed since it began: the journal is empty. */
	prepare_super(m, clean && c->used == m->journal.used);
	r = sc_super_write(m);
	if (r)
		return r;
	c->state = c->next;
	c->next = old;
	c->active = false;
	m->journal.used -= c->used;
	m->stats.checkpoints++;
	sc_checkpoint_count(m);
	return 0;
}

int sc_checkpoint_complete(struct sc_meta *m, bool clean)
{
	int r;

	if (!m->ckpt.active)
		begin(m);
	do {
		r = write_pages(m);
	} while (r > 0);
	return r ?: finish(m, clean);
}

bool sc_meta_checkpoint_wanted(const struct sc_meta *m)
{
	return m->ckpt.active ||
	       m->journal.used >= m->layout.journal_blocks / 2;
}

int sc_meta_checkpoint_step(struct sc_meta *m, bool *done)
{
	int r = sc_meta_writable(m);

	*done = false;
	if (r)
		return r;
	if (!m->ckpt.active)
		begin(m);
	r = write_pages(m);
	if (r < 0)
		return r;
	if (r > 0)
		return 0;
	r = finish(m, false);
	*done = !r;
	return r;
}

static bool anything_to_do(const struct sc_meta *m)
{
	return m->journal.used ||
	       find_next_bit(m->ckpt.dirty, nr_pages(m), 0) < nr_pages(m);
}

int sc_meta_checkpoint(struct sc_meta *m)
{
	int r = sc_meta_writable(m);

	if (r)
		return r;
	if (m->ckpt.active) {
		r = sc_checkpoint_complete(m, false);
		if (r)
			return r;
	}
	if (anything_to_do(m))
		return sc_checkpoint_complete(m, true);
	if (m->sb.flags & SC_SUPER_CLEAN)
		return 0;
	sc_super_prepare(m)->flags |= SC_SUPER_CLEAN;
	return sc_super_write(m);
}

void sc_meta_touch(struct sc_meta *m, sc_cblock_t slot)
{
	if (!sc_env_warn_once(from_cblock(slot) >= m->geom.nr_slots))
		sc_checkpoint_mark(m, from_cblock(slot));
}
