// SPDX-License-Identifier: GPL-2.0-only
/*
 * The file ssdcachetab: reading it, and changing a line of it.
 */
#include "file.h"
#include "report.h"
#include "tab.h"

#define DEFAULT_PATH	"/etc/ssdcachetab"
#define HEAD \
	"# <name> <origin> <cache> <metadata or -> <options>, see ssdcachetab(5)\n"

const char *tab_path(void)
{
	const char *path = getenv("SSDCACHE_TAB");

	return path && *path ? path : DEFAULT_PATH;
}

static FILE *open_tab(int *err)
{
	FILE *f = fopen(tab_path(), "re");

	*err = f || errno == ENOENT ? 0 : errno;
	if (*err)
		report_error("cannot read %s: %s", tab_path(), strerror(*err));
	return f;
}

/* ---- reading --------------------------------------------------------------- */

static int add_entry(struct tab *t, const struct tab_entry *e,
		     unsigned int line)
{
	struct tab_entry *more;

	if (tab_find(t, e->name)) {
		report_error("%s, line %u: %s has a line already", tab_path(),
			     line, e->name);
		t->nr_bad++;
		return 0;
	}
	more = realloc(t->entries, (t->nr + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	t->entries = more;
	more[t->nr++] = *e;
	return 0;
}

static int add_line(struct tab *t, const char *text, unsigned int line)
{
	static struct tab_entry e; /* large */
	struct sc_reason why;
	int r = tab_parse_line(text, &e, &why);

	if (r > 0)
		return add_entry(t, &e, line);
	if (r < 0) {
		report_error("%s, line %u: %s", tab_path(), line, why.text);
		t->nr_bad++;
	}
	return 0;
}

/* A directory can be opened, too. */
static int check_read(FILE *f)
{
	if (!ferror(f))
		return 0;
	report_error("cannot read %s", tab_path());
	return -EIO;
}

int tab_read(struct tab *t)
{
	char *text = NULL;
	size_t size = 0;
	unsigned int line = 0;
	FILE *f;
	int r;

	memset(t, 0, sizeof(*t));
	f = open_tab(&r);
	while (!r && f && getline(&text, &size, f) > 0) {
		text[strcspn(text, "\n")] = '\0';
		r = add_line(t, text, ++line) ? -ENOMEM : 0;
	}
	free(text);
	if (f && !r)
		r = check_read(f);
	if (f)
		fclose(f);
	return r > 0 ? -r : r;
}

void tab_free(struct tab *t)
{
	free(t->entries);
	memset(t, 0, sizeof(*t));
}

struct tab_entry *tab_find(const struct tab *t, const char *name)
{
	unsigned int i;

	for (i = 0; i < t->nr; i++)
		if (!strcmp(t->entries[i].name, name))
			return &t->entries[i];
	return NULL;
}

/* ---- changing -------------------------------------------------------------- */

/* Is it the line of a cache? Also if the rest of it is wrong. */
static bool is_line_of(const char *line, const char *name)
{
	size_t len = strlen(name);

	line += strspn(line, " \t");
	return !strncmp(line, name, len) && strcspn(line, " \t\n") == len;
}

/* Copy the file, with a cache's line replaced; @with NULL: left out. */
static void copy_lines(FILE *from, FILE *to, const char *name,
		       const char *with)
{
	char *line = NULL;
	size_t size = 0;

	while (from && getline(&line, &size, from) > 0) {
		if (!is_line_of(line, name)) {
			fputs(line, to);
			if (!strchr(line, '\n'))
				fputc('\n', to);
		} else if (with) {
			fprintf(to, "%s\n", with);
			with = NULL;
		}
	}
	if (!from)
		fputs(HEAD, to);
	if (with)
		fprintf(to, "%s\n", with);
	free(line);
}

static int change_line(const char *name, const char *with)
{
	char *text = NULL;
	size_t len = 0;
	FILE *from = NULL, *to;
	int r, lock = file_lock(tab_path());

	if (lock < 0)
		return -EIO;
	to = open_memstream(&text, &len);
	if (to)
		from = open_tab(&r);
	else
		r = ENOMEM;
	if (!r)
		copy_lines(from, to, name, with);
	if (from && !r)
		r = -check_read(from);
	if (from)
		fclose(from);
	if (to && fclose(to))
		r = ENOMEM;
	/* Nothing to take out of a file that is not there. */
	r = r ? -r : from || with ? file_replace(tab_path(), text, len) : 0;
	free(text);
	file_unlock(lock);
	return r;
}

int tab_put(const struct tab_entry *e)
{
	static char line[TAB_LINE_BYTES];

	tab_emit_line(e, line);
	return change_line(e->name, line);
}

int tab_drop(const char *name)
{
	return change_line(name, NULL);
}
