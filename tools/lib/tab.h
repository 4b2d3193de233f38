/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * /etc/ssdcachetab: which caches there are. A line for each, as crypttab's:
 *
 *   <name> <origin> <cache> <metadata or -> [<option>,<option>...]
 *
 * The page ssdcachetab(5) describes it. Empty lines and what follows a '#' at the
 * beginning of a word do not count; \ooo in a path is the byte of that octal
 * number, as in fstab.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_TAB_H
#define SC_TOOLS_TAB_H

#include "config.h"
#include "env.h"
#include "reason.h"

/* NAME-cmeta must be a name of device-mapper, too: 127 characters. */
#define TAB_NAME_BYTES	121
#define TAB_OTHER_BYTES	256
/* A line that is longer is refused. */
#define TAB_LINE_BYTES	16384

/* Words of the options other than the tunables. */
#define TAB_MODE		"mode"
#define TAB_BLOCK_SIZE		"block-size"
#define TAB_POLICY		"policy"
#define TAB_METADATA_SIZE	"metadata-size"
#define TAB_CACHE_SIZE		"cache-size"
#define TAB_NO_DISCARD		"no-discard-passdown"
#define TAB_NOAUTO		"noauto"
#define TAB_NOFAIL		"nofail"
/* Of the options for others: the initramfs starts it. */
#define TAB_INITRD		"x-initrd.attach"

/**
 * struct tab_entry - a line
 * @name: of the cache
 * @origin: path of the slow device
 * @cache: path of the fast one
 * @metadata: path; empty: the metadata is at the head of @cache
 * @metadata_bytes: how much of the head; 0 if @metadata is given
 * @cache_bytes: how much of the rest is used; 0: all
 * @config: mode, block size, policy and tunables
 * @noauto: not started with the others
 * @nofail: the boot goes on without it
 * @other: options that begin with "x-" or "_", kept for others, with commas
 */
struct tab_entry {
	char name[TAB_NAME_BYTES];
	char origin[PATH_MAX];
	char cache[PATH_MAX];
	char metadata[PATH_MAX];
	u64 metadata_bytes;
	u64 cache_bytes;
	struct sc_config config;
	bool noauto;
	bool nofail;
	char other[TAB_OTHER_BYTES];
};

/**
 * struct tab - the whole file
 * @nr: entries
 * @nr_bad: lines that were refused, which has been said
 * @entries: in the file's order
 */
struct tab {
	unsigned int nr;
	unsigned int nr_bad;
	struct tab_entry *entries;
};

/**
 * tab_path() - where it is
 *
 * Return: $SSDCACHE_TAB, else /etc/ssdcachetab.
 */
const char *tab_path(void);

/**
 * tab_name_check() - whether a word may be a cache's name
 * @name: the word
 * @why: set if not
 *
 * Return: 0 or -EINVAL.
 */
int __must_check tab_name_check(const char *name, struct sc_reason *why);

/**
 * tab_set() - set one of the things that options set
 * @e: gets it
 * @key: the option's word, or a tunable's
 * @value: its value, NULL if it has none
 * @why: the reason of failure
 *
 * Values are checked one by one; tab_check() looks whether they go together.
 *
 * Return: 0 or -EINVAL.
 */
int __must_check tab_set(struct tab_entry *e, const char *key,
			 const char *value, struct sc_reason *why);

/**
 * tab_check() - whether the things set go together
 * @e: an entry
 * @why: set if not
 *
 * Return: 0 or -EINVAL.
 */
int __must_check tab_check(const struct tab_entry *e, struct sc_reason *why);

/**
 * tab_other() - look for an option that is kept for others
 * @e: an entry
 * @option: with a "=" at its end if it has a value
 *
 * Return: the value, valid until the next call, "" if it has none; NULL if there
 * is no such option.
 */
const char *tab_other(const struct tab_entry *e, const char *option);

/**
 * tab_entry_init() - an entry with nothing but defaults
 * @e: the entry
 */
void tab_entry_init(struct tab_entry *e);

/**
 * tab_parse_line() - read a line
 * @line: without newline
 * @e: set if there is an entry
 * @why: the reason of failure
 *
 * Return: 1 if there is an entry; 0 if the line has none; -EINVAL.
 */
int __must_check tab_parse_line(const char *line, struct tab_entry *e,
				struct sc_reason *why);

/**
 * tab_emit_line() - write an entry as a line
 * @e: the entry
 * @buf: where to, TAB_LINE_BYTES long; no newline at the end
 */
void tab_emit_line(const struct tab_entry *e, char *buf);

/**
 * tab_read() - read the file
 * @t: set; tab_free() it
 *
 * A file that is not there is empty.
 *
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check tab_read(struct tab *t);

/**
 * tab_free() - give back what was read
 * @t: the file
 */
void tab_free(struct tab *t);

/**
 * tab_find() - find an entry
 * @t: the file
 * @name: of the cache
 *
 * Return: the entry, or NULL.
 */
struct tab_entry *tab_find(const struct tab *t, const char *name);

/**
 * tab_put() - replace the line of a cache, or add one
 * @e: the entry
 *
 * All other lines stay as they are.
 *
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check tab_put(const struct tab_entry *e);

/**
 * tab_drop() - remove the line of a cache
 * @name: the cache; it is no error if there is none
 *
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check tab_drop(const char *name);

#endif
