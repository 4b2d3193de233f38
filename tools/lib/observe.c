// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a running cache says is noted for the day when its fast device is missing.
 */
#include "cache.h"
#include "report.h"
#include "state.h"

/* No slots: it said nothing, for it is suspended, say. */
static bool stays_clean(const struct sc_status_info *info)
{
	return info->slots.total && !info->nr_dirty &&
	       info->config.mode != SC_WRITEBACK && info->health != SC_FAIL;
}

static int note_clean(const char *name)
{
	struct sc_status_info info;
	struct state s;

	if (cache_status(name, &info) || !stays_clean(&info))
		return 0;
	state_load(name, &s);
	s.maybe_dirty = false;
	return state_save(name, &s);
}

void cache_observe(const char *name, const struct sc_status_info *info)
{
	struct state s;
	int lock, r;

	if (!stays_clean(info))
		return;
	state_load(name, &s);
	if (!s.maybe_dirty)
		return;
	lock = state_lock(name);
	r = lock < 0 ? -EIO : note_clean(name);
	state_unlock(lock);
	if (r)
		report_warning("that %s holds nothing dirty could not be noted",
			       name);
}
