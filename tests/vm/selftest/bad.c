// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that does what a module must not, to show that the test bed sees
 * it: insmod bad.ko what=WORD. With what=none it does nothing. What needs a
 * debug kernel to be seen does no harm on others.
 */

#include <linux/completion.h>
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/workqueue.h>

static char *what = "none";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "see the table of deeds");

static void bad_none(void)
{
}

static void bad_warn(void)
{
	WARN_ON_ONCE(1);
}

static void bad_oops(void)
{
	int *nowhere = NULL;

	(void)READ_ONCE(*READ_ONCE(nowhere));
}

static void bad_stuck(void)
{
	DECLARE_COMPLETION_ONSTACK(never);

	wait_for_completion(&never);
}

/* ---- memory ------------------------------------------------------------------ */

static void bad_freed(void)
{
	char *p = kzalloc(100, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	kfree(p);
	(void)READ_ONCE(p[10]);
}

static void bad_bounds(void)
{
	char *p = kzalloc(100, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
	(void)READ_ONCE(p[100]);
	kfree(p);
}

static void bad_leak(void)
{
	char *p = kzalloc(100, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(p);
}

static void bad_work(struct work_struct *work)
{
}

/* Freed with its timer running. */
static void bad_object(void)
{
	struct delayed_work *work = kzalloc(sizeof(*work), GFP_KERNEL);

	INIT_DELAYED_WORK(work, bad_work);
	schedule_delayed_work(work, HZ * 1000);
	kfree(work);
}

static void bad_shift(void)
{
	int by = 40, n;

	OPTIMIZER_HIDE_VAR(by);
	n = 1 << by;
	OPTIMIZER_HIDE_VAR(n);
}

/* ---- locks ------------------------------------------------------------------- */

static DEFINE_SPINLOCK(lock_a);
static DEFINE_SPINLOCK(lock_b);

static void bad_sleep(void)
{
	spin_lock(&lock_a);
	might_sleep();
	spin_unlock(&lock_a);
}

static void bad_order(void)
{
	spin_lock(&lock_a);
	spin_lock(&lock_b);
	spin_unlock(&lock_b);
	spin_unlock(&lock_a);
	spin_lock(&lock_b);
	spin_lock(&lock_a);
	spin_unlock(&lock_a);
	spin_unlock(&lock_b);
}

static unsigned int shared;

static int bad_racer(void *arg)
{
	while (!kthread_should_stop()) {
		shared++;
		cond_resched();
	}
	return 0;
}

static void bad_race(void)
{
	struct task_struct *a = kthread_run(bad_racer, NULL, "bad_racer");
	struct task_struct *b = kthread_run(bad_racer, NULL, "bad_racer");

	msleep(3000);
	if (!IS_ERR(a))
		kthread_stop(a);
	if (!IS_ERR(b))
		kthread_stop(b);
}

/* ---- all --------------------------------------------------------------------- */

static const struct {
	const char *word;
	void (*deed)(void);
} deeds[] = {
	{ "none", bad_none },
	{ "warn", bad_warn },
	{ "oops", bad_oops },
	{ "stuck", bad_stuck },
	{ "freed", bad_freed },
	{ "bounds", bad_bounds },
	{ "leak", bad_leak },
	{ "object", bad_object },
	{ "shift", bad_shift },
	{ "sleep", bad_sleep },
	{ "order", bad_order },
	{ "race", bad_race },
};

static int __init bad_init(void)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(deeds); i++) {
		if (strcmp(what, deeds[i].word))
			continue;
		deeds[i].deed();
		return 0;
	}
	return -EINVAL;
}
module_init(bad_init);

static void __exit bad_exit(void)
{
}
module_exit(bad_exit);

MODULE_DESCRIPTION("misbehaves on demand, for the test of the test bed");
MODULE_LICENSE("GPL");
