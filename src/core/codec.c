// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only file that knows the bytes of the disk format, and their order; but for
 * a page's entries, which page-cursor.h knows as well.
 */
#include "codec.h"
#include "page-cursor.h"

static_assert(SC_DISK_BLOCK == SC_META_BLOCK_BYTES);
static_assert(SC_DISK_PAGE_ENTRIES == SC_PAGE_ENTRIES);
static_assert(SC_DISK_MAP_BYTES * 4 == SC_MAP_PAGES);
static_assert(SC_DISK_JOURNAL_RECORDS == SC_JOURNAL_RECORDS);
static_assert(SC_PAGE_ABSENT == SC_DISK_PAGE_ABSENT);
static_assert(SC_DISK_PAGE_COPY1 - SC_DISK_PAGE_COPY0 == 1);
static_assert(SC_DISK_CLEAN == SC_SUPER_CLEAN);
static_assert(SC_DISK_NEEDS_CHECK == SC_SUPER_NEEDS_CHECK);

/* Features that this version knows. */
#define KNOWN_INCOMPAT 0ULL

static const char *const type_name[] = {
	[SC_DISK_SUPER] = "superblock",
	[SC_DISK_MAP] = "map",
	[SC_DISK_JOURNAL] = "journal",
	[SC_DISK_PAGE] = "page",
	[SC_DISK_LABEL] = "label",
};

static int refuse(struct sc_reason *why, u32 type, u64 location,
		  const char *what, u64 got)
{
	sc_reason_set(why, "corrupt %s block %llu: %s, got %llu",
		      type_name[type], (unsigned long long)location, what,
		      (unsigned long long)got);
	return -EUCLEAN;
}

/* ---- the header ------------------------------------------------------------ */

static u32 block_crc(const struct sc_disk_header *h)
{
	return sc_env_crc32c(&h->version,
			     SC_DISK_BLOCK -
				     offsetof(struct sc_disk_header, version));
}

static void seal(void *buf, u16 type, const struct sc_block_id *id)
{
	struct sc_disk_header *h = buf;

	h->magic = cpu_to_le64(SC_DISK_MAGIC);
	h->version = cpu_to_le16(SC_DISK_VERSION);
	h->type = cpu_to_le16(type);
	memcpy(h->uuid, id->uuid, sizeof(h->uuid));
	h->location = cpu_to_le64(id->location);
	h->seq = cpu_to_le64(id->seq);
	h->crc = cpu_to_le32(block_crc(h));
}

/* The checks that need nothing but the block and its place. */
static int open_any(const void *buf, u16 type, u64 location,
		    struct sc_reason *why)
{
	const struct sc_disk_header *h = buf;

	if (le64_to_cpu(h->magic) != SC_DISK_MAGIC)
		return refuse(why, type, location, "no magic",
			      le64_to_cpu(h->magic));
	if (le32_to_cpu(h->crc) != block_crc(h))
		return refuse(why, type, location, "wrong checksum",
			      le32_to_cpu(h->crc));
	if (le16_to_cpu(h->version) != SC_DISK_VERSION) {
		sc_reason_set(
			why,
			"%s block %llu: format version %u is not supported",
			type_name[type], (unsigned long long)location,
			le16_to_cpu(h->version));
		return -EINVAL;
	}
	if (le16_to_cpu(h->type) != type)
		return refuse(why, type, location, "another type",
			      le16_to_cpu(h->type));
	if (le64_to_cpu(h->location) != location)
		return refuse(why, type, location, "belongs elsewhere",
			      le64_to_cpu(h->location));
	return 0;
}

static int open_own(const void *buf, u16 type, const struct sc_block_id *id,
		    struct sc_reason *why)
{
	const struct sc_disk_header *h = buf;
	int r = open_any(buf, type, id->location, why);

	if (r)
		return r;
	if (memcmp(h->uuid, id->uuid, sizeof(h->uuid)))
		return refuse(why, type, id->location, "uuid of another cache",
			      h->uuid[0]);
	return 0;
}

bool sc_codec_is_zero(const void *buf)
{
	const u8 *byte = buf;

	return !byte[0] && !memcmp(byte, byte + 1, SC_DISK_BLOCK - 1);
}

bool sc_codec_has_magic(const void *buf)
{
	const struct sc_disk_header *h = buf;

	return le64_to_cpu(h->magic) == SC_DISK_MAGIC;
}

u64 sc_codec_seq(const void *buf)
{
	const struct sc_disk_header *h = buf;

	return le64_to_cpu(h->seq);
}

/* ---- superblock ------------------------------------------------------------ */

static void encode_sizes(struct sc_disk_super *d, const struct sc_super *s)
{
	const struct sc_layout *l = &s->layout;

	d->origin_sectors = cpu_to_le64(s->geom.origin_sectors);
	d->cache_sectors = cpu_to_le64(s->cache_sectors);
	d->data_offset = cpu_to_le64(s->geom.data_offset);
	d->block_sectors = cpu_to_le32(1u << s->geom.block_shift);
	d->sub_sectors = cpu_to_le32(1u << s->geom.sub_shift);
	d->nr_slots = cpu_to_le32(s->geom.nr_slots);
	d->map_blocks = cpu_to_le32(l->map_blocks);
	d->nr_blocks = cpu_to_le64(l->nr_blocks);
	d->map_start = cpu_to_le64(l->map_start);
	d->journal_start = cpu_to_le64(l->journal_start);
	d->pages_start = cpu_to_le64(l->pages_start);
	d->journal_blocks = cpu_to_le32(l->journal_blocks);
	d->nr_pages = cpu_to_le32(l->nr_pages);
}

void sc_codec_super_encode(void *buf, const struct sc_super *s, u64 location)
{
	struct sc_block_id id = {
		.uuid = s->uuid,
		.location = location,
		.seq = s->seq,
	};
	struct sc_disk_super *d = buf;

	memset(d, 0, sizeof(*d));
	d->compat = cpu_to_le64(s->compat);
	d->ro_compat = cpu_to_le64(s->ro_compat);
	d->flags = cpu_to_le64(s->flags);
	d->checkpoint = cpu_to_le64(s->checkpoint);
	encode_sizes(d, s);
	d->tail = cpu_to_le64(s->tail);
	d->tail_tx = cpu_to_le64(s->tail_tx);
	d->generation = cpu_to_le64(s->generation);
	d->label_epoch = cpu_to_le64(s->label_epoch);
	memcpy(d->policy, s->policy, sizeof(d->policy));
	seal(d, SC_DISK_SUPER, &id);
}

/* The sizes follow from few of them: the others must be as we compute them. */
static int decode_geom(const struct sc_disk_super *d, u64 location,
		       struct sc_super *s, struct sc_reason *why)
{
	s->cache_sectors = le64_to_cpu(d->cache_sectors);
	if (sc_geom_init(&s->geom, le32_to_cpu(d->block_sectors),
			 le64_to_cpu(d->origin_sectors), s->cache_sectors,
			 NULL))
		return refuse(why, SC_DISK_SUPER, location, "impossible sizes",
			      s->cache_sectors);
	if (le32_to_cpu(d->sub_sectors) != 1u << s->geom.sub_shift)
		return refuse(why, SC_DISK_SUPER, location,
			      "wrong sub-block size",
			      le32_to_cpu(d->sub_sectors));
	if (le64_to_cpu(d->data_offset) != s->geom.data_offset)
		return refuse(why, SC_DISK_SUPER, location, "wrong data offset",
			      le64_to_cpu(d->data_offset));
	if (le32_to_cpu(d->nr_slots) != s->geom.nr_slots)
		return refuse(why, SC_DISK_SUPER, location,
			      "wrong number of slots",
			      le32_to_cpu(d->nr_slots));
	return 0;
}

static int decode_layout(const struct sc_disk_super *d, u64 location,
			 struct sc_super *s, struct sc_reason *why)
{
	struct sc_layout *l = &s->layout;

	l->nr_blocks = le64_to_cpu(d->nr_blocks);
	l->map_start = le64_to_cpu(d->map_start);
	l->journal_start = le64_to_cpu(d->journal_start);
	l->pages_start = le64_to_cpu(d->pages_start);
	l->map_blocks = le32_to_cpu(d->map_blocks);
	l->journal_blocks = le32_to_cpu(d->journal_blocks);
	l->nr_pages = le32_to_cpu(d->nr_pages);
	if (sc_layout_check(l))
		return refuse(why, SC_DISK_SUPER, location, "impossible layout",
			      l->nr_blocks);
	if (s->geom.nr_slots > sc_layout_capacity(l))
		return refuse(why, SC_DISK_SUPER, location,
			      "more slots than room", s->geom.nr_slots);
	return 0;
}

static int decode_state(const struct sc_disk_super *d, u64 location,
			struct sc_super *s, struct sc_reason *why)
{
	s->seq = le64_to_cpu(d->head.seq);
	s->compat = le64_to_cpu(d->compat);
	s->ro_compat = le64_to_cpu(d->ro_compat);
	s->flags = le64_to_cpu(d->flags);
	s->checkpoint = le64_to_cpu(d->checkpoint);
	s->tail = (u32)le64_to_cpu(d->tail);
	s->tail_tx = le64_to_cpu(d->tail_tx);
	s->generation = le64_to_cpu(d->generation);
	s->label_epoch = le64_to_cpu(d->label_epoch);
	memcpy(s->policy, d->policy, sizeof(s->policy));
	if (s->flags & ~(u64)SC_DISK_FLAGS)
		return refuse(why, SC_DISK_SUPER, location, "unknown flags",
			      s->flags);
	if (le64_to_cpu(d->tail) >= s->layout.journal_blocks)
		return refuse(why, SC_DISK_SUPER, location,
			      "tail outside the journal",
			      le64_to_cpu(d->tail));
	/* Counters start at 1 and cannot have been counted to the end. */
	if (s->seq - 1 >= S64_MAX || s->tail_tx - 1 >= S64_MAX ||
	    s->label_epoch >= S64_MAX || s->generation > S64_MAX ||
	    s->checkpoint > S64_MAX)
		return refuse(why, SC_DISK_SUPER, location,
			      "impossible counter", s->tail_tx);
	return 0;
}

int sc_codec_super_decode(const void *buf, u64 location, struct sc_super *s,
			  struct sc_reason *why)
{
	const struct sc_disk_super *d = buf;
	u64 unknown;
	int r;

	r = open_any(buf, SC_DISK_SUPER, location, why);
	if (r)
		return r;
	/* First, because such a feature may change what follows. */
	unknown = le64_to_cpu(d->incompat) & ~KNOWN_INCOMPAT;
	if (unknown) {
		sc_reason_set(
			why,
			"superblock: unknown incompatible features %#llx, a newer ssdcache is needed",
			(unsigned long long)unknown);
		return -EINVAL;
	}
	memcpy(s->uuid, d->head.uuid, sizeof(s->uuid));
	r = decode_geom(d, location, s, why);
	if (!r)
		r = decode_layout(d, location, s, why);
	if (!r)
		r = decode_state(d, location, s, why);
	return r;
}

/* ---- map ------------------------------------------------------------------- */

void sc_codec_map_encode(void *buf, const struct sc_block_id *id, u32 index,
			 const u8 *state)
{
	struct sc_disk_map *d = buf;

	memset(d->pad, 0, sizeof(d->pad));
	d->index = cpu_to_le32(index);
	d->region = cpu_to_le32(id->seq & 1);
	memcpy(d->state, state, sizeof(d->state));
	seal(d, SC_DISK_MAP, id);
}

int sc_codec_map_decode(const void *buf, const struct sc_block_id *id,
			u32 index, u8 *state, struct sc_reason *why)
{
	const struct sc_disk_map *d = buf;
	u32 i;
	int r;

	r = open_own(buf, SC_DISK_MAP, id, why);
	if (r)
		return r;
	if (le64_to_cpu(d->head.seq) != id->seq)
		return refuse(why, SC_DISK_MAP, id->location,
			      "of another checkpoint",
			      le64_to_cpu(d->head.seq));
	if (le32_to_cpu(d->index) != index)
		return refuse(why, SC_DISK_MAP, id->location, "another index",
			      le32_to_cpu(d->index));
	if (le32_to_cpu(d->region) != (id->seq & 1))
		return refuse(why, SC_DISK_MAP, id->location, "another region",
			      le32_to_cpu(d->region));
	/* Both bits of a page set: no such copy. */
	for (i = 0; i < SC_DISK_MAP_BYTES; i++)
		if (d->state[i] & (d->state[i] >> 1) & 0x55)
			return refuse(why, SC_DISK_MAP, id->location,
				      "impossible page state", d->state[i]);
	memcpy(state, d->state, sizeof(d->state));
	return 0;
}

/* ---- the state of a slot --------------------------------------------------- */

void sc_record_trim(const struct sc_geom *g, struct sc_record *rec)
{
	if (rec->valid && from_oblock(rec->block) < g->nr_oblocks)
		rec->valid &= sc_geom_subs(g, rec->block);
	rec->dirty &= rec->valid;
	if (!rec->valid) {
		rec->block = to_oblock(0);
		rec->hint = 0;
	}
}

const char *sc_record_fault(const struct sc_geom *g,
			    const struct sc_record *rec, u64 *got)
{
	*got = from_cblock(rec->slot);
	if (*got >= g->nr_slots)
		return "slot out of range";
	*got = from_oblock(rec->block);
	if (!rec->valid)
		return *got || rec->dirty || rec->hint
			       ? "unmapped slot not empty"
			       : NULL;
	if (*got >= g->nr_oblocks)
		return "origin block out of range";
	*got = rec->valid;
	if (rec->valid & ~sc_geom_subs(g, rec->block))
		return "sub-blocks that do not exist";
	*got = rec->dirty;
	if (rec->dirty & ~rec->valid)
		return "dirty sub-blocks that are not valid";
	return NULL;
}

static void put_entry(struct sc_disk_entry *e, const struct sc_record *rec)
{
	e->block_lo = cpu_to_le32((u32)from_oblock(rec->block));
	e->block_hi = cpu_to_le16((u16)(from_oblock(rec->block) >> 32));
	e->valid = cpu_to_le16(rec->valid);
	e->dirty = cpu_to_le16(rec->dirty);
	e->hint = rec->hint;
	e->flags = 0;
}

/* Bits of block_hi that should be zero make the block too large. */
static const char *get_entry(const struct sc_disk_entry *e, u32 slot,
			     const struct sc_geom *g, struct sc_record *rec,
			     u64 *got)
{
	rec->slot = to_cblock(slot);
	rec->hint = e->hint;
	rec->valid = le16_to_cpu(e->valid);
	rec->dirty = le16_to_cpu(e->dirty);
	rec->block = to_oblock((u64)le16_to_cpu(e->block_hi) << 32 |
			       le32_to_cpu(e->block_lo));
	*got = e->flags;
	if (e->flags)
		return "unknown flags";
	return sc_record_fault(g, rec, got);
}

/* ---- table page ------------------------------------------------------------ */

void sc_codec_page_begin(void *buf)
{
	memset(buf, 0, SC_DISK_BLOCK);
}

void sc_codec_page_put(void *buf, u32 i, const struct sc_record *rec)
{
	struct sc_disk_page *d = buf;

	put_entry(&d->entry[i], rec);
}

void sc_codec_page_seal(void *buf, const struct sc_block_id *id, u32 page)
{
	struct sc_disk_page *d = buf;

	d->page = cpu_to_le32(page);
	seal(d, SC_DISK_PAGE, id);
}

int sc_codec_page_open(const void *buf, const struct sc_block_id *id, u32 page,
		       struct sc_reason *why)
{
	const struct sc_disk_page *d = buf;
	int r;

	r = open_own(buf, SC_DISK_PAGE, id, why);
	if (r)
		return r;
	if (le32_to_cpu(d->page) != page)
		return refuse(why, SC_DISK_PAGE, id->location, "another page",
			      le32_to_cpu(d->page));
	if (le64_to_cpu(d->head.seq) > id->seq)
		return refuse(why, SC_DISK_PAGE, id->location,
			      "of a later checkpoint",
			      le64_to_cpu(d->head.seq));
	return 0;
}

/* Entries that only differ from sc_page_next_whole()'s by being dirty are fast. */
int sc_codec_page_read(const void *buf, u32 page, const struct sc_geom *g,
		       struct sc_records *recs, struct sc_reason *why)
{
	const struct sc_disk_page *d = buf;
	u32 begin = page * SC_PAGE_ENTRIES, i = recs->next;
	struct sc_record *rec = &recs->rec[recs->nr];
	struct sc_page_cursor bounds;
	u16 all = sc_all_subs(g);
	const char *fault = NULL;
	struct sc_entry_words w;
	u64 block, got;

	sc_page_cursor_init(&bounds, buf, page, g);
	for (; i < SC_PAGE_ENTRIES && !fault; i++) {
		memcpy(&w, &d->entry[i], sizeof(w));
		block = le64_to_cpu(w.head) - bounds.head;
		if (likely(block < bounds.nr_blocks &&
			   !(le32_to_cpu(w.tail) & ~(SC_TAIL_HINT | all)))) {
			rec->slot = to_cblock(begin + i);
			rec->hint = (u8)(le32_to_cpu(w.tail) >> SC_TAIL_HINT_SHIFT);
			rec->valid = all;
			rec->dirty = (u16)le32_to_cpu(w.tail);
			rec->block = to_oblock(block);
			rec++;
		} else if (w.head || w.tail) {
			fault = get_entry(&d->entry[i], begin + i, g, rec,
					  &got);
			rec += !fault;
		}
	}
	recs->next = i;
	recs->nr = rec - recs->rec;
	if (!fault)
		return 0;
	sc_reason_set(why, "corrupt page block %llu slot %u: %s, got %llu",
		      (unsigned long long)le64_to_cpu(d->head.location),
		      begin + i - 1, fault, (unsigned long long)got);
	return -EUCLEAN;
}

/* ---- journal block --------------------------------------------------------- */

void sc_codec_journal_begin(void *buf)
{
	memset(buf, 0, SC_DISK_BLOCK);
}

void sc_codec_journal_put(void *buf, u32 i, const struct sc_record *rec)
{
	struct sc_disk_journal *d = buf;

	d->record[i].slot = cpu_to_le32(from_cblock(rec->slot));
	put_entry(&d->record[i].entry, rec);
}

void sc_codec_journal_seal(void *buf, const struct sc_block_id *id,
			   const struct sc_tx_block *tx)
{
	struct sc_disk_journal *d = buf;

	d->index = cpu_to_le16(tx->index);
	d->count = cpu_to_le16(tx->count);
	d->nr_records = cpu_to_le16(tx->nr_records);
	d->generation = cpu_to_le64(tx->generation);
	seal(d, SC_DISK_JOURNAL, id);
}

int sc_codec_journal_open(const void *buf, struct sc_block_id *id,
			  struct sc_tx_block *tx, struct sc_reason *why)
{
	const struct sc_disk_journal *d = buf;
	int r;

	r = open_own(buf, SC_DISK_JOURNAL, id, why);
	if (r)
		return r;
	id->seq = le64_to_cpu(d->head.seq);
	tx->index = le16_to_cpu(d->index);
	tx->count = le16_to_cpu(d->count);
	tx->nr_records = le16_to_cpu(d->nr_records);
	tx->generation = le64_to_cpu(d->generation);
	if (tx->index >= tx->count || tx->count > SC_MAX_TX_BLOCKS)
		return refuse(why, SC_DISK_JOURNAL, id->location,
			      "impossible place in transaction", tx->index);
	if (!tx->nr_records || tx->nr_records > SC_JOURNAL_RECORDS)
		return refuse(why, SC_DISK_JOURNAL, id->location,
			      "impossible number of records", tx->nr_records);
	/* A repair goes on counting behind it. */
	if (id->seq - 1 >= S64_MAX - 1 || tx->generation > S64_MAX)
		return refuse(why, SC_DISK_JOURNAL, id->location,
			      "impossible counter", id->seq);
	return 0;
}

u32 sc_codec_journal_slot(const void *buf, u32 i)
{
	const struct sc_disk_journal *d = buf;

	return le32_to_cpu(d->record[i].slot);
}

int sc_codec_journal_get(const void *buf, u32 i, const struct sc_geom *g,
			 struct sc_record *rec, struct sc_reason *why)
{
	const struct sc_disk_journal *d = buf;
	const char *fault;
	u64 got;

	fault = get_entry(&d->record[i].entry, sc_codec_journal_slot(buf, i), g,
			  rec, &got);
	if (!fault)
		return 0;
	sc_reason_set(why, "corrupt journal block %llu record %u: %s, got %llu",
		      (unsigned long long)le64_to_cpu(d->head.location), i,
		      fault, (unsigned long long)got);
	return -EUCLEAN;
}

/* ---- label ----------------------------------------------------------------- */

void sc_codec_label_encode(void *buf, const struct sc_block_id *id)
{
	memset(buf, 0, SC_DISK_BLOCK);
	seal(buf, SC_DISK_LABEL, id);
}

int sc_codec_label_decode(const void *buf, u64 location, u8 *uuid, u64 *epoch,
			  struct sc_reason *why)
{
	const struct sc_disk_label *d = buf;
	int r;

	r = open_any(buf, SC_DISK_LABEL, location, why);
	if (r)
		return r;
	if (le64_to_cpu(d->head.seq) - 1 >= S64_MAX)
		return refuse(why, SC_DISK_LABEL, location, "impossible epoch",
			      le64_to_cpu(d->head.seq));
	memcpy(uuid, d->head.uuid, sizeof(d->head.uuid));
	*epoch = le64_to_cpu(d->head.seq);
	return 0;
}
