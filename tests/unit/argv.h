/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A line cut into the argument vector that dm would hand over.
 */
#ifndef TEST_ARGV_H
#define TEST_ARGV_H

#define ARGS_MAX	128

/** struct args - the words and where they stand */
struct args {
	unsigned int argc;
	char *argv[ARGS_MAX];
	char text[4096];
};

/**
 * args_split() - cut a line at its spaces
 * @a: the result
 * @line: the line; fails the test if it is too long
 */
void args_split(struct args *a, const char *line);

#endif
