// SPDX-License-Identifier: GPL-2.0-only
/*
 * Options of a verb, read by getopt_long.
 */
#include <getopt.h>

#include "options.h"
#include "report.h"
#include "text.h"
#include "units.h"

/* Options are numbered from here, beyond all letters. */
#define FIRST_ID	256

static void make_tables(const struct option_spec *specs, struct option *longs,
			char *shorts)
{
	unsigned int i;

	*shorts++ = ':'; /* an option without its value is told from others */
	for (i = 0; specs[i].name; i++) {
		longs[i] = (struct option){
			.name = specs[i].name,
			.has_arg = specs[i].kind == OPTION_FLAG ?
				   no_argument : required_argument,
			.val = FIRST_ID + (int)i,
		};
		if (!specs[i].letter)
			continue;
		*shorts++ = specs[i].letter;
		if (specs[i].kind != OPTION_FLAG)
			*shorts++ = ':';
	}
	*shorts = '\0';
	longs[i] = (struct option){ 0 };
}

static const struct option_spec *find_spec(const struct option_spec *specs,
					   int id)
{
	if (id >= FIRST_ID)
		return &specs[id - FIRST_ID];
	while (specs->name && specs->letter != id)
		specs++;
	return specs;
}

static bool store_size(const struct option_spec *spec, const char *value)
{
	if (!size_parse(value, spec->to.number))
		return true;
	report_error("--%s: must be a size such as 512M or 1.5T, got '%s'",
		     spec->name, value);
	return false;
}

static bool store(const struct option_spec *spec, const char *value)
{
	switch (spec->kind) {
	case OPTION_FLAG:
		*spec->to.flag = true;
		return true;
	case OPTION_TEXT:
		*spec->to.text = value;
		return true;
	case OPTION_SIZE:
		return store_size(spec, value);
	case OPTION_NUMBER:
		if (!sc_text_to_u64(value, spec->to.number))
			return true;
		report_error("--%s: must be a number, got '%s'", spec->name,
			     value);
		return false;
	case OPTION_LIST:
		break;
	}
	if (spec->to.list->nr == MAX_REPEATS) {
		report_error("--%s: given too often", spec->name);
		return false;
	}
	spec->to.list->text[spec->to.list->nr++] = value;
	return true;
}

static void complain(int what, char **argv)
{
	const char *word = argv[optind - 1];

	if (what == ':')
		report_error("%s: wants a value", word);
	else if (optopt && optopt < FIRST_ID && word[1] != '-')
		report_error("no option -%c, see --help", optopt);
	else
		report_error("no such option: %s, see --help", word);
}

int options_parse(const struct option_spec *specs, int argc, char **argv)
{
	struct option longs[MAX_OPTIONS + 1];
	char shorts[2 * MAX_OPTIONS + 2];
	int id;

	make_tables(specs, longs, shorts);
	opterr = 0;
	optind = 0; /* the GNU way to begin anew */
	for (;;) {
		id = getopt_long(argc, argv, shorts, longs, NULL);
		if (id == -1)
			return optind;
		if (id == '?' || id == ':') {
			complain(id, argv);
			return -1;
		}
		if (!store(find_spec(specs, id), optarg))
			return -1;
	}
}

void options_help(const struct option_spec *specs)
{
	char name[80];

	for (; specs->name; specs++) {
		scnprintf(name, sizeof(name), "%c%c%s--%s%s%s",
			  specs->letter ? '-' : ' ',
			  specs->letter ? specs->letter : ' ',
			  specs->letter ? ", " : "  ", specs->name,
			  *specs->arg ? " " : "", specs->arg);
		report_item(name, specs->help);
	}
}
