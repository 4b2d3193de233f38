// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names and words of systemd's unit files, see systemd.unit(5) and
 * systemd.service(5).
 */
#include <ctype.h>

#include "unit.h"

static bool is_plain(char c, bool first)
{
	return isalnum((unsigned char)c) || c == ':' || c == '_' ||
	       (c == '.' && !first);
}

int unit_escape(const char *text, char *name)
{
	char *end = name + UNIT_NAME_BYTES - sizeof("\\x00");
	char *to = name;

	text += strspn(text, "/");
	for (; *text; text++) {
		if (to >= end)
			return -ENAMETOOLONG;
		if (*text == '/') {
			if (text[1] && text[1] != '/')
				*to++ = '-';
		} else if (is_plain(*text, to == name)) {
			*to++ = *text;
		} else {
			to += sprintf(to, "\\x%02x", (unsigned char)*text);
		}
	}
	*to = '\0';
	return 0;
}

void unit_quote(FILE *f, const char *word)
{
	fputc('"', f);
	for (; *word; word++) {
		if (*word == '%' || *word == '$')
			fputc(*word, f);
		if (*word == '"' || *word == '\\' || iscntrl((unsigned char)*word))
			fprintf(f, "\\x%02x", (unsigned char)*word);
		else
			fputc(*word, f);
	}
	fputc('"', f);
}
