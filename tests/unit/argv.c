// SPDX-License-Identifier: GPL-2.0-only
/*
 * A line cut into the argument vector that dm would hand over.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "argv.h"

void args_split(struct args *a, const char *line)
{
	char *word;

	assert_true(strlen(line) < sizeof(a->text));
	memcpy(a->text, line, strlen(line) + 1);
	a->argc = 0;
	for (word = strtok(a->text, " "); word; word = strtok(NULL, " ")) {
		assert_true(a->argc < ARGS_MAX);
		a->argv[a->argc++] = word;
	}
}
