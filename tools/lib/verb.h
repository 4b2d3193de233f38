/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A verb: what comes behind "ssdcache" on the command line. Each has a file of
 * its own, cmd-<verb>.c, which defines one struct verb, and a line in
 * verbs.h. Each verb takes --help and --json beside its own options.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_VERB_H
#define SC_TOOLS_VERB_H

#include "exit.h"
#include "options.h"

#define NO_LIMIT	INT_MAX

/**
 * struct verb - what a verb is called, takes and does
 * @name: the word
 * @args: what it takes beside options, for --help
 * @summary: half a sentence
 * @min_args: so many words at least
 * @max_args: and at most, NO_LIMIT: any number
 * @options: ended by OPT_END, or NULL
 * @run: do it; @argv are the words beside options, ended by NULL. Says itself what
 *	went wrong and returns an enum exit_code
 * @verbs: instead of @run: verbs of a second level, ended by NULL
 */
struct verb {
	const char *name;
	const char *args;
	const char *summary;
	int min_args;
	int max_args;
	const struct option_spec *options;
	int (*run)(int argc, char **argv);
	const struct verb *const *verbs;
};

/**
 * verb_run() - run a verb, or print its help
 * @verb: the verb
 * @argc: number of words
 * @argv: the words; argv[0] is the verb
 *
 * Return: an enum exit_code.
 */
int verb_run(const struct verb *verb, int argc, char **argv);

/**
 * verb_find() - look a verb up
 * @verbs: ended by NULL
 * @name: the word
 *
 * Return: the verb, or NULL.
 */
const struct verb *verb_find(const struct verb *const *verbs, const char *name);

/**
 * verb_list() - print the verbs, a line for each
 * @verbs: ended by NULL
 */
void verb_list(const struct verb *const *verbs);

#endif
