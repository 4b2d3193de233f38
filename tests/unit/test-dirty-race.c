// SPDX-License-Identifier: GPL-2.0-only
/*
 * The summary of the dirty bitmap when a setter and the sweeper meet: the code
 * is compiled here with a hook before each of its accesses to memory that both
 * share, and the setter's two steps are put at every pair of places. This shows
 * the order of operations to be right; that the processor keeps to it is the
 * kernel's promise for test_and_*_bit().
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "env.h"

#define GRANULE	70u		/* in the second word */

static struct {
	unsigned long *bits;
	unsigned long *summary;
	u32 now;
	u32 when_bit;
	u32 when_summary;
} setter;

/* What sc_dirty_set() does, apart. */
static void hook(void)
{
	u32 now = setter.now++;

	if (now == setter.when_bit)
		set_bit(GRANULE, setter.bits);
	if (now == setter.when_summary)
		set_bit(GRANULE / BITS_PER_LONG, setter.summary);
}

static bool hooked_clear(unsigned long n, unsigned long *map)
{
	bool old;

	hook();
	old = test_and_clear_bit(n, map);
	hook();
	return old;
}

static bool hooked_set(unsigned long n, unsigned long *map)
{
	bool old;

	hook();
	old = test_and_set_bit(n, map);
	hook();
	return old;
}

#undef READ_ONCE
#define READ_ONCE(x)	(hook(), (x))
#define test_and_clear_bit	hooked_clear
#define test_and_set_bit	hooked_set
#include "../../src/core/dirty.c"
#undef test_and_clear_bit
#undef test_and_set_bit

/*
 * The second word's summary is set and the word empty: the sweeper drops it.
 *
 * Return: how many places a setter could come in.
 */
static u32 race(u32 when_bit, u32 when_summary)
{
	struct sc_geom g = { .nr_slots = 1, .nr_oblocks = 128 };
	struct sc_dirty *d = sc_dirty_create(&g);
	u32 found, places;

	assert_non_null(d);
	set_bit(GRANULE / BITS_PER_LONG, d->summary);
	setter.bits = d->bits;
	setter.summary = d->summary;
	setter.now = 0;
	setter.when_bit = when_bit;
	setter.when_summary = when_summary;
	found = sc_dirty_next(d, 0);
	places = setter.now;
	/* The setter comes to its end, if it had not yet. */
	while (setter.now <= when_summary && when_summary != SC_NO_GRANULE)
		hook();
	if (when_bit != SC_NO_GRANULE) {
		assert_true(found == GRANULE || found == SC_NO_GRANULE);
		assert_int_equal(sc_dirty_next(d, 0), GRANULE);
	} else {
		assert_int_equal(found, SC_NO_GRANULE);
		assert_false(test_bit(GRANULE / BITS_PER_LONG, d->summary));
	}
	sc_dirty_destroy(d);
	return places;
}

static void test_setter_anywhere(void **state)
{
	u32 places = race(SC_NO_GRANULE, SC_NO_GRANULE), bit, summary;

	(void)state;
	assert_in_range(places, 3, 100);
	for (bit = 0; bit <= places + 2; bit++)
		for (summary = bit; summary <= places + 4; summary++)
			race(bit, summary);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_setter_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
