// SPDX-License-Identifier: GPL-2.0-only
/*
 * Replay: the transactions from the superblock's tail on, as long as they are
 * complete. The first one that is not ends the log, if the power failed while
 * it was written. If it was complete once, a later block proves it: its own
 * last block, written when the others were durable, or a later transaction.
 * Then the journal is damaged and the load is refused; a repair takes what is
 * complete behind the damage.
 */
#include "meta-priv.h"

/**
 * struct replay - where replay is; offsets count from the tail
 * @l: takes the records
 * @from: first offset in the work buffer
 * @nr: blocks there
 * @at: offset of the next transaction
 * @tx: its number
 * @broken: offset of the block that is not as the next one must be
 * @checked: a repair has looked at what is before this offset
 * @last: number of the last transaction that a repair has seen
 * @generation: of the last one, they do not fall
 */
struct replay {
	struct sc_loader *l;
	u32 from;
	u32 nr;
	u32 at;
	u32 broken;
	u32 checked;
	u64 tx;
	u64 last;
	u64 generation;
};

static u32 ring_block(const struct sc_meta *m, u32 offset)
{
	u32 at = m->sb.tail + offset;

	return at < m->sb.layout.journal_blocks ?
		       at : at - m->sb.layout.journal_blocks;
}

static unsigned long long journal_block(const struct sc_meta *m, u32 offset)
{
	return m->sb.layout.journal_start + ring_block(m, offset);
}

static bool marked_clean(const struct sc_meta *m)
{
	return m->sb.flags & SC_SUPER_CLEAN;
}

/* Behind a damage, what the slots were before is all that is known of them. */
static int damage(struct replay *rp, int r)
{
	struct sc_damage damage = {
		.kind = SC_DAMAGE_JOURNAL, .why = rp->l->why,
	};

	return sc_meta_damage(rp->l->m, r, &damage);
}

/*
 * What cannot be read is empty, for a repair, and where nothing is needed: the
 * next lap will write there.
 */
static int read_ring_block(struct replay *rp, u32 offset, u8 *buf)
{
	struct sc_meta *m = rp->l->m;
	int r = m->io->read(m->ctx, journal_block(m, offset), buf, 1);

	if (!r)
		return 0;
	sc_reason_set(rp->l->why, "journal block %llu: read error, got %d",
		      journal_block(m, offset), r);
	sc_codec_journal_begin(buf);
	return marked_clean(m) ? 0 : damage(rp, r);
}

static int read_ring(struct replay *rp, u32 offset, u8 *buf, u32 nr)
{
	struct sc_meta *m = rp->l->m;
	int r = 0;
	u32 i;

	if (!m->io->read(m->ctx, journal_block(m, offset), buf, nr))
		return 0;
	for (i = 0; i < nr && !r; i++)
		r = read_ring_block(rp, offset + i, sc_nth_block(buf, i));
	return r;
}

/* Have blocks [offset, offset + nr) in the buffer, and what fits behind them. */
static int fetch(struct replay *rp, u32 offset, u32 nr)
{
	struct sc_meta *m = rp->l->m;
	u32 ring = m->sb.layout.journal_blocks;
	u32 part;
	int r;

	if (offset >= rp->from && offset + nr <= rp->from + rp->nr)
		return 0;
	rp->from = offset;
	rp->nr = min_t(u32, SC_META_BATCH, ring - offset);
	part = min_t(u32, rp->nr, ring - ring_block(m, offset));
	r = read_ring(rp, offset, m->buf, part);
	if (!r && part < rp->nr)
		r = read_ring(rp, offset + part, sc_nth_block(m->buf, part),
			      rp->nr - part);
	return r;
}

static const u8 *fetched(const struct replay *rp, u32 offset)
{
	return sc_nth_block(rp->l->m->buf, offset - rp->from);
}

/* Whether a journal block of ours is there; *tx says which transaction. */
static bool open_block(const struct replay *rp, u32 offset, u64 *tx,
		       struct sc_tx_block *place)
{
	const struct sc_meta *m = rp->l->m;
	struct sc_block_id id = {
		.uuid = m->sb.uuid,
		.location = journal_block(m, offset),
	};

	if (sc_codec_journal_open(fetched(rp, offset), &id, place, NULL))
		return false;
	*tx = id.seq;
	return true;
}

/*
 * Returns the number of blocks if the transaction expected is here and
 * complete, 0 if not, or -errno.
 */
static int find_tx(struct replay *rp)
{
	const struct sc_meta *m = rp->l->m;
	struct sc_tx_block first, place;
	u64 tx;
	u32 i;
	int r;

	rp->broken = rp->at;
	if (rp->at == m->sb.layout.journal_blocks)
		return 0;
	r = fetch(rp, rp->at, 1);
	if (r)
		return r;
	if (!open_block(rp, rp->at, &tx, &first) || tx != rp->tx ||
	    first.index || first.generation < rp->generation ||
	    first.generation > m->sb.generation ||
	    first.count > m->sb.layout.journal_blocks - rp->at)
		return 0;
	r = fetch(rp, rp->at, first.count);
	if (r)
		return r;
	for (i = 1; i < first.count; i++) {
		rp->broken = rp->at + i;
		if (!open_block(rp, rp->at + i, &tx, &place) ||
		    tx != rp->tx || place.index != i ||
		    place.count != first.count ||
		    place.generation != first.generation)
			return 0;
	}
	rp->generation = first.generation;
	return first.count;
}

static int apply_block(struct replay *rp, u32 offset)
{
	struct sc_meta *m = rp->l->m;
	struct sc_records *recs = rp->l->recs;
	struct sc_tx_block place;
	struct sc_record *rec;
	u64 tx;
	u32 i;
	int r = 0;

	if (sc_env_warn_once(!open_block(rp, offset, &tx, &place)))
		return -EUCLEAN;
	for (i = 0; i < place.nr_records && !r; i++) {
		rec = &recs->rec[recs->nr];
		r = sc_codec_journal_get(fetched(rp, offset), i, &m->sb.geom,
					 rec, rp->l->why);
		if (r) {
			r = damage(rp, r);
			continue;
		}
		/* The tail will pass it: then the table must know it. */
		sc_checkpoint_mark(m, from_cblock(rec->slot));
		recs->nr++;
	}
	return r ?: sc_load_deliver(rp->l, true);
}

static int apply_all(struct replay *rp)
{
	struct sc_meta *m = rp->l->m;
	u32 end;
	int r;

	for (;;) {
		r = find_tx(rp);
		if (r <= 0)
			return r;
		for (end = rp->at + r; rp->at < end; rp->at++) {
			r = apply_block(rp, rp->at);
			if (r)
				return r;
		}
		rp->tx++;
		m->stats.replayed++;
	}
}

static int refuse_end(struct replay *rp, u32 offset, u64 tx)
{
	struct sc_meta *m = rp->l->m;

	sc_reason_set(rp->l->why, "corrupt journal block %llu: not of transaction %llu, got a later block %llu of %llu",
		      journal_block(m, rp->broken),
		      (unsigned long long)rp->tx, journal_block(m, offset),
		      (unsigned long long)tx);
	return damage(rp, -EUCLEAN);
}

/*
 * Behind the end of the log nothing may be left that was durable once. Returns
 * 0 if so, -errno, or 1 if a repair is to go on with a later transaction.
 */
static int check_end(struct replay *rp)
{
	struct sc_meta *m = rp->l->m;
	struct sc_tx_block place;
	bool refused = false;
	u32 offset = max_t(u32, rp->at, rp->checked);
	u64 tx;
	int r;

	for (; offset < m->sb.layout.journal_blocks; offset++) {
		r = fetch(rp, offset, 1);
		if (r)
			return r;
		if (!open_block(rp, offset, &tx, &place) || tx < rp->tx ||
		    (tx == rp->tx && place.index + 1 < place.count))
			continue;
		r = refused ? 0 : refuse_end(rp, offset, tx);
		if (r)
			return r;
		refused = true;
		rp->last = max_t(u64, rp->last, tx);
		if (place.index)
			continue;
		rp->tx = tx;
		rp->at = offset;
		rp->checked = offset + 1;
		return 1;
	}
	return 0;
}

int sc_replay(struct sc_loader *l)
{
	struct sc_meta *m = l->m;
	struct replay rp = { .l = l, .tx = m->sb.tail_tx };
	/* Marked clean: what is in the ring is older than the tail. */
	bool empty = marked_clean(m);
	int r;

	/* Unless the mark is, and the disk lost the superblock that took it. */
	do {
		r = empty ? 0 : apply_all(&rp);
		if (!r)
			r = check_end(&rp);
		empty = false;
	} while (r > 0);
	if (r)
		return r;
	m->journal.head = rp.at == m->sb.layout.journal_blocks ?
				  m->sb.tail : ring_block(m, rp.at);
	m->journal.used = rp.at;
	/* What a repair saw, or missed, must not be believed later. */
	m->journal.tx = max_t(u64, rp.tx + !!m->stats.damaged, rp.last + 1);
	return 0;
}
