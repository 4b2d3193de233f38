// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages and plain text.
 */
#include "report-priv.h"
#include "report.h"

#define MESSAGE_BYTES	2048
/* Where the text of an item begins. */
#define ITEM_COLUMN	26u
#define ITEM_INDENT	2u

FILE *report_out;
static char name[80];

void report_clean(char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < ' ' || *text == 0x7f)
			*text = '?';
}

void report_begin(const char *word)
{
	size_t len = strlen(name);

	if (!report_out)
		report_out = stdout;
	scnprintf(name + len, sizeof(name) - len, "%s%s", len ? " " : "", word);
}

const char *report_name(void)
{
	return name;
}

__printf(2, 0)
static void message(const char *kind, const char *fmt, va_list args)
{
	char text[MESSAGE_BYTES];

	report_progress_end();
	vscnprintf(text, sizeof(text), fmt, args);
	report_clean(text);
	fflush(report_out);
	fprintf(stderr, "%s: %s%s\n", name, kind, text);
}

void report_error(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message("", fmt, args);
	va_end(args);
}

void report_warning(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	message("warning: ", fmt, args);
	va_end(args);
}

void report_note(const char *fmt, ...)
{
	va_list args;

	if (report_is_json())
		return;
	va_start(args, fmt);
	message("", fmt, args);
	va_end(args);
}

int report_end(void)
{
	report_progress_end();
	screen_end();
	if (!ferror(stdout) && !fflush(stdout))
		return 0;
	report_error("cannot write to standard output: %s", strerror(errno));
	return -EIO;
}

/* ---- text ------------------------------------------------------------------ */

void report_text(const char *fmt, ...)
{
	char text[MESSAGE_BYTES];
	va_list args;

	va_start(args, fmt);
	vscnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	report_clean(text);
	fprintf(report_out, "%s\n", text);
}

/* Words from column @at on, further lines beginning at column @indent. */
static void wrap(const char *text, unsigned int at, unsigned int indent)
{
	unsigned int width = max(term_width(), indent + 20);
	bool first = true;
	int len;

	for (text += strspn(text, " "); *text; text += strspn(text, " ")) {
		len = (int)strcspn(text, " ");
		if (!first && at + 1 + len >= width) {
			fprintf(report_out, "\n%*s", indent, "");
			at = indent;
		} else if (!first) {
			fputc(' ', report_out);
			at++;
		}
		fprintf(report_out, "%.*s", len, text);
		at += len;
		text += len;
		first = false;
	}
	fputc('\n', report_out);
}

void report_paragraph(const char *text)
{
	wrap(text, 0, 0);
}

void report_item(const char *item, const char *text)
{
	unsigned int indent = term_width() < 60 ? 8 : ITEM_COLUMN;
	unsigned int len = ITEM_INDENT + (unsigned int)strlen(item);

	fprintf(report_out, "%*s%s", ITEM_INDENT, "", item);
	if (len + 2 > indent)
		fprintf(report_out, "\n%*s", indent, "");
	else
		fprintf(report_out, "%*s", indent - len, "");
	wrap(text, indent, indent);
}
