/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between kernels. The only file that knows versions.
 */
#ifndef SC_COMPAT_H
#define SC_COMPAT_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/device-mapper.h>
#include <linux/dm-io.h>
#include <linux/ioprio.h>
#include <linux/version.h>
#include <linux/workqueue.h>

/**
 * sc_set_discard_limits() - tell how large a discard may be
 * @limits: of the target's queue
 * @max_sectors: largest discard taken in one piece
 * @granularity_bytes: smaller ones free nothing
 *
 * Context: io_hints.
 */
static inline void sc_set_discard_limits(struct queue_limits *limits,
					 sector_t max_sectors,
					 unsigned int granularity_bytes)
{
	limits->max_hw_discard_sectors = max_sectors;
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
	limits->max_discard_sectors = max_sectors;
#endif
	limits->discard_granularity = granularity_bytes;
}

/**
 * sc_set_stable_writes() - pages must not change while they are written
 * @limits: of the target's queue
 *
 * Writethrough sends the caller's pages twice, and both must be the same.
 *
 * Context: io_hints.
 */
static inline void sc_set_stable_writes(struct queue_limits *limits)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 11, 0)
	limits->features |= BLK_FEAT_STABLE_WRITES;
#endif
}

/* Older kernels are told so in the constructor. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define sc_need_stable_writes(ti)	((ti)->needs_stable_writes = true)
#else
#define sc_need_stable_writes(ti)	((void)(ti))
#endif

/* The source of a trace string is named in TP_STRUCT__entry alone by now. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define sc_assign_str(dst, src)	__assign_str(dst, src)
#else
#define sc_assign_str(dst, src)	({ (void)(src); __assign_str(dst); })
#endif

/* How a device is to be opened; the type is what dm_table_get_mode() returns. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define SC_OPEN_RW	(FMODE_READ | FMODE_WRITE)
#else
#define SC_OPEN_RW	(BLK_OPEN_READ | BLK_OPEN_WRITE)
#endif

/**
 * sc_dm_io() - dm_io() on one region
 * @req: what to do; notify.fn, if any, is made by SC_DM_IO_NOTIFY()
 * @region: where
 *
 * Context: process, may sleep.
 * Return: 0 or -errno; for a request with notify.fn an error means that this
 * is not called.
 */
static inline int sc_dm_io(struct dm_io_request *req,
			   struct dm_io_region *region)
{
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
	return dm_io(req, 1, region, NULL, NULL, IOPRIO_DEFAULT);
#else
	return dm_io(req, 1, region, NULL, IOPRIO_DEFAULT);
#endif
}

/*
 * Define fn_notify() for struct dm_io_request, calling fn(error, context).
 * That a device cannot do what was asked was an error like others once. The
 * assertion is there for the semicolon.
 */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(7, 2, 0)
#define SC_DM_IO_NOTIFY(fn)						\
	static void fn##_notify(unsigned long error,			\
				unsigned long unsupported, void *context)\
	{								\
		fn(error | unsupported, context);			\
	}								\
	static_assert(true)
#else
#define SC_DM_IO_NOTIFY(fn)						\
	static void fn##_notify(unsigned long error, void *context)	\
	{								\
		fn(error, context);					\
	}								\
	static_assert(true)
#endif

/* A work queue that is bound to CPUs has to say so by now. */
#if LINUX_VERSION_CODE >= KERNEL_VERSION(6, 18, 0)
#define SC_WQ_PERCPU	WQ_PERCPU
#else
#define SC_WQ_PERCPU	0
#endif

/* A flag of dm's status operation that no public header names. */
#define SC_STATUS_NOFLUSH	(1u << 0)

#endif
