// SPDX-License-Identifier: GPL-2.0-only
/*
 * Inputs as text.
 */
#include "fuzz.h"

char *fuzz_line(const u8 *data, size_t size)
{
	char *line = malloc(size + 1);

	assert(line);
	memcpy(line, data, size);
	line[size] = '\0';
	return line;
}

unsigned int fuzz_split(char *line, char *argv[FUZZ_WORDS])
{
	unsigned int n = 0;
	char *rest = NULL, *word = strtok_r(line, "\n ", &rest);

	for (; word && n < FUZZ_WORDS; word = strtok_r(NULL, "\n ", &rest))
		argv[n++] = word;
	return n;
}
