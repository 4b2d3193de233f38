/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the random numbers of a test begin. The same for everybody unless SEED
 * in the environment says otherwise: a number, or the word "random".
 */
#ifndef TEST_SEED_H
#define TEST_SEED_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/** test_seed() - the seed, which is printed: "# [@test: ]SEED=number" */
static inline uint64_t test_seed(const char *test)
{
	const char *word = getenv("SEED");
	uint64_t seed = 1;

	if (word && !strcmp(word, "random"))
		seed = (uint64_t)time(NULL) << 16 ^ (uint64_t)getpid();
	else if (word && *word)
		seed = strtoull(word, NULL, 0);
	printf("# %s%sSEED=%llu\n", test ? test : "", test ? ": " : "",
	       (unsigned long long)seed);
	fflush(stdout);
	return seed;
}

#endif
