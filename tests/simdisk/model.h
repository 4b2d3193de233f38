/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Service-time arithmetic of a hard disk and of a flash disk. Pure: the
 * caller brings the clock, no locks, no memory, no block layer.
 */
#ifndef SIMDISK_MODEL_H
#define SIMDISK_MODEL_H

#include <linux/types.h>

#define SIM_HDD_QUEUE		32
#define SIM_HDD_AGE_NS		(500 * 1000 * 1000ULL)
#define SIM_SSD_CHANNELS	16

/** enum sim_kind - what a request is, as the models and the faults see it. */
enum sim_kind {
	SIM_READ,
	SIM_WRITE,
	SIM_FLUSH,
	SIM_DISCARD,
	SIM_NR_KINDS,
};

/**
 * struct sim_req - what a model needs to know of a request.
 * @kind: what to do.
 * @fua: a write that is durable at its completion.
 * @sector: first sector on the disk.
 * @nr: sectors.
 */
struct sim_req {
	enum sim_kind kind;
	bool fua;
	u64 sector;
	u32 nr;
};

/**
 * struct sim_hdd - the moving parts of a 7200 rpm disk.
 * @len: size in sectors; the full stroke.
 * @head: the sector behind the last one served.
 * @nr_seeks: requests that were not a short way ahead of the head.
 */
struct sim_hdd {
	u64 len;
	u64 head;
	u64 nr_seeks;
};

/**
 * struct sim_ssd - channels and bus of a flash disk.
 * @channel: when each channel is free, ns.
 * @next: the channel to look at first.
 * @bus_free: when the shared bus has moved all that was asked of it, ns.
 * @last_end: when the last request given out so far ends, ns.
 */
struct sim_ssd {
	u64 channel[SIM_SSD_CHANNELS];
	unsigned int next;
	u64 bus_free;
	u64 last_end;
};

/**
 * sim_hdd_angle() - rotational position of a sector.
 * @sector: the sector.
 *
 * Context: any.
 * Return: ns from the index mark.
 */
u32 sim_hdd_angle(u64 sector);

/**
 * sim_hdd_position() - overhead, seek and rotation up to a request.
 * @hdd: the disk.
 * @sector: first sector.
 * @angle: its sim_hdd_angle().
 * @now: when the disk turns to the request, ns.
 * @limit: of interest only if less than that, ns.
 *
 * A forward gap of less than a track costs its transfer time only, as the
 * track buffer has it.
 *
 * Context: any.
 * Return: ns until the transfer begins, or anything from @limit on.
 */
u64 sim_hdd_position(const struct sim_hdd *hdd, u64 sector, u32 angle,
		     u64 now, u64 limit);

/**
 * sim_hdd_serve() - serve a request and move the head.
 * @hdd: the disk.
 * @req: the request.
 * @now: when the disk turns to it, ns.
 *
 * Context: any.
 * Return: when the request ends, ns.
 */
u64 sim_hdd_serve(struct sim_hdd *hdd, const struct sim_req *req, u64 now);

/**
 * sim_ssd_serve() - serve a request.
 * @ssd: the disk.
 * @req: the request; a flush waits for all requests before it, and a write
 *	 with FUA takes a flush's time.
 * @now: arrival, ns.
 *
 * Context: any.
 * Return: when the request ends, ns.
 */
u64 sim_ssd_serve(struct sim_ssd *ssd, const struct sim_req *req, u64 now);

#endif /* SIMDISK_MODEL_H */
