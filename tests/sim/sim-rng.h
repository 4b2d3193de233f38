/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Streams of random numbers that can be had again, see ../seed.h. A stream is
 * a value: copies of it go on independently.
 */
#ifndef SIM_RNG_H
#define SIM_RNG_H

#include "env.h"

#include "../seed.h"

/** struct rng - a stream; any @state begins one */
struct rng {
	u64 state;
};

/** rng_begin() - a stream that begins where SEED says; prints it */
static inline struct rng rng_begin(const char *test)
{
	return (struct rng){ .state = test_seed(test) };
}

/* SplitMix64, after Steele, Lea and Flood (2014). */
static inline u64 rng_next(struct rng *rng)
{
	u64 z = rng->state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/** rng_below() - the next number, below @n, which is not 0 */
static inline u64 rng_below(struct rng *rng, u64 n)
{
	return rng_next(rng) % n;
}

#endif
