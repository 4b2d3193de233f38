// SPDX-License-Identifier: GPL-2.0-only
/*
 * From the bytes of an input to the devices of a cache. A good image is made
 * first, then changed as the input says, operation by operation, and sealed
 * again: random changes have valid checksums and reach what is behind those.
 */
#include "raw-format.h"
#include "fuzz.h"
#include "geometry.h"

/* 64 blocks: superblocks 0, 1; maps 2, 3; journal 4 to 19; pages 20 to 51. */
static const struct sc_meta_params small = {
	.metadata_sectors = 64 * 8,
	.cache_sectors = 400 * 8 + 16,
	.origin_sectors = 100003,
	.block_sectors = 8,
	.journal_blocks = 16,
	.uuid = { 0xab, 0xcd },
	.policy = "s3fifo",
};

enum base { BASE_CRASHED, BASE_CLEAN, BASE_SUBS, BASE_FRESH, NR_BASES };

static struct image *base_image(enum base base)
{
	static struct image images[NR_BASES];
	struct image *img = &images[base];
	struct sc_meta_params p = small;

	if (img->meta)
		return img;
	if (base == BASE_SUBS) {
		p.block_sectors = 128;
		p.cache_sectors = 402 * 128;
		p.origin_sectors = (1ULL << 37) + 12345;
	}
	image_init(img, &p);
	if (base != BASE_FRESH)
		image_make(img);
	if (base == BASE_CLEAN)
		image_shut_down(img);
	return img;
}

/* ---- operations ------------------------------------------------------------ */

static u8 *pick(struct image *img, struct bytes *in)
{
	return image_block(img, take(in, 1) % img->nr_blocks);
}

static void op_raw(struct image *img, struct bytes *in)
{
	u8 *buf = pick(img, in);
	u32 at = take(in, 2) % SC_META_BLOCK_BYTES;
	u32 nr = take(in, 1) % 32 + 1;

	while (nr-- && at < SC_META_BLOCK_BYTES)
		buf[at++] = take(in, 1);
	format_seal(buf);
}

static void op_field(struct image *img, struct bytes *in)
{
	u8 *buf = pick(img, in);
	u32 n = take(in, 1) % format_nr_fields();

	format_set_nth(buf, n, take(in, 8));
}

static void op_supers(struct image *img, struct bytes *in)
{
	u32 n = take(in, 1) % format_nr_fields();
	u64 value = take(in, 8);

	/* Neither may say that it is elsewhere: that is op_field()'s. */
	format_set_nth(image_block(img, 0), n, value);
	format_set_nth(image_block(img, 1), n, value);
	format_set(image_block(img, 0), "header.location", 0);
	format_set(image_block(img, 1), "header.location", 1);
}

static struct format_entry take_entry(struct bytes *in)
{
	struct format_entry e = {
		.block = take(in, 2),
		.valid = take(in, 2),
		.dirty = take(in, 2),
		.hint = take(in, 1),
	};
	u8 more = take(in, 1);

	/* Mostly in range. */
	if (more & 0x80)
		e.block |= take(in, 4) << 16;
	if ((more & 0x60) == 0x60)
		e.flags = more;
	if (more & 1)
		e.dirty &= e.valid;
	if (more & 2)
		e.valid = e.dirty = 1;
	return e;
}

static void op_entry(struct image *img, struct bytes *in)
{
	u8 *buf = pick(img, in);
	u32 i = take(in, 2) % SC_PAGE_ENTRIES;
	struct format_entry e = take_entry(in);

	format_set_entry(buf, i, &e);
}

static void op_record(struct image *img, struct bytes *in)
{
	u8 *buf = pick(img, in);
	u32 i = take(in, 1) % SC_JOURNAL_RECORDS;
	u32 slot = take(in, 2);
	struct format_entry e = take_entry(in);

	if (slot == 0xffff)
		slot = take(in, 4);
	format_set_record(buf, i, slot, &e);
}

static void op_state(struct image *img, struct bytes *in)
{
	u8 *buf = pick(img, in);
	u32 page = take(in, 1);

	format_set_state(buf, page, take(in, 1) & 3);
}

static void op_move(struct image *img, struct bytes *in)
{
	u8 *to = pick(img, in);

	memcpy(to, pick(img, in), SC_META_BLOCK_BYTES);
	format_set(to, "header.location",
		   (to - img->meta) / SC_META_BLOCK_BYTES);
}

static void op_zero(struct image *img, struct bytes *in)
{
	memset(pick(img, in), 0, SC_META_BLOCK_BYTES);
}

static void op_bad(struct image *img, struct bytes *in)
{
	img->bad = take(in, 1) % img->nr_blocks;
}

static void op_rot(struct image *img, struct bytes *in)
{
	u8 *buf = pick(img, in);

	buf[take(in, 2) % SC_META_BLOCK_BYTES] ^= take(in, 1);
}

static void op_label(struct image *img, struct bytes *in)
{
	u8 *buf = img->label[take(in, 1) & 1].data;
	u32 n = take(in, 1) % format_nr_fields();

	format_set_nth(buf, n, take(in, 8));
}

static void (*const ops[])(struct image *img, struct bytes *in) = {
	op_raw, op_field, op_supers, op_entry, op_record, op_state, op_move,
	op_zero, op_bad, op_rot, op_label,
};

/* ---- the table ------------------------------------------------------------- */

/* What the table may ask for that is not as it was. */
static void change_table(struct sc_meta_params *p, u8 how)
{
	if (how & 1)
		p->cache_sectors -= p->cache_sectors / (how & 2 ? 2 : 7);
	if (how & 4)
		p->origin_sectors -= how & 8 ? 1 : p->origin_sectors / 2;
	if (how & 16)
		memcpy(p->policy, "lru", sizeof("lru"));
	if (how & 32)
		p->cache_sectors += 64 * p->block_sectors;
	if (how & 64)
		p->origin_sectors += 3;
	if (how & 128)
		p->step_pages = 1;
}

struct image *fuzz_image(struct bytes *in)
{
	static struct image copies[NR_BASES];
	u32 base = take(in, 1) % NR_BASES;
	const struct image *good = base_image(base);
	struct image *img = &copies[base];
	u8 table = take(in, 1);

	if (!img->meta)
		image_init(img, &good->p);
	image_copy(img, good);
	/* What this cache gets if it is formatted: random in the module. */
	img->p.uuid[15]++;
	change_table(&img->p, table);
	while (in->nr)
		ops[take(in, 1) % ARRAY_SIZE(ops)](img, in);
	return img;
}
