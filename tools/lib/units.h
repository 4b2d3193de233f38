/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sizes and other numbers as people write and read them.
 *
 * Context: any; all functions of this header.
 */
#ifndef SC_TOOLS_UNITS_H
#define SC_TOOLS_UNITS_H

#include "env.h"

/* Room for any text that is made here. */
#define UNIT_BYTES	24

/**
 * size_parse() - read a size
 * @text: a number, perhaps with a fraction, and perhaps one of the suffixes
 *	s (sectors of 512 bytes), k, M, G, T, P (powers of 1024), in either case,
 *	to which iB or B may be added
 * @bytes: set on success
 *
 * Return: 0; -EINVAL; -ERANGE if it needs more than 64 bits.
 */
int __must_check size_parse(const char *text, u64 *bytes);

/**
 * size_format() - write a size for people, in three digits or so
 * @bytes: the size
 * @buf: where to, UNIT_BYTES long
 *
 * Return: @buf.
 */
const char *size_format(u64 bytes, char *buf);

/**
 * count_format() - write a number for people: 999, 12.3k, 4.56M
 * @n: the number
 * @buf: where to, UNIT_BYTES long
 *
 * Return: @buf.
 */
const char *count_format(double n, char *buf);

#endif
