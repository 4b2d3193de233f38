// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sizes and other numbers as people write and read them.
 */
#include <ctype.h>
#include <strings.h>

#include "units.h"

static const char suffixes[] = "kMGTPE";

/* The power of 1024 that a suffix stands for; -1: none. "s" is asked before. */
static int suffix_power(const char *s)
{
	const char *at;

	if (!*s || !strcasecmp(s, "B"))
		return 0;
	for (at = suffixes; *at; at++)
		if (tolower(*s) == tolower(*at))
			break;
	if (!*at || (s[1] && strcasecmp(s + 1, "iB") && strcasecmp(s + 1, "B")))
		return -1;
	return (int)(at - suffixes) + 1;
}

/* Digits, of which those behind a point are kept apart, as millionths. */
static const char *read_decimal(const char *s, u64 *whole, u64 *millionths)
{
	u64 scale = 100000;

	*whole = *millionths = 0;
	if (!isdigit((unsigned char)*s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++)
		if (check_mul_overflow(*whole, (u64)10, whole) ||
		    check_add_overflow(*whole, (u64)(*s - '0'), whole))
			return NULL;
	if (*s != '.')
		return s;
	if (!isdigit((unsigned char)*++s))
		return NULL;
	for (; isdigit((unsigned char)*s); s++, scale /= 10)
		*millionths += scale * (u64)(*s - '0');
	return s;
}

int size_parse(const char *text, u64 *bytes)
{
	u64 whole, millionths, unit = 1, v;
	const char *s = read_decimal(text, &whole, &millionths);
	int power;

	if (!s)
		return -EINVAL;
	if (!strcasecmp(s, "s")) {
		unit = 512;
	} else {
		power = suffix_power(s);
		if (power < 0)
			return -EINVAL;
		unit <<= 10 * power;
	}
	if (millionths && unit == 1)
		return -EINVAL;
	if (check_mul_overflow(whole, unit, &v) ||
	    check_add_overflow(v, (u64)((double)millionths / 1e6 * (double)unit),
			       &v))
		return -ERANGE;
	*bytes = v;
	return 0;
}

static const char *format(double n, double base, const char *units, char *buf)
{
	char unit[2] = "";

	/* As it will be rounded: 1023.9 must not become 1024. */
	while (n >= base - 0.5 && *units) {
		n /= base;
		unit[0] = *units++;
	}
	if (!*unit || n >= 99.95)
		scnprintf(buf, UNIT_BYTES, "%.0f%s", n, unit);
	else if (n >= 9.995)
		scnprintf(buf, UNIT_BYTES, "%.1f%s", n, unit);
	else
		scnprintf(buf, UNIT_BYTES, "%.2f%s", n, unit);
	return buf;
}

const char *size_format(u64 bytes, char *buf)
{
	size_t len;

	format((double)bytes, 1024, "KMGTPE", buf);
	len = strlen(buf);
	if (isdigit((unsigned char)buf[len - 1]))
		scnprintf(buf + len, UNIT_BYTES - len, "B");
	else
		scnprintf(buf + len, UNIT_BYTES - len, "iB");
	return buf;
}

const char *count_format(double n, char *buf)
{
	return format(n, 1000, "kMGTPE", buf);
}
