// SPDX-License-Identifier: GPL-2.0-only
/*
 * Load devices as the module does, and what must come of it: they are refused
 * with a reason and left as they are (P6), or what was loaded can be worked
 * with, and is found again afterwards.
 */
#include "raw-format.h"
#include "fuzz.h"

/* Who counts from there may get where nobody can: out of the question. */
#define FAR_FUTURE	(1ULL << 61)

static bool near_end_of_time(const struct image *img)
{
	static const char *const counters[] = {
		"header.seq", "super.checkpoint", "super.tail_tx",
		"super.generation", "super.label_epoch",
	};
	u32 i;

	for (i = 0; i < ARRAY_SIZE(counters); i++)
		if (format_get(image_block(img, 0), counters[i]) > FAR_FUTURE)
			return true;
	return false;
}

/* Some records, of which each can be committed. */
static void work(struct world *w)
{
	const struct sc_geom *g = sc_meta_geom(w->m);
	struct sc_record rec[3];
	u32 i, slot;

	for (i = 0; i < ARRAY_SIZE(rec); i++) {
		slot = i * (g->nr_slots - 1) / 2;
		rec[i] = (struct sc_record){
			.slot = to_cblock(slot),
			.block = to_oblock(i * (g->nr_oblocks - 1) / 2),
			.valid = 1,
			.dirty = i & 1,
			.hint = i,
		};
		if (w->view[slot].valid && w->view[slot].hint & 1)
			rec[i] = (struct sc_record){ .slot = to_cblock(slot) };
	}
	fuzz_must(!world_commit(w, rec, ARRAY_SIZE(rec)), "commit failed");
}

static void expect_again(struct world *w, const char *when)
{
	struct world again;
	int r;

	r = world_open(&again, w->img, false);
	/* A block held twice, by what work() did, is not the engine's. */
	if (r && strstr(again.why.text, "held twice"))
		r = 0;
	fuzz_must(!r, "%s: loaded once, but not again: %s", when,
		  again.why.text);
	fuzz_must(world_same(w, &again), "%s: loaded differently", when);
	world_close(&again);
}

/* What could not be read never comes back. */
static void repair_disk(struct image *img)
{
	if (img->bad >= 0)
		memset(image_block(img, img->bad), 0, SC_META_BLOCK_BYTES);
	img->bad = -1;
}

static void use(struct world *w)
{
	int r;

	repair_disk(w->img);
	r = sc_meta_start(w->m);

	if (r) {
		/* Or a counter that nobody can have counted to. */
		fuzz_must(r == -EOVERFLOW ||
			  (r == -EROFS && sc_meta_read_only(w->m)),
			  "start failed: %d", r);
		fuzz_must(!w->img->nr_writes, "a refused start wrote");
		return;
	}
	if (near_end_of_time(w->img))
		return;
	expect_again(w, "started");
	work(w);
	fuzz_must(!sc_meta_checkpoint(w->m), "checkpoint failed");
	work(w);
	expect_again(w, "at work");
}

void fuzz_load(struct image *img, bool repair)
{
	struct world w;
	const char *fault;
	int r = world_open(&w, img, repair);

	fuzz_must(!img->nr_writes, "load wrote");
	if (r) {
		fuzz_must(r < 0 && strlen(w.why.text) > 10,
			  "refused without a reason: %d %s", r, w.why.text);
	} else {
		fault = world_fault(&w);
		fuzz_must(!fault, "the map: %s", fault);
		use(&w);
	}
	world_close(&w);
}
