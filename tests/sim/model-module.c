// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module itself: all of src/dm, compiled against the model kernel, so that
 * its rules can be broken, with hooks where the model looks inside.
 */
#include "model-kernel.h"
#include "model-dm.h"
#include "../whole-record.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wformat"

#include "../../src/dm/flusher-thread.h"

/* Its batches are so small that a turn would hardly ever end within one. */
#undef SC_TURN_MS
#define SC_TURN_MS model_turn_ms

static u32 model_commit_records(const struct sc_cache *c);

/* ---- what the metadata said ------------------------------------------------ */

static struct sc_record loaded[MODEL_MAX_SLOTS];
static struct sc_geom geom;
void (*model_loaded)(const struct sc_record *rec, u32 nr);
bool model_loaded_later;

static struct sc_map *note_create(const struct sc_geom *g)
{
	assert(g->nr_slots <= MODEL_MAX_SLOTS);
	memset(loaded, 0, sizeof(loaded));
	geom = *g;
	return sc_map_create(g);
}

static bool note_load(struct sc_map *m, const struct sc_record *rec, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		loaded[from_cblock(rec[i].slot)] = rec[i];
	return sc_map_load(m, rec, nr);
}

static void note_load_page(struct sc_map *m, struct sc_page_cursor *cursor)
{
	struct sc_page_cursor c = *cursor;
	struct sc_record rec;

	sc_map_load_page(m, cursor);
	while (c.slot < cursor->slot) {
		rec = whole_record(&c, &geom);
		loaded[from_cblock(rec.slot)] = rec;
	}
}

static int note_load_end(struct sc_map *m, sc_oblock_t *bad)
{
	int r = sc_map_load_end(m, bad);

	if (!r && model_loaded && !model_loaded_later)
		model_tell_loaded();
	return r;
}

void model_tell_loaded(void)
{
	model_loaded(loaded, geom.nr_slots);
}

u32 model_tx_records;
u32 model_turn_ms;

/* So that a cycle takes more than one transaction. */
static bool note_full(struct sc_cache *c, struct sc_meta *m)
{
	return sc_meta_commit_full(m) ||
	       model_commit_records(c) >= model_tx_records;
}

/* ---- the module ------------------------------------------------------------ */

#define sc_map_create(g)		note_create(g)
#define sc_map_load(m, rec, nr)		note_load(m, rec, nr)
#define sc_map_load_page(m, cursor)	note_load_page(m, cursor)
#define sc_map_load_end(m, bad)		note_load_end(m, bad)
#define sc_meta_commit_full(m)		note_full(c, m)
#include "../broken/module.c"

static u32 model_commit_records(const struct sc_cache *c)
{
	return c->commit->nr_records;
}

/* ---- a look inside --------------------------------------------------------- */

static struct sc_cache *cache(void)
{
	struct sc_target *t = model_dev_private();

	return t ? t->cache : NULL;
}

const struct sc_geom *model_dev_geom(void)
{
	return &geom;
}

u32 model_dev_slots(struct model_slot *slots)
{
	struct sc_cache *c = cache();
	struct model_slot *s;
	u32 i;

	if (!c)
		return 0;
	for (i = 0; i < c->geom.nr_slots; i++) {
		s = &slots[i];
		sc_map_durable(c->map, i, &s->durable);
		s->rec = s->durable;
		s->rec.valid = sc_slot_valid(c->map, i);
		s->rec.dirty = sc_slot_dirty(c->map, i);
		s->flags = sc_map_slot(c->map, i)->flags;
		s->committing = s->flags & SC_COMMITTING;
	}
	return c->geom.nr_slots;
}

bool model_dev_is_well(void)
{
	return cache() && cache()->health == SC_RW;
}

bool model_dev_is_parked(void)
{
	struct sc_cache *c;

	list_for_each_entry(c, &active_caches, active)
		if (c->parked)
			return true;
	return false;
}

static void abandon(struct sc_cache *c)
{
	sc_policy_destroy(c->policy);
	sc_dirty_destroy(c->dirty);
	sc_map_destroy(c->map);
	sc_meta_destroy(c->meta);
}

void model_dev_abandon(void)
{
	struct sc_cache *c;

	list_for_each_entry(c, &active_caches, active)
		if (c->parked)
			abandon(c);
	c = cache();
	if (c)
		abandon(c);
	model_loaded_later = false;
	/* The module is loaded anew: what is static is as in the beginning. */
	INIT_LIST_HEAD(&active_caches);
	memset(&active_lock, 0, sizeof(active_lock));
}
