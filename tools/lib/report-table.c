// SPDX-License-Identifier: GPL-2.0-only
/*
 * Results: JSON, or tables and fields made of it.
 */
#include <unistd.h>

#include "report-priv.h"
#include "report.h"
#include "units.h"

#define MAX_COLUMNS	64
#define CELL_BYTES	256
#define GAP		2u

#define RED	"\033[1;31m"
#define BOLD	"\033[1m"
#define PLAIN	"\033[0m"

static bool as_json;

void report_json(bool on)
{
	as_json = on;
}

bool report_is_json(void)
{
	return as_json;
}

static void print_json(struct json_object *o)
{
	fprintf(report_out, "%s\n",
		json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY |
					       JSON_C_TO_STRING_SPACED |
					       JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(o);
}

void report_object(struct json_object *object)
{
	if (as_json)
		print_json(object);
	else
		json_object_put(object);
}

/* ---- cells ----------------------------------------------------------------- */

static void cell_text(const struct column *c, struct json_object *v, char *buf)
{
	char unit[UNIT_BYTES];

	if (!v) {
		scnprintf(buf, CELL_BYTES, "-");
		return;
	}
	switch (c->kind) {
	case CELL_COUNT:
		scnprintf(buf, CELL_BYTES, "%s",
			  count_format(json_object_get_double(v), unit));
		break;
	case CELL_SIZE:
		scnprintf(buf, CELL_BYTES, "%s",
			  size_format(json_object_get_uint64(v), unit));
		break;
	case CELL_PERCENT:
		scnprintf(buf, CELL_BYTES, "%.1f%%", json_object_get_double(v));
		break;
	default:
		scnprintf(buf, CELL_BYTES, "%s", json_object_get_string(v));
	}
	report_clean(buf);
}

static struct json_object *member(struct json_object *row, const char *key)
{
	struct json_object *v = NULL;

	json_object_object_get_ex(row, key, &v);
	return v;
}

static void print_cell(const struct column *c, struct json_object *v, int width)
{
	bool bad = v && c->is_bad && c->is_bad(v) &&
		   term_has_colour(STDOUT_FILENO);
	char buf[CELL_BYTES];

	cell_text(c, v, buf);
	if (bad)
		fputs(RED, report_out);
	fprintf(report_out, "%*s", width, buf);
	if (bad)
		fputs(PLAIN, report_out);
}

/* ---- tables ---------------------------------------------------------------- */

/* The widths of columns; 0: not shown. */
struct widths {
	unsigned int of[MAX_COLUMNS];
	unsigned int nr;
};

static void measure(struct widths *w, const struct column *columns,
		    struct json_object *rows)
{
	char buf[CELL_BYTES];
	size_t row, nr_rows = json_object_array_length(rows);
	const struct column *c;

	w->nr = 0;
	for (c = columns; c->key; c++) {
		unsigned int *width = &w->of[w->nr++];

		assert(w->nr < MAX_COLUMNS);
		*width = (unsigned int)strlen(c->title);
		for (row = 0; row < nr_rows; row++) {
			cell_text(c, member(json_object_array_get_idx(rows, row),
					    c->key), buf);
			*width = max_t(unsigned int, *width, strlen(buf));
		}
	}
}

static unsigned int line_width(const struct widths *w)
{
	unsigned int i, sum = 0;

	for (i = 0; i < w->nr; i++)
		if (w->of[i])
			sum += w->of[i] + (sum ? GAP : 0);
	return sum;
}

/* Leave out columns, the least important first, until it fits. */
static void narrow(struct widths *w, const struct column *columns)
{
	unsigned int i, worst;

	while (line_width(w) > term_width()) {
		worst = 0;
		for (i = 1; i < w->nr; i++)
			if (w->of[i] && (!w->of[worst] ||
			    columns[i].rank >= columns[worst].rank))
				worst = i;
		if (!columns[worst].rank)
			return;
		w->of[worst] = 0;
	}
}

static bool is_left(const struct column *c)
{
	return c->kind == CELL_TEXT;
}

/* The last column shown; nothing is padded behind it. */
static unsigned int last_shown(const struct widths *w)
{
	unsigned int i, last = 0;

	for (i = 0; i < w->nr; i++)
		if (w->of[i])
			last = i;
	return last;
}

static int padded(const struct widths *w, const struct column *c,
		  unsigned int i)
{
	if (!is_left(c))
		return (int)w->of[i];
	return i == last_shown(w) ? 0 : -(int)w->of[i];
}

static void print_titles(const struct widths *w, const struct column *columns)
{
	bool bold = term_has_colour(STDOUT_FILENO), first = true;
	unsigned int i;

	if (bold)
		fputs(BOLD, report_out);
	for (i = 0; i < w->nr; i++) {
		if (!w->of[i])
			continue;
		fprintf(report_out, "%*s%*s", first ? 0 : GAP, "",
			padded(w, &columns[i], i), columns[i].title);
		first = false;
	}
	fprintf(report_out, "%s\n", bold ? PLAIN : "");
}

static void print_row(const struct widths *w, const struct column *columns,
		      struct json_object *row)
{
	bool first = true;
	unsigned int i;

	for (i = 0; i < w->nr; i++) {
		if (!w->of[i])
			continue;
		fprintf(report_out, "%*s", first ? 0 : GAP, "");
		print_cell(&columns[i], member(row, columns[i].key),
			   padded(w, &columns[i], i));
		first = false;
	}
	fputc('\n', report_out);
}

void report_table(const struct column *columns, struct json_object *rows)
{
	size_t i, nr = json_object_array_length(rows);
	struct widths w;

	if (as_json) {
		print_json(rows);
		return;
	}
	measure(&w, columns, rows);
	narrow(&w, columns);
	print_titles(&w, columns);
	for (i = 0; i < nr; i++)
		print_row(&w, columns, json_object_array_get_idx(rows, i));
	json_object_put(rows);
}

void report_fields(const struct column *columns, struct json_object *object)
{
	unsigned int width = 0;
	struct json_object *v;
	const struct column *c;

	if (as_json) {
		print_json(object);
		return;
	}
	for (c = columns; c->key; c++)
		if (member(object, c->key))
			width = max_t(unsigned int, width, strlen(c->title));
	for (c = columns; c->key; c++) {
		v = member(object, c->key);
		if (!v)
			continue;
		fprintf(report_out, "%-*s  ", (int)width, c->title);
		print_cell(c, v, 0);
		fputc('\n', report_out);
	}
	json_object_put(object);
}
