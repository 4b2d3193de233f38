// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache repair: bring metadata into a good state, from what survived of it.
 * What is lost is said; what cannot be believed any more is dropped.
 */
#include "codec.h"
#include "lib/place.h"
#include "lib/report.h"
#include "lib/rest.h"
#include "lib/verb.h"
#include "offline.h"

static struct repair_opts own;

static const struct option_spec options[] = {
	OPT_TEXT("cache", 'c', "DEVICE",
		 "its cache device: repair the labels there, too", &own.cache),
	OPT_TEXT("output", 'o', "DEVICE",
		 "write what is good to this metadata device instead",
		 &own.output),
	OPT_FLAG("force", 'f', "overwrite whatever is on the output device",
		 &own.force),
	OPT_END
};

static const struct column columns[] = {
	{ "metadata", "metadata", CELL_TEXT, 0, NULL },
	{ "damages", "damages", CELL_NUMBER, 0, NULL },
	{ "lost", "blocks that may be lost", CELL_NUMBER, 0, NULL },
	{ "dropped", "clean blocks dropped", CELL_NUMBER, 0, NULL },
	{ "mapped", "blocks left", CELL_NUMBER, 0, NULL },
	{ "dirty", "of these dirty", CELL_NUMBER, 0, NULL },
	COLUMN_END
};

/**
 * struct repair - what a repair came to
 * @rest: the cache
 * @damages: sentences, an array
 * @lost: slots that the table lost; dirty ones given up for others
 * @dropped: clean ones that are not believed
 * @no_clean: none is
 */
struct repair {
	struct rest rest;
	struct json_object *damages;
	u64 lost;
	u64 dropped;
	bool no_clean;
};

static void add_damage(struct repair *p, const char *text)
{
	report_warning("%s: %s", p->rest.metadata.path, text);
	json_object_array_add(p->damages, json_object_new_string(text));
}

static void on_damage(void *ctx, const struct sc_damage *damage)
{
	char text[2 * SC_REASON_BYTES];
	struct repair *p = ctx;
	struct sc_text t;

	sc_text_init(&t, text, sizeof(text));
	rest_damage_text(damage, &t);
	add_damage(p, text);
	p->lost += damage->kind == SC_DAMAGE_PAGE ? damage->nr_slots : 0;
	p->no_clean |= damage->kind == SC_DAMAGE_JOURNAL;
}

static void on_fault(void *ctx, const struct sc_reason *why)
{
	add_damage(ctx, why->text);
}

/*
 * Behind a damaged journal a clean slot may be in an older state than the
 * origin and the cache are. So may a dirty one, but it could be all there is.
 */
static void drop_clean(struct repair *p)
{
	struct sc_record rec;
	u16 valid;
	u32 i;

	for (i = 0; i < p->rest.geom->nr_slots; i++) {
		rest_get(&p->rest, to_cblock(i), &rec);
		valid = rec.valid;
		rec.valid &= rec.dirty;
		if (rec.valid == valid)
			continue;
		rest_put(&p->rest, &rec);
		p->dropped += !rec.valid;
	}
}

/* Superblocks and labels have copies; a lost one is made again at each start. */
static void note_copies(struct repair *p)
{
	struct sc_meta_stats st;

	sc_meta_stats(p->rest.meta, &st);
	if (st.good_supers < 2)
		add_damage(p, "one superblock of two: nothing is lost");
	if (p->rest.cache.fd >= 0 && st.good_labels == 1)
		add_damage(p, "one label of two: nothing is lost");
	if (sc_meta_needs_check(p->rest.meta))
		add_damage(p, "marked as needs_check");
}

static int write_here(struct repair *p)
{
	int code = rest_start(&p->rest);

	code = code ?: rest_clear_needs_check(&p->rest);
	return code ?: rest_end(&p->rest);
}

static int write_there(struct repair *p, const struct repair_opts *opts)
{
	const struct sc_super *s = sc_meta_super(p->rest.meta);
	struct rest_new new = {
		.path = opts->output,
		.force = opts->force,
		.p = {
			.cache_sectors = s->cache_sectors,
			.origin_sectors = s->geom.origin_sectors,
			.block_sectors = 1u << s->geom.block_shift,
			.label_epoch = s->label_epoch,
		},
	};
	struct sc_record rec;
	struct rest to;
	int code;
	u32 i;

	memcpy(new.p.uuid, s->uuid, sizeof(s->uuid));
	memcpy(new.p.policy, s->policy, sizeof(s->policy));
	code = rest_create(&to, &new);
	for (i = 0; !code && i < to.geom->nr_slots; i++) {
		rest_get(&p->rest, to_cblock(i), &rec);
		if (rec.valid)
			rest_put(&to, &rec);
	}
	if (!code)
		code = rest_create_end(&to, false);
	rest_close(&to);
	return code;
}

static void add(struct json_object *o, const char *name, u64 value)
{
	json_object_object_add(o, name, json_object_new_uint64(value));
}

static void print(const struct repair *p, const char *path)
{
	struct json_object *o = json_object_new_object();
	u64 mapped = 0, dirty = 0;
	u32 i;

	for (i = 0; i < p->rest.geom->nr_slots; i++) {
		mapped += !!p->rest.slots[i].valid;
		dirty += !!p->rest.slots[i].dirty;
	}
	json_object_object_add(o, "metadata", json_object_new_string(path));
	if (report_is_json())
		json_object_object_add(o, "damages",
				       json_object_get(p->damages));
	else
		add(o, "damages", json_object_array_length(p->damages));
	add(o, "lost", p->lost);
	add(o, "dropped", p->dropped);
	add(o, "mapped", mapped);
	add(o, "dirty", dirty);
	report_fields(columns, o);
}

static int repair(struct repair *p, const struct repair_opts *opts)
{
	struct rest_how how = {
		.metadata = opts->metadata,
		.cache = opts->cache,
		.write = !opts->output,
		.damaged = on_damage,
		.ctx = p,
	};
	struct sc_check check;
	int code;

	code = rest_open(&p->rest, &how);
	if (code)
		return code;
	note_copies(p);
	code = rest_settle(&p->rest, &check, on_fault, p);
	if (code)
		return code;
	p->lost += check.nr[SC_CHECK_TWICE_DIRTY];
	p->dropped += 2 * check.nr[SC_CHECK_TWICE_CLEAN] +
		      check.nr[SC_CHECK_THRICE];
	if (p->no_clean)
		drop_clean(p);
	if (opts->output)
		code = write_there(p, opts);
	else if (json_object_array_length(p->damages))
		code = write_here(p);
	if (!code)
		print(p, opts->output ?: opts->metadata);
	return code;
}

int repair_run(const struct repair_opts *opts)
{
	struct repair p = { .lost = 0 };
	int code;

	if (opts->output && opts->cache) {
		report_error("labels are repaired together with the metadata in place: either --cache or --output");
		return EXIT_USAGE;
	}
	p.damages = json_object_new_array();
	code = repair(&p, opts);
	rest_close(&p.rest);
	json_object_put(p.damages);
	return code;
}

static int run(int argc, char **argv)
{
	int code;

	(void)argc;
	code = place_find(argv[0], &own.metadata, own.output ? NULL : &own.cache,
			  NULL);
	return code ?: repair_run(&own);
}

const struct verb cmd_repair = {
	.name = "repair",
	.args = "NAME|METADATA",
	.summary = "repair the metadata of a cache that is not in use, and say what was lost",
	.min_args = 1,
	.max_args = 1,
	.options = options,
	.run = run,
};
