/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Values to words and words to values.
 */
#ifndef SC_TEXT_H
#define SC_TEXT_H

#include "types.h"

/**
 * struct sc_text - text growing in a buffer of fixed size
 * @buf: the buffer, always terminated unless @size is 0
 * @size: its size in bytes
 * @len: length of the text; @size - 1 if it was cut
 */
struct sc_text {
	char *buf;
	size_t size;
	size_t len;
};

/**
 * sc_text_init() - begin an empty text
 * @t: the text
 * @buf: where it will stand
 * @size: bytes there; 0 is allowed, then @buf is never touched
 *
 * Context: any.
 */
void sc_text_init(struct sc_text *t, char *buf, size_t size);

/**
 * sc_text_add() - append to a text
 * @t: the text
 * @fmt: what to append; what does not fit is cut
 *
 * Context: any.
 */
__printf(2, 3)
void sc_text_add(struct sc_text *t, const char *fmt, ...);

/**
 * sc_text_to_u64() - read a decimal number
 * @s: digits and nothing else
 * @value: the result, left alone on failure
 *
 * Context: any.
 * Return: 0; -EINVAL if @s is no number; -ERANGE if it needs more than 64 bits.
 */
int __must_check sc_text_to_u64(const char *s, u64 *value);

/* 36 characters and the end. */
#define SC_UUID_TEXT_BYTES	37

/**
 * sc_uuid_to_text() - append a uuid
 * @uuid: SC_UUID_BYTES bytes
 * @t: the text; "-" is appended if the uuid is all zero
 *
 * Context: any.
 */
void sc_uuid_to_text(const u8 *uuid, struct sc_text *t);

/**
 * sc_uuid_parse() - the reverse
 * @s: 8-4-4-4-12 hexadecimal digits of either case, or "-"
 * @uuid: SC_UUID_BYTES bytes, left alone on failure
 *
 * Context: any.
 * Return: 0; -EINVAL if @s is no uuid.
 */
int __must_check sc_uuid_parse(const char *s, u8 *uuid);

/**
 * sc_mode_name() - the word for a mode
 * @mode: the mode
 *
 * Context: any.
 * Return: the word; "?" for a value that is no mode.
 */
const char *sc_mode_name(enum sc_mode mode);

/**
 * sc_mode_parse() - the reverse
 * @s: a word
 * @mode: the result, left alone on failure
 *
 * Context: any.
 * Return: 0; -EINVAL if @s is no mode.
 */
int __must_check sc_mode_parse(const char *s, enum sc_mode *mode);

/**
 * sc_health_name() - the word for a state
 * @health: the state
 *
 * Context: any.
 * Return: the word; "?" for a value that is no state.
 */
const char *sc_health_name(enum sc_health health);

/**
 * sc_health_parse() - the reverse
 * @s: a word
 * @health: the result, left alone on failure
 *
 * Context: any.
 * Return: 0; -EINVAL if @s is no state.
 */
int __must_check sc_health_parse(const char *s, enum sc_health *health);

/**
 * sc_record_to_text() - say what a slot's record says
 * @rec: the record
 * @t: where to append
 *
 * Context: any.
 */
void sc_record_to_text(const struct sc_record *rec, struct sc_text *t);

#endif
