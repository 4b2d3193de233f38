/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * All that the command prints: messages, text, tables, progress, JSON. Nothing
 * else prints. Messages go to standard error, results to standard output.
 * Whatever was not written by us (names, paths, errors) is stripped of control
 * characters on its way.
 *
 * DOC: one model, two looks
 *
 * A verb makes its result as JSON, an object or an array of objects, and says
 * by struct column how it looks to people. With --json the JSON itself is
 * printed; so both always tell the same.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_REPORT_H
#define SC_TOOLS_REPORT_H

#include <json.h>

#include "env.h"

/* ---- messages -------------------------------------------------------------- */

/**
 * report_begin() - begin, or go down to a verb
 * @word: the program's name, then the verb; messages begin with these
 */
void report_begin(const char *word);

/**
 * report_name() - the words given to report_begin()
 *
 * Return: "ssdcache create" or the like.
 */
const char *report_name(void);

/**
 * report_error() - say what went wrong, once
 * @fmt: as for printf, no newline
 */
__printf(1, 2) void report_error(const char *fmt, ...);

/**
 * report_warning() - say what the user should know though it is no failure
 * @fmt: as for printf, no newline
 */
__printf(1, 2) void report_warning(const char *fmt, ...);

/**
 * report_note() - say what is done, on standard error, not with --json
 * @fmt: as for printf, no newline
 */
__printf(1, 2) void report_note(const char *fmt, ...);

/**
 * report_end() - see that all was written
 *
 * Return: 0, or -EIO if standard output did not take all; that was said then.
 */
int __must_check report_end(void);

/* ---- text ------------------------------------------------------------------ */

/**
 * report_text() - a line on standard output
 * @fmt: as for printf, no newline
 */
__printf(1, 2) void report_text(const char *fmt, ...);

/**
 * report_paragraph() - text, broken to fit the terminal
 * @text: words
 */
void report_paragraph(const char *text);

/**
 * report_item() - a word and what it means, broken to fit the terminal
 * @name: the word
 * @text: what it means
 */
void report_item(const char *name, const char *text);

/* ---- results --------------------------------------------------------------- */

enum cell_kind {
	CELL_TEXT,	/* a string */
	CELL_NUMBER,	/* all digits */
	CELL_COUNT,	/* a number, rounded for people */
	CELL_SIZE,	/* bytes, rounded for people */
	CELL_PERCENT,	/* a number */
};

/**
 * struct column - how a member of the result looks to people
 * @key: the JSON object's key
 * @title: what stands above the column or before the value
 * @kind: how the value is written
 * @rank: on narrow terminals columns of the highest rank go first; those of rank
 *	0 stay
 * @is_bad: whether a value deserves attention, or NULL
 */
struct column {
	const char *key;
	const char *title;
	enum cell_kind kind;
	unsigned int rank;
	bool (*is_bad)(struct json_object *value);
};

#define COLUMN_END	{ NULL, NULL, CELL_TEXT, 0, NULL }

/**
 * report_json() - choose the look
 * @on: JSON
 */
void report_json(bool on);

/**
 * report_is_json() - the look chosen
 *
 * Return: true for JSON.
 */
bool report_is_json(void);

/**
 * report_table() - print an array of objects, a line for each
 * @columns: ended by COLUMN_END
 * @rows: the array; its reference is dropped
 */
void report_table(const struct column *columns, struct json_object *rows);

/**
 * report_fields() - print an object, a line for each member
 * @columns: ended by COLUMN_END; members that are not there are left out
 * @object: the object; its reference is dropped
 */
void report_fields(const struct column *columns, struct json_object *object);

/**
 * report_object() - print an object with --json, and nothing without
 * @object: the object; its reference is dropped
 */
void report_object(struct json_object *object);

/* ---- progress -------------------------------------------------------------- */

/**
 * report_progress() - show how far it is, if standard error is a terminal
 * @what: what is done, a word or two
 * @done: how much is done
 * @total: of how much; 0: nobody knows
 */
void report_progress(const char *what, u64 done, u64 total);

/**
 * report_progress_end() - take the bar away
 */
void report_progress_end(void);

/* ---- the terminal (report-term.c) ------------------------------------------ */

/**
 * term_width() - columns to use
 *
 * Return: the terminal's width; $COLUMNS, else 80, if it is none.
 */
unsigned int term_width(void);

/**
 * term_has_colour() - whether to use colour
 * @fd: where
 *
 * Return: true if @fd is a terminal, TERM is not dumb and NO_COLOR not set.
 */
bool term_has_colour(int fd);

/**
 * screen_begin() - what is printed from now on replaces what was before
 *
 * On a terminal only; otherwise frames follow each other.
 */
void screen_begin(void);

/**
 * screen_frame() - a frame is complete: show it
 */
void screen_frame(void);

/**
 * screen_wait() - until the next frame is due
 * @seconds: how long; less if the terminal's size changes
 *
 * Return: false if the user wants to end it (q, or an interrupt).
 */
bool screen_wait(double seconds);

/**
 * screen_end() - leave the terminal as it was
 */
void screen_end(void);

#endif
