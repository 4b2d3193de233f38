// SPDX-License-Identifier: GPL-2.0-only
/*
 * Work queues, mutexes and pools of the model kernel.
 */
#include "model-kernel.h"

/* ---- work ------------------------------------------------------------------ */

/**
 * struct item - a work that was queued
 * @work: which; not to be looked at once it runs
 * @seq: the larger, the later
 * @running: a task is at it
 */
struct item {
	struct item *next;
	struct workqueue_struct *wq;
	struct work_struct *work;
	u64 seq;
	bool running;
};

struct workqueue_struct {
	u32 max_active;
	u32 nr_active;
	u64 seq;
	struct item *items;
	wait_queue_head_t wait;
};

struct workqueue_struct *model_wq_create(unsigned int max_active, ...)
{
	struct workqueue_struct *wq = kzalloc(sizeof(*wq), GFP_KERNEL);

	wq->max_active = max_active ? max_active : 256;
	return wq;
}

static int work_task(void *data);

/* One work never runs twice at a time; otherwise in order. */
static void start_some(struct workqueue_struct *wq)
{
	struct item *i, *other;

	for (i = wq->items; i && wq->nr_active < wq->max_active; i = i->next) {
		if (i->running)
			continue;
		for (other = wq->items; other; other = other->next)
			if (other->running && other->work == i->work)
				break;
		if (other)
			continue;
		i->running = true;
		wq->nr_active++;
		model_detach(model_spawn(work_task, i));
	}
}

static int work_task(void *data)
{
	struct item *i = data, **link;
	struct workqueue_struct *wq = i->wq;
	void (*fn)(struct work_struct *work) = i->work->fn;

	i->work->pending = false;
	fn(i->work);
	for (link = &wq->items; *link != i; link = &(*link)->next)
		;
	*link = i->next;
	kfree(i);
	wq->nr_active--;
	start_some(wq);
	wake_up_all(&wq->wait);
	return 0;
}

bool model_wq_queue(struct workqueue_struct *wq, struct work_struct *w)
{
	struct item *i, **link = &wq->items;

	if (w->pending)
		return false;
	w->pending = true;
	i = kzalloc(sizeof(*i), GFP_KERNEL);
	i->wq = wq;
	i->work = w;
	i->seq = ++wq->seq;
	while (*link)
		link = &(*link)->next;
	*link = i;
	start_some(wq);
	return true;
}

static bool any_before(const struct workqueue_struct *wq, u64 seq)
{
	const struct item *i;

	for (i = wq->items; i; i = i->next)
		if (i->seq <= seq)
			return true;
	return false;
}

void model_wq_flush(struct workqueue_struct *wq)
{
	u64 seq = wq->seq;

	wait_event(wq->wait, !any_before(wq, seq));
}

void model_wq_drain(struct workqueue_struct *wq)
{
	wait_event(wq->wait, !wq->items);
}

void model_wq_destroy(struct workqueue_struct *wq)
{
	model_wq_drain(wq);
	kfree(wq);
}

/* ---- mutexes --------------------------------------------------------------- */

void mutex_lock(struct mutex *m)
{
	wait_event(m->wait, !m->held);
	m->held = true;
}

void mutex_unlock(struct mutex *m)
{
	assert(m->held);
	m->held = false;
	wake_up_all(&m->wait);
	cond_resched();
}

/* ---- pools ----------------------------------------------------------------- */

void *model_pool_get(struct model_pool *p)
{
	wait_event(p->wait, p->nr_left);
	p->nr_left--;
	return kmalloc(p->size, GFP_NOIO);
}

void model_pool_put(struct model_pool *p, void *data)
{
	kfree(data);
	p->nr_left++;
	wake_up_all(&p->wait);
}

/* ---- rest ------------------------------------------------------------------ */

void model_log(const char *fmt, ...)
{
	va_list args;

	if (!model_verbose)
		return;
	va_start(args, fmt);
	printf("# kernel: ");
	vprintf(fmt, args);
	va_end(args);
}

void generate_random_uuid(u8 *uuid)
{
	u32 n;

	for (n = 0; n < 16; n++)
		uuid[n] = 1 + model_dice(255);
}
