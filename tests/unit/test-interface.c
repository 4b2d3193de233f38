// SPDX-License-Identifier: GPL-2.0-only
/*
 * docs/interface.md against the tables that the code is made from: nothing is
 * missing there, nothing is there that no longer exists, its examples work.
 *
 *	test-interface [PATH OF THE PAGE]
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ssdcache/abi.h>

#include "argv.h"
#include "message.h"
#include "status.h"

#define MAX_LINES	1000

static const char *path = "docs/interface.md";
static char page[128 * 1024];
static char *lines[MAX_LINES];
static unsigned int nr_lines;

static int load_page(void **state)
{
	FILE *f = fopen(path, "r");
	char *line, *rest = page;
	size_t n;

	(void)state;
	if (!f) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		return -1;
	}
	n = fread(page, 1, sizeof(page) - 1, f);
	page[n] = '\0';
	fclose(f);
	while ((line = strsep(&rest, "\n")) && nr_lines < MAX_LINES)
		lines[nr_lines++] = line;
	return n && n < sizeof(page) - 1 && nr_lines < MAX_LINES ? 0 : -1;
}

static unsigned int find_line(const char *text)
{
	unsigned int i;

	for (i = 0; i < nr_lines; i++)
		if (!strcmp(lines[i], text))
			return i;
	fail_msg("%s has no line: %s", path, text);
	return 0;
}

static bool has_row(unsigned int from, const char *begin)
{
	for (; from < nr_lines && strncmp(lines[from], "## ", 3); from++)
		if (!strncmp(lines[from], begin, strlen(begin)))
			return true;
	return false;
}

/* A row that begins with this word, in the section of that title. */
static void need_row(const char *title, const char *word)
{
	char begin[80];

	snprintf(begin, sizeof(begin), "| `%s` |", word);
	if (!has_row(find_line(title) + 1, begin))
		fail_msg("%s, %s: no row of %s", path, title, word);
}

static bool is_field(const char *name)
{
	const char *known;
	unsigned int i;

	for (i = 0; (known = sc_status_field_name(i, NULL)); i++)
		if (!strcmp(known, name))
			return true;
	return false;
}

static bool is_tunable(const char *name)
{
	return sc_tunable_find(name) < SC_NR_TUNABLES;
}

/* Every row of the first table behind a title is about something that exists. */
static unsigned int known_rows(const char *title,
			       bool (*known)(const char *name))
{
	unsigned int i = find_line(title) + 1, nr = 0;
	char name[80];

	while (i < nr_lines && lines[i][0] != '|')
		i++;
	for (; i < nr_lines && lines[i][0] == '|'; i++) {
		if (sscanf(lines[i], "| `%79[^`]` |", name) != 1)
			continue;
		if (!known(name))
			fail_msg("%s:%u: there is no %s", path, i + 1, name);
		nr++;
	}
	return nr;
}

static void test_tunables(void **state)
{
	const struct sc_tunable *d;
	unsigned int id;
	char row[300];

	(void)state;
	for (id = 0; id < SC_NR_TUNABLES; id++) {
		d = &sc_tunables[id];
		snprintf(row, sizeof(row),
			 "| `%s` | %u | %u to %u |%s%s | %s | %s |", d->name,
			 d->def, d->min, d->max, *d->unit ? " " : "", d->unit,
			 d->flags & SC_TUN_LIVE ? "message" :
			 d->flags & SC_TUN_CREATE ? "format" : "table",
			 d->help);
		find_line(row);
	}
	assert_int_equal(known_rows("### Tunables", is_tunable),
			 SC_NR_TUNABLES);
}

static void test_status_fields(void **state)
{
	unsigned int i, nr[2] = { 0, 0 };
	const char *name;
	bool keyed;

	(void)state;
	for (i = 0; (name = sc_status_field_name(i, &keyed)); i++) {
		need_row(keyed ? "### Fields by key" :
				 "### Fields by position", name);
		nr[keyed]++;
	}
	assert_int_equal(known_rows("### Fields by position", is_field), nr[0]);
	assert_int_equal(known_rows("### Fields by key", is_field), nr[1]);
}

static void test_counters(void **state)
{
	char row[300];
	unsigned int i;

	(void)state;
	for (i = 0; i < SC_NR_COUNTERS; i++) {
		snprintf(row, sizeof(row), "| `%s` | %s |",
			 sc_counter_names[i], sc_counter_helps[i]);
		find_line(row);
	}
}

static void test_words(void **state)
{
	static const char *const policies[] = {
		SC_WORD_S3FIFO, SC_WORD_DEFAULT, SC_WORD_SMQ, SC_WORD_MQ,
		SC_WORD_LRU, SC_WORD_CLEANER,
	};
	static const char *const messages[] = {
		"<key> <value>", SC_VERB_MODE " <mode>", SC_VERB_FLUSH,
		SC_VERB_INVALIDATE " <a>[-<b>] ...",
		SC_VERB_ABANDON, SC_VERB_STATS " " SC_WORD_RESET,
	};
	unsigned int i;

	(void)state;
	for (i = 0; i < SC_NR_MODES; i++)
		need_row("### Features", sc_mode_name(i));
	need_row("### Features", SC_WORD_METADATA2);
	need_row("### Features", SC_WORD_NO_DISCARD_PASSDOWN);
	for (i = 0; i < ARRAY_SIZE(policies); i++)
		need_row("### Policies", policies[i]);
	for (i = 0; i < ARRAY_SIZE(messages); i++)
		need_row("## Messages", messages[i]);
	for (i = 0; i < SC_NR_HEALTHS; i++)
		need_row("### Fields by key", sc_health_name(i));
}

#define EXAMPLE	"    0 2097152 " SC_TARGET_NAME " "

/* The example that begins in a line, with its continuation lines. */
static void join(unsigned int i, char *buf, size_t size)
{
	struct sc_text t;

	sc_text_init(&t, buf, size);
	sc_text_add(&t, "%s", lines[i] + strlen(EXAMPLE));
	for (i++; i < nr_lines && !strncmp(lines[i], "        ", 8); i++)
		sc_text_add(&t, "%s", lines[i] + 7);
	assert_true(t.len + 1 < size);
}

static void check_example(const char *text, bool table)
{
	struct sc_reason why = { "" };
	struct sc_status_info s;
	struct args a;
	int r;

	args_split(&a, text);
	r = table ? sc_config_parse_table(&s.config, a.argc, a.argv, &why) :
		    sc_status_parse(text, &s, &why);
	if (r)
		fail_msg("%s: example '%s': %s", path, text, why.text);
}

static void test_examples(void **state)
{
	unsigned int status = find_line("## Status"), i, nr[2] = { 0, 0 };
	char text[2000];

	(void)state;
	for (i = 0; i < nr_lines; i++) {
		if (strncmp(lines[i], EXAMPLE, strlen(EXAMPLE)))
			continue;
		join(i, text, sizeof(text));
		check_example(text, i < status);
		nr[i < status]++;
	}
	assert_true(nr[0] >= 1 && nr[1] >= 3);
}

int main(int argc, char **argv)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_tunables),
		cmocka_unit_test(test_status_fields),
		cmocka_unit_test(test_counters),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_examples),
	};

	if (argc > 1)
		path = argv[1];
	return cmocka_run_group_tests(tests, load_page, NULL);
}
