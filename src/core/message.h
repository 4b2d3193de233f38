/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Messages: the only parser of what "dmsetup message" sends.
 */
#ifndef SC_MESSAGE_H
#define SC_MESSAGE_H

#include "config.h"

/**
 * enum sc_message_kind - what a message wants
 * @SC_MSG_SET: a tunable changed
 * @SC_MSG_MODE: the mode changed
 * @SC_MSG_FLUSH: everything dirty destaged
 * @SC_MSG_INVALIDATE: the contents of some slots forgotten
 * @SC_MSG_ABANDON: metadata and cache device are gone for good
 * @SC_MSG_STATS_RESET: the counters set to 0
 * @SC_MSG_IGNORED: a key of dm-cache's old policies: nothing to do
 */
enum sc_message_kind {
	SC_MSG_SET,
	SC_MSG_MODE,
	SC_MSG_FLUSH,
	SC_MSG_INVALIDATE,
	SC_MSG_ABANDON,
	SC_MSG_STATS_RESET,
	SC_MSG_IGNORED,
};

/**
 * struct sc_message - a message understood
 * @kind: selects which of the others count
 * @mode: SC_MSG_MODE: the new mode
 * @tunable: SC_MSG_SET: which, enum sc_tunable_id
 * @value: SC_MSG_SET: its new value
 * @nr_ranges: SC_MSG_INVALIDATE: how many ranges, at least 1
 * @ranges: SC_MSG_INVALIDATE: words for sc_message_range(), part of argv
 */
struct sc_message {
	enum sc_message_kind kind;
	enum sc_mode mode;
	unsigned int tunable;
	u32 value;
	unsigned int nr_ranges;
	char **ranges;
};

/**
 * sc_message_parse() - read a message
 * @m: the result; undefined on failure
 * @cur: the configuration in effect, against which the message is checked
 * @argc: number of words
 * @argv: the words; must live as long as @m for SC_MSG_INVALIDATE
 * @why: the reason of failure, or NULL
 *
 * Context: any; @cur must not change meanwhile. Changes nothing itself (P6).
 * Return: 0; -EINVAL if the message is wrong or does not suit @cur.
 */
int __must_check sc_message_parse(struct sc_message *m,
				  const struct sc_config *cur,
				  unsigned int argc, char **argv,
				  struct sc_reason *why);

/**
 * sc_message_apply() - take a SET or MODE message over into the configuration
 * @c: the configuration that sc_message_parse() saw
 * @m: the message; other kinds change nothing here
 *
 * Context: any; single writer. Tunables and mode are written with WRITE_ONCE.
 */
void sc_message_apply(struct sc_config *c, const struct sc_message *m);

/**
 * struct sc_slot_range - some neighbouring slots
 * @begin: the first
 * @end: the one behind the last
 */
struct sc_slot_range {
	u32 begin;
	u32 end;
};

/**
 * sc_message_range() - read one range of slots, "<a>" or "<a>-<b>" without b
 * @word: the word
 * @nr_slots: slots there are
 * @range: the result, left alone on failure
 * @why: the reason of failure, or NULL
 *
 * To change nothing when one of several ranges is wrong (P6), read all of them
 * once before acting on the first.
 *
 * Context: any.
 * Return: 0; -EINVAL if @word is no range, or an empty one, or beyond the end.
 */
int __must_check sc_message_range(const char *word, u32 nr_slots,
				  struct sc_slot_range *range,
				  struct sc_reason *why);

#endif
