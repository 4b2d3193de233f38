// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache dump: metadata as text.
 */
#include "lib/place.h"
#include "lib/report.h"
#include "lib/rest.h"
#include "lib/verb.h"
#include "offline.h"

static struct dump_opts own;

static const struct option_spec options[] = {
	OPT_TEXT("cache", 'c', "DEVICE",
		 "look at its labels: they say whether clean data counts",
		 &own.cache),
	OPT_FLAG("xml", 'x', "the XML of dm-cache's cache_dump", &own.xml),
	OPT_FLAG("repair", 'r', "leave out what is damaged", &own.repair),
	OPT_TEXT("output", 'o', "FILE", "write it there", &own.output),
	OPT_END
};

static void on_damage(void *ctx, const struct sc_damage *damage)
{
	char text[2 * SC_REASON_BYTES];
	struct sc_text t;

	(void)ctx;
	sc_text_init(&t, text, sizeof(text));
	rest_damage_text(damage, &t);
	report_warning("%s", text);
}

static void on_fault(void *ctx, const struct sc_reason *why)
{
	(void)ctx;
	report_warning("%s", why->text);
}

static u32 count_mapped(const struct rest *r)
{
	u32 nr = 0, i;

	for (i = 0; i < r->geom->nr_slots; i++)
		nr += !!r->slots[i].valid;
	return nr;
}

static void print(struct rest *r, const struct dump_writer *writer)
{
	struct dump_cache cache;
	struct sc_record rec;
	u32 i;

	rest_describe(r, count_mapped(r), &cache);
	writer->begin(&cache);
	for (i = 0; i < r->geom->nr_slots; i++) {
		rest_get(r, to_cblock(i), &rec);
		if (rec.valid)
			writer->slot(&rec);
	}
	writer->end();
}

/* Where results go; a file that is cut short must not look like success. */
static int redirect(const char *path)
{
	if (!path || freopen(path, "w", stdout))
		return EXIT_DONE;
	report_error("%s: %s", path, strerror(errno));
	return EXIT_FAILED;
}

int dump_run(const struct dump_opts *opts)
{
	struct rest_how how = {
		.metadata = opts->metadata,
		.cache = opts->cache,
		.damaged = opts->repair ? on_damage : NULL,
	};
	struct sc_check check;
	struct rest r;
	int code;

	code = rest_open(&r, &how);
	if (!code)
		code = rest_settle(&r, &check, opts->repair ? on_fault : NULL,
				   NULL);
	if (!code)
		code = redirect(opts->output);
	if (!code)
		print(&r, opts->xml ? &dump_xml : &dump_json);
	rest_close(&r);
	return code;
}

static int run(int argc, char **argv)
{
	int code;

	(void)argc;
	if (own.xml && report_is_json()) {
		report_error("either --xml or --json");
		return EXIT_USAGE;
	}
	code = place_find(argv[0], &own.metadata, &own.cache, NULL);
	return code ?: dump_run(&own);
}

const struct verb cmd_dump = {
	.name = "dump",
	.args = "NAME|METADATA",
	.summary = "print the metadata of a cache that is not in use, as JSON",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
