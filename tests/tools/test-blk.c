// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of devices. /dev/stdin is a link that is there without any disk.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "lib/blk.h"

/* ssdcache create has the name that was given replaced. */
static void test_stable_path_in_place(void **state)
{
	char path[PATH_MAX] = "/dev/stdin";
	struct blk b = { .path = path };

	(void)state;
	assert_true(blk_stable_path(&b, path));
	assert_string_equal(path, "/dev/stdin");
}

static void test_no_stable_path(void **state)
{
	char path[PATH_MAX] = "/nowhere/disk";
	/* No device has this number. */
	struct blk b = { .path = path, .number = (dev_t)-1 };

	(void)state;
	assert_false(blk_stable_path(&b, path));
	assert_string_equal(path, "/nowhere/disk");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stable_path_in_place),
		cmocka_unit_test(test_no_stable_path),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
