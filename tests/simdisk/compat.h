/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The only file of this module that knows kernel versions.
 */
#ifndef SIMDISK_COMPAT_H
#define SIMDISK_COMPAT_H

#include <linux/blkdev.h>
#include <linux/hrtimer.h>
#include <linux/version.h>

/**
 * sim_hrtimer_init() - set up a timer on the monotonic clock, absolute times.
 * @timer: the timer.
 * @fn: its callback.
 *
 * Context: any.
 */
static inline void sim_hrtimer_init(struct hrtimer *timer,
				    enum hrtimer_restart (*fn)(struct hrtimer *))
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 13, 0)
	hrtimer_setup(timer, fn, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, HRTIMER_MODE_ABS);
	timer->function = fn;
#endif
}

/**
 * sim_limits_set_discard() - declare or hide discard.
 * @lim: the queue limits to change.
 * @max_sectors: longest discard, 0 for none.
 *
 * Context: process.
 */
static inline void sim_limits_set_discard(struct queue_limits *lim,
					  unsigned int max_sectors)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 9, 0)
	lim->max_discard_sectors = max_sectors;
#endif
	lim->max_hw_discard_sectors = max_sectors;
	lim->discard_granularity = max_sectors ? lim->logical_block_size : 0;
}

/**
 * sim_limits_set_rotational() - declare whether it is a spinning disk.
 * @lim: the queue limits to change.
 * @rotational: it is.
 *
 * Before 6.11 that is no queue limit but what the backing device says.
 *
 * Context: process.
 */
static inline void sim_limits_set_rotational(struct queue_limits *lim,
					     bool rotational)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	lim->features &= ~BLK_FEAT_ROTATIONAL;
	if (rotational)
		lim->features |= BLK_FEAT_ROTATIONAL;
#endif
}

#endif /* SIMDISK_COMPAT_H */
