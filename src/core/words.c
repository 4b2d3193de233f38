// SPDX-License-Identifier: GPL-2.0-only
/*
 * A source of words: an argument vector or a line.
 */
#include "text.h"
#include "words.h"

void sc_words_from_args(struct sc_words *w, unsigned int argc, char **argv)
{
	w->argv = argv;
	w->argc = argc;
	w->line = NULL;
}

void sc_words_from_line(struct sc_words *w, const char *line)
{
	w->argv = NULL;
	w->argc = 0;
	w->line = line;
}

static bool is_space(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *next_of_line(struct sc_words *w)
{
	size_t len = 0;

	while (is_space(*w->line))
		w->line++;
	if (!*w->line)
		return NULL;
	for (; *w->line && !is_space(*w->line); w->line++)
		if (len < sizeof(w->word))
			w->word[len++] = *w->line;
	if (len == sizeof(w->word)) {
		w->word[len - 2] = '~';
		len--;
	}
	w->word[len] = '\0';
	return w->word;
}

const char *sc_words_next(struct sc_words *w)
{
	if (w->line)
		return next_of_line(w);
	if (!w->argc)
		return NULL;
	w->argc--;
	return *w->argv++;
}

const char *sc_words_need(struct sc_words *w, const char *what,
			  struct sc_reason *why)
{
	const char *word = sc_words_next(w);

	if (!word)
		sc_reason_set(why, "the line ends before the %s", what);
	return word;
}

int sc_words_number(struct sc_words *w, const char *what, u64 max, u64 *value,
		    struct sc_reason *why)
{
	const char *word = sc_words_need(w, what, why);
	u64 v;

	if (!word)
		return -EINVAL;
	if (sc_text_to_u64(word, &v) || v > max) {
		sc_reason_set(why, "%s: must be a number from 0 to %llu, got '%.32s'",
			      what, (unsigned long long)max, word);
		return -EINVAL;
	}
	*value = v;
	return 0;
}

int sc_words_end(struct sc_words *w, struct sc_reason *why)
{
	const char *word = sc_words_next(w);

	if (!word)
		return 0;
	sc_reason_set(why, "the line should end before '%.32s'", word);
	return -EINVAL;
}
