// SPDX-License-Identifier: GPL-2.0-only
/*
 * Print the rate of this processor's time stamp counter in kHz. An emulated guest
 * has the same counter; left to itself it compares it with an emulated timer, which
 * on a busy machine may be wrong thirtyfold.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

#define NSEC_PER_SEC	1000000000ull
#define LONG_ENOUGH	(NSEC_PER_SEC / 20)

struct moment {
	uint64_t ticks;
	uint64_t ns;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_RAW, &t);
	return (uint64_t)t.tv_sec * NSEC_PER_SEC + (uint64_t)t.tv_nsec;
}

/* Both clocks at one moment: of many looks the one that was disturbed least. */
static struct moment look(void)
{
	struct moment best = { 0 };
	uint64_t least = UINT64_MAX, begin, end, ns;
	int n;

	for (n = 0; n < 100; n++) {
		begin = __rdtsc();
		ns = now_ns();
		end = __rdtsc();
		if (end - begin < least) {
			least = end - begin;
			best.ticks = begin + least / 2;
			best.ns = ns;
		}
	}
	return best;
}

int main(void)
{
	struct moment a = look(), b;

	do
		b = look();
	while (b.ns - a.ns < LONG_ENOUGH);
	printf("%llu\n", (unsigned long long)((b.ticks - a.ticks) * 1000000 /
					      (b.ns - a.ns)));
	return 0;
}
