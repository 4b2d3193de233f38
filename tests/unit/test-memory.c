// SPDX-License-Identifier: GPL-2.0-only
/*
 * What allocates, without memory: each allocation fails in turn, the maker
 * says so, and what it had by then is given back (AddressSanitizer looks).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "dirty.h"
#include "geometry.h"
#include "map.h"
#include "memory.h"
#include "meta.h"
#include "policy.h"

static struct sc_geom geom(u8 nr_subs)
{
	struct sc_geom g;

	assert_int_equal(sc_geom_init(&g, 8 * nr_subs, 1000000, 100000, NULL),
			 0);
	return g;
}

static bool make_map(u8 nr_subs)
{
	struct sc_geom g = geom(nr_subs);
	struct sc_map *m = sc_map_create(&g);

	sc_map_destroy(m);
	return m;
}

static bool make_small_map(void)
{
	return make_map(1);
}

static bool make_large_map(void)
{
	return make_map(16);
}

static bool make_dirty(void)
{
	struct sc_geom g = geom(1);
	struct sc_dirty *d = sc_dirty_create(&g);

	sc_dirty_destroy(d);
	return d;
}

static bool make_meta(void)
{
	static const struct sc_meta_io io;
	struct sc_meta_params p = {
		.metadata_sectors = 4096,
		.cache_sectors = 100000,
		.origin_sectors = 1000000,
		.block_sectors = 8,
	};
	struct sc_meta *m = sc_meta_create(&io, NULL, &p);

	sc_meta_destroy(m);
	return m;
}

static struct sc_map *policy_map;

static bool make_policy(void)
{
	struct sc_policy *p = sc_policy_create("s3fifo", policy_map, 10, 50);

	sc_policy_destroy(p);
	return p;
}

/* Returns how many allocations there are. */
static unsigned int fail_each(bool (*make)(void))
{
	unsigned int n = 0;
	bool made;

	do {
		memory_fails(++n);
		made = make();
		memory_fails(0);
		assert_true(n < 100);
	} while (!made);
	assert_true(make());
	return n - 1;
}

static void test_map(void **state)
{
	(void)state;
	assert_int_equal(fail_each(make_large_map),
			 fail_each(make_small_map) + 1);
}

static void test_dirty(void **state)
{
	(void)state;
	assert_int_equal(fail_each(make_dirty), 3);
}

static void test_meta(void **state)
{
	(void)state;
	assert_int_equal(fail_each(make_meta), 8);
}

static void test_policy(void **state)
{
	struct sc_geom g = geom(1);

	(void)state;
	policy_map = sc_map_create(&g);
	assert_non_null(policy_map);
	assert_int_equal(fail_each(make_policy), 3);
	sc_map_destroy(policy_map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map),
		cmocka_unit_test(test_dirty),
		cmocka_unit_test(test_meta),
		cmocka_unit_test(test_policy),
	};

	return cmocka_run_group_tests_name("memory", tests, NULL, NULL);
}
