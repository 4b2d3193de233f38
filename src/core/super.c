// SPDX-License-Identifier: GPL-2.0-only
/*
 * The two superblocks. Each alone is enough: what a newer one sets free is
 * used again only after both are durable, and the worse of them is always
 * overwritten first, so that one good copy exists at any time.
 */
#include "meta-priv.h"

/**
 * enum super_kind - what was found in place of a superblock
 * @SUPER_GOOD: one of ours
 * @SUPER_BAD: one of ours once
 * @SUPER_UNREADABLE: a read error
 * @SUPER_FOREIGN: something else
 * @SUPER_ZERO: nothing
 * @SUPER_TOO_NEW: of a version or with features that we must not touch
 */
enum super_kind {
	SUPER_GOOD,
	SUPER_BAD,
	SUPER_UNREADABLE,
	SUPER_FOREIGN,
	SUPER_ZERO,
	SUPER_TOO_NEW,
};

static enum super_kind read_super(struct sc_meta *m, u32 which,
				  struct sc_super *s, struct sc_reason *why)
{
	int r = m->io->read(m->ctx, which, m->block, 1);

	if (r) {
		sc_reason_set(why, "superblock %u: read error, got %d", which,
			      r);
		return SUPER_UNREADABLE;
	}
	if (sc_codec_is_zero(m->block)) {
		sc_reason_set(why, "corrupt superblock %u: empty", which);
		return SUPER_ZERO;
	}
	r = sc_codec_super_decode(m->block, which, s, why);
	if (!r)
		return SUPER_GOOD;
	if (r == -EINVAL)
		return SUPER_TOO_NEW;
	return sc_codec_has_magic(m->block) ? SUPER_BAD : SUPER_FOREIGN;
}

static bool is_own(const struct sc_meta *m, const struct sc_super *s)
{
	return !memcmp(s->uuid, m->sb.uuid, SC_UUID_BYTES);
}

/* Both are good. A format writes superblock 0 last: then its uuid counts. */
static void choose_newer(struct sc_meta *m)
{
	m->worse = 1;
	if (is_own(m, &m->next)) {
		m->stats.good_supers = 2;
		if (m->next.seq == m->sb.seq)
			m->worse = 0;
		if (m->next.seq > m->sb.seq) {
			m->sb = m->next;
			m->worse = 0;
		}
	}
}

static int refuse_both(const enum super_kind kind[2], struct sc_reason *why)
{
	if (kind[0] == SUPER_UNREADABLE)
		return -EIO;
	if (kind[0] != SUPER_FOREIGN)
		return -EUCLEAN;
	sc_reason_set(why, "metadata device: holds something else; to format it, zero its first 4 KiB");
	return -EINVAL;
}

int sc_super_open(struct sc_meta *m, struct sc_reason *why)
{
	struct sc_reason second;
	enum super_kind kind[2];

	kind[0] = read_super(m, 0, &m->sb, why);
	m->fresh = kind[0] == SUPER_ZERO;
	if (m->fresh)
		return 0;
	if (kind[0] == SUPER_TOO_NEW)
		return -EINVAL;
	kind[1] = read_super(m, 1, &m->next, &second);
	if (kind[1] == SUPER_TOO_NEW) {
		sc_reason_set(why, "%s", second.text);
		return -EINVAL;
	}
	m->stats.good_supers = 1;
	if (kind[0] == SUPER_GOOD && kind[1] == SUPER_GOOD) {
		choose_newer(m);
	} else if (kind[0] == SUPER_GOOD) {
		m->worse = 1;
	} else if (kind[1] == SUPER_GOOD) {
		m->sb = m->next;
		m->worse = 0;
	} else {
		return refuse_both(kind, why);
	}
	return 0;
}

struct sc_super *sc_super_prepare(struct sc_meta *m)
{
	m->next = m->sb;
	m->next.seq++;
	return &m->next;
}

static int write_super(struct sc_meta *m, u32 which, unsigned int flags)
{
	sc_codec_super_encode(m->block, &m->next, which);
	return m->io->write(m->ctx, which, m->block, 1, flags);
}

int sc_super_write(struct sc_meta *m)
{
	int r;

	r = write_super(m, m->worse, SC_IO_PREFLUSH | SC_IO_FUA);
	if (!r)
		r = write_super(m, !m->worse, SC_IO_FUA);
	if (r)
		return sc_meta_fail(m, r);
	m->sb = m->next;
	m->worse = 0;
	return 0;
}

int sc_meta_void(struct sc_meta *m)
{
	struct sc_reason why;
	enum super_kind kind;

	if (m->phase < SC_META_OPENED)
		return -EINVAL;
	/* What is written from now on would be of a cache that is no more. */
	sc_meta_fail(m, -EROFS);
	/* Another's by now? Zeroes are written again: are they durable? */
	kind = read_super(m, 0, &m->next, &why);
	if (kind == SUPER_FOREIGN || kind == SUPER_TOO_NEW ||
	    (kind == SUPER_GOOD && !is_own(m, &m->next)))
		return -EINVAL;
	memset(m->block, 0, SC_META_BLOCK_BYTES);
	return m->io->write(m->ctx, 0, m->block, 1, SC_IO_FUA);
}

bool sc_meta_is_other(struct sc_meta *m)
{
	bool own = false, foreign = false;
	struct sc_reason why;
	enum super_kind kind;
	u32 which;

	for (which = 0; which < 2; which++) {
		kind = read_super(m, which, &m->next, &why);
		if (kind == SUPER_TOO_NEW || (kind == SUPER_ZERO && !which))
			return true;
		foreign |= kind == SUPER_FOREIGN;
		if (kind != SUPER_GOOD)
			continue;
		/* As in sc_super_open() the first counts. */
		if (!own && !is_own(m, &m->next))
			return true;
		own = true;
	}
	return (foreign && !own) || sc_label_is_other(m);
}
