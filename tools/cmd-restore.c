// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache restore: metadata from a dump. The cache device is not touched: its
 * labels say whose it is, and whether what the dump calls clean still is.
 */
#include "lib/place.h"
#include "lib/report.h"
#include "lib/rest.h"
#include "lib/verb.h"
#include "codec.h"
#include "offline.h"

static struct restore_opts own;

static const struct option_spec options[] = {
	OPT_FLAG("force", 'f', "overwrite whatever is on the device",
		 &own.force),
	OPT_FLAG("quiet", 'q', "print nothing but errors", &own.quiet),
	OPT_END
};

/**
 * struct making - metadata being made
 * @rest: the cache
 * @opts: as given
 * @needs_check: as the dump says
 * @nr: slots taken
 */
struct making {
	struct rest rest;
	const struct restore_opts *opts;
	bool needs_check;
	u32 nr;
};

/* Both callbacks return an exit code, which is never negative. */
static int take_cache(void *ctx, const struct dump_cache *cache)
{
	struct making *m = ctx;
	struct rest_new new = {
		.path = m->opts->metadata,
		.force = m->opts->force,
		.p = {
			.cache_sectors = cache->cache_sectors,
			.origin_sectors = cache->origin_sectors,
			.block_sectors = cache->block_sectors,
			.label_epoch = cache->label_epoch,
		},
	};
	int code;

	if (cache->is_foreign) {
		report_error("%s: a dump of dm-cache's; import takes that",
			     m->opts->input);
		return EXIT_USAGE;
	}
	memcpy(new.p.uuid, cache->uuid, sizeof(new.p.uuid));
	memcpy(new.p.policy, cache->policy, sizeof(new.p.policy));
	m->needs_check = cache->needs_check;
	code = rest_create(&m->rest, &new);
	if (!code && m->rest.geom->nr_slots != cache->nr_slots) {
		report_error("%s: %u blocks do not fit the size of the cache device, which makes %u",
			     m->opts->input, cache->nr_slots,
			     m->rest.geom->nr_slots);
		return EXIT_USAGE;
	}
	return code;
}

static int take_slot(void *ctx, const struct sc_record *rec)
{
	struct making *m = ctx;
	const char *fault;
	u64 got;

	fault = sc_record_fault(m->rest.geom, rec, &got);
	if (!fault && m->rest.slots[from_cblock(rec->slot)].valid) {
		fault = "told twice";
		got = from_cblock(rec->slot);
	}
	if (fault) {
		report_error("%s: slot %u: %s, got %llu", m->opts->input,
			     from_cblock(rec->slot), fault,
			     (unsigned long long)got);
		return EXIT_USAGE;
	}
	rest_put(&m->rest, rec);
	m->nr++;
	return 0;
}

static int make(struct making *m)
{
	struct dump_reader reader = {
		.begin = take_cache, .slot = take_slot, .ctx = m,
	};
	struct sc_check check;
	int code;

	code = dump_read(m->opts->input, &reader);
	if (code == -EINVAL)
		return EXIT_USAGE;
	if (code)
		return code < 0 ? rest_exit_code(code) : code;
	code = rest_settle(&m->rest, &check, NULL, NULL);
	return code ?: rest_create_end(&m->rest, m->needs_check);
}

int restore_run(const struct restore_opts *opts)
{
	struct making m = { .opts = opts };
	int code;

	rest_init(&m.rest);
	code = make(&m);
	if (!code && !opts->quiet)
		report_note("%s: %u blocks restored", opts->metadata, m.nr);
	rest_close(&m.rest);
	return code;
}

static int run(int argc, char **argv)
{
	int code;

	(void)argc;
	own.input = argv[0];
	code = place_find(argv[1], &own.metadata, NULL, NULL);
	return code ?: restore_run(&own);
}

const struct verb cmd_restore = {
	.name = "restore",
	.args = "DUMP NAME|METADATA",
	.summary = "make metadata from what dump printed",
	.min_args = 2,
	.max_args = 2,
	.options = options,
	.run = run,
};
