/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tasks: threads of control that give way to each other only where they wait
 * or let go of a lock. Which one goes on next, and whether I/O moves instead,
 * is a matter of random numbers, so that a seed tells the whole story.
 */
#ifndef MODEL_TASK_H
#define MODEL_TASK_H

#include "env.h"
#include "sim-rng.h"

struct model_task;

/**
 * struct wait_queue_entry - a task that waits
 * @task: which
 * @next: the next one of the queue
 * @queued: whether it is in the queue
 */
struct wait_queue_entry {
	struct model_task *task;
	struct wait_queue_entry *next;
	bool queued;
};

typedef struct wait_queue_head {
	struct wait_queue_entry *first;
} wait_queue_head_t;

#define TASK_UNINTERRUPTIBLE	0
#define init_waitqueue_head(wq)	((void)((wq)->first = NULL))
#define waitqueue_active(wq)	((wq)->first != NULL)
#define DEFINE_WAIT(name)	\
	struct wait_queue_entry name = { .task = model_current }

/** prepare_to_wait() - from now on a wake-up will be noticed */
void prepare_to_wait(wait_queue_head_t *wq, struct wait_queue_entry *w,
		     int state);

/** finish_wait() - leave the queue */
void finish_wait(wait_queue_head_t *wq, struct wait_queue_entry *w);

/** wake_up_all() - all tasks of the queue look again */
void wake_up_all(wait_queue_head_t *wq);
#define wake_up(wq)		wake_up_all(wq)

/** io_schedule() - sleep until woken since prepare_to_wait(), or time is up */
void io_schedule(void);

#define model_wait_event(wq, cond, expired)			\
	({							\
		DEFINE_WAIT(wait__);				\
		for (;;) {					\
			prepare_to_wait(&(wq), &wait__, 0);	\
			if ((cond) || (expired))		\
				break;				\
			io_schedule();				\
		}						\
		finish_wait(&(wq), &wait__);			\
	})

#define wait_event(wq, cond)		model_wait_event(wq, cond, false)
#define wait_event_idle(wq, cond)	model_wait_event(wq, cond, false)
#define wait_event_interruptible(wq, cond) \
	({ model_wait_event(wq, cond, false); 0; })
#define wait_event_idle_timeout(wq, cond, timeout)		\
	({							\
		model_set_timer(timeout);			\
		model_wait_event(wq, cond, model_timer_expired()); \
		model_set_timer(0);				\
	})

/** model_set_timer() - io_schedule() returns after so many jiffies; 0: never */
void model_set_timer(unsigned long timeout);
bool model_timer_expired(void);

/** model_current - the task that runs, NULL in an interrupt */
extern struct model_task *model_current;
extern unsigned long model_jiffies;

/** model_spawn() - a new task, to be stopped, detached or asked its result */
struct model_task *model_spawn(int (*fn)(void *data), void *data);

/** model_detach() - a task frees itself when it ends */
void model_detach(struct model_task *task);

/** model_stop() - ask a task to end and wait for that */
int model_stop(struct model_task *task);
bool model_should_stop(void);

/** cond_resched() - perhaps let others run */
void cond_resched(void);

/** model_sleep() - let time pass */
void model_sleep(unsigned long ms);

void model_spin_lock(bool *held);
void model_spin_unlock(bool *held);

/** model_no_sleep() - from here to the next call with false, no task may wait */
void model_no_sleep(bool on);

/* ---- the machine ----------------------------------------------------------- */

/** model_rng - decides everything that happens in the machine */
extern struct rng model_rng;

static inline u32 model_dice(u32 n)
{
	return rng_below(&model_rng, n);
}

/** model_patience - at one lock let go of in so many, others may run */
extern u32 model_patience;

/** model_sluggish - of 8 new tasks, how many rarely get a turn */
extern u32 model_sluggish;

/** enum model_end - why model_run() came back */
enum model_end {
	MODEL_DONE,
	MODEL_CUT,
	MODEL_STUCK,
	MODEL_FAILED,
};

/**
 * model_run() - run tasks and I/O
 * @task: until this one has ended
 * @events: or the power fails after so many steps of I/O; 0: it does not
 *
 * Return: which; stuck if nothing can ever happen any more but timers; failed
 * after model_fail().
 */
enum model_end model_run(struct model_task *task, u64 events);

/** model_kill_all() - forget every task and all memory of the module */
void model_kill_all(void);

/** model_progress() - something useful happened: not stuck */
void model_progress(void);

/** model_result() - what a task's function returned; the task is freed */
int model_result(struct model_task *task);

/** model_alloc() - memory that model_kill_all() frees */
void *model_alloc(size_t size, bool zero);
void model_free(void *p);

extern bool model_verbose;

/** model_fail() - a promise is broken; the first time counts, ends model_run() */
__printf(1, 2)
void model_fail(const char *fmt, ...);

/** model_why - what was broken, "" if nothing */
extern char model_why[512];

#endif
