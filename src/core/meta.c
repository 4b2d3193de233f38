// SPDX-License-Identifier: GPL-2.0-only
/*
 * The metadata engine from create to start. Commits are in journal.c,
 * checkpoints in checkpoint.c.
 */
#include "meta-priv.h"

/* ---- create and destroy ---------------------------------------------------- */

/* As many pages as any layout of this device can have. */
static u32 pages_of_device(u64 metadata_sectors)
{
	u64 nr = metadata_sectors / SC_MIN_BLOCK_SECTORS / 2;

	return (u32)min_t(u64, nr, sc_pages_for(SC_MAX_CBLOCKS)) +
	       SC_PAGE_GROUP;
}

static bool alloc_table(struct sc_checkpoint *c, u64 metadata_sectors)
{
	u32 nr = pages_of_device(metadata_sectors);
	u32 nr_map = DIV_ROUND_UP(nr, SC_MAP_PAGES);

	c->nr_pages = nr;
	c->dirty = sc_env_alloc(BITS_TO_LONGS(nr), sizeof(long));
	c->capture = sc_env_alloc(BITS_TO_LONGS(nr), sizeof(long));
	c->state = sc_env_alloc(nr_map, SC_MAP_PAGES / 4);
	c->next = sc_env_alloc(nr_map, SC_MAP_PAGES / 4);
	return c->dirty && c->capture && c->state && c->next;
}

struct sc_meta *sc_meta_create(const struct sc_meta_io *io, void *ctx,
			       const struct sc_meta_params *p)
{
	struct sc_meta *m = sc_env_alloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->io = io;
	m->ctx = ctx;
	m->p = *p;
	m->buf = sc_env_alloc(SC_META_BATCH, SC_META_BLOCK_BYTES);
	m->block = sc_env_alloc(1, SC_META_BLOCK_BYTES);
	m->journal.buf = sc_env_alloc(SC_MAX_TX_BLOCKS, SC_META_BLOCK_BYTES);
	if (m->buf && m->block && m->journal.buf &&
	    alloc_table(&m->ckpt, p->metadata_sectors))
		return m;
	sc_meta_destroy(m);
	return NULL;
}

void sc_meta_destroy(struct sc_meta *m)
{
	if (!m)
		return;
	sc_env_free(m->ckpt.next);
	sc_env_free(m->ckpt.state);
	sc_env_free(m->ckpt.capture);
	sc_env_free(m->ckpt.dirty);
	sc_env_free(m->journal.buf);
	sc_env_free(m->block);
	sc_env_free(m->buf);
	sc_env_free(m);
}

/* ---- state ----------------------------------------------------------------- */

int sc_meta_fail(struct sc_meta *m, int r)
{
	if (r && !m->error)
		m->error = r;
	return r;
}

int sc_meta_damage(struct sc_meta *m, int r, const struct sc_damage *damage)
{
	if (!m->io->damaged)
		return r;
	m->stats.damaged++;
	m->io->damaged(m->ctx, damage);
	return 0;
}

int sc_meta_writable(const struct sc_meta *m)
{
	if (m->error)
		return m->error;
	return m->phase == SC_META_STARTED ? 0 : -EROFS;
}

bool sc_meta_failed(const struct sc_meta *m)
{
	return m->error;
}

/* ---- open ------------------------------------------------------------------ */

static int open_fresh(struct sc_meta *m, struct sc_reason *why)
{
	static const u8 no_uuid[SC_UUID_BYTES];
	struct sc_super *s = &m->sb;
	int r;

	if (!memcmp(m->p.uuid, no_uuid, sizeof(no_uuid))) {
		sc_reason_set(why, "format: the uuid must not be zero");
		return -EINVAL;
	}
	r = sc_layout_init(&m->layout, m->p.metadata_sectors,
			   m->p.journal_blocks, why);
	if (r)
		return r;
	memset(s, 0, sizeof(*s));
	memcpy(s->uuid, m->p.uuid, sizeof(s->uuid));
	memcpy(s->policy, m->p.policy, sizeof(s->policy));
	s->cache_sectors = m->p.cache_sectors;
	s->geom = m->geom;
	s->layout = m->layout;
	s->tail_tx = 1;
	s->label_epoch = m->p.label_epoch ?: 1;
	m->epoch = s->label_epoch;
	m->journal.tx = 1;
	m->labels_stale = true;
	return 0;
}

static int open_existing(struct sc_meta *m, struct sc_reason *why)
{
	if (m->geom.block_shift != m->sb.geom.block_shift) {
		sc_reason_set(why, "block size: metadata was made for %u sectors, got %u",
			      1u << m->sb.geom.block_shift,
			      m->p.block_sectors);
		return -EINVAL;
	}
	m->layout = m->sb.layout;
	sc_layout_resize(&m->layout, m->p.metadata_sectors);
	return sc_label_open(m, why);
}

/* KiB that the device would have to have for its slots, 0: no size will do. */
static u64 size_wanted(const struct sc_meta *m, u32 nr_slots)
{
	if (m->fresh && !m->p.journal_blocks)
		return sc_meta_size_needed(nr_slots) / 2;
	return sc_layout_blocks_for(&m->layout, nr_slots) * 4;
}

static int check_capacity(const struct sc_meta *m, struct sc_reason *why)
{
	u32 nr_slots = max_t(u32, m->geom.nr_slots, m->sb.geom.nr_slots);
	u64 wanted;

	if (nr_slots <= sc_layout_capacity(&m->layout))
		return 0;
	wanted = size_wanted(m, nr_slots);
	if (wanted)
		sc_reason_set(why, "metadata device too small: %llu KiB needed for %u slots, got %llu KiB",
			      (unsigned long long)wanted, nr_slots,
			      (unsigned long long)m->p.metadata_sectors / 2);
	else
		sc_reason_set(why, "metadata: formatted for %u slots at most, got %u",
			      m->layout.map_blocks * SC_MAP_PAGES *
			      SC_PAGE_ENTRIES, nr_slots);
	return -ENOSPC;
}

/* Is there room for the superblocks at all, before they are read? */
static int check_readable(const struct sc_meta *m, struct sc_reason *why)
{
	u64 bytes = m->p.metadata_sectors << SC_SECTOR_SHIFT;

	if (bytes >= 2 * SC_META_BLOCK_BYTES)
		return 0;
	sc_reason_set(why, "metadata device too small: at least %llu KiB needed, got %llu bytes",
		      (unsigned long long)sc_meta_size_needed(m->geom.nr_slots) / 2,
		      (unsigned long long)bytes);
	return -ENOSPC;
}

static int set_geom(struct sc_meta *m, struct sc_reason *why)
{
	return sc_geom_init(&m->geom, m->p.block_sectors, m->p.origin_sectors,
			    m->p.cache_sectors, why);
}

/* What the caller does not know the superblock does. */
static int adopt_sizes(struct sc_meta *m, struct sc_reason *why)
{
	const struct sc_super *s = &m->sb;

	if (m->fresh) {
		sc_reason_set(why, "metadata device: its first 4 KiB are zero, no cache is there");
		return -EINVAL;
	}
	m->p.block_sectors = m->p.block_sectors ?: 1u << s->geom.block_shift;
	m->p.cache_sectors = m->p.cache_sectors ?: s->cache_sectors;
	m->p.origin_sectors = m->p.origin_sectors ?: s->geom.origin_sectors;
	return set_geom(m, why);
}

int sc_meta_open(struct sc_meta *m, struct sc_reason *why)
{
	int r;

	why = why ?: &m->why;
	if (m->phase != SC_META_CREATED) {
		sc_reason_set(why, "open: already open");
		return -EINVAL;
	}
	/* A wrong table line is refused before anything is read. */
	r = m->p.adopt_sizes ? 0 : set_geom(m, why);
	if (!r)
		r = check_readable(m, why);
	if (!r)
		r = sc_super_open(m, why);
	if (!r && m->p.adopt_sizes)
		r = adopt_sizes(m, why);
	if (!r)
		r = m->fresh ? open_fresh(m, why) : open_existing(m, why);
	if (!r)
		r = check_capacity(m, why);
	if (r)
		return r;
	m->journal.max_blocks = min_t(u32, SC_MAX_TX_BLOCKS,
				      m->layout.journal_blocks /
				      SC_MAX_TX_SHARE);
	m->was_clean = m->fresh || m->sb.flags & SC_SUPER_CLEAN;
	m->phase = SC_META_OPENED;
	return 0;
}

/* ---- start ----------------------------------------------------------------- */

static int write_empty_map(struct sc_meta *m)
{
	struct sc_block_id id = { .uuid = m->sb.uuid };
	u32 nr = sc_map_blocks_for(&m->geom);
	u32 i;
	int r = 0;

	for (i = 0; i < nr && !r; i++) {
		id.location = sc_map_block(&m->layout, 0, i);
		sc_codec_map_encode(m->block, &id, i, m->ckpt.state);
		r = m->io->write(m->ctx, id.location, m->block, 1, 0);
	}
	return sc_meta_fail(m, r);
}

/* That it reads as zeroes does not mean that a power cut leaves it so. */
static int zero_first_super(struct sc_meta *m)
{
	memset(m->block, 0, SC_META_BLOCK_BYTES);
	return sc_meta_fail(m, m->io->write(m->ctx, 0, m->block, 1, SC_IO_FUA));
}

/*
 * Superblock 0 comes last: as long as it is zero the next start formats again.
 * The labels come first: metadata without a label would be refused.
 */
static int format(struct sc_meta *m)
{
	int r;

	r = zero_first_super(m);
	if (!r)
		r = sc_label_write(m);
	if (!r)
		r = write_empty_map(m);
	if (r)
		return r;
	m->worse = 1;
	sc_super_prepare(m)->generation = 1;
	r = sc_super_write(m);
	if (!r)
		m->fresh = false;
	return r;
}

/* Whether the sizes or anything else that only a checkpoint writes differ. */
static bool must_checkpoint(const struct sc_meta *m)
{
	return m->stats.dropped || m->stats.damaged ||
	       m->epoch != m->sb.label_epoch ||
	       m->p.cache_sectors != m->sb.cache_sectors ||
	       m->geom.origin_sectors != m->sb.geom.origin_sectors ||
	       m->layout.nr_pages != m->sb.layout.nr_pages ||
	       (m->p.policy[0] &&
		memcmp(m->p.policy, m->sb.policy, SC_POLICY_BYTES));
}

/*
 * Both superblocks are brought to the same state before anything else is
 * written, but for the first label. Labels follow the sizes: where the new tail
 * label goes a slot may have been until then.
 */
static int take_over(struct sc_meta *m)
{
	bool changed = must_checkpoint(m);
	struct sc_super *s;
	int r = 0;

	/* Labels that we have seen may not have been durable. */
	if (m->epoch != m->sb.label_epoch) {
		r = m->io->cache_flush_begin(m->ctx);
		if (!r)
			r = m->io->cache_flush_end(m->ctx);
		if (r)
			return r;
	}
	/*
	 * The newest label may be the tail, where the new size has none: before
	 * the metadata ask for its epoch and forget the old size the head has it.
	 */
	if (m->labels_stale) {
		r = sc_label_write_head(m);
		if (r)
			return r;
	}
	s = sc_super_prepare(m);
	s->generation++;
	s->flags &= ~SC_SUPER_CLEAN;
	r = sc_super_write(m);
	if (!r && changed)
		r = sc_checkpoint_complete(m, false);
	if (!r && m->labels_stale)
		r = sc_label_write(m);
	return r;
}

/*
 * Nobody can have counted so far: these are forged. As what is read may be twice
 * as large, whatever is counted up from here can be read again.
 */
static bool counters_spent(const struct sc_meta *m)
{
	const struct sc_super *s = &m->sb;
	u64 most = max_t(u64, s->seq, s->checkpoint);

	most = max_t(u64, most, s->generation);
	most = max_t(u64, most, m->journal.tx);
	return max_t(u64, most, m->epoch) > S64_MAX / 2;
}

int sc_meta_start(struct sc_meta *m)
{
	int r;

	if (m->error)
		return m->error;
	if (m->phase != SC_META_LOADED)
		return -EINVAL;
	if (sc_meta_read_only(m))
		return -EROFS;
	if (counters_spent(m))
		return -EOVERFLOW;
	r = m->fresh ? format(m) : take_over(m);
	if (r)
		return r;
	m->phase = SC_META_STARTED;
	return 0;
}

/* ---- questions ------------------------------------------------------------- */

void sc_meta_uuid(const struct sc_meta *m, u8 *uuid)
{
	memcpy(uuid, m->sb.uuid, SC_UUID_BYTES);
}

const struct sc_geom *sc_meta_geom(const struct sc_meta *m)
{
	return &m->geom;
}

const struct sc_super *sc_meta_super(const struct sc_meta *m)
{
	return &m->sb;
}

bool sc_meta_needs_check(const struct sc_meta *m)
{
	return m->sb.flags & SC_SUPER_NEEDS_CHECK;
}

int sc_meta_set_needs_check(struct sc_meta *m, bool on)
{
	struct sc_super *s;
	int r = sc_meta_writable(m);

	if (r || on == sc_meta_needs_check(m))
		return r;
	s = sc_super_prepare(m);
	s->flags &= ~SC_SUPER_NEEDS_CHECK;
	if (on)
		s->flags |= SC_SUPER_NEEDS_CHECK;
	return sc_super_write(m);
}

bool sc_meta_read_only(const struct sc_meta *m)
{
	return m->sb.ro_compat;
}

bool sc_meta_was_clean(const struct sc_meta *m)
{
	return m->was_clean;
}

void sc_meta_stats(const struct sc_meta *m, struct sc_meta_stats *st)
{
	const struct sc_layout *l = &m->layout;

	*st = m->stats;
	st->nr_blocks = m->p.metadata_sectors / SC_MIN_BLOCK_SECTORS;
	st->nr_used = l->pages_start + 2 * (u64)m->ckpt.nr_present;
	st->journal_blocks = l->journal_blocks;
	st->journal_used = m->journal.used;
	st->capacity = sc_layout_capacity(l);
}
