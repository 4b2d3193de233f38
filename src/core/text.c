// SPDX-License-Identifier: GPL-2.0-only
/*
 * Values to words and words to values.
 */
#include <ssdcache/abi.h>

#include "text.h"

static const char *const mode_names[SC_NR_MODES] = {
	[SC_WRITEBACK] = SC_WORD_WRITEBACK,
	[SC_WRITETHROUGH] = SC_WORD_WRITETHROUGH,
	[SC_WRITEAROUND] = SC_WORD_WRITEAROUND,
	[SC_PASSTHROUGH] = SC_WORD_PASSTHROUGH,
};

static const char *const health_names[SC_NR_HEALTHS] = {
	[SC_RW] = SC_WORD_STATE_RW,
	[SC_RO] = SC_WORD_STATE_RO,
	[SC_DEGRADED] = SC_WORD_STATE_DEGRADED,
	[SC_FAIL] = SC_WORD_STATE_FAIL,
};

void sc_text_init(struct sc_text *t, char *buf, size_t size)
{
	t->buf = buf;
	t->size = size;
	t->len = 0;
	if (size)
		buf[0] = '\0';
}

void sc_text_add(struct sc_text *t, const char *fmt, ...)
{
	va_list args;

	if (t->len + 1 >= t->size)
		return;
	va_start(args, fmt);
	t->len += vscnprintf(t->buf + t->len, t->size - t->len, fmt, args);
	va_end(args);
}

int sc_text_to_u64(const char *s, u64 *value)
{
	u64 v = 0;

	if (!*s)
		return -EINVAL;
	for (; *s; s++) {
		if (*s < '0' || *s > '9')
			return -EINVAL;
		if (check_mul_overflow(v, (u64)10, &v) ||
		    check_add_overflow(v, (u64)(*s - '0'), &v))
			return -ERANGE;
	}
	*value = v;
	return 0;
}

/* Is there a hyphen before this byte of a uuid? */
static bool uuid_gap(unsigned int byte)
{
	return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

void sc_uuid_to_text(const u8 *uuid, struct sc_text *t)
{
	static const u8 none[SC_UUID_BYTES];
	unsigned int i;

	if (!memcmp(uuid, none, SC_UUID_BYTES)) {
		sc_text_add(t, "%s", SC_WORD_NONE);
		return;
	}
	for (i = 0; i < SC_UUID_BYTES; i++)
		sc_text_add(t, "%s%02x", uuid_gap(i) ? "-" : "", uuid[i]);
}

static int hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

int sc_uuid_parse(const char *s, u8 *uuid)
{
	u8 bytes[SC_UUID_BYTES] = { 0 };
	unsigned int i;

	if (!strcmp(s, SC_WORD_NONE)) {
		memset(uuid, 0, SC_UUID_BYTES);
		return 0;
	}
	for (i = 0; i < SC_UUID_BYTES; i++) {
		if (uuid_gap(i) && *s++ != '-')
			return -EINVAL;
		/* The end of the string is no digit: nothing behind it is read. */
		if (hex_digit(s[0]) < 0 || hex_digit(s[1]) < 0)
			return -EINVAL;
		bytes[i] = (u8)(hex_digit(s[0]) << 4 | hex_digit(s[1]));
		s += 2;
	}
	if (*s)
		return -EINVAL;
	memcpy(uuid, bytes, SC_UUID_BYTES);
	return 0;
}

static const char *word_of(const char *const *words, unsigned int nr,
			   unsigned int i)
{
	return i < nr ? words[i] : "?";
}

static int index_of(const char *const *words, unsigned int nr, const char *s)
{
	unsigned int i;

	for (i = 0; i < nr; i++)
		if (!strcmp(words[i], s))
			return (int)i;
	return -EINVAL;
}

const char *sc_mode_name(enum sc_mode mode)
{
	return word_of(mode_names, SC_NR_MODES, mode);
}

int sc_mode_parse(const char *s, enum sc_mode *mode)
{
	int i = index_of(mode_names, SC_NR_MODES, s);

	if (i < 0)
		return i;
	*mode = (enum sc_mode)i;
	return 0;
}

const char *sc_health_name(enum sc_health health)
{
	return word_of(health_names, SC_NR_HEALTHS, health);
}

int sc_health_parse(const char *s, enum sc_health *health)
{
	int i = index_of(health_names, SC_NR_HEALTHS, s);

	if (i < 0)
		return i;
	*health = (enum sc_health)i;
	return 0;
}

void sc_record_to_text(const struct sc_record *rec, struct sc_text *t)
{
	sc_text_add(t, "slot %u: ", from_cblock(rec->slot));
	if (!rec->valid) {
		sc_text_add(t, "unmapped");
		return;
	}
	sc_text_add(t, "block %llu valid 0x%04x dirty 0x%04x hint %u",
		    (unsigned long long)from_oblock(rec->block), rec->valid,
		    rec->dirty, rec->hint);
}
