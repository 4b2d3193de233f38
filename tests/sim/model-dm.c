// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mapped device: requests are cut and cloned as dm does it.
 */
#include "model-kernel.h"
#include "model-dm.h"

/* ---- the machine ----------------------------------------------------------- */

static struct {
	struct model_setup setup;
	struct model_disk disk[3];
	u32 nr_disks;
	struct block_device bdev[3];
	struct dm_dev dev[3];
	struct dm_target ti;
	bool has_target;
	u64 unplugged[2];
	u32 plugged_for;
} machine;

static const char *const names[] = { "metadata", "cache", "origin" };
struct target_type *model_target_type;

static void place(u32 leg, u32 disk, u64 start, u64 nr_sectors)
{
	machine.bdev[leg] = (struct block_device){
		&machine.disk[disk], start, nr_sectors,
	};
	machine.dev[leg].bdev = &machine.bdev[leg];
	snprintf(machine.dev[leg].name, sizeof(machine.dev[leg].name), "%s",
		 names[leg]);
}

void model_machine_resize(u32 cache_sectors)
{
	assert(cache_sectors <= machine.setup.max_cache_sectors);
	machine.bdev[1].nr_sectors = cache_sectors;
}

void model_machine_init(const struct model_setup *s)
{
	u64 meta = s->metadata_sectors, cache = s->max_cache_sectors;

	memset(&machine, 0, sizeof(machine));
	machine.setup = *s;
	if (s->same_disk) {
		machine.nr_disks = 2;
		model_disk_init(&machine.disk[0], "ssd", meta + cache);
		place(0, 0, 0, meta);
		place(1, 0, meta, cache);
	} else {
		machine.nr_disks = 3;
		model_disk_init(&machine.disk[0], "metadata", meta);
		model_disk_init(&machine.disk[2], "cache", cache);
		place(0, 0, 0, meta);
		place(1, 2, 0, cache);
	}
	model_machine_resize(s->cache_sectors);
	model_disk_init(&machine.disk[1], "origin", s->origin_sectors);
	place(2, 1, 0, s->origin_sectors);
	model_power_off = false;
}

void model_machine_weights(u32 metadata, u32 origin, u32 cache)
{
	machine.disk[0].weight = metadata;
	machine.disk[1].weight = origin;
	machine.disk[2].weight = cache;
}

void model_machine_fails(u32 leg, u32 read, u32 write, u32 flush)
{
	u32 *fails = machine.bdev[leg].bd_disk->fails;

	fails[MODEL_READ] = read;
	fails[MODEL_WRITE] = write;
	fails[MODEL_FLUSH] = flush;
}

void model_machine_through(bool on)
{
	u32 n;

	for (n = 0; n < machine.nr_disks; n++)
		if (n != 1)
			machine.disk[n].through = on;
}

void model_machine_dies(u32 leg, u32 nr_requests)
{
	machine.bdev[leg].bd_disk->lives = nr_requests + 1;
}

void model_machine_unplug(u32 nr_requests)
{
	machine.plugged_for = nr_requests + 1;
	model_machine_io();
}

void model_machine_io(void)
{
	u32 leg;

	if (!machine.plugged_for || --machine.plugged_for)
		return;
	for (leg = 0; leg < 2; leg++) {
		model_machine_fails(leg, 256, 256, 256);
		machine.unplugged[leg] = machine.bdev[leg].nr_sectors;
		machine.bdev[leg].nr_sectors = 0;
	}
}

void model_machine_plug(void)
{
	u32 leg;

	for (leg = 0; leg < 3; leg++)
		machine.bdev[leg].bd_disk->lives = 0;
	for (leg = 0; leg < 2; leg++)
		machine.bdev[leg].nr_sectors += machine.unplugged[leg];
	memset(machine.unplugged, 0, sizeof(machine.unplugged));
	machine.plugged_for = 0;
}

void model_machine_exit(void)
{
	u32 n;

	for (n = 0; n < machine.nr_disks; n++)
		model_disk_exit(&machine.disk[n]);
}

void model_machine_cut(struct rng *rng)
{
	u32 n;

	model_io_forget();
	model_dev_abandon();
	model_kill_all();
	machine.has_target = false;
	for (n = 0; n < machine.nr_disks; n++)
		model_disk_cut(&machine.disk[n], rng);
	model_power_off = false;
}

void model_machine_settle(void)
{
	u32 n;

	for (n = 0; n < machine.nr_disks; n++)
		model_disk_settle(&machine.disk[n]);
}

const u8 *model_origin_peek(u64 sector)
{
	return model_disk_peek(&machine.disk[1], sector);
}

void model_origin_format(u64 sector, const void *data)
{
	model_disk_format(&machine.disk[1], sector, data);
}

const u8 *model_slot_peek(u32 slot, u32 sector)
{
	const struct sc_geom *g = model_dev_geom();
	const struct block_device *cache = &machine.bdev[1];

	return model_disk_peek(cache->bd_disk,
			       cache->start + sector +
			       sc_slot_sector(g, to_cblock(slot)));
}

/* ---- device-mapper's side of the target ------------------------------------ */

int dm_register_target(struct target_type *type)
{
	model_target_type = type;
	return 0;
}

int dm_get_device(struct dm_target *ti, const char *path, int mode,
		  struct dm_dev **dev)
{
	u32 leg;

	(void)ti;
	(void)mode;
	for (leg = 0; leg < 3; leg++) {
		if (!strcmp(path, names[leg])) {
			*dev = &machine.dev[leg];
			return 0;
		}
	}
	return -ENODEV;
}

void dm_put_device(struct dm_target *ti, struct dm_dev *dev)
{
	(void)ti;
	(void)dev;
}

static unsigned int split(char *line, char **argv, unsigned int max)
{
	unsigned int argc = 0;
	char *word = strtok(line, " ");

	for (; word && argc < max; word = strtok(NULL, " "))
		argv[argc++] = word;
	return argc;
}

int model_dev_up(void)
{
	char line[256], *argv[64];
	unsigned int argc;
	int r;

	if (!model_target_type)
		model_module_init();
	memcpy(line, machine.setup.table, sizeof(line));
	argc = split(line, argv, 64);
	memset(&machine.ti, 0, sizeof(machine.ti));
	machine.ti.len = machine.setup.origin_sectors;
	r = model_target_type->ctr(&machine.ti, argc, argv);
	if (r)
		return r;
	machine.has_target = true;
	return model_dev_resume();
}

void model_dev_suspend(void)
{
	model_target_type->presuspend(&machine.ti);
	model_target_type->postsuspend(&machine.ti);
}

int model_dev_resume(void)
{
	int r = model_target_type->preresume(&machine.ti);

	if (r) {
		machine.has_target = false;
		model_target_type->dtr(&machine.ti);
	}
	return r;
}

void model_dev_down(void)
{
	model_dev_suspend();
	machine.has_target = false;
	model_target_type->dtr(&machine.ti);
}

int model_dev_message(const char *words)
{
	char line[256], *argv[16], result[64];
	unsigned int argc;

	snprintf(line, sizeof(line), "%s", words);
	argc = split(line, argv, 16);
	return model_target_type->message(&machine.ti, argc, argv, result,
					  sizeof(result));
}

void *model_dev_private(void)
{
	return machine.has_target ? machine.ti.private : NULL;
}

/* ---- requests -------------------------------------------------------------- */

/**
 * struct whole - a request on its way
 * @nr_left: clones on their way, and one while more are made
 * @error: of the first clone that failed
 * @done: all are done
 * @fua: was asked for
 */
struct whole {
	u32 nr_left;
	int error;
	struct completion done;
	bool fua;
};

/**
 * struct clone - a part of it; the target's data lies before
 * @whole: of what
 * @taken: sectors that the target takes, to be set before its map() returns
 */
struct clone {
	struct whole *whole;
	u32 *taken;
	struct bio bio;
};

static size_t data_bytes(size_t size)
{
	return round_up(size, 64);
}

void *dm_per_bio_data(struct bio *bio, size_t size)
{
	struct clone *clone = container_of(bio, struct clone, bio);

	return (char *)clone - data_bytes(size);
}

struct bio *dm_bio_from_per_bio_data(void *data, size_t size)
{
	struct clone *clone = (void *)((char *)data + data_bytes(size));

	return &clone->bio;
}

void dm_accept_partial_bio(struct bio *bio, unsigned int nr_sectors)
{
	struct clone *clone = container_of(bio, struct clone, bio);

	assert(nr_sectors && nr_sectors <= bio_sectors(bio));
	assert(bio_op(bio) != REQ_OP_DISCARD);
	*clone->taken = nr_sectors;
	bio->bi_iter.bi_size = nr_sectors << SECTOR_SHIFT;
}

static void put_whole(struct whole *w, int error)
{
	if (error && !w->error)
		w->error = error;
	if (!--w->nr_left)
		complete(&w->done);
}

static void clone_endio(struct bio *bio)
{
	struct clone *clone = container_of(bio, struct clone, bio);
	blk_status_t error = bio->bi_status;
	struct whole *w = clone->whole;
	bool failed = error;

	if (model_target_type->end_io(&machine.ti, bio, &error) ==
	    DM_ENDIO_INCOMPLETE) {
		/* Whoever tries again has to know. */
		assert(!failed || !w->fua || bio->bi_opf & REQ_FUA);
		return;
	}
	kfree(dm_per_bio_data(bio, machine.ti.per_io_data_size));
	put_whole(w, error);
}

static struct bio *clone_new(const struct model_request *r, struct whole *w,
			     u32 first)
{
	size_t data = data_bytes(machine.ti.per_io_data_size);
	struct clone *clone = kmalloc(data + sizeof(*clone), GFP_NOIO) + data;

	clone->whole = w;
	clone->bio = (struct bio){
		.bi_bdev = NULL,
		.bi_opf = r->op | r->flags,
		.bi_iter.bi_sector = r->sector + first,
		.bi_iter.bi_size = (r->nr_sectors - first) << SECTOR_SHIFT,
		.bi_end_io = clone_endio,
		.data = r->data ? r->data + first * SECTOR_BYTES : NULL,
	};
	w->nr_left++;
	return &clone->bio;
}

/* Returns the sectors that the target took. */
static u32 map_one(struct bio *bio)
{
	struct clone *clone = container_of(bio, struct clone, bio);
	u32 taken = bio_sectors(bio);
	int r;

	/* Once the target has it, the bio may be gone at any moment. */
	clone->taken = &taken;
	model_no_sleep(true);
	r = model_target_type->map(&machine.ti, bio);
	model_no_sleep(false);
	assert(r == DM_MAPIO_REMAPPED || r == DM_MAPIO_SUBMITTED);
	if (r == DM_MAPIO_REMAPPED) {
		assert(bio->bi_bdev);
		submit_bio(bio);
	}
	return taken;
}

static int do_part(const struct model_request *r)
{
	struct whole w = { .nr_left = 1, .fua = r->flags & REQ_FUA };
	u32 done = 0;

	do {
		done += map_one(clone_new(r, &w, done));
		cond_resched();
	} while (done < r->nr_sectors);
	put_whole(&w, 0);
	wait_for_completion_io(&w.done);
	return w.error;
}

int model_dev_do(const struct model_request *r)
{
	const struct model_request flush = {
		.op = REQ_OP_WRITE, .flags = REQ_PREFLUSH,
	};
	struct model_request rest = *r;
	int error = 0;

	if (r->flags & REQ_PREFLUSH)
		error = do_part(&flush);
	rest.flags &= ~REQ_PREFLUSH;
	if (!error && r->nr_sectors)
		error = do_part(&rest);
	model_progress();
	return error;
}
