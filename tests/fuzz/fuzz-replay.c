// SPDX-License-Identifier: GPL-2.0-only
/*
 * Journals, possible and impossible, through replay. Beside it stands a plain
 * statement of what replay has to find, on the values that the journal was
 * made of.
 */
#include "codec.h"
#include "raw-format.h"
#include "fuzz.h"

/* Larger than what replay reads at a time. */
#define RING		160u
#define RING_START	4u
#define MAX_RECORDS	3u
#define FIRST_TX	1000u

/* 256 blocks: superblocks 0, 1; maps 2, 3; the journal; pages behind it. */
static const struct sc_meta_params params = {
	.metadata_sectors = 256 * 8,
	.cache_sectors = 400 * 8 + 16,
	.origin_sectors = 100003,
	.block_sectors = 8,
	.journal_blocks = RING,
	.uuid = { 0xab, 0xcd },
};

/**
 * struct ring_block - what a block of the ring says
 * @there: whether it says anything
 * @tx: its transaction
 * @place: its place there
 * @rec: its records; the rest of @place.nr_records repeats them
 */
struct ring_block {
	bool there;
	u64 tx;
	struct sc_tx_block place;
	struct sc_record rec[MAX_RECORDS];
};

/**
 * struct log - a journal, and what it makes of the table
 * @tail: where it begins
 * @generation: the superblock's
 * @block: by place in the ring
 * @view: what the slots hold
 * @nr_slots: how many there are
 */
struct log {
	u32 tail;
	u64 generation;
	struct ring_block block[RING];
	struct sc_record view[400];
	u32 nr_slots;
};

/* ---- making one ------------------------------------------------------------ */

static struct sc_record take_record(struct bytes *in)
{
	u64 bits = take(in, 4);

	return (struct sc_record){
		/* One of 256 is out of range, and so for the block. */
		.slot = to_cblock((bits & 0xff) == 0xff ? 400 :
							  (bits & 0xff)),
		.block = to_oblock((bits >> 8 & 0x3ff) == 0x3ff ?
					   12501 : bits >> 8 & 0x3ff),
		.valid = bits >> 18 & 1,
		.dirty = bits >> 19 & bits >> 18 & 1,
		.hint = bits >> 18 & 1 ? bits >> 24 : 0,
	};
}

/* An unmapped slot has no block; one of 16 has, and is wrong. */
static void trim(struct sc_record *rec, u8 how)
{
	if (!rec->valid && (how & 15) != 15)
		rec->block = to_oblock(0);
}

static void take_block(struct ring_block *b, struct bytes *in)
{
	u8 how = take(in, 1);
	u32 i;

	b->there = true;
	b->place.nr_records = 1 + (how & 3);
	for (i = 0; i < MAX_RECORDS; i++) {
		b->rec[i] = take_record(in);
		trim(&b->rec[i], how);
	}
}

/* Transactions as the engine writes them. */
static void add_run(struct log *log, struct bytes *in)
{
	u32 at = log->tail + take(in, 1);
	u64 tx = FIRST_TX + take(in, 1);
	u32 count = take(in, 1) % 9 + 1;
	u32 nr = take(in, 1) % 40;
	u64 generation = take(in, 1) % 8;
	struct ring_block *b, proto = {};
	u32 i;

	take_block(&proto, in);
	for (i = 0; i < nr * count; i++) {
		b = &log->block[(at + i) % RING];
		*b = proto;
		b->tx = tx + i / count;
		b->place.generation = generation;
		b->place.index = i % count;
		b->place.count = count;
		b->rec[0].slot = to_cblock((from_cblock(proto.rec[0].slot) +
					    i) % 400);
	}
}

/* Any block anywhere. */
static void add_block(struct log *log, struct bytes *in)
{
	struct ring_block *b = &log->block[(log->tail + take(in, 1)) % RING];

	b->tx = FIRST_TX + (s64)(int8_t)take(in, 1);
	b->place.index = take(in, 1);
	b->place.count = take(in, 1);
	b->place.generation = take(in, 1) % 8;
	take_block(b, in);
}

static void drop_block(struct log *log, struct bytes *in)
{
	log->block[(log->tail + take(in, 1)) % RING].there = false;
}

static void make_log(struct log *log, struct bytes *in)
{
	log->tail = take(in, 1) % RING;
	log->generation = take(in, 1) % 8;
	while (in->nr) {
		switch (take(in, 1) % 3) {
		case 0:
			add_run(log, in);
			break;
		case 1:
			add_block(log, in);
			break;
		default:
			drop_block(log, in);
		}
	}
}

static void write_block(const struct ring_block *b, u32 location, u8 *buf)
{
	struct sc_block_id id = {
		.uuid = params.uuid, .location = location, .seq = b->tx,
	};
	u32 i;

	sc_codec_journal_begin(buf);
	for (i = 0; i < b->place.nr_records; i++)
		sc_codec_journal_put(buf, i, &b->rec[i % MAX_RECORDS]);
	sc_codec_journal_seal(buf, &id, &b->place);
}

/* Of what was there before, nothing is left. */
static void write_log(const struct log *log, struct image *img)
{
	u32 i;
	u8 *buf;

	for (i = 0; i < 2; i++) {
		buf = image_block(img, i);
		format_set(buf, "super.tail", log->tail);
		format_set(buf, "super.tail_tx", FIRST_TX);
		format_set(buf, "super.generation", log->generation);
		format_set(buf, "super.flags", 0);
	}
	for (i = 0; i < RING; i++) {
		buf = image_block(img, RING_START + i);
		memset(buf, 0, SC_META_BLOCK_BYTES);
		if (log->block[i].there)
			write_block(&log->block[i], RING_START + i, buf);
	}
}

/* ---- what replay has to find ----------------------------------------------- */

static const struct ring_block *at(const struct log *log, u32 offset)
{
	return &log->block[(log->tail + offset) % RING];
}

static bool sound(const struct ring_block *b)
{
	return b->there && b->place.index < b->place.count &&
	       b->place.count <= SC_MAX_TX_BLOCKS;
}

/* Blocks of the transaction @tx that begins there and is complete, or 0. */
static u32 whole_tx(const struct log *log, u32 offset, u64 tx, u64 generation)
{
	const struct ring_block *b = at(log, offset);
	u32 count = b->place.count, i;

	if (offset == RING || !sound(b) || count > RING - offset ||
	    b->place.generation < generation ||
	    b->place.generation > log->generation)
		return 0;
	for (i = 0; i < count; i++, b = at(log, offset + i))
		if (!sound(b) || b->tx != tx || b->place.index != i ||
		    b->place.count != count || b->place.generation !=
		    at(log, offset)->place.generation)
			return 0;
	return count;
}

static bool apply(struct log *log, const struct ring_block *b)
{
	const struct sc_record *rec;
	u32 i, slot;

	for (i = 0; i < b->place.nr_records; i++) {
		rec = &b->rec[i % MAX_RECORDS];
		slot = from_cblock(rec->slot);
		if (slot >= log->nr_slots || from_oblock(rec->block) > 12500 ||
		    (!rec->valid && from_oblock(rec->block)))
			return false;
		log->view[slot] = *rec;
	}
	return true;
}

/* Returns whether the journal is sound. */
static bool expect(struct log *log)
{
	u64 tx = FIRST_TX, generation = 0;
	u32 offset = 0, end, count;
	const struct ring_block *b;

	while ((count = whole_tx(log, offset, tx, generation))) {
		generation = at(log, offset)->place.generation;
		for (end = offset + count; offset < end; offset++)
			if (!apply(log, at(log, offset)))
				return false;
		tx++;
	}
	for (; offset < RING; offset++) {
		b = at(log, offset);
		if (sound(b) && (b->tx > tx ||
				 (b->tx == tx &&
				  b->place.index + 1 == b->place.count)))
			return false;
	}
	return true;
}

/* ---- both ------------------------------------------------------------------ */

static struct image *good_image(void)
{
	static struct image img;

	if (!img.meta) {
		image_init(&img, &params);
		image_make(&img);
		image_shut_down(&img);
	}
	return &img;
}

/* What the table alone says. */
static void begin_view(struct log *log)
{
	static struct world w;

	if (!w.m)
		assert(!world_open(&w, good_image(), false));
	log->nr_slots = sc_meta_geom(w.m)->nr_slots;
	assert(log->nr_slots == ARRAY_SIZE(log->view));
	memcpy(log->view, w.view, sizeof(log->view));
}

static void compare(const struct log *log, const struct world *w)
{
	const struct sc_record *a, *b;
	u32 i;

	for (i = 0; i < log->nr_slots; i++) {
		a = &log->view[i];
		b = &w->view[i];
		fuzz_must(a->valid == b->valid && a->dirty == b->dirty &&
			  a->block == b->block && a->hint == b->hint,
			  "slot %u is not as the journal says", i);
	}
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	static struct image img;
	static struct log log;
	struct bytes in = { data, size };
	struct world w;
	bool sound;
	int r;

	if (!img.meta)
		image_init(&img, &params);
	image_copy(&img, good_image());
	memset(&log, 0, sizeof(log));
	make_log(&log, &in);
	begin_view(&log);
	write_log(&log, &img);
	sound = expect(&log);
	r = world_open(&w, &img, false);
	if (strstr(w.why.text, "held twice"))
		r = 0;
	fuzz_must(!r == sound, "journal %s, but load says %d %s",
		  sound ? "sound" : "damaged", r, w.why.text);
	if (sound)
		compare(&log, &w);
	world_close(&w);
	fuzz_load(&img, !sound);
	return 0;
}
