// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache: the command. Its first word says what to do, see verbs.h; called by
 * the name of another program, that does.
 */
#include <ssdcache/abi.h>

#include "lib/report.h"
#include "verbs.h"

#define PROGRAM	"ssdcache"

#define VERB_ENTRY(name)	&cmd_##name,
static const struct verb *const verbs[] = {
	VERBS(VERB_ENTRY)
	NULL
};

static const struct verb *const programs[] = {
	PROGRAMS(VERB_ENTRY)
	NULL
};

static int print_help(void)
{
	report_text("usage: %s VERB ...", PROGRAM);
	report_paragraph("");
	verb_list(verbs);
	report_paragraph("");
	report_text("%s VERB --help and the page %s-VERB(8) tell more of each.",
		    PROGRAM, PROGRAM);
	return EXIT_DONE;
}

static int run(int argc, char **argv)
{
	const struct verb *verb;

	if (argc < 2) {
		report_error("what is to be done? See %s --help", PROGRAM);
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help"))
		return print_help();
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		report_text("%s %d.%d.%d", PROGRAM, SC_VERSION_MAJOR,
			    SC_VERSION_MINOR, SC_VERSION_PATCH);
		return EXIT_DONE;
	}
	verb = verb_find(verbs, argv[1]);
	if (verb)
		return verb_run(verb, argc - 1, argv + 1);
	report_error("no verb '%.40s', see %s --help", argv[1], PROGRAM);
	return EXIT_USAGE;
}

static const char *base_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash ? slash + 1 : path;
}

int main(int argc, char **argv)
{
	const struct verb *verb = NULL;
	int r;

	if (argc)
		verb = verb_find(programs, base_name(argv[0]));
	if (verb) {
		r = verb_run(verb, argc, argv);
	} else {
		report_begin(PROGRAM);
		r = run(argc, argv);
	}
	if (report_end() && r == EXIT_DONE)
		r = EXIT_FAILED;
	return r;
}
