// SPDX-License-Identifier: GPL-2.0-only
/*
 * Caches that the origin went on without.
 *
 * DOC: abandoned
 *
 * An SSD that dies takes metadata, labels and cached data with it. If nothing
 * was dirty, nothing is lost, and the origin goes on alone. But what the SSD's
 * records call clean gets old then, and they can be told neither by the metadata
 * nor by the label. Should the SSD come back, it must not be believed: the
 * module remembers the uuid, and voids the metadata as soon as they can be
 * written, now or at the next start.
 */
#include <linux/string.h>

#include "target.h"

#define MAX_ABANDONED	64

/* As long as the module is loaded; the oldest is forgotten for the newest. */
static DEFINE_MUTEX(abandoned_lock);
static u8 abandoned[MAX_ABANDONED][SC_UUID_BYTES];
static unsigned int nr_abandoned;

void sc_abandon(struct sc_cache *c)
{
	struct sc_target *t = c->target;

	mutex_lock(&abandoned_lock);
	sc_meta_uuid(c->meta, abandoned[nr_abandoned++ % MAX_ABANDONED]);
	mutex_unlock(&abandoned_lock);
	WRITE_ONCE(c->records, SC_RECORDS_NONE);
	pr_warn("ssdcache %s: the origin goes on without metadata %s and cache %s; if they come back only after a reboot, zero the first 4 KiB of %s before they are used\n",
		dm_table_device_name(t->ti->table),
		t->dev[SC_LEG_METADATA]->name, t->dev[SC_LEG_CACHE]->name,
		t->dev[SC_LEG_METADATA]->name);
}

bool sc_abandoned(struct sc_cache *c)
{
	u8 uuid[SC_UUID_BYTES];
	unsigned int n;
	bool found = false;

	sc_meta_uuid(c->meta, uuid);
	mutex_lock(&abandoned_lock);
	for (n = 0; n < min(nr_abandoned, MAX_ABANDONED) && !found; n++)
		found = !memcmp(abandoned[n], uuid, SC_UUID_BYTES);
	mutex_unlock(&abandoned_lock);
	return found;
}
