// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-mapper: the only file that uses its library.
 */
/* The core's environment has a function of this name, too. */
#define hweight32 dm_hweight32
#include <libdevmapper.h>
#undef hweight32

#include "dm.h"
#include "report.h"

static char last_fault[256];

/* The library's own words are kept, to be said with what we were about to do. */
__printf(4, 5)
static void keep_fault(int level, const char *file, int line, const char *fmt,
		       ...)
{
	va_list args;

	(void)file;
	(void)line;
	if ((level & 7) > 3) /* less than an error */
		return;
	va_start(args, fmt);
	vscnprintf(last_fault, sizeof(last_fault), fmt, args);
	va_end(args);
}

static struct dm_task *task_new(int type, const char *name)
{
	struct dm_task *task;

	dm_log_init(keep_fault);
	last_fault[0] = '\0';
	task = dm_task_create(type);
	if (task && name && !dm_task_set_name(task, name)) {
		dm_task_destroy(task);
		return NULL;
	}
	return task;
}

static int fault(const char *what, const char *name)
{
	report_error("cannot %s%s%s%s%s", what, *name ? " " : "", name,
		     *last_fault ? ": " : "", last_fault);
	return -EIO;
}

/* ---- looking --------------------------------------------------------------- */

/* The target of the first line; false: no such device, or no line. */
static bool has_target(const char *name, const char *target)
{
	struct dm_task *task = task_new(DM_DEVICE_STATUS, name);
	u64 start, length;
	char *type = NULL, *params;
	bool same = false;

	if (task && dm_task_no_flush(task) && dm_task_run(task)) {
		dm_get_next_target(task, NULL, &start, &length, &type, &params);
		same = type && !strcmp(type, target);
	}
	if (task)
		dm_task_destroy(task);
	return same;
}

static int walk(struct dm_names *names, const char *target,
		int (*call)(const char *name, void *context), void *context)
{
	int r;

	if (!names->dev)
		return 0;
	for (;;) {
		if (!target || has_target(names->name, target)) {
			r = call(names->name, context);
			if (r)
				return r;
		}
		if (!names->next)
			return 0;
		names = (void *)((char *)names + names->next);
	}
}

int mapped_each(const char *target,
		int (*call)(const char *name, void *context), void *context)
{
	struct dm_task *task = task_new(DM_DEVICE_LIST, NULL);
	struct dm_names *names = NULL;
	int r = 0;

	if (task && dm_task_run(task))
		names = dm_task_get_names(task);
	if (names)
		r = walk(names, target, call, context);
	else
		r = fault("list the devices of device-mapper", "");
	if (task)
		dm_task_destroy(task);
	return r;
}
