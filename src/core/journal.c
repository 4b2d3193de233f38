// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commits: transactions appended to the journal ring.
 *
 * A transaction counts if its last block is there, so the last block is
 * written when all else is durable: the cache device's data (rule 1) and the
 * blocks before it. Room is made when a transaction begins: a checkpoint asks
 * for the durable view, which is hard to tell while records are on their way.
 */
#include "meta-priv.h"

/*
 * A checkpoint under way frees what was used when it began. If that is not
 * enough, the next one frees the whole ring, and no transaction is larger.
 */
static int make_room(struct sc_meta *m)
{
	struct sc_journal *j = &m->journal;
	int r = 0;

	while (!r && m->layout.journal_blocks - j->used < j->max_blocks)
		r = sc_checkpoint_complete(m, false);
	return r;
}

int sc_meta_commit_begin(struct sc_meta *m)
{
	struct sc_journal *j = &m->journal;
	int r = sc_meta_writable(m);

	if (!r)
		r = make_room(m);
	if (r)
		return r;
	j->nr = 0;
	j->open = true;
	return 0;
}

bool sc_meta_commit_full(const struct sc_meta *m)
{
	return m->journal.nr == m->journal.max_blocks * SC_JOURNAL_RECORDS;
}

int sc_meta_commit_add(struct sc_meta *m, const struct sc_record *rec)
{
	struct sc_journal *j = &m->journal;
	u32 block = j->nr / SC_JOURNAL_RECORDS;
	u32 i = j->nr % SC_JOURNAL_RECORDS;
	struct sc_record trimmed = *rec;
	u64 got;

	if (!j->open)
		return -EINVAL;
	if (sc_meta_commit_full(m))
		return -ENOSPC;
	sc_record_trim(&m->geom, &trimmed);
	if (sc_record_fault(&m->geom, &trimmed, &got))
		return -EINVAL;
	if (!i)
		sc_codec_journal_begin(sc_nth_block(j->buf, block));
	sc_codec_journal_put(sc_nth_block(j->buf, block), i, &trimmed);
	j->nr++;
	return 0;
}

static void seal_blocks(struct sc_meta *m, u32 nr_blocks)
{
	struct sc_journal *j = &m->journal;
	const struct sc_layout *l = &m->layout;
	struct sc_block_id id = { .uuid = m->sb.uuid, .seq = j->tx };
	struct sc_tx_block tx = {
		.generation = m->sb.generation, .count = nr_blocks,
	};
	u32 rest = j->nr, at = j->head, i;

	for (i = 0; i < nr_blocks; i++) {
		id.location = l->journal_start + at;
		tx.index = i;
		tx.nr_records = min_t(u32, rest, SC_JOURNAL_RECORDS);
		sc_codec_journal_seal(sc_nth_block(j->buf, i), &id, &tx);
		rest -= tx.nr_records;
		at = at + 1 == l->journal_blocks ? 0 : at + 1;
	}
}

/* Write blocks of the transaction to the ring, which may end in their midst. */
static int write_blocks(struct sc_meta *m, u32 first, u32 nr,
			unsigned int flags)
{
	struct sc_journal *j = &m->journal;
	u32 ring = m->layout.journal_blocks;
	u32 at, part;
	int r = 0;

	for (; nr && !r; first += part, nr -= part) {
		at = j->head + first;
		if (at >= ring)
			at -= ring;
		part = min_t(u32, nr, ring - at);
		r = m->io->write(m->ctx, m->layout.journal_start + at,
				 sc_nth_block(j->buf, first), part, flags);
	}
	return sc_meta_fail(m, r);
}

static int flush_cache(struct sc_meta *m)
{
	int r = m->io->cache_flush_begin(m->ctx);

	return r ?: m->io->cache_flush_end(m->ctx);
}

/*
 * The blocks before the last and the flush of the cache device may overlap:
 * neither counts before the last block. Only a failed write of ours ends the
 * engine: if the cache's flush failed the transaction is incomplete, and the
 * next one takes its place and number.
 */
static int write_head(struct sc_meta *m, u32 nr_blocks)
{
	int r, r2;

	if (m->p.same_disk)
		return write_blocks(m, 0, nr_blocks - 1, 0);
	r = m->io->cache_flush_begin(m->ctx);
	if (r)
		return r;
	r = write_blocks(m, 0, nr_blocks - 1, 0);
	r2 = m->io->cache_flush_end(m->ctx);
	return r ?: r2;
}

static int write_last(struct sc_meta *m, u32 nr_blocks)
{
	unsigned int flags = SC_IO_FUA;

	if (nr_blocks > 1 || m->p.same_disk)
		flags |= SC_IO_PREFLUSH;
	return write_blocks(m, nr_blocks - 1, 1, flags);
}

/* The transaction is durable: its pages have to follow some day. */
static void advance(struct sc_meta *m, u32 nr_blocks)
{
	struct sc_journal *j = &m->journal;
	u32 i;

	for (i = 0; i < j->nr; i++)
		sc_checkpoint_mark(m, sc_codec_journal_slot(
				sc_nth_block(j->buf, i / SC_JOURNAL_RECORDS),
				i % SC_JOURNAL_RECORDS));
	j->head += nr_blocks;
	if (j->head >= m->layout.journal_blocks)
		j->head -= m->layout.journal_blocks;
	j->used += nr_blocks;
	j->tx++;
	m->stats.commits++;
	m->stats.commit_blocks += nr_blocks;
}

/* Before the first transaction the superblocks must not call it empty. */
static int make_unclean(struct sc_meta *m)
{
	if (!(m->sb.flags & SC_SUPER_CLEAN))
		return 0;
	sc_super_prepare(m)->flags &= ~SC_SUPER_CLEAN;
	return sc_super_write(m);
}

int sc_meta_commit_end(struct sc_meta *m)
{
	struct sc_journal *j = &m->journal;
	u32 nr_blocks = DIV_ROUND_UP(j->nr, SC_JOURNAL_RECORDS);
	int r = sc_meta_writable(m);

	if (!r && !j->open)
		r = -EINVAL;
	j->open = false;
	if (r)
		return r;
	if (!nr_blocks)
		return flush_cache(m);
	r = make_unclean(m);
	if (r)
		return r;
	seal_blocks(m, nr_blocks);
	r = write_head(m, nr_blocks);
	if (!r)
		r = write_last(m, nr_blocks);
	if (!r)
		advance(m, nr_blocks);
	return r;
}
