/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the two notations of a dump share.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_DUMP_PRIV_H
#define SC_TOOLS_DUMP_PRIV_H

#include <stdio.h>

#include "dump.h"

/**
 * struct dump_source - where a dump is read from
 * @file: open
 * @name: for messages
 * @reader: takes what is read
 */
struct dump_source {
	FILE *file;
	const char *name;
	const struct dump_reader *reader;
};

enum cache_member {
	CACHE_BLOCK_SECTORS,
	CACHE_NR_SLOTS,
	CACHE_NR_MAPPED,
	CACHE_ORIGIN_SECTORS,
	CACHE_CACHE_SECTORS,
	CACHE_LABEL_EPOCH,
	CACHE_NEEDS_CHECK,
	NR_CACHE_MEMBERS,
};

enum slot_member {
	SLOT_NUMBER,
	SLOT_BLOCK,
	SLOT_VALID,
	SLOT_DIRTY,
	SLOT_HINT,
	NR_SLOT_MEMBERS,
};

/**
 * struct dump_values - numbers that were read, not checked yet
 * @value: by enum cache_member or slot_member
 * @has: a bit for each that was there
 */
struct dump_values {
	u64 value[NR_CACHE_MEMBERS];
	u32 has;
};

static inline void dump_set(struct dump_values *v, u32 member, u64 value)
{
	v->value[member] = value;
	v->has |= 1u << member;
}

static inline bool dump_has(const struct dump_values *v, u32 members)
{
	return (v->has & members) == members;
}

/**
 * dump_make_cache() - from what was read to a description
 * @v: the numbers
 * @uuid: text, or NULL
 * @policy: text, or NULL
 * @cache: set on success
 *
 * Return: NULL, or what is wrong.
 */
const char *dump_make_cache(const struct dump_values *v, const char *uuid,
			    const char *policy, struct dump_cache *cache);

/**
 * dump_make_slot() - from what was read to a state
 * @v: the numbers
 * @cache: bounds
 * @rec: set on success
 *
 * Return: NULL, or what is wrong.
 */
const char *dump_make_slot(const struct dump_values *v,
			   const struct dump_cache *cache,
			   struct sc_record *rec);

/**
 * dump_read_json() - read a stream of JSON values
 * @source: from where
 *
 * Return: as dump_read().
 */
int __must_check dump_read_json(const struct dump_source *source);

/**
 * dump_read_xml() - read XML
 * @source: from where
 *
 * Return: as dump_read().
 */
int __must_check dump_read_xml(const struct dump_source *source);

#endif
