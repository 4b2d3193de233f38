/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Options of a verb: a table that says which there are and where their values
 * go. Parsing is getopt_long's; values are checked here, before the verb runs.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_OPTIONS_H
#define SC_TOOLS_OPTIONS_H

#include "env.h"

/* More than anybody types; the table of a verb that needs more is wrong. */
#define MAX_OPTIONS	32
/* Values of an option that may be repeated. */
#define MAX_REPEATS	64

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_NUMBER,
	OPTION_SIZE,
	OPTION_LIST,
};

/**
 * struct text_list - values of an option that may be repeated
 * @nr: how many
 * @text: the values, part of argv
 */
struct text_list {
	unsigned int nr;
	const char *text[MAX_REPEATS];
};

/**
 * struct option_spec - an option; make it with the macros below
 * @name: long name without "--"
 * @letter: short name, or 0
 * @kind: says which member of the union counts
 * @arg: name of the value for --help, "" for a flag
 * @help: half a sentence
 * @to: where the value goes
 */
struct option_spec {
	const char *name;
	char letter;
	enum option_kind kind;
	const char *arg;
	const char *help;
	union {
		bool *flag;
		const char **text;
		u64 *number;
		struct text_list *list;
	} to;
};

#define OPT_FLAG(name, letter, help, where) \
	{ name, letter, OPTION_FLAG, "", help, { .flag = where } }
#define OPT_TEXT(name, letter, arg, help, where) \
	{ name, letter, OPTION_TEXT, arg, help, { .text = where } }
/* A plain decimal number. */
#define OPT_NUMBER(name, letter, arg, help, where) \
	{ name, letter, OPTION_NUMBER, arg, help, { .number = where } }
/* Bytes, perhaps with a suffix as in units.h. */
#define OPT_SIZE(name, letter, arg, help, where) \
	{ name, letter, OPTION_SIZE, arg, help, { .number = where } }
#define OPT_LIST(name, letter, arg, help, where) \
	{ name, letter, OPTION_LIST, arg, help, { .list = where } }
#define OPT_END	{ NULL, 0, OPTION_FLAG, NULL, NULL, { .flag = NULL } }

/**
 * options_parse() - read the options of a command line
 * @specs: the options there are, ended by OPT_END
 * @argc: number of words
 * @argv: the words; options are moved before the others
 *
 * What is wrong has been said when it returns.
 *
 * Return: the index of the first word that is no option; -1 if the line is wrong.
 */
int options_parse(const struct option_spec *specs, int argc, char **argv);

/**
 * options_help() - print the options, a line or more for each
 * @specs: the options there are, ended by OPT_END
 */
void options_help(const struct option_spec *specs);

#endif
