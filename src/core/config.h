/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The table line: the only parser and the only writer of it.
 *
 *   <metadata dev> <cache dev> <origin dev> <block size in sectors>
 *       <#features> <feature>* <policy> <#policy args> [<key> <value>]*
 *
 * Opening the devices is not this file's business.
 */
#ifndef SC_CONFIG_H
#define SC_CONFIG_H

#include "reason.h"
#include "tunable.h"
#include "types.h"
#include "words.h"

/* Features other than the mode. */
#define SC_FEATURE_METADATA2		0x1u
#define SC_FEATURE_NO_DISCARD_PASSDOWN	0x2u
/* The table named the mode: say it again even if it is the default. */
#define SC_FEATURE_MODE_GIVEN		0x80u

/**
 * struct sc_config - what a table line says
 * @block_sectors: block size, a power of two from 8 to 2048
 * @features: SC_FEATURE_METADATA2 and so on
 * @mode: what writes do
 * @policy: the policy's own name ("s3fifo", "lru", "cleaner"), static storage
 * @policy_word: the name by which the table asked for it, static storage
 * @nr_given: tunables that the table named
 * @given: which, in the table's order
 * @tune: the tunables' values
 */
struct sc_config {
	u32 block_sectors;
	u32 features;
	enum sc_mode mode;
	const char *policy;
	const char *policy_word;
	u8 nr_given;
	u8 given[SC_NR_TUNABLES];
	struct sc_tunables tune;
};

/**
 * sc_config_init() - everything at its default
 * @c: the configuration: 8 sectors, writeback, default policy
 *
 * Context: any.
 */
void sc_config_init(struct sc_config *c);

/**
 * sc_config_parse_table() - read a table line
 * @c: the result; undefined on failure
 * @argc: number of words
 * @argv: the words as dm hands them to a constructor: argv[0] to argv[2] are the
 *        metadata, cache and origin device and not looked at; not kept
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if the line is wrong.
 */
int __must_check sc_config_parse_table(struct sc_config *c, unsigned int argc,
				       char **argv, struct sc_reason *why);

/**
 * sc_config_emit_table() - write the line again
 * @c: the configuration in effect
 * @t: where to append; begins with the block size: the caller has written the
 *     three devices and a space
 *
 * Says what the table said, with the values now in effect, and what differs
 * from its default; tunables named by the table keep its order, so that an
 * unchanged table comes out as it went in.
 *
 * Context: any.
 */
void sc_config_emit_table(const struct sc_config *c, struct sc_text *t);

/* ---- parts of the line that the status line has, too ----------------------- */

/**
 * sc_config_parse_block_size() - read "<block size>"
 * @c: gets it
 * @w: where from
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if it is wrong.
 */
int __must_check sc_config_parse_block_size(struct sc_config *c,
					    struct sc_words *w,
					    struct sc_reason *why);

/**
 * sc_config_parse_features() - read "<#features> <feature>*"
 * @c: gets the features and the mode; what is not named is left alone
 * @w: where from
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if it is wrong.
 */
int __must_check sc_config_parse_features(struct sc_config *c,
					  struct sc_words *w,
					  struct sc_reason *why);

/**
 * sc_config_parse_policy() - read "<policy>"
 * @c: gets it
 * @w: where from
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if it is wrong.
 */
int __must_check sc_config_parse_policy(struct sc_config *c,
					struct sc_words *w,
					struct sc_reason *why);

/**
 * sc_config_parse_pairs() - read "<#words> [<key> <value>]*"
 * @c: gets the tunables; it has its policy already
 * @w: where from
 * @why: the reason of failure, or NULL
 *
 * Each value is in its range, but nobody has looked yet whether they go
 * together: sc_tunables_check().
 *
 * Context: any.
 * Return: 0; -EINVAL if it is wrong.
 */
int __must_check sc_config_parse_pairs(struct sc_config *c, struct sc_words *w,
				       struct sc_reason *why);

/**
 * sc_config_find_key() - which tunable does a key name?
 * @c: has its policy
 * @key: the key
 * @id: its number, or SC_NR_TUNABLES if the key is one of dm-cache's old ones,
 *      accepted with the policies' dm-cache names and ignored
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if there is no such key.
 */
int __must_check sc_config_find_key(const struct sc_config *c, const char *key,
				    unsigned int *id, struct sc_reason *why);

/**
 * sc_config_emit_features() - write "<#features> <feature>*"
 * @c: the configuration
 * @with_mode: write the mode even if it is neither given nor unusual
 * @t: where to append
 *
 * Context: any.
 */
void sc_config_emit_features(const struct sc_config *c, bool with_mode,
			     struct sc_text *t);

/**
 * sc_config_emit_pairs() - write "<#words> [<key> <value>]*" of all tunables
 * @c: the configuration
 * @flags: of those tunables, of SC_TUN_CORE: what status shows together
 * @t: where to append
 *
 * Context: any.
 */
void sc_config_emit_pairs(const struct sc_config *c, unsigned int flags,
			  struct sc_text *t);

#endif
