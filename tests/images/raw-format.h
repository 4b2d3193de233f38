/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Change blocks of the disk format as nobody should, with valid checksums.
 */
#ifndef IMAGE_FORMAT_H
#define IMAGE_FORMAT_H

#include "env.h"

/**
 * struct format_entry - what a table entry says, possible or not
 * @block: 48 bits of it
 * @valid: mask
 * @dirty: mask
 * @hint: anything
 * @flags: anything
 */
struct format_entry {
	u64 block;
	u16 valid;
	u16 dirty;
	u8 hint;
	u8 flags;
};

/** format_seal() - make the checksum of a block right */
void format_seal(u8 *buf);

/** format_set() - set a field, such as "super.tail", and seal the block */
void format_set(u8 *buf, const char *field, u64 value);

/** format_get() - read a field */
u64 format_get(const u8 *buf, const char *field);

/** format_nr_fields() - how many fields there are */
u32 format_nr_fields(void);

/** format_set_nth() - set a field by its number and seal the block */
void format_set_nth(u8 *buf, u32 n, u64 value);

/** format_set_entry() - set entry @i, below 336, of a page and seal it */
void format_set_entry(u8 *buf, u32 i, const struct format_entry *e);

/** format_set_record() - set record @i, below 252, of a journal block, seal */
void format_set_record(u8 *buf, u32 i, u32 slot, const struct format_entry *e);

/** format_set_state() - set the two bits of a page in a map block and seal it */
void format_set_state(u8 *buf, u32 page, u8 state);

#endif
