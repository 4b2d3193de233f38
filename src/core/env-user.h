/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The program's side of env.h: the kernel's names that the core uses, with the
 * kernel's meaning, on top of the C library. Single-threaded by contract.
 */
#ifndef SC_ENV_USER_H
#define SC_ENV_USER_H

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <limits.h>
#include <linux/types.h> /* __le16 and so on, as other headers want them */
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* __le64 and so on, and __bitwise: programs may need this file for other things. */
#include <linux/types.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define S64_MAX	INT64_MAX

#ifdef __CHECKER__
#define __force		__attribute__((force))
#else
#define __force
#endif

#define cpu_to_le16(x)	((__force __le16)htole16(x))
#define cpu_to_le32(x)	((__force __le32)htole32(x))
#define cpu_to_le64(x)	((__force __le64)htole64(x))
#define le16_to_cpu(x)	le16toh((__force u16)(x))
#define le32_to_cpu(x)	le32toh((__force u32)(x))
#define le64_to_cpu(x)	le64toh((__force u64)(x))

#define __packed	__attribute__((packed))
#define __must_check	__attribute__((warn_unused_result))
#define __printf(a, b)	__attribute__((format(printf, a, b)))
#define __maybe_unused	__attribute__((unused))
#define fallthrough	__attribute__((fallthrough))
#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define READ_ONCE(x)	(*(const volatile __typeof__(x) *)&(x))
#define WRITE_ONCE(x, v)	(*(volatile __typeof__(x) *)&(x) = (v))
#define data_race(x)	(x)	/* for KCSAN */

/* As in the kernel: the message is optional. */
#undef static_assert
#define static_assert(expr, ...)	_Static_assert(expr, #expr)

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define min_t(t, a, b)	min((t)(a), (t)(b))
#define max_t(t, a, b)	max((t)(a), (t)(b))
#define clamp_t(t, v, lo, hi)	min_t(t, max_t(t, v, lo), hi)
#define container_of(p, type, member) \
	((type *)((char *)(p) - offsetof(type, member)))

#define check_add_overflow(a, b, d)	__builtin_add_overflow(a, b, d)
#define check_sub_overflow(a, b, d)	__builtin_sub_overflow(a, b, d)
#define check_mul_overflow(a, b, d)	__builtin_mul_overflow(a, b, d)

#define BITS_PER_LONG	(8 * (int)sizeof(long))
#define BITS_TO_LONGS(n)	DIV_ROUND_UP(n, BITS_PER_LONG)
#define BIT(n)		(1UL << (n))
#define GENMASK(h, l)	((~0UL << (l)) & (~0UL >> (BITS_PER_LONG - 1 - (h))))

static inline unsigned int hweight16(u16 w) { return __builtin_popcount(w); }
static inline unsigned int hweight32(u32 w) { return __builtin_popcount(w); }
static inline int ilog2(u64 n) { return 63 - __builtin_clzll(n); }
static inline bool is_power_of_2(u64 n) { return n && !(n & (n - 1)); }
static inline u64 div_u64(u64 n, u32 d) { return n / d; }
static inline u64 div64_u64(u64 n, u64 d) { return n / d; }
static inline unsigned long __ffs(unsigned long w) { return __builtin_ctzl(w); }

static inline u32 reciprocal_scale(u32 val, u32 end)
{
	return (u32)(((u64)val * end) >> 32);
}

static inline bool test_bit(unsigned long n, const unsigned long *map)
{
	return map[n / BITS_PER_LONG] >> (n % BITS_PER_LONG) & 1;
}

static inline void set_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] |= BIT(n % BITS_PER_LONG);
}

static inline void clear_bit(unsigned long n, unsigned long *map)
{
	map[n / BITS_PER_LONG] &= ~BIT(n % BITS_PER_LONG);
}

static inline bool test_and_set_bit(unsigned long n, unsigned long *map)
{
	bool old = test_bit(n, map);

	set_bit(n, map);
	return old;
}

static inline bool test_and_clear_bit(unsigned long n, unsigned long *map)
{
	bool old = test_bit(n, map);

	clear_bit(n, map);
	return old;
}

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long size,
					  unsigned long from)
{
	unsigned long word;

	for (; from < size; from = (from | (BITS_PER_LONG - 1)) + 1) {
		word = map[from / BITS_PER_LONG] >> (from % BITS_PER_LONG);
		if (word)
			return min(from + __ffs(word), size);
	}
	return size;
}

__printf(3, 0)
static inline int vscnprintf(char *buf, size_t size, const char *fmt,
			     va_list args)
{
	int n = vsnprintf(buf, size, fmt, args);

	if (!size)
		return 0;
	return n < (int)size ? n : (int)size - 1;
}

__printf(3, 4)
static inline int scnprintf(char *buf, size_t size, const char *fmt, ...)
{
	va_list args;
	int n;

	va_start(args, fmt);
	n = vscnprintf(buf, size, fmt, args);
	va_end(args);
	return n;
}

static inline void *sc_env_alloc(size_t nr, size_t size)
{
	return calloc(nr, size);
}

static inline void sc_env_free(void *p)
{
	free(p);
}

/* table[k][b]: the checksum of byte b with k zero bytes behind it. */
static inline void sc_env_crc_tables(u32 table[8][256])
{
	u32 crc;
	int i, k;

	for (i = 0; i < 256; i++) {
		for (crc = i, k = 0; k < 8; k++)
			crc = (crc >> 1) ^ (0x82f63b78 & -(crc & 1));
		table[0][i] = crc;
	}
	for (k = 1; k < 8; k++)
		for (i = 0; i < 256; i++)
			table[k][i] = (table[k - 1][i] >> 8) ^
				      table[0][table[k - 1][i] & 255];
}

static inline void sc_env_resched(u32 i)
{
	(void)i;
}

/* Fuzzers spend their time here, unless nobody watches. */
#ifdef __clang__
#define SC_ENV_UNWATCHED \
	__attribute__((no_sanitize("address", "undefined", "coverage")))
#else
#define SC_ENV_UNWATCHED
#endif

/* Castagnoli's polynomial, initial value and final inversion included. */
SC_ENV_UNWATCHED
static inline u32 sc_env_crc32c(const void *p, size_t bytes)
{
	static u32 table[8][256];
	const u8 *byte = p;
	u32 crc = ~0U, word[2];
	int i;

	if (!table[0][255])
		sc_env_crc_tables(table);
	for (; bytes >= 8; bytes -= 8, byte += 8) {
		memcpy(word, byte, sizeof(word));
		word[0] = le32toh(word[0]) ^ crc;
		word[1] = le32toh(word[1]);
		for (i = 0, crc = 0; i < 4; i++)
			crc ^= table[7 - i][word[0] >> (8 * i) & 255] ^
			       table[3 - i][word[1] >> (8 * i) & 255];
	}
	while (bytes--)
		crc = (crc >> 8) ^ table[0][(crc ^ *byte++) & 255];
	return ~crc;
}

/* The impossible happened: a program under test stops at once. */
#define sc_env_warn_once(cond) \
	({ bool bad_ = (cond); assert(!bad_); bad_; })

#endif
