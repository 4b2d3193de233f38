// SPDX-License-Identifier: GPL-2.0-only
/*
 * The labels of the cache device: whose it is, and whether its clean data may
 * still be believed (rule 9). One is at its beginning, one at its end: after a
 * change of size the first is still found. The larger epoch of the two counts.
 */
#include "meta-priv.h"

#define HEAD_LABEL	0ULL

/* What reading the labels found. */
struct label_found {
	u32 nr_own;
	u32 nr_missing;
	u32 nr_foreign;
	int error;
};

/* The tail label lies where the size on disk puts it; cut off if shrunk. */
static bool has_tail(const struct sc_meta *m)
{
	return m->sb.cache_sectors <= m->p.cache_sectors;
}

static void read_label(struct sc_meta *m, u64 sector, struct label_found *found)
{
	u8 uuid[SC_UUID_BYTES];
	u64 epoch;
	int r;

	r = m->io->cache_read(m->ctx, sector, m->block);
	if (r) {
		found->error = r;
		return;
	}
	r = sc_codec_label_decode(m->block, sector / SC_LABEL_SECTORS, uuid,
				  &epoch, NULL);
	if (r) {
		found->nr_missing++;
	} else if (memcmp(uuid, m->sb.uuid, sizeof(uuid))) {
		found->nr_foreign++;
	} else {
		/* Unequal ones must be made equal. */
		if (found->nr_own && epoch != m->epoch)
			m->labels_stale = true;
		m->epoch = max_t(u64, m->epoch, epoch);
		found->nr_own++;
	}
}

static int refuse(struct sc_meta *m, const struct label_found *found,
		  struct sc_reason *why)
{
	struct sc_damage damage = { .kind = SC_DAMAGE_LABEL, .why = why };
	int r = found->error ?: -EINVAL;

	if (found->nr_foreign) {
		sc_reason_set(why, "cache device: its label belongs to another cache");
		return -EINVAL;
	}
	if (found->error)
		sc_reason_set(why, "cache device: label: read error, got %d",
			      found->error);
	else
		sc_reason_set(why, "cache device: no label, is this the cache of this metadata?");
	/* A repair trusts dirty data only: nobody knows the epoch. */
	m->epoch = m->sb.label_epoch + 1;
	m->labels_stale = true;
	return sc_meta_damage(m, r, &damage);
}

int sc_label_open(struct sc_meta *m, struct sc_reason *why)
{
	struct label_found found = {};

	m->epoch = 0;
	m->labels_stale = m->sb.cache_sectors != m->p.cache_sectors;
	if (!m->io->cache_read) {
		m->epoch = m->sb.label_epoch;
		m->labels_stale = true;
		return 0;
	}
	read_label(m, HEAD_LABEL, &found);
	/* Nothing but another cache writes there; a foreign tail may be old. */
	if (found.nr_foreign)
		return refuse(m, &found, why);
	if (has_tail(m))
		read_label(m, sc_geom_tail_label(m->sb.cache_sectors), &found);
	m->stats.good_labels = found.nr_own;
	if (!found.nr_own)
		return refuse(m, &found, why);
	if (m->epoch < m->sb.label_epoch) {
		sc_reason_set(why, "cache device: older than its metadata, label epoch must be %llu, got %llu",
			      (unsigned long long)m->sb.label_epoch,
			      (unsigned long long)m->epoch);
		return -EINVAL;
	}
	if (found.nr_own < 2)
		m->labels_stale = true;
	return 0;
}

bool sc_label_is_other(struct sc_meta *m)
{
	struct label_found found = {};

	if (!m->io->cache_read)
		return false;
	read_label(m, HEAD_LABEL, &found);
	if (found.nr_foreign)
		return true;
	if (has_tail(m))
		read_label(m, sc_geom_tail_label(m->sb.cache_sectors), &found);
	return !found.nr_own && found.nr_missing + found.nr_foreign;
}

static int write_label(struct sc_meta *m, u64 sector)
{
	struct sc_block_id id = {
		.uuid = m->sb.uuid,
		.location = sector / SC_LABEL_SECTORS,
		.seq = m->epoch,
	};

	sc_codec_label_encode(m->block, &id);
	return m->io->cache_write(m->ctx, sector, m->block);
}

/* Returns what became of the first, *error is the first failure of all. */
static int write_labels(struct sc_meta *m, int *error)
{
	int head = write_label(m, HEAD_LABEL), tail = 0;

	if (has_tail(m))
		tail = write_label(m, sc_geom_tail_label(m->sb.cache_sectors));
	*error = head ?: tail;
	return head;
}

int sc_label_write_head(struct sc_meta *m)
{
	return m->io->cache_write ? write_label(m, HEAD_LABEL) : 0;
}

int sc_label_write(struct sc_meta *m)
{
	int r = 0;

	if (m->io->cache_write)
		(void)write_labels(m, &r);
	if (!r)
		m->labels_stale = false;
	return r;
}

/* The labels stay as they are, but the superblock says less. */
static int lower_super(struct sc_meta *m)
{
	int r = sc_meta_writable(m);

	if (r)
		return r;
	sc_super_prepare(m)->label_epoch--;
	return sc_super_write(m);
}

int sc_meta_raise_epoch(struct sc_meta *m)
{
	int r;

	if (m->phase < SC_META_OPENED || !m->io->cache_write)
		return -EINVAL;
	m->epoch++;
	m->labels_stale = true;
	/* The last one alone would be cut off if the cache shrank. */
	if (!write_labels(m, &r) || !lower_super(m))
		r = 0;
	/* What is written from now on would deny the new epoch. */
	sc_meta_fail(m, -EROFS);
	return r;
}
