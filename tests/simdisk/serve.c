// SPDX-License-Identifier: GPL-2.0-only
/*
 * Service times: the queue of a disk and the timer that ends its requests.
 *
 * A flash disk knows the end of a request when it arrives; its requests wait
 * in one list, sorted by their end. A hard disk decides for each request
 * when it turns to it: those in its slots are served shortest positioning
 * first, the others wait behind in order, and a flush empties the slots first.
 *
 * Locks: all under the group lock; see simdisk.h.
 */
#include "compat.h"
#include "simdisk.h"

static void arm(struct sim_serve *s, u64 when)
{
	hrtimer_start(&s->timer, ns_to_ktime(when), HRTIMER_MODE_ABS);
}

/* Move waiting requests into slots; a flush goes alone. */
static void hdd_feed(struct sim_serve *s, u64 now)
{
	struct sim_io *io, *tmp;

	list_for_each_entry_safe(io, tmp, &s->waiting, link) {
		bool flush = io->req.kind == SIM_FLUSH;

		if (s->nr_slots == SIM_HDD_QUEUE || (flush && s->nr_slots))
			return;
		list_del(&io->link);
		io->due = now;
		s->slot[s->nr_slots++] = io;
		if (flush)
			return;
	}
}

/* The slot to serve: one that waits for too long, else the nearest. */
static unsigned int hdd_pick(struct sim_serve *s, u64 now)
{
	unsigned int i, best = 0, oldest = 0;
	u64 cost, least = U64_MAX;

	if (s->nr_slots == 1)
		return 0;
	for (i = 0; i < s->nr_slots; i++) {
		struct sim_io *io = s->slot[i];

		if (io->due < s->slot[oldest]->due)
			oldest = i;
		cost = sim_hdd_position(&s->hdd, io->req.sector, io->angle,
					now, least);
		if (cost < least) {
			least = cost;
			best = i;
		}
	}
	return now - s->slot[oldest]->due > SIM_HDD_AGE_NS ? oldest : best;
}

static void hdd_next(struct sim_serve *s, u64 now)
{
	struct sim_io *io;
	unsigned int i;

	hdd_feed(s, now);
	if (!s->nr_slots)
		return;
	i = hdd_pick(s, now);
	io = s->slot[i];
	s->slot[i] = s->slot[--s->nr_slots];
	io->due = sim_hdd_serve(&s->hdd, &io->req, now);
	s->current_io = io;
	arm(s, io->due);
}

static void hdd_add(struct sim_serve *s, struct sim_io *io, u64 now)
{
	io->angle = sim_hdd_angle(io->req.sector);
	list_add_tail(&io->link, &s->waiting);
	if (!s->current_io)
		hdd_next(s, now);
}

static void hdd_end(struct sim_serve *s, u64 now, struct list_head *ended)
{
	struct sim_io *io = s->current_io;

	if (!io)
		return;
	if (io->due > now) {
		arm(s, io->due);
		return;
	}
	s->current_io = NULL;
	s->nr--;
	list_add_tail(&io->link, ended);
	/* The disk turns to the next one by itself, not when we look. */
	hdd_next(s, io->due);
}

static void ssd_add(struct sim_serve *s, struct sim_io *io, u64 now)
{
	struct sim_io *pos;

	io->due = sim_ssd_serve(&s->ssd, &io->req, now);
	list_for_each_entry_reverse(pos, &s->waiting, link)
		if (pos->due <= io->due)
			break;
	list_add(&io->link, &pos->link);
	if (s->waiting.next == &io->link)
		arm(s, io->due);
}

static void ssd_end(struct sim_serve *s, u64 now, struct list_head *ended)
{
	struct sim_io *io, *tmp;

	list_for_each_entry_safe(io, tmp, &s->waiting, link) {
		if (io->due > now) {
			arm(s, io->due);
			return;
		}
		s->nr--;
		list_move_tail(&io->link, ended);
	}
}

void sim_serve_add(struct sim_disk *sd, struct sim_io *io)
{
	struct sim_serve *s = &sd->serve;
	u64 now = ktime_get_ns();

	lockdep_assert_held(&sd->group->lock);
	if (!s->nr++)
		s->busy_since = now;
	if (s->nr > s->max_nr)
		s->max_nr = s->nr;
	if (sd->config.model == SIM_HDD)
		hdd_add(s, io, now);
	else
		ssd_add(s, io, now);
}

void sim_serve_complete(struct list_head *list)
{
	struct sim_io *io, *tmp;

	list_for_each_entry_safe(io, tmp, list, link)
		sim_io_complete(io);
}

/*
 * Hard interrupt, but for PREEMPT_RT. After a cut the timer may still run for
 * a request that is gone: it is armed again for what came since.
 */
static enum hrtimer_restart serve_timer(struct hrtimer *timer)
{
	struct sim_disk *sd = container_of(timer, struct sim_disk, serve.timer);
	struct sim_serve *s = &sd->serve;
	unsigned long flags;
	LIST_HEAD(ended);
	u64 now;

	spin_lock_irqsave(&sd->group->lock, flags);
	now = ktime_get_ns();
	if (sd->config.model == SIM_HDD)
		hdd_end(s, now, &ended);
	else
		ssd_end(s, now, &ended);
	if (!s->nr && !list_empty(&ended))
		s->busy_ns += now - s->busy_since;
	spin_unlock_irqrestore(&sd->group->lock, flags);

	sim_serve_complete(&ended);
	return HRTIMER_NORESTART;
}

void sim_serve_drain(struct sim_disk *sd, struct list_head *list)
{
	struct sim_serve *s = &sd->serve;

	lockdep_assert_held(&sd->group->lock);
	if (s->nr)
		s->busy_ns += ktime_get_ns() - s->busy_since;
	if (s->current_io)
		list_add_tail(&s->current_io->link, list);
	while (s->nr_slots)
		list_add_tail(&s->slot[--s->nr_slots]->link, list);
	list_splice_tail_init(&s->waiting, list);
	s->current_io = NULL;
	s->nr = 0;
}

void sim_serve_init(struct sim_disk *sd)
{
	struct sim_serve *s = &sd->serve;

	INIT_LIST_HEAD(&s->waiting);
	s->hdd.len = sd->ti->len;
	sim_hrtimer_init(&s->timer, serve_timer);
}

void sim_serve_exit(struct sim_disk *sd)
{
	hrtimer_cancel(&sd->serve.timer);
}
