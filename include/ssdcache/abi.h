/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The words of the dm interface, for the module, the tools and scripts'
 * authors. docs/interface.md says what they mean. The names of tunables stand
 * in src/core/tunable.h, those of counters in src/core/counter.h, each with its
 * meaning.
 */
#ifndef SSDCACHE_ABI_H
#define SSDCACHE_ABI_H

#define SC_TARGET_NAME		"ssdcache"
#define SC_VERSION_MAJOR	1
#define SC_VERSION_MINOR	0
#define SC_VERSION_PATCH	0

/* The same target as dm-cache's, for LVM; of a version that has all it uses. */
#define SC_CLAIMED_NAME		"cache"
#define SC_CLAIMED_MAJOR	2
#define SC_CLAIMED_MINOR	2
#define SC_CLAIMED_PATCH	0

/* Table: <metadata dev> <cache dev> <origin dev>, then the rest. */
#define SC_TABLE_DEVICES	3
#define SC_DEFAULT_BLOCK_SECTORS 8

/* Modes: a feature in the table, the argument of the message "mode". */
#define SC_WORD_WRITEBACK	"writeback"
#define SC_WORD_WRITETHROUGH	"writethrough"
#define SC_WORD_WRITEAROUND	"writearound"
#define SC_WORD_PASSTHROUGH	"passthrough"

/* Other features. */
#define SC_WORD_METADATA2	"metadata2"
#define SC_WORD_NO_DISCARD_PASSDOWN "no_discard_passdown"

/* Policies; the second line are other names of the first. */
#define SC_WORD_S3FIFO		"s3fifo"
#define SC_WORD_DEFAULT		"default"
#define SC_WORD_SMQ		"smq"
#define SC_WORD_MQ		"mq"
#define SC_WORD_LRU		"lru"
#define SC_WORD_CLEANER		"cleaner"

/* Messages, besides "<tunable> <value>". */
#define SC_VERB_MODE		"mode"
#define SC_VERB_FLUSH		"flush"
#define SC_VERB_INVALIDATE	"invalidate_cblocks"
#define SC_VERB_STATS		"stats"
#define SC_WORD_RESET		"reset"

/* Status: the positional words at the end of dm-cache's part. */
#define SC_WORD_RW		"rw"
#define SC_WORD_RO		"ro"
#define SC_WORD_NEEDS_CHECK	"needs_check"
#define SC_WORD_NO_CHECK	"-"
#define SC_WORD_FAIL		"Fail"

/* Status: the values of state=. */
#define SC_WORD_STATE_RW	"rw"
#define SC_WORD_STATE_RO	"ro"
#define SC_WORD_STATE_DEGRADED	"degraded"
#define SC_WORD_STATE_FAIL	"fail"

/* Status: a key's value that is not known (yet). */
#define SC_WORD_NONE		"-"

#endif
