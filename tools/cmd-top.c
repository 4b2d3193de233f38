// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache top: what caches are doing just now.
 */
#include <time.h>

#include "lib/cache-json.h"
#include "lib/report.h"
#include "lib/verb.h"

#define MAX_CACHES	64

static u64 interval = 1, count;

static const struct option_spec options[] = {
	OPT_NUMBER("interval", 'i', "SECONDS", "how often, default 1",
		   &interval),
	OPT_NUMBER("count", 'n', "N", "end after so many times", &count),
	OPT_END
};

/* From the kernel's statistics of the cached device. */
struct io {
	u64 reads;
	u64 read_ms;
	u64 writes;
	u64 write_ms;
};

/* What a cache had counted at some time. */
struct sample {
	char name[MAPPED_NAME_BYTES];
	double seconds;
	struct io io;
	u64 counter[SC_NR_COUNTERS];
};

struct samples {
	unsigned int nr;
	struct sample of[MAX_CACHES];
};

/* A frame being made: the last samples, the new ones, the rows. */
struct frame {
	const struct samples *before;
	struct samples *now;
	struct json_object *rows;
};

static const struct column columns[] = {
	{ "name", "NAME", CELL_TEXT, 0, NULL },
	{ "mode", "MODE", CELL_TEXT, 5, NULL },
	{ "reads_per_s", "READ/s", CELL_COUNT, 0, NULL },
	{ "writes_per_s", "WRITE/s", CELL_COUNT, 0, NULL },
	{ "hit_percent", "HITS", CELL_PERCENT, 0, NULL },
	{ "read_ms", "READms", CELL_COUNT, 1, NULL },
	{ "write_ms", "WRITEms", CELL_COUNT, 1, NULL },
	{ "dirty_bytes", "DIRTY", CELL_SIZE, 2, NULL },
	{ "destaged_bytes_per_s", "DESTAGE/s", CELL_SIZE, 2, NULL },
	{ "cache_write_bytes_per_s", "SSD/s", CELL_SIZE, 3, NULL },
	{ "used_percent", "USED", CELL_PERCENT, 4, NULL },
	{ "health", "HEALTH", CELL_TEXT, 3, NULL },
	COLUMN_END
};

static double now_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void read_io(const char *name, struct io *io)
{
	unsigned long long v[8];
	struct mapped_info info;
	char path[64];
	FILE *f;

	memset(io, 0, sizeof(*io));
	if (mapped_info(name, &info) || !info.exists)
		return;
	scnprintf(path, sizeof(path), "/sys/dev/block/%u:%u/stat", info.major,
		  info.minor);
	f = fopen(path, "re");
	if (f && fscanf(f, "%llu %llu %llu %llu %llu %llu %llu %llu", &v[0],
			&v[1], &v[2], &v[3], &v[4], &v[5], &v[6], &v[7]) == 8)
		*io = (struct io){ v[0], v[3], v[4], v[7] };
	if (f)
		fclose(f);
}

static const struct sample *find_sample(const struct samples *s,
					const char *name)
{
	unsigned int i;

	for (i = 0; i < s->nr; i++)
		if (!strcmp(s->of[i].name, name))
			return &s->of[i];
	return NULL;
}

/* Counters begin anew with each table: a difference below 0 is the new value. */
static double since(u64 now, u64 before)
{
	return now >= before ? (double)(now - before) : (double)now;
}

static void add(struct json_object *row, const char *key, double value)
{
	char text[32];

	scnprintf(text, sizeof(text), "%.2f", value);
	json_object_object_add(row, key, json_object_new_double_s(value, text));
}

static double ratio(double part, double whole)
{
	return whole > 0 ? part / whole : 0;
}

static void add_rates(struct json_object *row, const struct sample *a,
		      const struct sample *b, u64 block)
{
	double t = b->seconds - a->seconds, d[SC_NR_COUNTERS];
	double reads = since(b->io.reads, a->io.reads);
	double writes = since(b->io.writes, a->io.writes), hits, all;
	unsigned int i;

	for (i = 0; i < SC_NR_COUNTERS; i++)
		d[i] = since(b->counter[i], a->counter[i]);
	hits = d[SC_CNT_read_hits] + d[SC_CNT_write_hits];
	all = hits + d[SC_CNT_read_misses] + d[SC_CNT_write_misses];
	add(row, "reads_per_s", ratio(reads, t));
	add(row, "writes_per_s", ratio(writes, t));
	add(row, "read_ms", ratio(since(b->io.read_ms, a->io.read_ms), reads));
	add(row, "write_ms",
	    ratio(since(b->io.write_ms, a->io.write_ms), writes));
	add(row, "hit_percent", 100 * ratio(hits, all));
	add(row, "destaged_bytes_per_s",
	    ratio(d[SC_CNT_destaged_blocks] * (double)block, t));
	add(row, "cache_write_bytes_per_s",
	    ratio(d[SC_CNT_cache_write_bytes], t));
}

static const char *const kept[] = {
	"name", "mode", "health", "dirty_bytes", "used_percent",
};

static struct json_object *make_row(const struct cache_view *v)
{
	struct json_object *all = cache_json(v), *row, *member;
	unsigned int i;

	row = json_object_new_object();
	for (i = 0; i < ARRAY_SIZE(kept); i++)
		if (json_object_object_get_ex(all, kept[i], &member))
			json_object_object_add(row, kept[i],
					       json_object_get(member));
	json_object_put(all);
	return row;
}

static int add_row(const struct cache_view *v, void *context)
{
	struct frame *f = context;
	const struct sample *before;
	struct json_object *row;
	struct sample *s;

	if (v->run != CACHE_RUNNING || f->now->nr == MAX_CACHES)
		return 0;
	s = &f->now->of[f->now->nr++];
	scnprintf(s->name, sizeof(s->name), "%s", v->name);
	s->seconds = now_seconds();
	memcpy(s->counter, v->info.counter, sizeof(s->counter));
	read_io(v->name, &s->io);
	row = make_row(v);
	before = find_sample(f->before, v->name);
	add_rates(row, before ? before : s, s,
		  (u64)v->info.config.block_sectors << SC_SECTOR_SHIFT);
	return json_object_array_add(f->rows, row);
}

static int show(int argc, char **argv, const struct samples *before,
		struct samples *now)
{
	struct frame f = { before, now, json_object_new_array() };
	int r;

	now->nr = 0;
	r = cache_each(argv, argc, add_row, &f);
	if (r)
		json_object_put(f.rows);
	else
		report_table(columns, f.rows);
	return r;
}

/* The first frame has nothing to compare with: it is not shown. */
static int prime(int argc, char **argv, struct samples *now)
{
	static const struct samples none;
	struct frame f = { &none, now, json_object_new_array() };
	int r = cache_each(argv, argc, add_row, &f);

	json_object_put(f.rows);
	return r;
}

static int run(int argc, char **argv)
{
	static struct samples s[2];
	u64 n = 0;
	int r;

	if (!interval || interval > 86400) {
		report_error("--interval: must be from 1 to 86400 seconds");
		return EXIT_USAGE;
	}
	screen_begin();
	r = prime(argc, argv, &s[0]);
	while (!r && screen_wait((double)interval)) {
		r = show(argc, argv, &s[n & 1], &s[~n & 1]);
		screen_frame();
		if (++n == count)
			break;
	}
	screen_end();
	return cache_exit_code(r);
}

const struct verb cmd_top = {
	.name = "top",
	.args = "[NAME...]",
	.summary = "show what caches are doing just now, until q is pressed",
	.max_args = NO_LIMIT,
	.options = options,
	.run = run,
};
