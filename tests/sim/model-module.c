// SPDX-License-Identifier: GPL-2.0-only
/*
 * The module itself: all of src/dm, compiled against the model kernel. Names
 * that belong to a rule of the design are led through a place where the rule
 * can be broken.
 */
#include "model-kernel.h"
#include "model-dm.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"
#pragma GCC diagnostic ignored "-Wunused-function"
#pragma GCC diagnostic ignored "-Wshadow"
#pragma GCC diagnostic ignored "-Wformat"

#include "../../src/dm/target.h"

static u32 model_commit_records(const struct sc_cache *c);

static bool broken(enum model_rule rule)
{
	return model_broken == rule;
}

/* ---- places where a rule can be broken ------------------------------------- */

static enum sc_action broken_plan_write(const struct sc_view *v)
{
	struct sc_view blind = *v;

	if (broken(MODEL_OVERWRITE_CLEAN) && sc_plan_write(v) == SC_ACT_MARK)
		blind.dclean = 0;
	return sc_plan_write(&blind);
}

static bool broken_retire(struct sc_map *m, u32 i)
{
	if (sc_map_retire(m, i))
		return true;
	if (!broken(MODEL_EARLY_REUSE) ||
	    sc_map_slot(m, i)->flags & SC_COMMITTING)
		return false;
	sc_map_unhash(m, i);
	return true;
}

static int broken_wait(struct sc_cache *c, u64 ticket)
{
	return broken(MODEL_EARLY_ORIGIN) ? 0 : sc_commit_wait(c, ticket);
}

static int broken_destage_flush(struct sc_cache *c)
{
	return broken(MODEL_EARLY_CLEAN) ? 0 : sc_origin_flush(c);
}

static void broken_commit_bio(struct sc_cache *c, struct bio *bio)
{
	if (!broken(MODEL_EARLY_FLUSH)) {
		sc_commit_bio(c, bio);
		return;
	}
	bio->bi_status = BLK_STS_OK;
	bio_endio(bio);
}

static void broken_hold(struct sc_map *m, u32 i)
{
	if (!broken(MODEL_NO_HOLD))
		sc_map_hold(m, i);
}

static void broken_grace(struct sc_cache *c)
{
	if (!broken(MODEL_NO_GRACE))
		sc_grace_wait(c);
}

static void broken_mark_dirty(struct sc_map *m, u32 i, u16 mask)
{
	sc_map_mark_dirty(m, i, mask);
	if (broken(MODEL_NO_REDIRTY))
		sc_map_slot(m, i)->flags &= ~SC_REDIRTY;
}

static bool broken_settled(const struct sc_map *m, u32 i, u16 mask)
{
	return broken(MODEL_UNSETTLED) || sc_map_settled(m, i, mask);
}

static void broken_note(struct sc_cache *c)
{
	if (!broken(MODEL_DIRECT_FLUSH))
		sc_commit_note_unsettled(c);
}

static int broken_epoch(struct sc_meta *m)
{
	return broken(MODEL_NO_EPOCH) ? 0 : sc_meta_raise_epoch(m);
}

static u32 broken_older(const struct sc_map *m, u32 i)
{
	return broken(MODEL_UNSETTLED) ? SC_NIL : sc_map_find_older(m, i);
}

static bool broken_writers(struct sc_cache *c, sc_oblock_t b)
{
	return !broken(MODEL_NO_WRITERS) && sc_writers_busy(c, b);
}

/* ---- what the metadata said ------------------------------------------------ */

static struct sc_record loaded[MODEL_MAX_SLOTS];
static const struct sc_geom *geom;
void (*model_loaded)(const struct sc_record *rec, u32 nr);

static struct sc_map *note_create(const struct sc_geom *g)
{
	assert(g->nr_slots <= MODEL_MAX_SLOTS);
	memset(loaded, 0, sizeof(loaded));
	geom = g;
	return sc_map_create(g);
}

static void note_load(struct sc_map *m, const struct sc_record *rec)
{
	loaded[from_cblock(rec->slot)] = *rec;
	sc_map_load(m, rec);
}

static int note_load_end(struct sc_map *m, sc_oblock_t *bad)
{
	int r = sc_map_load_end(m, bad);

	if (!r && model_loaded)
		model_loaded(loaded, m->geom.nr_slots);
	return r;
}

u32 model_tx_records;

/* So that a cycle takes more than one transaction. */
static bool note_full(struct sc_cache *c, struct sc_meta *m)
{
	return sc_meta_commit_full(m) ||
	       model_commit_records(c) >= model_tx_records;
}

/* ---- the module ------------------------------------------------------------ */

#define sc_map_create(g)		note_create(g)
#define sc_map_load(m, rec)		note_load(m, rec)
#define sc_map_load_end(m, bad)		note_load_end(m, bad)
#include "../../src/dm/cache.c"
#undef sc_map_create
#undef sc_map_load
#undef sc_map_load_end

#define sc_meta_commit_full(m)		note_full(c, m)
#define sc_meta_raise_epoch(m)		broken_epoch(m)
#include "../../src/dm/commit.c"
#undef sc_meta_commit_full
#undef sc_meta_raise_epoch

static u32 model_commit_records(const struct sc_cache *c)
{
	return c->commit->nr_records;
}

#include "../../src/dm/ctr.c"

#define sc_origin_flush(c)		broken_destage_flush(c)
#define sc_map_settled(m, i, mask)	broken_settled(m, i, mask)
#define sc_map_find_older(m, i)		broken_older(m, i)
#define sc_grace_wait(c)		broken_grace(c)
#define sc_writers_busy(c, b)		broken_writers(c, b)
#include "../../src/dm/destage.c"
#undef sc_origin_flush
#undef sc_map_settled
#undef sc_map_find_older
#undef sc_grace_wait

#include "../../src/dm/fail.c"
#include "../../src/dm/flush.c"
#include "../../src/dm/flusher.c"
#include "../../src/dm/grace.c"

#define sc_commit_bio(c, bio)		broken_commit_bio(c, bio)
#define sc_plan_write(v)		broken_plan_write(v)
#include "../../src/dm/io-end.c"
#include "../../src/dm/io-map.c"

#define sc_map_hold(m, i)		broken_hold(m, i)
#include "../../src/dm/job.c"
#undef sc_map_hold

#include "../../src/dm/job-read.c"
#include "../../src/dm/job-write.c"
#undef sc_writers_busy

#define sc_commit_wait(c, ticket)	broken_wait(c, ticket)
#include "../../src/dm/job-discard.c"
#include "../../src/dm/job-origin.c"
#undef sc_commit_wait
#undef sc_plan_write
#undef sc_commit_bio

#include "../../src/dm/main.c"
#include "../../src/dm/message.c"
#include "../../src/dm/meta-io.c"

#define sc_grace_wait(c)		broken_grace(c)
#include "../../src/dm/reclaim.c"
#undef sc_grace_wait

#define sc_map_retire(m, i)		broken_retire(m, i)
#define sc_map_mark_dirty(m, i, mask)	broken_mark_dirty(m, i, mask)
#define sc_commit_note_unsettled(c)	broken_note(c)
#include "../../src/dm/slot.c"
#undef sc_map_retire
#undef sc_map_mark_dirty
#undef sc_commit_note_unsettled

#include "../../src/dm/stats.c"
#include "../../src/dm/writers.c"

/* ---- a look inside --------------------------------------------------------- */

static struct sc_cache *cache(void)
{
	struct sc_target *t = model_dev_private();

	return t ? t->cache : NULL;
}

const struct sc_geom *model_dev_geom(void)
{
	return geom;
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

void model_dev_abandon(void)
{
	struct sc_cache *c = cache();

	/* The module is loaded anew: what is static is as in the beginning. */
	INIT_LIST_HEAD(&active_caches);
	memset(&active_lock, 0, sizeof(active_lock));
	if (!c)
		return;
	sc_policy_destroy(c->policy);
	sc_dirty_destroy(c->dirty);
	sc_map_destroy(c->map);
	sc_meta_destroy(c->meta);
}
