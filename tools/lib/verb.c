// SPDX-License-Identifier: GPL-2.0-only
/*
 * A verb: finding it, its common options, its help.
 */
#include "report.h"
#include "verb.h"

static bool want_help, want_json;

static const struct option_spec common[] = {
	OPT_FLAG("json", 0, "print JSON", &want_json),
	OPT_FLAG("help", 'h', "print this", &want_help),
	OPT_END
};

const struct verb *verb_find(const struct verb *const *verbs, const char *name)
{
	for (; *verbs; verbs++)
		if (!strcmp((*verbs)->name, name))
			return *verbs;
	return NULL;
}

void verb_list(const struct verb *const *verbs)
{
	for (; *verbs; verbs++)
		report_item((*verbs)->name, (*verbs)->summary);
}

static void print_help(const struct verb *verb, const struct option_spec *all)
{
	char usage[256];

	scnprintf(usage, sizeof(usage), "usage: %s %s", report_name(),
		  verb->args);
	report_paragraph(usage);
	report_paragraph(verb->summary);
	report_paragraph("");
	if (verb->verbs)
		verb_list(verb->verbs);
	options_help(all);
}

static void append(struct option_spec *all, const struct option_spec *some)
{
	unsigned int n = 0;

	while (all[n].name)
		n++;
	for (; some && some->name; some++) {
		assert(n + 1 < MAX_OPTIONS);
		all[n++] = *some;
	}
}

static bool words_fit(const struct verb *verb, int nr)
{
	if (nr >= verb->min_args && nr <= verb->max_args)
		return true;
	if (nr < verb->min_args)
		report_error("too few words, usage: %s %s", report_name(),
			     verb->args);
	else
		report_error("too many words, usage: %s %s",
			     report_name(), verb->args);
	return false;
}

/* Words before the options of the second level, which are not ours to read. */
static int run_second_level(const struct verb *verb, int argc, char **argv)
{
	struct option_spec all[MAX_OPTIONS] = { OPT_END };
	const struct verb *second;

	if (argc < 2 || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		append(all, common);
		print_help(verb, all);
		return argc < 2 ? EXIT_USAGE : EXIT_DONE;
	}
	second = verb_find(verb->verbs, argv[1]);
	if (second)
		return verb_run(second, argc - 1, argv + 1);
	report_error("no verb '%.40s', see %s --help", argv[1], report_name());
	return EXIT_USAGE;
}

int verb_run(const struct verb *verb, int argc, char **argv)
{
	struct option_spec all[MAX_OPTIONS] = { OPT_END };
	int first;

	report_begin(verb->name);
	if (verb->verbs)
		return run_second_level(verb, argc, argv);
	append(all, verb->options);
	append(all, common);
	first = options_parse(all, argc, argv);
	if (first < 0)
		return EXIT_USAGE;
	if (want_help) {
		print_help(verb, all);
		return EXIT_DONE;
	}
	report_json(want_json);
	if (!words_fit(verb, argc - first))
		return EXIT_USAGE;
	return verb->run(argc - first, argv + first);
}
