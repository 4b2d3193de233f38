// SPDX-License-Identifier: GPL-2.0-only
/*
 * Device-mapper: the only file that uses its library.
 */
/* The core's environment has a function of this name, too. */
#define hweight32 dm_hweight32
#include <libdevmapper.h>
#undef hweight32

#include "dm.h"
#include "kmsg.h"
#include "report.h"

/* What of dm's log levels is an error. */
#define LEVEL_MASK	7
#define LEVEL_ERROR	3

static char last_fault[256];

/* The library's own words are kept, to be said with what we were about to do. */
__printf(4, 5)
static void keep_fault(int level, const char *file, int line, const char *fmt,
		       ...)
{
	va_list args;

	(void)file;
	(void)line;
	if ((level & LEVEL_MASK) > LEVEL_ERROR || *last_fault)
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

/* Run a task that changes the device's nodes, and wait for udev's part in it. */
static bool run_with_udev(struct dm_task *task, u16 udev_flags)
{
	u32 cookie = 0;
	bool ok;

	if (!dm_task_set_cookie(task, &cookie, udev_flags))
		return false;
	ok = dm_task_run(task);
	dm_udev_wait(cookie);
	dm_task_update_nodes(); /* where there is no udev */
	return ok;
}

/* ---- looking --------------------------------------------------------------- */

/* A line, or what stands in the way; tells of nothing but errors. */
static int get_line(int type, const char *name, struct mapped_line *line)
{
	struct dm_task *task = task_new(type, name);
	char *target = NULL, *text = NULL;
	struct dm_info info;
	u64 start, length = 0;
	int r = -ENOENT;

	memset(line, 0, sizeof(*line));
	if (!task || !dm_task_no_flush(task) || !dm_task_run(task) ||
	    !dm_task_get_info(task, &info)) {
		if (task)
			dm_task_destroy(task);
		return fault("ask for the state of", name);
	}
	if (info.exists)
		dm_get_next_target(task, NULL, &start, &length, &target, &text);
	if (target) {
		scnprintf(line->target, sizeof(line->target), "%s", target);
		line->sectors = length;
		line->text = strdup(text ? text : "");
		r = line->text ? 0 : -ENOMEM;
	}
	dm_task_destroy(task);
	return r;
}

int mapped_status(const char *name, struct mapped_line *line)
{
	return get_line(DM_DEVICE_STATUS, name, line);
}

int mapped_table(const char *name, struct mapped_line *line)
{
	return get_line(DM_DEVICE_TABLE, name, line);
}

void mapped_line_free(struct mapped_line *line)
{
	free(line->text);
	line->text = NULL;
}

int mapped_info(const char *name, struct mapped_info *info)
{
	struct dm_task *task = task_new(DM_DEVICE_INFO, name);
	struct dm_info i = { 0 };
	bool ok = task && dm_task_run(task) && dm_task_get_info(task, &i);

	if (task)
		dm_task_destroy(task);
	if (!ok)
		return fault("ask device-mapper for", name);
	info->exists = i.exists;
	info->suspended = i.suspended;
	info->major = i.major;
	info->minor = i.minor;
	info->open_count = i.open_count;
	return 0;
}

bool mapped_is_ours(const char *name)
{
	struct dm_task *task = task_new(DM_DEVICE_INFO, name);
	const char *uuid = NULL;
	bool ours;

	if (task && dm_task_run(task))
		uuid = dm_task_get_uuid(task);
	ours = uuid && !strncmp(uuid, MAPPED_UUID_PREFIX,
				strlen(MAPPED_UUID_PREFIX));
	if (task)
		dm_task_destroy(task);
	return ours;
}

static bool has_target(const char *name, const char *target)
{
	struct mapped_line line;
	bool same;

	if (mapped_table(name, &line))
		return false;
	same = !strcmp(line.target, target);
	mapped_line_free(&line);
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

bool mapped_has_target(const char *target)
{
	struct dm_task *task = task_new(DM_DEVICE_LIST_VERSIONS, NULL);
	struct dm_versions *v = NULL;
	bool found = false;

	if (task && dm_task_run(task))
		v = dm_task_get_versions(task);
	while (v && !found) {
		found = !strcmp(v->name, target);
		v = v->next ? (void *)((char *)v + v->next) : NULL;
	}
	if (task)
		dm_task_destroy(task);
	return found;
}

/* ---- changing -------------------------------------------------------------- */

static struct dm_task *table_task(int type, const struct mapped_table *t)
{
	struct dm_task *task = task_new(type, t->name);

	if (task && !dm_task_add_target(task, 0, t->sectors, t->target,
					t->text)) {
		dm_task_destroy(task);
		return NULL;
	}
	return task;
}

static bool set_uuid(struct dm_task *task, const struct mapped_table *t)
{
	char uuid[129]; /* what the kernel has room for */

	scnprintf(uuid, sizeof(uuid), "%s%s", MAPPED_UUID_PREFIX, t->uuid);
	return dm_task_set_uuid(task, uuid);
}

int mapped_create(const struct mapped_table *t)
{
	u16 flags = t->hidden ? DM_UDEV_DISABLE_SUBSYSTEM_RULES_FLAG |
				DM_UDEV_DISABLE_DISK_RULES_FLAG |
				DM_UDEV_DISABLE_OTHER_RULES_FLAG : 0;
	struct dm_task *task = table_task(DM_DEVICE_CREATE, t);
	int log = kmsg_open();
	bool ok = task && set_uuid(task, t) && run_with_udev(task, flags);

	if (task)
		dm_task_destroy(task);
	if (!ok) {
		fault("make the device", t->name);
		kmsg_report(log, t->target);
	}
	kmsg_close(log);
	return ok ? 0 : -EIO;
}

static bool run_simple(int type, const char *name, bool with_udev)
{
	struct dm_task *task = task_new(type, name);
	bool ok = task && (with_udev ? run_with_udev(task, 0) :
				       dm_task_run(task));

	if (task)
		dm_task_destroy(task);
	return ok;
}

int mapped_suspend(const char *name)
{
	return run_simple(DM_DEVICE_SUSPEND, name, false) ?
		       0 : fault("suspend", name);
}

int mapped_resume(const char *name)
{
	return run_simple(DM_DEVICE_RESUME, name, true) ?
		       0 : fault("resume", name);
}

/* A table that was refused when it was taken into use: back to the one before. */
static int reload_failed(const struct mapped_table *t, int log,
			 const struct mapped_line *before)
{
	struct mapped_table old = {
		.name = t->name,
		.sectors = before->sectors,
		.target = before->target,
		.text = before->text,
	};
	struct dm_task *task;

	fault("give another table to", t->name);
	kmsg_report(log, t->target);
	run_simple(DM_DEVICE_CLEAR, t->name, false);
	task = table_task(DM_DEVICE_RELOAD, &old);
	if (!task || !dm_task_run(task) ||
	    !run_simple(DM_DEVICE_RESUME, t->name, true))
		report_error("%s is suspended now: what stood in the way must be put right, then 'dmsetup resume %s'",
			     t->name, t->name);
	if (task)
		dm_task_destroy(task);
	return -EIO;
}

int mapped_reload(const struct mapped_table *t)
{
	struct dm_task *task = table_task(DM_DEVICE_RELOAD, t);
	struct mapped_line before;
	int log = kmsg_open();
	int r = mapped_table(t->name, &before);

	if (!r && !(task && dm_task_run(task))) {
		fault("load another table for", t->name);
		kmsg_report(log, t->target);
		r = -EIO;
	} else if (!r && !run_simple(DM_DEVICE_RESUME, t->name, true)) {
		r = reload_failed(t, log, &before);
	}
	if (task)
		dm_task_destroy(task);
	mapped_line_free(&before);
	kmsg_close(log);
	return r;
}

int mapped_remove(const char *name)
{
	struct dm_task *task;
	struct mapped_info info;
	bool ok;
	int r = mapped_info(name, &info);

	if (r || !info.exists)
		return r;
	/* udev may be looking at it just now: it is tried for some seconds. */
	task = task_new(DM_DEVICE_REMOVE, name);
	ok = task && dm_task_retry_remove(task) && run_with_udev(task, 0);
	if (task)
		dm_task_destroy(task);
	return ok ? 0 : fault("remove", name);
}

int mapped_message(const char *name, const char *text)
{
	struct dm_task *task = task_new(DM_DEVICE_TARGET_MSG, name);
	int log = kmsg_open(), r = 0;

	if (!task || !dm_task_set_sector(task, 0) ||
	    !dm_task_set_message(task, text) || !dm_task_run(task)) {
		r = task && dm_task_get_errno(task) == EINTR ? -EINTR : -EIO;
		if (r != -EINTR) {
			fault("send a message to", name);
			kmsg_report(log, "ssdcache");
		}
	}
	if (task)
		dm_task_destroy(task);
	kmsg_close(log);
	return r;
}
