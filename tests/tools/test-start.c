// SPDX-License-Identifier: GPL-2.0-only
/*
 * What start does, for all that the state file may say, with and without the fast
 * device, and whatever the user agrees to. Devices are made up: what would be
 * done to them is noted.
 */
#include <setjmp.h>
#include <unistd.h>

#include "cache.h"
#include "exit.h"
#include "report.h"
#include "start.h"
#include "state.h"

#include <cmocka.h>

/* What start did. */
static struct {
	bool forgot;
	bool whole;
	bool alone;
	struct state at_start;	/* what the file said when the device was made */
	bool dirty;		/* the cache says so when it runs */
	bool turned;		/* to writeback, when it is asked again */
	unsigned int nr_asked;
	bool renewed;		/* a new initramfs was asked for */
	bool missing;
} world;

static struct tab_entry e;

bool __wrap_blk_exists(const char *path);
int __wrap_cache_run(const char *name, enum cache_run *run);
int __wrap_cache_need_target(void);
int __wrap_cache_open(const struct tab_entry *t, struct cache_devices *d,
		      struct sc_reason *why);
int __wrap_cache_fits(const struct tab_entry *t, const struct cache_devices *d,
		      struct sc_reason *why);
int __wrap_cache_forget(const struct tab_entry *t);
int __wrap_cache_activate(const struct tab_entry *t,
			  const struct cache_devices *d);
int __wrap_cache_activate_alone(const struct tab_entry *t);
int __wrap_cache_status(const char *name, struct sc_status_info *info);
int __wrap_program_run(const char *const *argv, char **output);

bool __wrap_blk_exists(const char *path)
{
	return !world.missing || strcmp(path, e.cache);
}

int __wrap_cache_run(const char *name, enum cache_run *run)
{
	(void)name;
	*run = CACHE_STOPPED;
	return 0;
}

int __wrap_cache_need_target(void)
{
	return 0;
}

int __wrap_cache_open(const struct tab_entry *t, struct cache_devices *d,
		      struct sc_reason *why)
{
	(void)t;
	(void)why;
	memset(d, 0, sizeof(*d));
	return 0;
}

int __wrap_cache_fits(const struct tab_entry *t, const struct cache_devices *d,
		      struct sc_reason *why)
{
	(void)t;
	(void)d;
	(void)why;
	return 0;
}

int __wrap_cache_forget(const struct tab_entry *t)
{
	(void)t;
	assert_false(world.whole);
	world.forgot = true;
	return 0;
}

int __wrap_cache_activate(const struct tab_entry *t,
			  const struct cache_devices *d)
{
	(void)d;
	world.whole = true;
	state_load(t->name, &world.at_start);
	return 0;
}

int __wrap_cache_activate_alone(const struct tab_entry *t)
{
	world.alone = true;
	state_load(t->name, &world.at_start);
	return 0;
}

int __wrap_cache_status(const char *name, struct sc_status_info *info)
{
	(void)name;
	memset(info, 0, sizeof(*info));
	info->config = e.config;
	info->slots.total = 100;
	info->nr_dirty = world.dirty;
	if (world.nr_asked++ && world.turned)
		info->config.mode = SC_WRITEBACK;
	return 0;
}

int __wrap_program_run(const char *const *argv, char **output)
{
	(void)output;
	assert_string_equal(argv[0], "systemctl");
	world.renewed = true;
	return 0;
}

/* ---- the table ------------------------------------------------------------- */

enum file { NONE, CLEAN, MAYBE, CLEAN_ALONE, MAYBE_ALONE };
enum agreed { NOTHING, DEGRADED, FORGET };

static const struct {
	enum file file;
	bool missing;
	enum agreed agreed;
	int code;
	bool whole, alone, forgot;
} rows[] = {
	{ NONE, true, NOTHING, EXIT_REFUSED, false, false, false },
	{ NONE, true, FORGET, EXIT_REFUSED, false, false, false },
	{ NONE, true, DEGRADED, EXIT_DONE, false, true, false },
	{ NONE, false, NOTHING, EXIT_DONE, true, false, false },
	{ NONE, false, FORGET, EXIT_DONE, true, false, false },
	{ CLEAN, true, NOTHING, EXIT_DONE, false, true, false },
	{ CLEAN, true, DEGRADED, EXIT_DONE, false, true, false },
	{ CLEAN, false, NOTHING, EXIT_DONE, true, false, false },
	{ CLEAN, false, DEGRADED, EXIT_DONE, true, false, false },
	{ MAYBE, true, NOTHING, EXIT_REFUSED, false, false, false },
	{ MAYBE, true, FORGET, EXIT_REFUSED, false, false, false },
	{ MAYBE, true, DEGRADED, EXIT_DONE, false, true, false },
	{ MAYBE, false, NOTHING, EXIT_DONE, true, false, false },
	{ MAYBE, false, FORGET, EXIT_DONE, true, false, false },
	{ CLEAN_ALONE, true, NOTHING, EXIT_DONE, false, true, false },
	{ CLEAN_ALONE, false, NOTHING, EXIT_DONE, true, false, true },
	{ CLEAN_ALONE, false, FORGET, EXIT_DONE, true, false, true },
	{ MAYBE_ALONE, true, NOTHING, EXIT_DONE, false, true, false },
	{ MAYBE_ALONE, true, DEGRADED, EXIT_DONE, false, true, false },
	{ MAYBE_ALONE, false, NOTHING, EXIT_REFUSED, false, false, false },
	{ MAYBE_ALONE, false, DEGRADED, EXIT_REFUSED, false, false, false },
	{ MAYBE_ALONE, false, FORGET, EXIT_DONE, true, false, true },
};

static void make_file(enum file file)
{
	const struct state s = {
		.maybe_dirty = file == MAYBE || file == MAYBE_ALONE,
		.alone = file == CLEAN_ALONE || file == MAYBE_ALONE,
	};

	state_drop(e.name);
	if (file != NONE)
		assert_int_equal(state_save(e.name, &s), 0);
}

/* What the file says while the device is there, in case the power is cut then. */
static void check_noted(enum sc_mode mode, enum file file)
{
	bool was_dirty = file != CLEAN && file != CLEAN_ALONE;

	assert_int_equal(world.at_start.alone, world.alone);
	if (world.alone)
		assert_int_equal(world.at_start.maybe_dirty, was_dirty);
	else if (mode == SC_WRITEBACK)
		assert_true(world.at_start.maybe_dirty);
	else
		assert_int_equal(world.at_start.maybe_dirty,
				 was_dirty && !world.forgot);
}

/* And in the end. */
static void check_left(unsigned int row, enum sc_mode mode)
{
	struct state before, after;

	state_load(e.name, &after);
	if (world.whole) {
		assert_false(after.alone);
		assert_int_equal(after.maybe_dirty,
				 mode == SC_WRITEBACK ||
				 (world.dirty && world.at_start.maybe_dirty));
	} else if (!world.alone) {
		/* Refused: as it was. */
		make_file(rows[row].file);
		state_load(e.name, &before);
		assert_int_equal(after.alone, before.alone);
		assert_int_equal(after.maybe_dirty, before.maybe_dirty);
	}
}

static void check_row(unsigned int row, enum sc_mode mode, bool dirty)
{
	const struct start_options o = {
		.degraded = rows[row].agreed == DEGRADED,
		.forget = rows[row].agreed == FORGET,
	};

	memset(&world, 0, sizeof(world));
	world.missing = rows[row].missing;
	world.dirty = dirty;
	e.config.mode = mode;
	make_file(rows[row].file);
	assert_int_equal(cache_start(&e, &o), rows[row].code);
	assert_int_equal(world.whole, rows[row].whole);
	assert_int_equal(world.alone, rows[row].alone);
	assert_int_equal(world.forgot, rows[row].forgot);
	if (world.whole || world.alone)
		check_noted(mode, rows[row].file);
	check_left(row, mode);
}

static void test_table(void **state)
{
	enum sc_mode mode;
	unsigned int row;

	(void)state;
	for (row = 0; row < ARRAY_SIZE(rows); row++)
		for (mode = 0; mode < SC_NR_MODES; mode++) {
			print_message("# row %u, mode %s\n", row,
				      sc_mode_name(mode));
			check_row(row, mode, false);
			check_row(row, mode, true);
		}
}

/* The mode is changed after it was looked at: it is no longer certain. */
static void test_turned(void **state)
{
	const struct start_options none = { false, false };
	struct state s;

	(void)state;
	memset(&world, 0, sizeof(world));
	world.turned = true;
	e.config.mode = SC_WRITETHROUGH;
	make_file(MAYBE);
	assert_int_equal(cache_start(&e, &none), EXIT_DONE);
	assert_int_equal(world.nr_asked, 2);
	state_load(e.name, &s);
	assert_true(s.maybe_dirty);
}

static bool is_noted(const char *name)
{
	char path[PATH_MAX];

	scnprintf(path, sizeof(path), "%s/%s", getenv("SSDCACHE_STATE"), name);
	return !unlink(path);
}

/*
 * Images are made anew when the word changes that they were given, for caches
 * that they start.
 */
static void check_renewal(enum file file, bool missing, enum agreed agreed,
			  bool renewed)
{
	const struct start_options o = {
		.degraded = agreed == DEGRADED,
		.forget = agreed == FORGET,
	};

	memset(&world, 0, sizeof(world));
	world.missing = missing;
	make_file(file);
	assert_int_equal(cache_start(&e, &o), EXIT_DONE);
	assert_int_equal(world.renewed, renewed);
	assert_int_equal(is_noted("initramfs=old"), renewed);
}

static void test_initramfs(void **state)
{
	(void)state;
	check_renewal(MAYBE, true, DEGRADED, false);
	scnprintf(e.other, sizeof(e.other), "x-a,%s,_b", TAB_INITRD);
	check_renewal(MAYBE, true, DEGRADED, true);
	check_renewal(CLEAN, true, NOTHING, true);
	check_renewal(MAYBE_ALONE, true, NOTHING, false);
	check_renewal(MAYBE_ALONE, false, FORGET, true);
	check_renewal(CLEAN_ALONE, false, NOTHING, true);
	check_renewal(CLEAN, false, NOTHING, false);
	scnprintf(e.other, sizeof(e.other), "%s2", TAB_INITRD);
	check_renewal(MAYBE, true, DEGRADED, false);
	*e.other = '\0';
}

/* In an initramfs it is noted, and a matter for later. */
static void test_in_initramfs(void **state)
{
	const char *dir = getenv("SSDCACHE_STATE");
	const struct start_options o = { .degraded = true };
	char link[PATH_MAX], *real = strdup(dir);

	(void)state;
	scnprintf(link, sizeof(link), "%s.link", dir);
	assert_int_equal(symlink(real, link), 0);
	setenv("SSDCACHE_STATE", link, 1);
	scnprintf(e.other, sizeof(e.other), "%s", TAB_INITRD);
	memset(&world, 0, sizeof(world));
	world.missing = true;
	make_file(MAYBE);
	assert_int_equal(cache_start(&e, &o), EXIT_DONE);
	assert_false(world.renewed);
	setenv("SSDCACHE_STATE", real, 1);
	assert_true(is_noted("initramfs=old"));
	*e.other = '\0';
	unlink(link);
	free(real);
}

/* A state that cannot be noted: the cache is not started. */
static void test_no_state(void **state)
{
	const struct start_options none = { false, false };

	(void)state;
	memset(&world, 0, sizeof(world));
	e.config.mode = SC_WRITEBACK;
	setenv("SSDCACHE_STATE", "/dev/null/none", 1);
	assert_int_equal(cache_start(&e, &none), EXIT_FAILED);
	assert_false(world.whole);
}

/* Of a file of noise nothing is believed. */
static void test_noise(void **state)
{
	char path[PATH_MAX];
	struct state s;
	FILE *f;
	int i;

	(void)state;
	scnprintf(path, sizeof(path), "%s/%s", getenv("SSDCACHE_STATE"),
		  e.name);
	f = fopen(path, "w");
	assert_non_null(f);
	for (i = 0; i < 10000; i++)
		fputc(i * 7 & 255, f);
	fputs("\ndirty=no maybe\n dirty=no\nDIRTY=no\n", f);
	fclose(f);
	state_load(e.name, &s);
	assert_true(s.maybe_dirty);
	assert_false(s.alone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_noise),
		cmocka_unit_test(test_turned),
		cmocka_unit_test(test_initramfs),
		cmocka_unit_test(test_in_initramfs),
		cmocka_unit_test(test_no_state),
	};
	char dir[] = "/tmp/ssdcache-state.XXXXXX", path[64];
	int r;

	if (!mkdtemp(dir))
		return 1;
	setenv("SSDCACHE_STATE", dir, 1);
	setvbuf(stdout, NULL, _IOLBF, 0);
	report_begin("test-start");
	tab_entry_init(&e);
	scnprintf(e.name, sizeof(e.name), "fast");
	scnprintf(e.origin, sizeof(e.origin), "/origin");
	scnprintf(e.cache, sizeof(e.cache), "/cache");
	scnprintf(e.metadata, sizeof(e.metadata), "/metadata");
	r = cmocka_run_group_tests(tests, NULL, NULL);
	scnprintf(path, sizeof(path), "%s/fast", dir);
	unlink(path);
	rmdir(dir);
	return r;
}
