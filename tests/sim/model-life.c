// SPDX-License-Identifier: GPL-2.0-only
/*
 * A life: start the cache, let users and an administrator work, cut the power
 * after some step of some I/O or end in order, look at what is left, go on.
 */
#include "model-kernel.h"
#include "model-dm.h"
#include "model-life.h"
#include "model-oracle.h"
#include "map.h"

#define MAX_REQUEST	192u
#define MAX_USERS	6u

static struct {
	struct model_setup setup;
	struct life_stats *stats;
	bool faulty;
	u64 hot_sectors;
	/* This uptime: where most requests go, how many in 100 are what. */
	u64 room;
	u32 writes;
	u32 flushes;
	u32 discards;
	u32 nr_slots;
	u32 old_sectors;
	u32 nr_users;
	u32 nr_working;
	u32 nr_requests;
	wait_queue_head_t idle;
	/* What the map knew when the power failed, or had drained. */
	struct model_slot slots[MODEL_MAX_SLOTS];
	u32 nr_known;
	bool drained;
} life;

/* ---- random sizes ---------------------------------------------------------- */

static u32 one_of(const u32 *from, u32 nr)
{
	return from[model_dice(nr)];
}

#define ONE_OF(...) \
	one_of((const u32[]){ __VA_ARGS__ }, \
	       sizeof((const u32[]){ __VA_ARGS__ }) / sizeof(u32))

static void choose_table(struct model_setup *s)
{
	static const char *const modes[] = {
		"writeback", "writeback", "writethrough", "writearound",
	};
	static const char *const policies[] = {
		"s3fifo", "lru", "s3fifo", "cleaner",
	};
	u32 low = ONE_OF(0, 10, 30), high = low + ONE_OF(5, 30, 50);

	snprintf(s->table, sizeof(s->table),
		 "metadata cache origin %u 1 %s %s 18 journal_blocks 16 destage_depth %u commit_interval %u idle_ms %u dirty_target %u dirty_low %u dirty_high %u dirty_limit %u sequential_cutoff %u",
		 s->block_sectors, modes[model_dice(ARRAY_SIZE(modes))],
		 policies[model_dice(ARRAY_SIZE(policies))],
		 ONE_OF(1, 1, 10, 32), ONE_OF(20, 100, 1000),
		 ONE_OF(0, 20, 1000, 100000), low / 2, low, high,
		 high + ONE_OF(0, 10), ONE_OF(0, 0, 64));
}

/* Room for so many slots and the label, not always a multiple of 4 KiB. */
static u32 cache_sectors(u32 nr_slots)
{
	return nr_slots * life.setup.block_sectors + 15;
}

static void choose_setup(void)
{
	struct model_setup *s = &life.setup;

	memset(&life, 0, sizeof(life));
	s->block_sectors = ONE_OF(8, 8, 16, 32, 64, 128);
	life.nr_slots = 4 + model_dice(s->block_sectors > 32 ? 8 : 24);
	s->cache_sectors = cache_sectors(life.nr_slots);
	s->max_cache_sectors = cache_sectors(2 * life.nr_slots);
	life.hot_sectors = life.nr_slots * s->block_sectors * 3 / 2;
	s->origin_sectors = life.hot_sectors * (1 + model_dice(3)) +
			    model_dice(s->block_sectors);
	s->metadata_sectors = 8 * (64 + model_dice(64));
	s->same_disk = !model_dice(3);
	choose_table(s);
	life.nr_users = 1 + model_dice(MAX_USERS);
}

/* What is like this until the next start. */
static void choose_weather(void)
{
	life.room = ONE_OF(2 * life.setup.block_sectors, life.hot_sectors / 2,
			   life.hot_sectors, life.hot_sectors);
	life.writes = ONE_OF(20, 50, 70);
	life.flushes = ONE_OF(2, 10);
	life.discards = ONE_OF(0, 5, 15);
	model_patience = ONE_OF(1, 4, 32);
	model_sluggish = ONE_OF(0, 2, 4);
	model_io_weight = ONE_OF(1, 4, 8, 15);
	model_tx_records = ONE_OF(1, 3, 10, 1000);
	model_turn_ms = ONE_OF(0, 1, 8);
	model_machine_weights(ONE_OF(1, 4, 20), ONE_OF(1, 4, 20),
			      ONE_OF(1, 4, 20));
}

static void format_origin(void)
{
	u8 data[SECTOR_BYTES];
	u64 s;

	for (s = 0; s < life.setup.origin_sectors; s++) {
		oracle_fill(s, 0, data);
		model_origin_format(s, data);
	}
}

static void tell_request(const char *what, const struct model_request *r,
			 u32 version, int error)
{
	tell("%s %llu+%u%s%s version %u: %d", what,
	     (unsigned long long)r->sector, r->nr_sectors,
	     r->flags & REQ_PREFLUSH ? " preflush" : "",
	     r->flags & REQ_FUA ? " fua" : "", version, error);
}

/* ---- users ----------------------------------------------------------------- */

static void choose_range(struct model_request *r)
{
	u64 size = life.setup.origin_sectors;
	u32 block = life.setup.block_sectors, unit = ONE_OF(1, 8, 8, block);
	u64 room = model_dice(8) ? min(size, life.room) : size;

	r->sector = round_down((u64)model_dice(room), unit);
	if (model_dice(4))
		r->nr_sectors = round_up(1 + model_dice(block), unit);
	else
		r->nr_sectors = round_up(1 + model_dice(2 * block), unit);
	r->nr_sectors = min(min(r->nr_sectors, MAX_REQUEST),
			    (u32)(size - r->sector));
}

static void check_result(int r, const char *what)
{
	if (!r || oracle_deaf)
		return;
	life.stats->errors++;
	if (!life.faulty)
		model_fail("%s failed: %d", what, r);
}

static void do_write(struct model_request *r)
{
	u64 began = oracle_now();
	u32 version, n;
	int error;

	r->op = REQ_OP_WRITE;
	r->flags = model_dice(6) ? 0 : REQ_FUA;
	if (!model_dice(12))
		r->flags |= REQ_PREFLUSH;
	version = oracle_begin_write(r->sector, r->nr_sectors);
	for (n = 0; n < r->nr_sectors; n++)
		oracle_fill(r->sector + n, version,
			    r->data + n * SECTOR_BYTES);
	tell_request("begin write", r, version, 0);
	error = model_dev_do(r);
	tell_request("end write", r, version, error);
	check_result(error, "write");
	oracle_end_write(version, r->sector, r->nr_sectors, !error,
			 r->flags & REQ_FUA);
	if (!error && r->flags & REQ_PREFLUSH)
		oracle_end_flush(began);
}

static void do_discard(struct model_request *r)
{
	u8 *data = r->data;
	u32 version;
	int error;

	r->op = REQ_OP_DISCARD;
	r->flags = 0;
	r->data = NULL;
	version = oracle_begin_discard(r->sector, r->nr_sectors);
	tell_request("begin discard", r, version, 0);
	error = model_dev_do(r);
	tell_request("end discard", r, version, error);
	check_result(error, "discard");
	oracle_end_write(version, r->sector, r->nr_sectors, !error, false);
	r->data = data;
}

static void do_read(struct model_request *r)
{
	u64 began = oracle_begin_read();
	int error;

	r->op = REQ_OP_READ;
	r->flags = 0;
	memset(r->data, 0xee, r->nr_sectors * SECTOR_BYTES);
	error = model_dev_do(r);
	tell_request("end read", r, 0, error);
	check_result(error, "read");
	if (error)
		oracle_forget_read(began);
	else
		oracle_end_read(began, r->sector, r->nr_sectors, r->data);
}

static void do_flush(void)
{
	const struct model_request flush = {
		.op = REQ_OP_WRITE, .flags = REQ_PREFLUSH,
	};
	u64 began = oracle_now();
	int error = model_dev_do(&flush);

	tell("end flush begun at %llu: %d", (unsigned long long)began, error);
	check_result(error, "flush");
	if (!error)
		oracle_end_flush(began);
}

static int user_task(void *data)
{
	struct model_request r = { .data = kmalloc(MAX_REQUEST * 512, 0) };
	u32 dice, n;

	(void)data;
	for (n = 0; n < life.nr_requests; n++) {
		choose_range(&r);
		dice = model_dice(100);
		if (dice < life.writes)
			do_write(&r);
		else if (dice < life.writes + life.flushes)
			do_flush();
		else if (dice < life.writes + life.flushes + life.discards)
			do_discard(&r);
		else
			do_read(&r);
		life.stats->requests++;
		if (!model_dice(16))
			model_sleep(model_dice(200));
	}
	kfree(r.data);
	life.nr_working--;
	wake_up_all(&life.idle);
	return 0;
}

/* What others write meanwhile is no reason to fail, a suspend is. */
static void check_drained(int r)
{
	if (r != -EINTR)
		check_result(r, "message flush");
}

/* Orders of an administrator; some are refused, and may be. */
static int admin_task(void *data)
{
	static const char *const orders[] = {
		"mode writeback", "mode writeback", "mode writethrough",
		"mode writearound", "mode passthrough",
		"read_fill 0", "read_fill 1", "dirty_limit 100",
		"small_queue 50", "write_budget 1", "write_budget 0",
	};
	char line[64];

	(void)data;
	while (life.nr_working) {
		model_sleep(model_dice(100));
		if (!model_dice(8)) {
			snprintf(line, sizeof(line), "invalidate_cblocks %u-%u",
				 model_dice(life.nr_slots), life.nr_slots);
			model_dev_message(line);
		} else if (!model_dice(8)) {
			check_drained(model_dev_message("flush"));
		} else {
			model_dev_message(orders[model_dice(ARRAY_SIZE(orders))]);
		}
	}
	wake_up_all(&life.idle);
	return 0;
}

/* ---- the work of one uptime ------------------------------------------------ */

static int work_task(void *data)
{
	struct model_task *admin = NULL;
	u32 n;

	(void)data;
	life.nr_working = life.nr_users;
	init_waitqueue_head(&life.idle);
	for (n = 0; n < life.nr_users; n++)
		model_detach(model_spawn(user_task, NULL));
	if (model_dice(2))
		admin = model_spawn(admin_task, NULL);
	if (life.faulty)
		model_detach(model_spawn(life_gremlin, NULL));
	wait_event(life.idle, !life.nr_working);
	if (admin)
		model_stop(admin);
	return 0;
}

static void read_all(void)
{
	struct model_request r = { .data = kmalloc(MAX_REQUEST * 512, 0) };

	for (r.sector = 0; r.sector < life.setup.origin_sectors;
	     r.sector += r.nr_sectors) {
		r.nr_sectors = 1 + model_dice(MAX_REQUEST);
		r.nr_sectors = min_t(u64, r.nr_sectors,
				     life.setup.origin_sectors - r.sector);
		do_read(&r);
	}
	kfree(r.data);
}

/* P7: nothing is left half done for ever. */
static void check_quiet(void)
{
	const u32 moving = SC_BUSY | SC_COPYING | SC_REDIRTY | SC_HELD |
			   SC_RETIRING | SC_COMMITTING;
	u32 n, nr;

	do_flush();
	model_sleep(30000);
	do_flush();
	nr = model_dev_slots(life.slots);
	for (n = 0; n < nr; n++)
		if (life.slots[n].flags & moving)
			model_fail("slot %u does not come to rest: flags %x", n,
				   life.slots[n].flags & moving);
}

/*
 * P3: whatever is destaged and evicted, the origin alone has what was there.
 * @data says whether nobody has written since the last cut.
 */
static int drain_task(void *data)
{
	bool strict = data;
	char line[64];
	u64 began, s;
	int r;

	r = model_dev_message("mode writethrough");
	if (!r)
		r = model_dev_message("flush");
	if (!r)
		r = model_dev_message("mode passthrough");
	snprintf(line, sizeof(line), "invalidate_cblocks 0-%u",
		 model_dev_geom()->nr_slots);
	if (!r)
		r = model_dev_message(line);
	check_result(r, "draining");
	/* Without the origin nothing can be said. */
	if (r)
		return 0;
	began = oracle_begin_read();
	for (s = 0; s < life.setup.origin_sectors && !oracle_deaf; s++) {
		if (strict)
			oracle_is(s, model_origin_peek(s), "P3 broken");
		else
			oracle_end_read(began, s, 1, model_origin_peek(s));
	}
	oracle_forget_read(began);
	life.stats->drained++;
	return 0;
}

static int end_task(void *data)
{
	(void)data;
	if (!life.faulty && !model_dice(3))
		check_quiet();
	if (model_dice(2))
		read_all();
	if (model_dice(2))
		drain_task(NULL);
	return 0;
}

/* ---- what a cut leaves ----------------------------------------------------- */

/* P4: the metadata says what the map knew that it may say. */
static void check_record(const struct sc_record *rec,
			 const struct model_slot *s)
{
	const struct sc_record *d = &s->durable;
	bool ok = !(rec->valid & ~d->valid) &&
		  !(rec->valid & ~rec->dirty & d->dirty);

	if (rec->valid && from_oblock(rec->block) != from_oblock(d->block))
		ok = false;
	if (!s->committing &&
	    (rec->valid != d->valid || rec->dirty != d->dirty))
		ok = false;
	if (life.drained && (rec->valid != s->rec.valid || rec->dirty))
		ok = false;
	if (!ok)
		model_fail("P4 broken: slot %u is block %llu %x/%x, the map said %llu %x/%x%s",
			   from_cblock(rec->slot),
			   (unsigned long long)from_oblock(rec->block),
			   rec->valid, rec->dirty,
			   (unsigned long long)from_oblock(d->block), d->valid,
			   d->dirty, s->committing ? " and committed" : "");
}

/* The slot that counts for a block: of two the one with something dirty. */
static const struct sc_record *record_of(const struct sc_record *rec, u32 nr,
					 u64 block)
{
	const struct sc_record *found = NULL;
	u32 n;

	for (n = 0; n < nr; n++)
		if (rec[n].valid && from_oblock(rec[n].block) == block &&
		    (!found || rec[n].dirty))
			found = &rec[n];
	return found;
}

static void check_sector(const struct sc_record *rec, u64 sector)
{
	const struct sc_geom *g = model_dev_geom();
	u32 in_block = sector & ((1u << g->block_shift) - 1);
	u32 sub = in_block >> g->sub_shift;
	const u8 *data = model_origin_peek(sector), *cached;

	if (rec && rec->valid >> sub & 1) {
		cached = model_slot_peek(from_cblock(rec->slot), in_block);
		/* P3, before anything is evicted. */
		if (!(rec->dirty >> sub & 1) &&
		    memcmp(cached, data, SECTOR_BYTES))
			model_fail("P3 broken: sector %llu is clean in slot %u, but the origin differs",
				   (unsigned long long)sector,
				   from_cblock(rec->slot));
		data = cached;
	}
	oracle_found(sector, data);
}

static void look_at_all(const struct sc_record *rec, u32 nr)
{
	u8 shift = model_dev_geom()->block_shift;
	u64 s;
	u32 n;

	for (n = 0; n < life.nr_known && n < nr; n++) {
		/* Slots that the load did not mention are empty. */
		struct sc_record r = rec[n];

		r.slot = to_cblock(n);
		check_record(&r, &life.slots[n]);
	}
	life.nr_known = 0;
	life.drained = false;
	if (oracle_deaf)
		for (s = 0; s < life.setup.origin_sectors; s++)
			check_sector(record_of(rec, nr, s >> shift), s);
	oracle_up();
}

static void cut_power(bool with_map)
{
	life.nr_known = with_map && !life.faulty ? model_dev_slots(life.slots) : 0;
	life.drained = false;
	life.stats->cuts++;
	tell("power cut");
	oracle_cut();
}

/* ---- uptimes --------------------------------------------------------------- */

static void resize(u32 sectors)
{
	tell("cache device of %u sectors, not %u", sectors,
	     life.setup.cache_sectors);
	life.old_sectors = life.setup.cache_sectors;
	life.setup.cache_sectors = sectors;
	model_machine_resize(sectors);
}

/* With @data: with a cache device of another size. */
static int up_task(void *data)
{
	u32 nr = 2 + model_dice(life.nr_slots) + model_dice(life.nr_slots - 1);
	int r;

	/* One at a time: of a start that was cut nobody knows which it is. */
	if (data && !life.old_sectors)
		resize(cache_sectors(nr));
	r = model_dev_up();
	/* Dirty slots are in the way of the new size, now or then. */
	if (r == -EINVAL && life.old_sectors) {
		resize(life.old_sectors);
		r = model_dev_up();
	}
	life.old_sectors = r ? life.old_sectors : 0;
	tell("up: %d", r);
	if (r && !model_power_off)
		model_fail("start failed: %d", r);
	return r;
}

/*
 * Suspend and resume. A cache in ill health goes on if the SSD is of no use, and has
 * forgotten nothing; else that is a start, and in doubt is what was in doubt before.
 */
static int pause_task(void *data)
{
	int r;

	(void)data;
	life_gremlin_wait();
	tell("pause");
	model_dev_suspend();
	if (model_dev_is_parked() && model_dice(4)) {
		life.stats->parked++;
		life_break_ssd();
	} else {
		life_no_faults();
	}
	model_loaded_later = life.faulty;
	r = model_dev_resume();
	model_loaded_later = false;
	if (life.faulty && model_dev_is_well()) {
		/* What it is found to be counts as durable from then on. */
		model_machine_settle();
		oracle_cut();
		model_tell_loaded();
	}
	life_no_faults();
	tell("resumed: %d", r);
	if (r && !model_power_off)
		model_fail("resume failed: %d", r);
	/* Only it can free its memory. */
	if (!r && model_power_off)
		model_dev_down();
	return r;
}

static int down_task(void *data)
{
	(void)data;
	tell("going down");
	model_dev_down();
	return 0;
}

static u64 random_events(void)
{
	return 1 + model_dice(1u << model_dice(13));
}

static bool power_ends(struct model_task *task, u64 events)
{
	switch (model_run(task, events)) {
	case MODEL_STUCK:
		model_fail("stuck: some request never ends");
		return true;
	case MODEL_CUT:
		return true;
	default:
		return model_why[0];
	}
}

/*
 * A start or a shutdown. If the power fails it goes on, with nothing but
 * failing I/O, as it holds memory that only it can free.
 */
static bool interlude(int (*fn)(void *data), void *data, u64 events)
{
	struct model_task *task = model_spawn(fn, data);

	if (!power_ends(task, events) && !model_why[0]) {
		model_result(task);
		return true;
	}
	cut_power(false);
	model_power_off = true;
	if (model_run(task, 0) != MODEL_DONE)
		model_fail("stuck when all I/O fails");
	return false;
}

static bool phase(int (*fn)(void *data), void *data, u64 events)
{
	struct model_task *task = model_spawn(fn, data);

	if (power_ends(task, events)) {
		cut_power(true);
		return false;
	}
	model_result(task);
	return !model_why[0];
}

/* Returns false if the power has failed. */
static bool uptime(bool after_cut)
{
	bool ends = !model_dice(4);
	u64 events = ends ? 0 : random_events();
	bool other;

	choose_weather();
	life_begin_faults(life.faulty);
	other = !model_dice(8);
	if (!interlude(up_task, other ? &life : NULL,
		       model_dice(6) ? 0 : random_events()))
		return false;
	life.stats->boots++;
	if (after_cut && !model_dice(4) &&
	    !phase(drain_task, &life, model_dice(2) ? 0 : random_events()))
		return false;
	life.nr_requests = UINT_MAX;
	if (ends)
		life.nr_requests = 1 + model_dice(40);
	else if (life.faulty)
		/* Failed writes stay in doubt, and make the oracle slow. */
		life.nr_requests = 300;
	if (!phase(work_task, NULL, events))
		return false;
	if (!model_dice(4) &&
	    !interlude(pause_task, NULL, model_dice(4) ? 0 : random_events()))
		return false;
	if (!phase(end_task, NULL, model_dice(3) ? 0 : random_events()))
		return false;
	if (!interlude(down_task, NULL, model_dice(6) ? 0 : random_events()))
		return false;
	/* What a failing device kept from the last commit may be lost. */
	if (life.faulty)
		oracle_cut();
	return true;
}

static void begin(u64 seed, struct life_stats *st)
{
	model_rng.state = seed;
	model_jiffies = 1000;
	model_why[0] = 0;
	choose_setup();
	tell("table %s, %u slots%s", life.setup.table, life.nr_slots,
	     life.setup.same_disk ? ", one SSD" : "");
	life.stats = st;
	model_machine_init(&life.setup);
	oracle_init(life.setup.origin_sectors);
	model_loaded = look_at_all;
	format_origin();
}

static bool end(void)
{
	oracle_exit();
	model_machine_exit();
	return !model_why[0];
}

bool life_run(u64 seed, u32 nr_boots, bool faulty, struct life_stats *st)
{
	bool after_cut = false;
	u32 n;

	begin(seed, st);
	life.faulty = faulty;
	for (n = 0; n < nr_boots && !model_why[0]; n++) {
		after_cut = !uptime(after_cut);
		if (model_dice(8) == 0)
			choose_table(&life.setup);
		/* Also after a shutdown: nothing of it is needed any more. */
		model_machine_cut(&model_rng);
	}
	return end();
}

bool life_cut_at(u64 seed, u64 event, u32 luck, struct life_stats *st)
{
	struct rng rng = { seed + luck };
	bool was_cut = false;

	begin(seed, st);
	choose_weather();
	life.nr_requests = 20;
	if (interlude(up_task, NULL, 0))
		was_cut = !phase(work_task, NULL, event);
	model_machine_cut(&rng);
	if (!model_why[0] && was_cut && interlude(up_task, NULL, 0))
		phase(drain_task, &life, 0);
	model_machine_cut(&rng);
	end();
	return was_cut;
}
