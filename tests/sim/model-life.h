/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One life of a cache: devices of random sizes, random requests, and the power
 * fails again and again.
 */
#ifndef MODEL_LIFE_H
#define MODEL_LIFE_H

#include "env.h"

/* One line for each event, if somebody wants to read them. */
#define tell(fmt, ...)							\
	do {								\
		if (model_verbose)					\
			printf("# [%lu] " fmt "\n", model_jiffies,	\
			       ##__VA_ARGS__);				\
	} while (0)

/**
 * struct life_stats - what a life saw
 * @boots: starts of the cache
 * @cuts: power failures
 * @requests: requests completed
 * @drained: times that everything was destaged and evicted
 * @errors: requests that failed, as devices did
 * @parked: suspends that a cache in ill health outlived
 */
struct life_stats {
	u64 boots;
	u64 cuts;
	u64 requests;
	u64 drained;
	u64 errors;
	u64 parked;
};

/**
 * life_run() - live
 * @seed: decides everything
 * @nr_boots: so many starts
 * @faulty: devices fail, for a while or for good
 * @st: counted up
 *
 * Return: true if all promises were kept, else model_why says what was broken.
 */
bool life_run(u64 seed, u32 nr_boots, bool faulty, struct life_stats *st);

/**
 * life_cut_at() - a short life, the same but for its end
 * @seed: decides what happens
 * @event: the power fails at this step of I/O
 * @luck: what the disks then make of their volatile caches
 * @st: counted up
 *
 * Afterwards everything is destaged and evicted.
 *
 * Return: whether there was such a step; model_why says what was broken.
 */
bool life_cut_at(u64 seed, u64 event, u32 luck, struct life_stats *st);

/**
 * life_gremlin() - a task: some device fails, and may work again a while later
 * @data: ignored
 *
 * Return: 0.
 */
int life_gremlin(void *data);

/** life_begin_faults() - a machine is switched on: no device fails yet */
void life_begin_faults(bool faulty);

/** life_no_faults() - all devices work */
void life_no_faults(void);

/** life_break_ssd() - neither metadata nor cache device does, or not for long */
void life_break_ssd(void);

/** life_gremlin_wait() - wait until the gremlin has done its work */
void life_gremlin_wait(void);

#endif
