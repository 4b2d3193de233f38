// SPDX-License-Identifier: GPL-2.0-only
/*
 * The names and options under which thin-provisioning-tools offer to dm-cache what
 * the offline verbs do: LVM and scripts that call these programs find ours in a
 * directory of their own. Options that make no difference to our metadata are
 * accepted.
 */
#include <ssdcache/abi.h>

#include "lib/report.h"
#include "lib/verb.h"
#include "offline.h"

static bool version, ignored;
static const char *ignored_text;

#define OPT_VERSION	OPT_FLAG("version", 'V', "print the version", &version)
#define OPT_IGNORED(name)	OPT_FLAG(name, 0, "has no effect", &ignored)
#define OPT_IGNORED_TEXT(name) \
	OPT_TEXT(name, 0, "VALUE", "has no effect", &ignored_text)

/* Only digits, as those programs do: LVM reads them. */
static int print_version(void)
{
	report_text("%d.%d.%d", SC_VERSION_MAJOR, SC_VERSION_MINOR,
		    SC_VERSION_PATCH);
	return EXIT_DONE;
}

static int need(const char *what)
{
	report_error("%s is missing", what);
	return EXIT_USAGE;
}

/* ---- cache_check ----------------------------------------------------------- */

static struct check_opts check;

static const struct option_spec check_options[] = {
	OPT_FLAG("quiet", 'q', "print nothing, exit only", &check.quiet),
	OPT_FLAG("super-block-only", 0, "check the superblocks only",
		 &check.super_only),
	OPT_FLAG("clear-needs-check-flag", 0,
		 "take the mark needs_check away if all is well",
		 &check.clear_needs_check),
	OPT_IGNORED("skip-mappings"),
	OPT_IGNORED("skip-hints"),
	OPT_IGNORED("skip-discards"),
	OPT_VERSION,
	OPT_END
};

static int run_check(int argc, char **argv)
{
	if (version)
		return print_version();
	if (!argc)
		return need("the metadata device");
	check.metadata = argv[0];
	return check_run(&check);
}

const struct verb cmd_cache_check = {
	.name = "cache_check",
	.args = "DEVICE",
	.summary = "check metadata, see ssdcache-check(8)",
	.max_args = 1,
	.options = check_options,
	.run = run_check,
};

/* ---- cache_dump ------------------------------------------------------------ */

static struct dump_opts dump;

static const struct option_spec dump_options[] = {
	OPT_TEXT("output", 'o', "FILE", "write it there", &dump.output),
	OPT_FLAG("repair", 'r', "leave out what is damaged", &dump.repair),
	OPT_VERSION,
	OPT_END
};

static int run_dump(int argc, char **argv)
{
	if (version)
		return print_version();
	if (!argc)
		return need("the metadata device");
	dump.metadata = argv[0];
	dump.xml = !report_is_json();
	return dump_run(&dump);
}

const struct verb cmd_cache_dump = {
	.name = "cache_dump",
	.args = "DEVICE",
	.summary = "print metadata as XML, see ssdcache-dump(8)",
	.max_args = 1,
	.options = dump_options,
	.run = run_dump,
};

/* ---- cache_restore --------------------------------------------------------- */

static struct restore_opts restore;

static const struct option_spec restore_options[] = {
	OPT_TEXT("input", 'i', "FILE", "a dump", &restore.input),
	OPT_TEXT("output", 'o', "DEVICE", "metadata device", &restore.metadata),
	OPT_FLAG("force", 'f', "overwrite whatever is there", &restore.force),
	OPT_FLAG("quiet", 'q', "print nothing but errors", &restore.quiet),
	OPT_IGNORED_TEXT("metadata-version"),
	OPT_VERSION,
	OPT_END
};

static int run_restore(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (version)
		return print_version();
	if (!restore.input || !restore.metadata)
		return need(restore.input ? "--output" : "--input");
	return restore_run(&restore);
}

const struct verb cmd_cache_restore = {
	.name = "cache_restore",
	.args = "--input FILE --output DEVICE",
	.summary = "make metadata from a dump, see ssdcache-restore(8)",
	.max_args = 0,
	.options = restore_options,
	.run = run_restore,
};

/* ---- cache_repair ---------------------------------------------------------- */

static struct repair_opts repair;

static const struct option_spec repair_options[] = {
	OPT_TEXT("input", 'i', "DEVICE", "damaged metadata",
		 &repair.metadata),
	OPT_TEXT("output", 'o', "DEVICE", "where it is written, repaired",
		 &repair.output),
	OPT_FLAG("force", 'f', "overwrite whatever is there", &repair.force),
	OPT_VERSION,
	OPT_END
};

static int run_repair(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	if (version)
		return print_version();
	if (!repair.metadata || !repair.output)
		return need(repair.metadata ? "--output" : "--input");
	return repair_run(&repair);
}

const struct verb cmd_cache_repair = {
	.name = "cache_repair",
	.args = "--input DEVICE --output DEVICE",
	.summary = "write what is good of metadata to another device, see ssdcache-repair(8)",
	.max_args = 0,
	.options = repair_options,
	.run = run_repair,
};

/* ---- cache_writeback ------------------------------------------------------- */

static struct writeback_opts writeback;

static const struct option_spec writeback_options[] = {
	OPT_TEXT("metadata-device", 0, "DEVICE", "metadata device",
		 &writeback.metadata),
	OPT_TEXT("fast-device", 0, "DEVICE", "cache device", &writeback.cache),
	OPT_TEXT("origin-device", 0, "DEVICE", "origin", &writeback.origin),
	OPT_FLAG("list-failed-blocks", 0,
		 "name each block that could not be written back",
		 &writeback.list_failed),
	OPT_FLAG("no-metadata-update", 0,
		 "leave the metadata alone: the blocks stay dirty",
		 &writeback.keep_metadata),
	OPT_IGNORED_TEXT("buffer-size-meg"),
	OPT_VERSION,
	OPT_END
};

static int run_writeback(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	return version ? print_version() : writeback_run(&writeback);
}

const struct verb cmd_cache_writeback = {
	.name = "cache_writeback",
	.args = "--metadata-device DEVICE --fast-device DEVICE --origin-device DEVICE",
	.summary = "write dirty blocks to the origin, see ssdcache-writeback(8)",
	.max_args = 0,
	.options = writeback_options,
	.run = run_writeback,
};
