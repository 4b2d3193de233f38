// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/codec: what is encoded decodes to the same, and nothing else decodes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "codec.h"
#include "random.h"

static u8 buf[SC_META_BLOCK_BYTES];
static const u8 uuid[SC_UUID_BYTES] = { 9, 8, 7, 6, 5 };
static const u8 other_uuid[SC_UUID_BYTES] = { 9, 8, 7, 6, 4 };
static struct sc_reason why;

static struct sc_geom geom_of(u32 block)
{
	struct sc_geom g;

	assert_int_equal(sc_geom_init(&g, block, (1ULL << 40) + 3,
				      1ULL << 32, NULL), 0);
	return g;
}

/* Returns the checksum to a block that a test has changed. */
static void restamp(void)
{
	u32 crc = htole32(sc_env_crc32c(buf + 12, sizeof(buf) - 12));

	memcpy(buf + 8, &crc, sizeof(crc));
}

static void poke(u32 offset, u64 value, u32 bytes)
{
	value = htole64(value);
	memcpy(buf + offset, &value, bytes);
	restamp();
}

/* ---- making blocks --------------------------------------------------------- */

static struct sc_super random_super(void)
{
	static const u32 block[] = { 8, 16, 128, 256, 2048 };
	struct sc_super s = {
		.seq = 1 + (random_u64() >> 2),
		.compat = random_u64(),
		.ro_compat = random_u64(),
		.flags = random_below(4),
		.checkpoint = random_u64() >> 1,
		.tail_tx = 1 + (random_u64() >> 2),
		.generation = random_u64() >> 1,
		.label_epoch = 1 + (random_u64() >> 2),
		.policy = "lru",
	};
	u32 sectors = block[random_below(5)];

	memcpy(s.uuid, uuid, sizeof(s.uuid));
	s.cache_sectors = sectors * (2ULL + random_below(1000000)) + 13;
	assert_int_equal(sc_geom_init(&s.geom, sectors, random_u64() >> 22 | 1,
				      s.cache_sectors, NULL), 0);
	assert_int_equal(sc_layout_init(&s.layout,
					sc_meta_size_needed(s.geom.nr_slots) +
					random_below(10000), 0, NULL), 0);
	s.tail = random_below(s.layout.journal_blocks);
	return s;
}

static struct sc_record random_record(const struct sc_geom *g)
{
	struct sc_record rec = {
		.slot = to_cblock(random_below(g->nr_slots)),
		.hint = random_u64(),
		.valid = random_u64(),
		.dirty = random_u64(),
		.block = to_oblock(random_u64() % g->nr_oblocks),
	};

	if (!random_below(8))
		rec.block = to_oblock(g->nr_oblocks - 1);
	rec.valid &= random_below(4) ? 0xffff : 0;
	sc_record_trim(g, &rec);
	return rec;
}

static void assert_same_record(const struct sc_record *a,
			       const struct sc_record *b)
{
	assert_int_equal(from_cblock(a->slot), from_cblock(b->slot));
	assert_int_equal(from_oblock(a->block), from_oblock(b->block));
	assert_int_equal(a->valid, b->valid);
	assert_int_equal(a->dirty, b->dirty);
	assert_int_equal(a->hint, b->hint);
}

/* ---- round trips ----------------------------------------------------------- */

static void test_super(void **state)
{
	struct sc_super s, got;
	u32 i;

	(void)state;
	for (i = 0; i < 2000; i++) {
		s = random_super();
		sc_codec_super_encode(buf, &s, i & 1);
		memset(&got, 0xee, sizeof(got));
		if (sc_codec_super_decode(buf, i & 1, &got, &why))
			fail_msg("%s", why.text);
		assert_memory_equal(got.uuid, s.uuid, sizeof(s.uuid));
		assert_memory_equal(got.policy, s.policy, sizeof(s.policy));
		assert_int_equal(got.seq, s.seq);
		assert_int_equal(got.compat, s.compat);
		assert_int_equal(got.ro_compat, s.ro_compat);
		assert_int_equal(got.flags, s.flags);
		assert_int_equal(got.checkpoint, s.checkpoint);
		assert_int_equal(got.cache_sectors, s.cache_sectors);
		assert_int_equal(got.tail, s.tail);
		assert_int_equal(got.tail_tx, s.tail_tx);
		assert_int_equal(got.generation, s.generation);
		assert_int_equal(got.label_epoch, s.label_epoch);
		assert_memory_equal(&got.geom, &s.geom, sizeof(s.geom));
		assert_int_equal(got.layout.nr_blocks, s.layout.nr_blocks);
		assert_int_equal(got.layout.nr_pages, s.layout.nr_pages);
		assert_int_equal(got.layout.pages_start, s.layout.pages_start);
		assert_int_equal(sc_codec_super_decode(buf, !(i & 1), &got,
						       &why), -EUCLEAN);
	}
}

static void test_map(void **state)
{
	struct sc_block_id id = { uuid, 77, 6 }, bad;
	u8 states[SC_MAP_PAGES / 4] = {}, got[SC_MAP_PAGES / 4];
	u32 i;

	(void)state;
	for (i = 0; i < SC_MAP_PAGES; i++)
		sc_state_set(states, i, random_below(3));
	sc_codec_map_encode(buf, &id, 5, states);
	assert_int_equal(sc_codec_map_decode(buf, &id, 5, got, &why), 0);
	assert_memory_equal(states, got, sizeof(got));
	assert_int_equal(sc_codec_map_decode(buf, &id, 4, got, &why),
			 -EUCLEAN);
	bad = id;
	bad.seq = 8;
	assert_int_equal(sc_codec_map_decode(buf, &bad, 5, got, &why),
			 -EUCLEAN);
	assert_string_equal(why.text,
			    "corrupt map block 77: of another checkpoint, got 6");
	bad = id;
	bad.uuid = other_uuid;
	assert_int_equal(sc_codec_map_decode(buf, &bad, 5, got, &why),
			 -EUCLEAN);
	for (i = 0; i < SC_MAP_PAGES; i += 1 + random_below(500)) {
		sc_codec_map_encode(buf, &id, 5, states);
		buf[64 + i / 4] |= 3 << i % 4 * 2;
		restamp();
		assert_int_equal(sc_codec_map_decode(buf, &id, 5, got, &why),
				 -EUCLEAN);
	}
}

static void test_state_bits(void **state)
{
	u8 states[8], before[8];
	u32 i, value, k;

	(void)state;
	for (i = 0; i < 32; i++)
		for (value = 0; value < 3; value++) {
			for (k = 0; k < 8; k++)
				states[k] = random_u64();
			memcpy(before, states, sizeof(before));
			sc_state_set(states, i, value);
			for (k = 0; k < 32; k++)
				assert_int_equal(sc_state_get(states, k),
						 k == i ? value :
						 sc_state_get(before, k));
		}
}

static void test_page(void **state)
{
	struct sc_block_id id = { uuid, 123, 9 };
	struct sc_record want[SC_PAGE_ENTRIES];
	struct sc_records got;
	struct sc_geom g;
	u32 shift, i, nr;

	(void)state;
	for (shift = 3; shift <= 11; shift++) {
		g = geom_of(1u << shift);
		sc_codec_page_begin(buf);
		for (i = 0; i < SC_PAGE_ENTRIES; i++) {
			want[i] = random_record(&g);
			want[i].slot = to_cblock(3 * SC_PAGE_ENTRIES + i);
			sc_codec_page_put(buf, i, &want[i]);
		}
		sc_codec_page_seal(buf, &id, 3);
		assert_int_equal(sc_codec_page_open(buf, &id, 3, &why), 0);
		got.next = 0;
		got.nr = 0;
		assert_int_equal(sc_codec_page_read(buf, 3, &g, &got, &why), 0);
		assert_int_equal(got.next, SC_PAGE_ENTRIES);
		for (i = 0, nr = 0; i < SC_PAGE_ENTRIES; i++)
			if (want[i].valid)
				assert_same_record(&got.rec[nr++], &want[i]);
		assert_int_equal(got.nr, nr);
	}
	assert_int_equal(sc_codec_page_open(buf, &id, 4, &why), -EUCLEAN);
	id.seq = 8;
	assert_int_equal(sc_codec_page_open(buf, &id, 3, &why), -EUCLEAN);
	assert_string_equal(why.text,
			    "corrupt page block 123: of a later checkpoint, got 9");
}

static void test_journal(void **state)
{
	struct sc_block_id id = { uuid, 55, 1ULL << 40 }, got_id = { uuid, 55, 0 };
	struct sc_tx_block tx = { 3, 62, 63, 252 }, got_tx;
	struct sc_record want[SC_JOURNAL_RECORDS], got;
	struct sc_geom g = geom_of(512);
	u32 i;

	(void)state;
	sc_codec_journal_begin(buf);
	for (i = 0; i < tx.nr_records; i++) {
		want[i] = random_record(&g);
		sc_codec_journal_put(buf, i, &want[i]);
	}
	sc_codec_journal_seal(buf, &id, &tx);
	assert_int_equal(sc_codec_journal_open(buf, &got_id, &got_tx, &why), 0);
	assert_int_equal(got_id.seq, id.seq);
	assert_int_equal(got_tx.generation, 3);
	assert_int_equal(got_tx.index, 62);
	assert_int_equal(got_tx.count, 63);
	assert_int_equal(got_tx.nr_records, 252);
	for (i = 0; i < tx.nr_records; i++) {
		assert_int_equal(sc_codec_journal_get(buf, i, &g, &got, &why),
				 0);
		assert_same_record(&got, &want[i]);
		assert_int_equal(sc_codec_journal_slot(buf, i),
				 from_cblock(want[i].slot));
	}
}

static void test_journal_places(void **state)
{
	static const struct {
		struct sc_tx_block tx;
		int r;
	} cases[] = {
		{ { 1, 0, 1, 1 }, 0 },
		{ { 1, 63, 64, 252 }, 0 },
		{ { 1, 1, 1, 1 }, -EUCLEAN },
		{ { 1, 0, 0, 1 }, -EUCLEAN },
		{ { 1, 0, 65, 1 }, -EUCLEAN },
		{ { 1, 0, 1, 0 }, -EUCLEAN },
		{ { 1, 0, 1, 253 }, -EUCLEAN },
		{ { 1, 0xffff, 0xffff, 1 }, -EUCLEAN },
	};
	struct sc_block_id id = { uuid, 55, 4 };
	struct sc_tx_block got;
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		sc_codec_journal_begin(buf);
		sc_codec_journal_seal(buf, &id, &cases[i].tx);
		assert_int_equal(sc_codec_journal_open(buf, &id, &got, &why),
				 cases[i].r);
	}
}

static void test_label(void **state)
{
	struct sc_block_id id = { uuid, 1ULL << 50, 4 };
	u8 got[SC_UUID_BYTES];
	u64 epoch;

	(void)state;
	sc_codec_label_encode(buf, &id);
	assert_int_equal(sc_codec_label_decode(buf, id.location, got, &epoch,
					       &why), 0);
	assert_memory_equal(got, uuid, sizeof(got));
	assert_int_equal(epoch, 4);
	assert_int_equal(sc_codec_label_decode(buf, 0, got, &epoch, &why),
			 -EUCLEAN);
	id.seq = 0;
	sc_codec_label_encode(buf, &id);
	assert_int_equal(sc_codec_label_decode(buf, id.location, got, &epoch,
					       &why), -EUCLEAN);
}

/* ---- nothing else decodes -------------------------------------------------- */

enum kind { SUPER, MAP, PAGE, JOURNAL, LABEL, NR_KINDS };

static void make(enum kind kind)
{
	struct sc_block_id id = { uuid, 1, 6 };
	struct sc_tx_block tx = { 3, 0, 1, 1 };
	struct sc_geom g = geom_of(512);
	struct sc_record rec = random_record(&g);
	u8 states[SC_MAP_PAGES / 4] = { 1 };
	struct sc_super s;

	switch (kind) {
	case SUPER:
		s = random_super();
		sc_codec_super_encode(buf, &s, 1);
		break;
	case MAP:
		sc_codec_map_encode(buf, &id, 5, states);
		break;
	case PAGE:
		sc_codec_page_begin(buf);
		sc_codec_page_put(buf, 7, &rec);
		sc_codec_page_seal(buf, &id, 3);
		break;
	case JOURNAL:
		sc_codec_journal_begin(buf);
		sc_codec_journal_put(buf, 0, &rec);
		sc_codec_journal_seal(buf, &id, &tx);
		break;
	default:
		sc_codec_label_encode(buf, &id);
	}
}

static int open_as(enum kind kind)
{
	struct sc_block_id id = { uuid, 1, 6 };
	u8 states[SC_MAP_PAGES / 4], got[SC_UUID_BYTES];
	struct sc_tx_block tx;
	struct sc_super s;
	u64 epoch;

	why.text[0] = 0;
	switch (kind) {
	case SUPER:
		return sc_codec_super_decode(buf, 1, &s, &why);
	case MAP:
		return sc_codec_map_decode(buf, &id, 5, states, &why);
	case PAGE:
		return sc_codec_page_open(buf, &id, 3, &why);
	case JOURNAL:
		return sc_codec_journal_open(buf, &id, &tx, &why);
	default:
		return sc_codec_label_decode(buf, 1, got, &epoch, &why);
	}
}

static void test_every_bit(void **state)
{
	enum kind kind;
	u32 bit;

	(void)state;
	for (kind = SUPER; kind < NR_KINDS; kind++) {
		make(kind);
		assert_int_equal(open_as(kind), 0);
		for (bit = 0; bit < 8 * sizeof(buf); bit++) {
			buf[bit / 8] ^= 1 << bit % 8;
			assert_int_equal(open_as(kind), -EUCLEAN);
			assert_memory_equal(why.text, "corrupt ", 8);
			buf[bit / 8] ^= 1 << bit % 8;
		}
		assert_int_equal(open_as(kind), 0);
	}
}

/* Half of the block is what was there before: a torn write. */
static void test_torn(void **state)
{
	u8 old[SC_META_BLOCK_BYTES];
	enum kind kind;
	u32 cut;

	(void)state;
	for (kind = MAP; kind < NR_KINDS; kind++)
		for (cut = 512; cut < sizeof(buf); cut += 512) {
			memset(old, 0xa5, sizeof(old));
			make(kind);
			memcpy(buf + cut, old + cut, sizeof(buf) - cut);
			assert_int_equal(open_as(kind), -EUCLEAN);
			make(kind);
			memcpy(buf, old, cut);
			assert_int_equal(open_as(kind), -EUCLEAN);
		}
}

static void test_confusion(void **state)
{
	enum kind made, opened;

	(void)state;
	for (made = SUPER; made < NR_KINDS; made++)
		for (opened = SUPER; opened < NR_KINDS; opened++) {
			make(made);
			assert_int_equal(open_as(opened),
					 made == opened ? 0 : -EUCLEAN);
			poke(12, 2, 2);
			assert_int_equal(open_as(opened), -EINVAL);
			assert_non_null(strstr(why.text,
					       "version 2 is not supported"));
		}
	memset(buf, 0, sizeof(buf));
	assert_true(sc_codec_is_zero(buf));
	assert_false(sc_codec_has_magic(buf));
	buf[4095] = 1;
	assert_false(sc_codec_is_zero(buf));
	make(LABEL);
	assert_true(sc_codec_has_magic(buf));
}

/* Members of a superblock out of range, the checksum right. */
static void test_super_ranges(void **state)
{
	static const struct {
		u32 offset;
		u32 bytes;
		u64 value;
		const char *what;
	} cases[] = {
		{ 64, 8, 1, "incompatible" },
		{ 72, 8, 4, "unknown flags" },
		{ 80, 8, ~0ULL, "impossible counter" },
		{ 88, 8, 0, "impossible sizes" },
		{ 88, 8, ~0ULL, "impossible sizes" },
		{ 96, 8, 0, "impossible sizes" },
		{ 104, 8, 9, "data offset" },
		{ 112, 4, 0, "impossible sizes" },
		{ 112, 4, 4096, "impossible sizes" },
		{ 116, 4, 1, "sub-block size" },
		{ 120, 4, 0, "number of slots" },
		{ 120, 4, ~0u, "number of slots" },
		{ 124, 4, 0, "impossible layout" },
		{ 128, 8, 1, "impossible layout" },
		{ 136, 8, 3, "impossible layout" },
		{ 144, 8, ~0ULL, "impossible layout" },
		{ 152, 8, 0, "impossible layout" },
		{ 160, 4, 8, "impossible layout" },
		{ 164, 4, 0, "impossible layout" },
		{ 168, 4, ~0u, "tail outside" },
		{ 172, 1, 1, "tail outside" },
		{ 176, 8, 0, "impossible counter" },
		{ 176, 8, ~0ULL, "impossible counter" },
		{ 184, 8, ~0ULL, "impossible counter" },
		{ 192, 8, ~0ULL, "impossible counter" },
		{ 40, 8, 0, "impossible counter" },
	};
	u32 i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		make(SUPER);
		poke(cases[i].offset, cases[i].value, cases[i].bytes);
		assert_int_not_equal(open_as(SUPER), 0);
		if (!strstr(why.text, cases[i].what))
			fail_msg("%u: no \"%s\": %s", i, cases[i].what,
				 why.text);
	}
}

/* Random bytes, with magic, type and checksum right: no crash, no nonsense. */
static void test_noise(void **state)
{
	struct sc_block_id id = { uuid, 1, 6 };
	struct sc_tx_block tx;
	struct sc_super s;
	u32 i, k, nr = 0;

	(void)state;
	for (i = 0; i < 3000; i++) {
		make(i & 1 ? SUPER : JOURNAL);
		for (k = 0; k < 1 + i % 7; k++)
			buf[48 + random_below(168)] = random_u64();
		restamp();
		if (i & 1) {
			if (sc_codec_super_decode(buf, 1, &s, &why))
				continue;
			assert_int_equal(sc_layout_check(&s.layout), 0);
			assert_true(s.geom.nr_slots <=
				    sc_layout_capacity(&s.layout));
		} else if (!sc_codec_journal_open(buf, &id, &tx, &why)) {
			assert_true(tx.index < tx.count &&
				    tx.nr_records <= SC_JOURNAL_RECORDS);
		} else {
			continue;
		}
		nr++;
	}
	assert_true(nr > 100);
}

/* ---- records --------------------------------------------------------------- */

static void test_bad_records(void **state)
{
	struct sc_geom g = geom_of(256);
	struct sc_record good = {
		.slot = to_cblock(g.nr_slots - 1), .hint = 1, .valid = 0xff00,
		.dirty = 0x0100, .block = to_oblock(g.nr_oblocks - 2),
	}, bad;
	u64 got;

	(void)state;
	assert_null(sc_record_fault(&g, &good, &got));
	bad = good;
	bad.slot = to_cblock(g.nr_slots);
	assert_string_equal(sc_record_fault(&g, &bad, &got),
			    "slot out of range");
	assert_int_equal(got, g.nr_slots);
	bad = good;
	bad.block = to_oblock(g.nr_oblocks);
	assert_string_equal(sc_record_fault(&g, &bad, &got),
			    "origin block out of range");
	bad = good;
	bad.dirty = 1;
	assert_string_equal(sc_record_fault(&g, &bad, &got),
			    "dirty sub-blocks that are not valid");
	/* The last block of this origin has one sub-block. */
	bad = good;
	bad.block = to_oblock(g.nr_oblocks - 1);
	assert_string_equal(sc_record_fault(&g, &bad, &got),
			    "sub-blocks that do not exist");
	sc_record_trim(&g, &bad);
	assert_null(sc_record_fault(&g, &bad, &got));
	assert_int_equal(bad.valid, 0);
	bad = (struct sc_record){ .hint = 1 };
	assert_string_equal(sc_record_fault(&g, &bad, &got),
			    "unmapped slot not empty");
}

static int read_page(const struct sc_geom *g, struct sc_records *recs)
{
	recs->next = 0;
	recs->nr = 0;
	return sc_codec_page_read(buf, 1, g, recs, &why);
}

/* An entry's bits one by one: whatever decodes keeps the rules. */
static void test_entry_bits(void **state)
{
	struct sc_block_id id = { uuid, 1, 6 };
	struct sc_geom g = geom_of(256);
	struct sc_records got;
	struct sc_record rec;
	u32 bit, nr_bad = 0;
	u64 value;

	(void)state;
	for (bit = 0; bit < 96; bit++) {
		rec = random_record(&g);
		rec.slot = to_cblock(SC_PAGE_ENTRIES + 4);
		sc_codec_page_begin(buf);
		sc_codec_page_put(buf, 4, &rec);
		buf[64 + 4 * 12 + bit / 8] ^= 1 << bit % 8;
		sc_codec_page_seal(buf, &id, 1);
		assert_int_equal(sc_codec_page_open(buf, &id, 1, &why), 0);
		if (read_page(&g, &got)) {
			assert_non_null(strstr(why.text,
				"corrupt page block 1 slot 340: "));
			assert_int_equal(got.next, 5);
			assert_int_equal(got.nr, 0);
			nr_bad++;
			continue;
		}
		if (got.nr)
			assert_null(sc_record_fault(&g, got.rec, &value));
		/* The upper byte of block_hi and the flags are zero. */
		assert_true(bit / 8 != 5 && bit / 8 != 11);
	}
	assert_true(nr_bad >= 16);
	/* Behind the last slot nothing may stand. */
	rec = (struct sc_record){ .valid = 1 };
	g.nr_slots = SC_PAGE_ENTRIES + 4;
	sc_codec_page_begin(buf);
	sc_codec_page_put(buf, 3, &rec);
	assert_int_equal(read_page(&g, &got), 0);
	assert_int_equal(got.nr, 1);
	sc_codec_page_put(buf, 4, &rec);
	assert_int_equal(read_page(&g, &got), -EUCLEAN);
	/* What is before it counts, what is behind it can be read. */
	assert_int_equal(got.nr, 1);
	assert_int_equal(got.next, 5);
	assert_int_equal(sc_codec_page_read(buf, 1, &g, &got, &why), 0);
	assert_int_equal(got.nr, 1);
}

static int seed(void **state)
{
	(void)state;
	random_seed();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_super),
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_state_bits),
		cmocka_unit_test(test_page),
		cmocka_unit_test(test_journal),
		cmocka_unit_test(test_journal_places),
		cmocka_unit_test(test_label),
		cmocka_unit_test(test_every_bit),
		cmocka_unit_test(test_torn),
		cmocka_unit_test(test_confusion),
		cmocka_unit_test(test_super_ranges),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_bad_records),
		cmocka_unit_test(test_entry_bits),
	};

	return cmocka_run_group_tests_name("codec", tests, seed, NULL);
}
