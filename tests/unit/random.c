// SPDX-License-Identifier: GPL-2.0-only
/*
 * Random numbers that can be had again, see ../seed.h.
 */
#include "../seed.h"
#include "random.h"

static uint64_t state = 1;

void random_seed(void)
{
	state = test_seed(NULL);
}

/* SplitMix64, after Steele, Lea and Flood (2014). */
uint64_t random_u64(void)
{
	uint64_t z = state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

uint32_t random_below(uint32_t n)
{
	return (uint32_t)((random_u64() >> 32) * n >> 32);
}
