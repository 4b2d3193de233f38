// SPDX-License-Identifier: GPL-2.0-only
/*
 * LVM's own command, and its tags.
 */
#include "lvm.h"
#include "program.h"
#include "report.h"

#define MAX_WORDS	32

int lvm_split(const char *path, char *vg, char *lv)
{
	const char *slash;

	if (!strncmp(path, "/dev/", 5))
		path += 5;
	slash = strchr(path, '/');
	if (!slash || slash == path || !slash[1] || strchr(slash + 1, '/') ||
	    slash - path >= LVM_NAME_BYTES ||
	    strlen(slash + 1) >= LVM_NAME_BYTES) {
		report_error("must be VG/LV, got '%s'", path);
		return -EINVAL;
	}
	scnprintf(vg, LVM_NAME_BYTES, "%.*s", (int)(slash - path), path);
	scnprintf(lv, LVM_NAME_BYTES, "%s", slash + 1);
	return 0;
}

static int run(const char *const *argv, const char *const *more, char **output)
{
	const char *words[MAX_WORDS] = { "lvm" };
	unsigned int n = 1;
	int r;

	for (; *argv && n < MAX_WORDS - 1; argv++)
		words[n++] = *argv;
	for (; more && *more && n < MAX_WORDS - 1; more++)
		words[n++] = *more;
	r = program_run(words, output);
	if (r == -ENOENT)
		report_error("there is no program lvm: is the package lvm2 installed?");
	else if (r)
		report_error("'lvm %s' failed", words[1]);
	return r > 0 ? -EIO : r;
}

int lvm_run(const char *const *argv)
{
	char *output = NULL;
	int r = run(argv, NULL, &output);

	free(output); /* "Logical volume created", which we say in our way */
	return r;
}

/* { "report": [ { WHAT: [ rows ] } ] } */
static struct json_object *find_rows(struct json_object *all, const char *what)
{
	struct json_object *report, *first, *rows = NULL;

	if (all && json_object_object_get_ex(all, "report", &report) &&
	    json_object_is_type(report, json_type_array)) {
		first = json_object_array_get_idx(report, 0);
		if (first)
			json_object_object_get_ex(first, what, &rows);
	}
	if (!json_object_is_type(rows, json_type_array))
		return NULL;
	return json_object_get(rows);
}

int lvm_ask(const char *what, const char *const *argv,
	    struct json_object **rows)
{
	static const char *const format[] = {
		"--reportformat", "json", "--units", "b", "--nosuffix", NULL
	};
	struct json_object *all;
	char *output = NULL;
	int r = run(argv, format, &output);

	*rows = NULL;
	if (!r) {
		all = json_tokener_parse(output);
		*rows = find_rows(all, what);
		json_object_put(all);
		if (!*rows) {
			report_error("what lvm says is not understood");
			r = -EIO;
		}
	}
	free(output);
	return r;
}

const char *lvm_text(struct json_object *row, const char *key)
{
	struct json_object *v;
	const char *text = NULL;

	if (json_object_object_get_ex(row, key, &v))
		text = json_object_get_string(v);
	return text ? text : "";
}

bool lvm_tag(struct json_object *row, const char *prefix, char *value)
{
	const char *tag = lvm_text(row, "lv_tags");
	size_t len;

	*value = '\0';
	for (; *tag; tag += len + (tag[len] == ',')) {
		len = strcspn(tag, ",");
		if (strncmp(tag, prefix, strlen(prefix)))
			continue;
		scnprintf(value, LVM_NAME_BYTES, "%.*s",
			  (int)(len - strlen(prefix)), tag + strlen(prefix));
		return true;
	}
	return false;
}
