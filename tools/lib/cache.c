// SPDX-License-Identifier: GPL-2.0-only
/*
 * A cache as a whole: finding and asking it.
 */
#include <sys/sysmacros.h>

#include <ssdcache/abi.h>

#include "cache.h"
#include "exit.h"
#include "program.h"
#include "report.h"

const char *cache_run_name(enum cache_run run)
{
	switch (run) {
	case CACHE_RUNNING:
		return "running";
	case CACHE_ALONE:
		return "alone";
	case CACHE_STOPPED:
		break;
	}
	return "stopped";
}

int cache_exit_code(int r)
{
	switch (r) {
	case 0:
		return EXIT_DONE;
	case -ENOENT:
		return EXIT_MISSING;
	case -EBUSY:
		return EXIT_REFUSED;
	case -EINVAL:
		return EXIT_USAGE;
	default:
		return EXIT_FAILED;
	}
}

int cache_find(const char *name, struct tab_entry *e)
{
	const struct tab_entry *found;
	struct tab tab;
	int r = tab_read(&tab);

	if (r)
		return r;
	found = tab_find(&tab, name);
	if (found)
		*e = *found;
	tab_free(&tab);
	if (found)
		return 0;
	report_error("%s is not in %s", name, tab_path());
	return -ENOENT;
}

int cache_run(const char *name, enum cache_run *run)
{
	struct mapped_line line;
	struct mapped_info info;
	int r = mapped_info(name, &info);

	*run = CACHE_STOPPED;
	if (r || !info.exists)
		return r;
	r = mapped_table(name, &line);
	if (r == -ENOENT) /* made half, by one that was killed */
		return 0;
	if (r)
		return r;
	if (!strcmp(line.target, SC_TARGET_NAME))
		*run = CACHE_RUNNING;
	else if (!strcmp(line.target, "linear") && mapped_is_ours(name))
		*run = CACHE_ALONE;
	else
		r = -EBUSY;
	mapped_line_free(&line);
	if (r)
		report_error("%s/%s is a device of another kind", MAPPED_DIR,
			     name);
	return r;
}

int cache_status(const char *name, struct sc_status_info *info)
{
	struct mapped_line line;
	struct sc_reason why;
	int r = mapped_status(name, &line);

	if (!r && strcmp(line.target, SC_TARGET_NAME)) {
		mapped_line_free(&line);
		r = -ENOENT;
	}
	if (r == -ENOENT)
		report_error("%s does not run", name);
	if (r)
		return r;
	r = sc_status_parse(line.text, info, &why);
	if (r)
		report_error("%s: the status is not understood: %s", name,
			     why.text);
	mapped_line_free(&line);
	return r ? -EIO : 0;
}

/* ---- devices --------------------------------------------------------------- */

int cache_open(const struct tab_entry *e, struct cache_devices *d,
	       struct sc_reason *why)
{
	int r;

	memset(d, 0, sizeof(*d));
	r = blk_open(&d->origin, e->origin, why);
	if (!r)
		r = blk_open(&d->cache, e->cache, why);
	if (!r && *e->metadata)
		r = blk_open(&d->metadata, e->metadata, why);
	if (!r && (d->origin.number == d->cache.number ||
		   (*e->metadata && (d->metadata.number == d->cache.number ||
				     d->metadata.number == d->origin.number)))) {
		sc_reason_set(why, "origin, cache and metadata must be different devices");
		r = -EINVAL;
	}
	if (r)
		cache_close(d);
	return r;
}

void cache_close(struct cache_devices *d)
{
	blk_close(&d->origin);
	blk_close(&d->cache);
	blk_close(&d->metadata);
}

int cache_parts(const struct tab_entry *e, const struct cache_devices *d,
		u64 *data_sectors, u64 *metadata_sectors,
		struct sc_reason *why)
{
	u64 head = e->metadata_bytes >> SC_SECTOR_SHIFT;
	u64 want = e->cache_bytes >> SC_SECTOR_SHIFT;

	*metadata_sectors = *e->metadata ? d->metadata.sectors : head;
	if (head >= d->cache.sectors) {
		sc_reason_set(why, "%.60s is too small: of its %llu KiB the metadata takes %llu",
			      d->cache.path,
			      (unsigned long long)d->cache.sectors / 2,
			      (unsigned long long)head / 2);
		return -EINVAL;
	}
	*data_sectors = d->cache.sectors - head;
	if (want > *data_sectors) {
		sc_reason_set(why, "%.60s is smaller than %s says",
			      d->cache.path, TAB_CACHE_SIZE);
		return -EINVAL;
	}
	if (want)
		*data_sectors = want;
	return 0;
}

int cache_fits(const struct tab_entry *e, const struct cache_devices *d,
	       struct sc_reason *why)
{
	u64 data, metadata;
	struct sc_layout layout;
	struct sc_geom geom;
	int r = cache_parts(e, d, &data, &metadata, why);

	if (!r)
		r = sc_geom_init(&geom, e->config.block_sectors,
				 d->origin.sectors, data, why);
	if (!r)
		r = sc_layout_init(&layout, metadata,
				   e->config.tune.journal_blocks, why);
	if (!r && sc_layout_capacity(&layout) < geom.nr_slots) {
		sc_reason_set(why, "the metadata device has room for %u slots, the cache device for %u",
			      sc_layout_capacity(&layout), geom.nr_slots);
		r = -ENOSPC;
	}
	return r;
}

int cache_need_target(void)
{
	static const char *const modprobe[] = {
		"modprobe", SC_TARGET_NAME, NULL
	};

	if (mapped_has_target(SC_TARGET_NAME) ||
	    (!program_run(modprobe, NULL) &&
	     mapped_has_target(SC_TARGET_NAME)))
		return 0;
	report_error("this kernel has no target %s: is the module installed for it?",
		     SC_TARGET_NAME);
	return -ENOENT;
}
