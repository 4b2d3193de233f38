// SPDX-License-Identifier: GPL-2.0-only
/*
 * Service-time arithmetic; see model.h. Times are ns, lengths are sectors.
 */
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/math.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "model.h"

#define HDD_ROTATION_NS		8333333U	/* 7200 rpm */
#define HDD_TRACK_SECTORS	2930U		/* 180 MB/s at that speed */
#define HDD_SEEK_MIN_NS		500000U
#define HDD_SEEK_MAX_NS		8000000U
#define HDD_OVERHEAD_NS		20000U

#define SSD_READ_NS		80000U
#define SSD_WRITE_NS		25000U
#define SSD_FLUSH_NS		200000U
#define SSD_READ_MBS		2000U
#define SSD_WRITE_MBS		1200U

static u64 hdd_transfer_ns(u64 nr)
{
	return div_u64(nr * HDD_ROTATION_NS, HDD_TRACK_SECTORS);
}

u32 sim_hdd_angle(u64 sector)
{
	u32 in_track;

	div_u64_rem(sector, HDD_TRACK_SECTORS, &in_track);
	return hdd_transfer_ns(in_track);
}

static u64 distance(const struct sim_hdd *hdd, u64 sector)
{
	return sector > hdd->head ? sector - hdd->head : hdd->head - sector;
}

static bool is_near(const struct sim_hdd *hdd, u64 sector)
{
	return sector >= hdd->head && sector - hdd->head < HDD_TRACK_SECTORS;
}

/*
 * The root of the distance as a share of the full stroke, in 2^-14 steps:
 * 28 bits of shift leave room for 2^35 sectors (16 TiB).
 */
static u64 hdd_seek_ns(const struct sim_hdd *hdd, u64 sector)
{
	u64 dist = distance(hdd, sector);
	u32 root;

	if (dist < HDD_TRACK_SECTORS &&
	    div_u64(sector, HDD_TRACK_SECTORS) ==
	    div_u64(hdd->head, HDD_TRACK_SECTORS))
		return 0;
	root = int_sqrt64(div64_u64(dist << 28, hdd->len));
	return HDD_SEEK_MIN_NS +
	       (((u64)(HDD_SEEK_MAX_NS - HDD_SEEK_MIN_NS) * root) >> 14);
}

u64 sim_hdd_position(const struct sim_hdd *hdd, u64 sector, u32 angle,
		     u64 now, u64 limit)
{
	u64 seek;
	u32 there;

	if (is_near(hdd, sector))
		return HDD_OVERHEAD_NS + hdd_transfer_ns(sector - hdd->head);
	/* The picker asks for 32 places; in a sweep most end here. */
	if (limit <= HDD_OVERHEAD_NS + HDD_SEEK_MIN_NS &&
	    distance(hdd, sector) >= HDD_TRACK_SECTORS)
		return U64_MAX;

	seek = HDD_OVERHEAD_NS + hdd_seek_ns(hdd, sector);
	div_u64_rem(now + seek, HDD_ROTATION_NS, &there);
	if (angle < there)
		angle += HDD_ROTATION_NS;
	return seek + angle - there;
}

u64 sim_hdd_serve(struct sim_hdd *hdd, const struct sim_req *req, u64 now)
{
	u64 end;

	/* Each write has paid for its way to the platter already. */
	if (req->kind == SIM_FLUSH || req->kind == SIM_DISCARD)
		return now + HDD_OVERHEAD_NS;

	if (!is_near(hdd, req->sector))
		hdd->nr_seeks++;
	end = now + hdd_transfer_ns(req->nr) +
	      sim_hdd_position(hdd, req->sector, sim_hdd_angle(req->sector),
			       now, U64_MAX);
	hdd->head = req->sector + req->nr;
	return end;
}

/* The channel that is free first; any free one will do. */
static u64 *ssd_channel(struct sim_ssd *ssd, u64 now)
{
	unsigned int i, best = ssd->next;

	ssd->next = (ssd->next + 1) % SIM_SSD_CHANNELS;
	if (ssd->channel[best] <= now)
		return &ssd->channel[best];
	for (i = 0; i < SIM_SSD_CHANNELS; i++)
		if (ssd->channel[i] < ssd->channel[best])
			best = i;
	return &ssd->channel[best];
}

/*
 * The bus is accounted at arrival, not at the time of the transfer, so that
 * a write's data need not queue behind the data of a read that is still in
 * its channel: a request ends when it is through and the bus has moved all
 * that was asked of it before.
 */
static u64 ssd_transfer(struct sim_ssd *ssd, const struct sim_req *req, u64 now)
{
	u32 mbs = req->kind == SIM_READ ? SSD_READ_MBS : SSD_WRITE_MBS;
	u64 bus = div_u64((u64)req->nr * 512 * 1000, mbs);
	u64 *channel = ssd_channel(ssd, now);
	u32 latency = SSD_WRITE_NS;

	if (req->kind == SIM_READ)
		latency = SSD_READ_NS;
	else if (req->fua)
		latency = SSD_FLUSH_NS;
	ssd->bus_free = max(ssd->bus_free, now) + bus;
	*channel = max(max(*channel, now) + latency + bus, ssd->bus_free);
	return *channel;
}

u64 sim_ssd_serve(struct sim_ssd *ssd, const struct sim_req *req, u64 now)
{
	u64 end;

	if (req->kind == SIM_FLUSH)
		end = max(now, ssd->last_end) + SSD_FLUSH_NS;
	else if (req->kind == SIM_DISCARD)
		end = now + SSD_WRITE_NS;
	else
		end = ssd_transfer(ssd, req, now);
	ssd->last_end = max(ssd->last_end, end);
	return end;
}
