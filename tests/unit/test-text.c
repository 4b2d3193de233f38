// SPDX-License-Identifier: GPL-2.0-only
/*
 * core/text: values to words and words to values.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "text.h"

static void test_numbers(void **state)
{
	static const struct {
		const char *word;
		int r;
		u64 value;
	} rows[] = {
		{ "0", 0, 0 },
		{ "7", 0, 7 },
		{ "0010", 0, 10 },
		{ "4294967296", 0, 4294967296ULL },
		{ "18446744073709551615", 0, UINT64_MAX },
		{ "18446744073709551616", -ERANGE, 0 },
		{ "18446744073709551620", -ERANGE, 0 },
		{ "99999999999999999999", -ERANGE, 0 },
		{ "184467440737095516150", -ERANGE, 0 },
		{ "", -EINVAL, 0 },
		{ "-1", -EINVAL, 0 },
		{ "+1", -EINVAL, 0 },
		{ " 1", -EINVAL, 0 },
		{ "1 ", -EINVAL, 0 },
		{ "0x10", -EINVAL, 0 },
		{ "1k", -EINVAL, 0 },
		{ "1/2", -EINVAL, 0 },
		{ "1:", -EINVAL, 0 },
		{ "\xb2", -EINVAL, 0 },
	};
	unsigned int i;
	u64 value;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		value = 4711;
		assert_int_equal(sc_text_to_u64(rows[i].word, &value),
				 rows[i].r);
		assert_int_equal(value, rows[i].r ? 4711 : rows[i].value);
	}
}

static void test_modes(void **state)
{
	static const char *const words[SC_NR_MODES] = {
		"writeback", "writethrough", "writearound", "passthrough",
	};
	enum sc_mode mode;
	unsigned int i;

	(void)state;
	for (i = 0; i < SC_NR_MODES; i++) {
		assert_string_equal(sc_mode_name(i), words[i]);
		assert_int_equal(sc_mode_parse(words[i], &mode), 0);
		assert_int_equal(mode, i);
	}
	assert_string_equal(sc_mode_name(SC_NR_MODES), "?");
	mode = SC_WRITEAROUND;
	assert_int_equal(sc_mode_parse("Writeback", &mode), -EINVAL);
	assert_int_equal(sc_mode_parse("write", &mode), -EINVAL);
	assert_int_equal(sc_mode_parse("writebacks", &mode), -EINVAL);
	assert_int_equal(sc_mode_parse("", &mode), -EINVAL);
	assert_int_equal(mode, SC_WRITEAROUND);
}

static void test_healths(void **state)
{
	static const char *const words[SC_NR_HEALTHS] = {
		"rw", "ro", "degraded", "fail",
	};
	enum sc_health health;
	unsigned int i;

	(void)state;
	for (i = 0; i < SC_NR_HEALTHS; i++) {
		assert_string_equal(sc_health_name(i), words[i]);
		assert_int_equal(sc_health_parse(words[i], &health), 0);
		assert_int_equal(health, i);
	}
	assert_string_equal(sc_health_name(SC_NR_HEALTHS), "?");
	health = SC_DEGRADED;
	assert_int_equal(sc_health_parse("Fail", &health), -EINVAL);
	assert_int_equal(health, SC_DEGRADED);
}

#define UUID	"00112233-4455-6677-8899-aabbccddeeff"

static const u8 uuid_bytes[SC_UUID_BYTES] = {
	0x00, 0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77,
	0x88, 0x99, 0xaa, 0xbb, 0xcc, 0xdd, 0xee, 0xff,
};

static void test_uuid(void **state)
{
	static const u8 none[SC_UUID_BYTES];
	char buf[SC_UUID_TEXT_BYTES];
	u8 uuid[SC_UUID_BYTES];
	struct sc_text t;

	(void)state;
	sc_text_init(&t, buf, sizeof(buf));
	sc_uuid_to_text(uuid_bytes, &t);
	assert_string_equal(buf, UUID);
	assert_int_equal(sc_uuid_parse(UUID, uuid), 0);
	assert_memory_equal(uuid, uuid_bytes, sizeof(uuid));
	assert_int_equal(sc_uuid_parse("00112233-4455-6677-8899-AABBCCDDEEFF",
				       uuid), 0);
	assert_memory_equal(uuid, uuid_bytes, sizeof(uuid));

	sc_text_init(&t, buf, sizeof(buf));
	sc_uuid_to_text(none, &t);
	assert_string_equal(buf, "-");
	assert_int_equal(sc_uuid_parse("-", uuid), 0);
	assert_memory_equal(uuid, none, sizeof(uuid));
}

static void test_bad_uuid(void **state)
{
	u8 uuid[SC_UUID_BYTES];
	unsigned int i;

	(void)state;
	memcpy(uuid, uuid_bytes, sizeof(uuid));
	for (i = 0; i < SC_UUID_TEXT_BYTES - 1; i++) {
		/* Heap copies of the exact size: reading on would be seen. */
		char *cut = strndup(UUID, i);
		char *wrong = strdup(UUID);

		wrong[i] = wrong[i] == '-' ? '0' : '-';
		assert_int_equal(sc_uuid_parse(cut, uuid), -EINVAL);
		assert_int_equal(sc_uuid_parse(wrong, uuid), -EINVAL);
		wrong[i] = 'g';
		assert_int_equal(sc_uuid_parse(wrong, uuid), -EINVAL);
		free(cut);
		free(wrong);
	}
	assert_int_equal(sc_uuid_parse(UUID "0", uuid), -EINVAL);
	assert_int_equal(sc_uuid_parse("--", uuid), -EINVAL);
	assert_memory_equal(uuid, uuid_bytes, sizeof(uuid));
}

static void test_truncation(void **state)
{
	static const char full[] = "slots 12 of 4096, dirty";
	struct sc_text t;
	char *buf;
	size_t size;

	(void)state;
	for (size = 1; size < sizeof(full) + 3; size++) {
		buf = malloc(size);
		sc_text_init(&t, buf, size);
		sc_text_add(&t, "slots %u of %u", 12, 4096);
		sc_text_add(&t, ", %s", "dirty");
		assert_int_equal(t.len, min(size, sizeof(full)) - 1);
		assert_int_equal(strlen(buf), t.len);
		assert_memory_equal(buf, full, t.len);
		free(buf);
	}
	sc_text_init(&t, NULL, 0);
	sc_text_add(&t, "lost");
	assert_int_equal(t.len, 0);
}

static void test_record(void **state)
{
	struct sc_record rec = {
		.slot = to_cblock(17),
		.block = to_oblock(1ULL << 39),
		.valid = 0xffff,
		.dirty = 0x0012,
		.hint = 3,
	};
	char buf[100];
	struct sc_text t;

	(void)state;
	sc_text_init(&t, buf, sizeof(buf));
	sc_record_to_text(&rec, &t);
	assert_string_equal(buf, "slot 17: block 549755813888 valid 0xffff dirty 0x0012 hint 3");
	rec.valid = 0;
	sc_text_init(&t, buf, sizeof(buf));
	sc_record_to_text(&rec, &t);
	assert_string_equal(buf, "slot 17: unmapped");
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_healths),
		cmocka_unit_test(test_uuid),
		cmocka_unit_test(test_bad_uuid),
		cmocka_unit_test(test_truncation),
		cmocka_unit_test(test_record),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
