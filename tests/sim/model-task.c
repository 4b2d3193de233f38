// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tasks on stacks of their own, and the scheduler. It runs on the program's
 * stack, where interrupts run as well.
 */
#include "model-task.h"
#include "model-disk.h"

#include <ucontext.h>

#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#define switch_begin(save, stack, size) \
	__sanitizer_start_switch_fiber(save, stack, size)
#define switch_end(save, stack, size) \
	__sanitizer_finish_switch_fiber(save, stack, size)
#define unpoison(p, size)	__asan_unpoison_memory_region(p, size)
#else
#define switch_begin(save, stack, size)	\
	((void)(save), (void)(stack), (void)(size))
#define switch_end(save, stack, size)	switch_begin(save, stack, size)
#define unpoison(p, size)		((void)(p), (void)(size))
#endif

#define MAX_TASKS	512u
#define STACK_BYTES	(160u << 10)
/* How much rather a task is taken than a sluggish one. */
#define BRISK		32u
/* Virtual milliseconds without any progress that mean a deadlock. */
#define STUCK_MS	3600000u
/* And switches between tasks that mean the same. */
#define STUCK_STEPS	300000u

struct model_task {
	ucontext_t context;
	void *stack;
	void *fake;
	int (*fn)(void *data);
	void *data;
	int result;
	unsigned long timer;
	u32 nr_locks;
	u32 weight;
	bool timed;
	bool sleeping;
	bool done;
	bool should_stop;
	bool no_sleep;
	bool detached;
	wait_queue_head_t ended;
};

struct memory {
	struct memory *prev;
	struct memory *next;
};

struct model_task *model_current;
unsigned long model_jiffies = 1000;
struct rng model_rng;
u32 model_patience = 4;
u32 model_sluggish;
bool model_verbose;
char model_why[512];

static struct model_task *tasks[MAX_TASKS];
static u32 nr_tasks;
static void *free_stacks[MAX_TASKS];
static u32 nr_free_stacks;
static struct memory memory = { &memory, &memory };
static u32 nr_irq_locks;
static unsigned long progress;
static u32 nr_steps;

static struct {
	ucontext_t context;
	void *fake;
	const void *stack;
	size_t size;
} scheduler;

/* ---- memory ---------------------------------------------------------------- */

void *model_alloc(size_t size, bool zero)
{
	size_t all = size + sizeof(struct memory);
	struct memory *mem = zero ? calloc(1, all) : malloc(all);

	assert(mem);
	mem->prev = &memory;
	mem->next = memory.next;
	memory.next->prev = mem;
	memory.next = mem;
	return mem + 1;
}

void model_free(void *p)
{
	struct memory *mem;

	if (!p)
		return;
	mem = (struct memory *)p - 1;
	mem->prev->next = mem->next;
	mem->next->prev = mem->prev;
	free(mem);
}

/* ---- switching ------------------------------------------------------------- */

static void to_scheduler(bool for_ever)
{
	struct model_task *t = model_current;

	switch_begin(for_ever ? NULL : &t->fake, scheduler.stack,
		     scheduler.size);
	swapcontext(&t->context, &scheduler.context);
	switch_end(t->fake, NULL, NULL);
}

static void task_main(void)
{
	struct model_task *t = model_current;

	switch_end(NULL, &scheduler.stack, &scheduler.size);
	t->result = t->fn(t->data);
	assert(!t->nr_locks);
	t->done = true;
	wake_up_all(&t->ended);
	to_scheduler(true);
}

static void to_task(struct model_task *t)
{
	model_current = t;
	switch_begin(&scheduler.fake, t->stack, STACK_BYTES);
	swapcontext(&scheduler.context, &t->context);
	switch_end(scheduler.fake, NULL, NULL);
	model_current = NULL;
}

static void give_way(void)
{
	assert(!model_current->nr_locks);
	to_scheduler(false);
}

/* ---- life of a task -------------------------------------------------------- */

struct model_task *model_spawn(int (*fn)(void *data), void *data)
{
	struct model_task *t = calloc(1, sizeof(*t));

	assert(t && nr_tasks < MAX_TASKS);
	t->stack = nr_free_stacks ? free_stacks[--nr_free_stacks] :
				    malloc(STACK_BYTES);
	assert(t->stack);
	t->fn = fn;
	t->data = data;
	t->weight = model_dice(8) < model_sluggish ? 1 : BRISK;
	getcontext(&t->context);
	t->context.uc_stack.ss_sp = t->stack;
	t->context.uc_stack.ss_size = STACK_BYTES;
	makecontext(&t->context, task_main, 0);
	tasks[nr_tasks++] = t;
	return t;
}

static void task_free(struct model_task *t)
{
	u32 n;

	for (n = 0; tasks[n] != t; n++)
		;
	tasks[n] = tasks[--nr_tasks];
	unpoison(t->stack, STACK_BYTES);
	free_stacks[nr_free_stacks++] = t->stack;
	free(t);
}

void model_detach(struct model_task *task)
{
	task->detached = true;
}

int model_result(struct model_task *task)
{
	int r = task->result;

	assert(task->done);
	task_free(task);
	return r;
}

int model_stop(struct model_task *t)
{
	t->should_stop = true;
	t->sleeping = false;
	wait_event(t->ended, t->done);
	return model_result(t);
}

bool model_should_stop(void)
{
	return model_current->should_stop;
}

void model_kill_all(void)
{
	assert(!model_current);
	while (nr_tasks)
		task_free(tasks[0]);
	while (memory.next != &memory)
		model_free(memory.next + 1);
	nr_irq_locks = 0;
}

/* ---- waiting --------------------------------------------------------------- */

void prepare_to_wait(wait_queue_head_t *wq, struct wait_queue_entry *w,
		     int state)
{
	(void)state;
	assert(model_current && !model_current->no_sleep);
	model_current->sleeping = true;
	if (w->queued)
		return;
	w->next = wq->first;
	wq->first = w;
	w->queued = true;
}

void finish_wait(wait_queue_head_t *wq, struct wait_queue_entry *w)
{
	struct wait_queue_entry **link = &wq->first;

	model_current->sleeping = false;
	if (!w->queued)
		return;
	while (*link != w)
		link = &(*link)->next;
	*link = w->next;
	w->queued = false;
}

void wake_up_all(wait_queue_head_t *wq)
{
	struct wait_queue_entry *w;

	for (w = wq->first; w; w = w->next)
		w->task->sleeping = false;
}

void io_schedule(void)
{
	assert(!model_current->no_sleep);
	give_way();
}

void model_set_timer(unsigned long timeout)
{
	model_current->timed = timeout;
	model_current->timer = model_jiffies + timeout;
}

bool model_timer_expired(void)
{
	return model_current->timed && model_current->timer <= model_jiffies;
}

void model_sleep(unsigned long ms)
{
	wait_queue_head_t nobody = {};

	wait_event_idle_timeout(nobody, false, ms + 1);
}

void cond_resched(void)
{
	if (model_current && !model_current->nr_locks &&
	    !model_dice(model_patience))
		give_way();
}

void model_spin_lock(bool *held)
{
	assert(!*held);
	*held = true;
	if (model_current)
		model_current->nr_locks++;
	else
		nr_irq_locks++;
}

void model_spin_unlock(bool *held)
{
	assert(*held);
	*held = false;
	if (model_current) {
		model_current->nr_locks--;
		cond_resched();
	} else {
		nr_irq_locks--;
	}
}

void model_no_sleep(bool on)
{
	model_current->no_sleep = on;
}

/* ---- the scheduler --------------------------------------------------------- */

void model_progress(void)
{
	progress = model_jiffies;
	nr_steps = 0;
}

static bool runnable(const struct model_task *t)
{
	if (t->done)
		return false;
	return !t->sleeping || (t->timed && t->timer <= model_jiffies);
}

static struct model_task *pick_task(void)
{
	struct model_task *found = NULL;
	u32 n, sum = 0;

	for (n = 0; n < nr_tasks; n++) {
		if (!runnable(tasks[n]))
			continue;
		sum += tasks[n]->weight;
		if (model_dice(sum) < tasks[n]->weight)
			found = tasks[n];
	}
	return found;
}

/* Does I/O move though a task could run? */
static bool io_first(const struct model_task *t)
{
	return model_dice(16) < model_io_weight ||
	       model_dice(BRISK) >= t->weight;
}

/* Nothing can happen before the next timer. */
static bool skip_time(void)
{
	unsigned long next = ULONG_MAX;
	u32 n;

	for (n = 0; n < nr_tasks; n++)
		if (tasks[n]->timed && !tasks[n]->done)
			next = min(next, tasks[n]->timer);
	if (next == ULONG_MAX || next - progress > STUCK_MS)
		return false;
	model_jiffies = max(model_jiffies, next);
	return true;
}

static void some_time(void)
{
	if (!model_dice(16))
		model_jiffies += model_dice(4);
}

void model_fail(const char *fmt, ...)
{
	va_list args;

	if (model_why[0])
		return;
	va_start(args, fmt);
	vscnprintf(model_why, sizeof(model_why), fmt, args);
	va_end(args);
}

enum model_end model_run(struct model_task *task, u64 events)
{
	struct model_task *t;
	bool io;

	model_progress();
	while (!task->done) {
		if (model_why[0] && !model_power_off)
			return MODEL_FAILED;
		if (++nr_steps > STUCK_STEPS)
			return MODEL_STUCK;
		some_time();
		t = pick_task();
		io = model_io_pending();
		if (!t && !io) {
			if (!skip_time())
				return MODEL_STUCK;
			continue;
		}
		if (!io || (t && !io_first(t))) {
			to_task(t);
			if (t->done && t->detached)
				task_free(t);
			continue;
		}
		if (events && !--events)
			return MODEL_CUT;
		model_io_step();
		assert(!nr_irq_locks);
	}
	return MODEL_DONE;
}
