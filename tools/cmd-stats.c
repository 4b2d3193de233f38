// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache stats: all figures, for programs.
 */
#include "lib/cache-json.h"
#include "lib/report.h"
#include "lib/verb.h"

#define PREFIX	"ssdcache_"

static bool prometheus;

static const struct option_spec options[] = {
	OPT_FLAG("prometheus", 'p',
		 "in the text format of Prometheus instead of JSON",
		 &prometheus),
	OPT_END
};

/* A gauge is a member of the JSON object; counters have a table of their own. */
static const struct gauge {
	const char *key;
	const char *help;
} gauges[] = {
	{ "cache_bytes", "size of the cache" },
	{ "used_bytes", "bytes of it that hold something" },
	{ "dirty_bytes", "bytes that the origin lacks" },
	{ "dirty_blocks", "blocks with such bytes" },
	{ "free_blocks", "blocks ready for use" },
	{ "retiring_blocks", "blocks evicted, waiting for a commit" },
	{ "metadata_used_bytes", "metadata in use" },
	{ "metadata_bytes", "size of the metadata" },
	{ "journal_used_bytes", "journal waiting for a checkpoint" },
	{ "journal_bytes", "size of the journal" },
	{ "written_today_bytes", "bytes written to the cache device in a day" },
	{ "ram_bytes", "memory in use" },
	{ "needs_check", "1 if something was lost or found wrong" },
};

static int add_row(const struct cache_view *v, void *context)
{
	return json_object_array_add(context, cache_json(v));
}

static void escape(const char *text, char *buf, size_t size)
{
	size_t len = 0;

	for (; *text && len + 2 < size; text++) {
		if (*text == '"' || *text == '\\')
			buf[len++] = '\\';
		buf[len++] = *text;
	}
	buf[len] = '\0';
}

static const char *member(struct json_object *row, const char *key)
{
	struct json_object *v;

	if (!json_object_object_get_ex(row, key, &v))
		return NULL;
	if (json_object_is_type(v, json_type_boolean))
		return json_object_get_boolean(v) ? "1" : "0";
	return json_object_get_string(v);
}

static void sample(struct json_object *row, const char *metric,
		   const char *value)
{
	char name[2 * MAPPED_NAME_BYTES];

	escape(member(row, "name"), name, sizeof(name));
	report_text("%s%s{name=\"%s\"} %s", PREFIX, metric, name, value);
}

static void describe(const char *metric, const char *type, const char *help)
{
	report_text("# HELP %s%s %s", PREFIX, metric, help);
	report_text("# TYPE %s%s %s", PREFIX, metric, type);
}

static void print_gauge(struct json_object *rows, const struct gauge *g)
{
	size_t i, nr = json_object_array_length(rows);
	struct json_object *row;

	describe(g->key, "gauge", g->help);
	for (i = 0; i < nr; i++) {
		row = json_object_array_get_idx(rows, i);
		if (member(row, g->key))
			sample(row, g->key, member(row, g->key));
	}
}

static void print_counter(struct json_object *rows, unsigned int id)
{
	size_t i, nr = json_object_array_length(rows);
	struct json_object *row, *counters;
	char metric[64];

	scnprintf(metric, sizeof(metric), "%s_total", sc_counter_names[id]);
	describe(metric, "counter", sc_counter_helps[id]);
	for (i = 0; i < nr; i++) {
		row = json_object_array_get_idx(rows, i);
		if (json_object_object_get_ex(row, "counters", &counters))
			sample(row, metric,
			       member(counters, sc_counter_names[id]));
	}
}

/* One sample for each state, 1 for the one that holds. */
static void print_health(struct json_object *rows)
{
	size_t i, nr = json_object_array_length(rows);
	char name[2 * MAPPED_NAME_BYTES];
	struct json_object *row;
	const char *health;
	unsigned int h;

	describe("health", "gauge", "1 for the state that the cache is in");
	for (i = 0; i < nr; i++) {
		row = json_object_array_get_idx(rows, i);
		health = member(row, "health");
		escape(member(row, "name"), name, sizeof(name));
		for (h = 0; health && h < SC_NR_HEALTHS; h++)
			report_text("%shealth{name=\"%s\",state=\"%s\"} %d",
				    PREFIX, name, sc_health_name(h),
				    !strcmp(health, sc_health_name(h)));
	}
}

static void print_running(struct json_object *rows)
{
	size_t i, nr = json_object_array_length(rows);
	struct json_object *row;

	describe("running", "gauge", "1 if the cache runs");
	for (i = 0; i < nr; i++) {
		row = json_object_array_get_idx(rows, i);
		sample(row, "running",
		       strcmp(member(row, "state"),
			      cache_run_name(CACHE_RUNNING)) ? "0" : "1");
	}
}

static void print_prometheus(struct json_object *rows)
{
	unsigned int i;

	print_running(rows);
	print_health(rows);
	for (i = 0; i < ARRAY_SIZE(gauges); i++)
		print_gauge(rows, &gauges[i]);
	for (i = 0; i < SC_NR_COUNTERS; i++)
		print_counter(rows, i);
}

static int run(int argc, char **argv)
{
	struct json_object *rows;
	int r;

	if (prometheus && report_is_json()) {
		report_error("either --prometheus or --json");
		return EXIT_USAGE;
	}
	rows = json_object_new_array();
	r = cache_each(argv, argc, add_row, rows);
	/* An error, and nothing else to tell. */
	if (r && !json_object_array_length(rows))
		goto out;
	if (prometheus) {
		print_prometheus(rows);
	} else {
		report_json(true);
		report_object(json_object_get(rows));
	}
out:
	json_object_put(rows);
	return cache_exit_code(r);
}

const struct verb cmd_stats = {
	.name = "stats",
	.args = "[NAME...]",
	.summary = "print all figures as JSON, or for Prometheus",
	.max_args = NO_LIMIT,
	.options = options,
	.run = run,
};
