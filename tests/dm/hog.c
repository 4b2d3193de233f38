// SPDX-License-Identifier: GPL-2.0-only
/*
 * hog: use so much memory that much of it is swapped out, and see that it comes
 * back as it was.
 *
 *	hog MIB [SEED]
 *
 * Each page holds its number and how often it was written; pages are drawn at
 * random, looked at and written again until SIGTERM. Prints how many were, and
 * fails at the first that is not what it was.
 */
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#define PAGE_WORDS	512u

static atomic_int stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static uint64_t next(uint64_t *random)
{
	*random ^= *random << 13;
	*random ^= *random >> 7;
	*random ^= *random << 17;
	return *random;
}

static void fill(uint64_t *page, uint64_t number, uint64_t version)
{
	unsigned int i;

	for (i = 0; i < PAGE_WORDS; i++)
		page[i] = number << 40 ^ version << 10 ^ i;
}

static int holds(const uint64_t *page, uint64_t number, uint64_t version)
{
	unsigned int i;

	for (i = 0; i < PAGE_WORDS; i++)
		if (page[i] != (number << 40 ^ version << 10 ^ i))
			return 0;
	return 1;
}

int main(int argc, char **argv)
{
	uint64_t nr = argc > 1 ? strtoull(argv[1], NULL, 0) * 256 : 0;
	uint64_t random = (argc > 2 ? strtoull(argv[2], NULL, 0) : 1) | 1;
	uint64_t *pages, *versions, done, i;

	signal(SIGTERM, on_term);
	versions = calloc(nr + 1, sizeof(*versions));
	pages = mmap(NULL, nr * PAGE_WORDS * 8 + 1, PROT_READ | PROT_WRITE,
		     MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (!nr || !versions || pages == MAP_FAILED) {
		puts("hog: how much?");
		return 2;
	}
	for (i = 0; i < nr && !stop; i++)
		fill(pages + i * PAGE_WORDS, i, 0);
	for (done = 0; !stop; done++) {
		i = next(&random) % nr;
		if (!holds(pages + i * PAGE_WORDS, i, versions[i])) {
			printf("hog: page %lu is not what was written\n",
			       (unsigned long)i);
			return 1;
		}
		fill(pages + i * PAGE_WORDS, i, ++versions[i]);
	}
	printf("%lu pages of %lu\n", (unsigned long)done, (unsigned long)nr);
	return 0;
}
