/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A source of words: an argument vector or a line. It lets one parser read both
 * a table line and the like parts of a status line.
 */
#ifndef SC_WORDS_H
#define SC_WORDS_H

#include "reason.h"

/* Room for "<key>=<uuid>", the longest word there is, and to spare. */
#define SC_WORD_BYTES	128u

/**
 * struct sc_words - words not yet read
 * @argv: the next ones, or NULL if they come from a line
 * @argc: how many
 * @line: the rest of the line
 * @word: a copy of the line's last word
 */
struct sc_words {
	char **argv;
	unsigned int argc;
	const char *line;
	char word[SC_WORD_BYTES];
};

/**
 * sc_words_from_args() - read words from an argument vector
 * @w: the source
 * @argc: how many
 * @argv: the words; not changed
 *
 * Context: any.
 */
void sc_words_from_args(struct sc_words *w, unsigned int argc, char **argv);

/**
 * sc_words_from_line() - read words from a line
 * @w: the source
 * @line: words separated by white space; not changed, must live as long as @w
 *
 * Context: any.
 */
void sc_words_from_line(struct sc_words *w, const char *line);

/**
 * sc_words_next() - the next word
 * @w: the source
 *
 * A word of a line that is SC_WORD_BYTES long or longer is cut and ends in '~',
 * which occurs in no valid word: it cannot be taken for something else.
 *
 * Context: any.
 * Return: the word, valid until the next call; NULL at the end.
 */
const char *sc_words_next(struct sc_words *w);

/**
 * sc_words_need() - the next word, which must be there
 * @w: the source
 * @what: what it is, for the reason
 * @why: the reason if there is none, or NULL
 *
 * Context: any.
 * Return: the word, valid until the next call; NULL at the end.
 */
const char *sc_words_need(struct sc_words *w, const char *what,
			  struct sc_reason *why);

/**
 * sc_words_number() - the next word, which must be a number in a range
 * @w: the source
 * @what: what it is, for the reason
 * @max: the largest allowed; the least is 0
 * @value: the result, left alone on failure
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if it is missing, no number or too large.
 */
int __must_check sc_words_number(struct sc_words *w, const char *what, u64 max,
				 u64 *value, struct sc_reason *why);

/**
 * sc_words_end() - there must be no more words
 * @w: the source
 * @why: the reason of failure, or NULL
 *
 * Context: any.
 * Return: 0; -EINVAL if there are more.
 */
int __must_check sc_words_end(struct sc_words *w, struct sc_reason *why);

#endif
