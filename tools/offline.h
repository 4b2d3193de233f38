/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Offline verbs that are known by two names: ours, and the one of the program of
 * thin-provisioning-tools that does the same to dm-cache's metadata.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_OFFLINE_H
#define SC_TOOLS_OFFLINE_H

#include "types.h"

/**
 * struct check_opts - what is to be checked
 * @metadata: path
 * @cache: path, or NULL
 * @super_only: the superblocks only
 * @quiet: print nothing
 * @clear_needs_check: take the mark away if all is well
 */
struct check_opts {
	const char *metadata;
	const char *cache;
	bool super_only;
	bool quiet;
	bool clear_needs_check;
};

/**
 * check_run() - check metadata; prints what it found
 * @opts: what is wanted
 *
 * Return: an enum exit_code.
 */
int check_run(const struct check_opts *opts);

/**
 * struct dump_opts - what is to be dumped
 * @metadata: path
 * @cache: path, or NULL
 * @output: path, NULL: standard output
 * @xml: XML, else JSON
 * @repair: leave out what is damaged
 */
struct dump_opts {
	const char *metadata;
	const char *cache;
	const char *output;
	bool xml;
	bool repair;
};

/**
 * dump_run() - print metadata as text
 * @opts: what is wanted
 *
 * Return: an enum exit_code.
 */
int dump_run(const struct dump_opts *opts);

/**
 * struct restore_opts - what is to be made
 * @input: path of a dump
 * @metadata: path
 * @force: overwrite whatever is there
 * @quiet: print nothing
 */
struct restore_opts {
	const char *input;
	const char *metadata;
	bool force;
	bool quiet;
};

/**
 * restore_run() - make metadata of a dump
 * @opts: what is wanted
 *
 * Return: an enum exit_code.
 */
int restore_run(const struct restore_opts *opts);

/**
 * struct repair_opts - what is to be repaired
 * @metadata: path
 * @cache: path, or NULL
 * @output: write it here and leave @metadata alone, or NULL
 * @force: overwrite whatever is in @output
 */
struct repair_opts {
	const char *metadata;
	const char *cache;
	const char *output;
	bool force;
};

/**
 * repair_run() - bring metadata into a good state, say what was lost
 * @opts: what is wanted
 *
 * Return: an enum exit_code.
 */
int repair_run(const struct repair_opts *opts);

/**
 * struct writeback_opts - what is to be written back
 * @metadata: path
 * @cache: path
 * @origin: path
 * @list_failed: name each block that could not be written back
 * @keep_metadata: leave the dirty bits alone
 */
struct writeback_opts {
	const char *metadata;
	const char *cache;
	const char *origin;
	bool list_failed;
	bool keep_metadata;
};

/**
 * writeback_run() - write dirty blocks to the origin
 * @opts: what is wanted
 *
 * Return: an enum exit_code.
 */
int writeback_run(const struct writeback_opts *opts);

#endif
