// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which runs have foreground writes to the origin on their way. The counters
 * are hashed: a collision makes a fill or a destage wait without need, no more.
 *
 * A counter rises only under the lock of its run's shard, so that whoever finds
 * 0 there and takes a slot, still holding the lock, is seen by later writers.
 */
#include <linux/hash.h>
#include <linux/log2.h>

#include "target.h"

static atomic_t *writers_of(struct sc_cache *c, u64 run)
{
	return &c->admission.writers[hash_64(run, ilog2(SC_WRITER_SLOTS))];
}

static u64 run_of(const struct sc_cache *c, u64 sector)
{
	return sector >> (c->geom.run_shift + c->geom.block_shift);
}

static atomic_t *writers_at(struct sc_cache *c, sc_oblock_t b)
{
	return writers_of(c, from_oblock(b) >> c->geom.run_shift);
}

void sc_writers_begin(struct sc_cache *c, sc_oblock_t b)
{
	atomic_inc(writers_at(c, b));
}

void sc_writers_end(struct sc_cache *c, u64 sector, u32 nr_sectors)
{
	u64 run = run_of(c, sector), last = run_of(c, sector + nr_sectors - 1);

	for (; run <= last; run++)
		if (atomic_dec_and_test(writers_of(c, run)))
			wake_up_all(&c->admission.writers_wait);
}

bool sc_writers_busy(struct sc_cache *c, sc_oblock_t b)
{
	return atomic_read(writers_at(c, b));
}

void sc_writers_wait(struct sc_cache *c, sc_oblock_t b)
{
	wait_event(c->admission.writers_wait, !sc_writers_busy(c, b));
}
