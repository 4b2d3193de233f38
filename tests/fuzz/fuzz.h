/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the fuzz targets have in common.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include "image.h"

/** struct bytes - the input not yet used; zeroes follow it */
struct bytes {
	const u8 *p;
	size_t nr;
};

static inline u64 take(struct bytes *in, u32 nr)
{
	u64 value = 0;
	u32 i;

	for (i = 0; i < nr && in->nr; i++, in->nr--)
		value |= (u64)*in->p++ << (8 * i);
	return value;
}

/** fuzz_must() - end the program unless a property holds, and say which */
#define fuzz_must(cond, ...) do { \
	if (!(cond)) { \
		fprintf(stderr, "property broken: " __VA_ARGS__); \
		fprintf(stderr, "\n"); \
		abort(); \
	} \
} while (0)

/** fuzz_image() - the devices that an input describes, valid until the next */
struct image *fuzz_image(struct bytes *in);

/** fuzz_load() - load them as a cache would, work with them, load them again */
void fuzz_load(struct image *img, bool repair);

/** fuzz_line() - the input as a line of text; free() it */
char *fuzz_line(const u8 *data, size_t size);

#define FUZZ_WORDS 256

/** fuzz_split() - cut a line at its spaces, in place; how many words */
unsigned int fuzz_split(char *line, char *argv[FUZZ_WORDS]);

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);

#endif
