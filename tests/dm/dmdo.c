// SPDX-License-Identifier: GPL-2.0-only
/*
 * dmdo: what dmsetup does to a device, in ways that dmsetup cannot.
 *
 *	dmdo COMMAND [, COMMAND]...	one after the other, in one process whose
 *					memory is locked, so that it needs none
 *					of a swap device that it has suspended
 *	dmdo nomem [KEY=VALUE]... COMMAND	short of memory, see below
 *
 * A COMMAND is one of, LINE and WORDS being one argument each:
 *
 *	load NAME LINE		a table of one line
 *	resume NAME | suspend NAME | suspend-noflush NAME
 *	status NAME | table NAME
 *	message NAME WORDS
 *
 * With nomem an allocation of memory that the command makes in the kernel fails,
 * each of them in turn: see Documentation/fault-injection about
 * /proc/thread-self/fail-nth. With most=NUMBER, if there are more, so many of
 * them are drawn, from the whole length evenly; seed=NUMBER draws others.
 * Whatever comes of it, the same must succeed after it without a failure, and is
 * undone for the next attempt. With wipe the first 4 KiB of DEVICE are zeroed
 * before each, so that metadata is formatted. An attempt may succeed although
 * memory was short; if it fails it must say ENOMEM, or EIO if I/O below it failed
 * for want of memory. How many there were of each is printed.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <linux/dm-ioctl.h>

#define BUFFER_BYTES	16384
#define FAR		1000000000
#define MAX_MORE	100

/** struct verb - what a command does, and what undoes it */
struct verb {
	const char *name;
	int nr_args;
	unsigned long ioctl;
	unsigned int flags;
	unsigned long undo;
	unsigned int undo_flags;
};

static const struct verb verbs[] = {
	{ "load", 2, DM_TABLE_LOAD, 0, DM_TABLE_CLEAR, 0 },
	{ "resume", 1, DM_DEV_SUSPEND, 0, DM_DEV_SUSPEND, DM_SUSPEND_FLAG },
	{ "suspend", 1, DM_DEV_SUSPEND, DM_SUSPEND_FLAG, DM_DEV_SUSPEND, 0 },
	{ "suspend-noflush", 1, DM_DEV_SUSPEND,
	  DM_SUSPEND_FLAG | DM_NOFLUSH_FLAG, DM_DEV_SUSPEND, 0 },
	{ "message", 2, DM_TARGET_MSG, 0, 0, 0 },
	{ "status", 1, DM_TABLE_STATUS, 0, 0, 0 },
	{ "table", 1, DM_TABLE_STATUS, DM_STATUS_TABLE_FLAG, 0, 0 },
};

/** struct command - a verb with its arguments, the first being the NAME */
struct command {
	const struct verb *verb;
	char **args;
};

static int control;
static _Alignas(8) char buffer[BUFFER_BYTES];

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("dmdo: ", stdout);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	exit(1);
}

/* ---- ioctls ------------------------------------------------------------------ */

/* "START LENGTH TARGET PARAMETERS..." */
static void put_line(const char *line)
{
	struct dm_ioctl *d = (void *)buffer;
	struct dm_target_spec *spec = (void *)(d + 1);
	unsigned long long start, length;
	int at;

	if (sscanf(line, "%llu %llu %15s %n", &start, &length,
		   spec->target_type, &at) != 3)
		die("no table: %s", line);
	d->target_count = 1;
	spec->sector_start = start;
	spec->length = length;
	memcpy(spec + 1, line + at, strlen(line + at) + 1);
}

static void put_message(const char *words)
{
	struct dm_ioctl *d = (void *)buffer;
	struct dm_target_msg *msg = (void *)(d + 1);

	memcpy(msg->message, words, strlen(words) + 1);
}

/* Returns 0 or errno. */
static int call(const struct command *c, unsigned long what, unsigned int flags)
{
	struct dm_ioctl *d = (void *)buffer;

	memset(buffer, 0, sizeof(buffer));
	d->version[0] = DM_VERSION_MAJOR;
	d->data_size = sizeof(buffer);
	d->data_start = sizeof(*d);
	d->flags = flags;
	snprintf(d->name, sizeof(d->name), "%s", c->args[0]);
	if (what == DM_TABLE_LOAD)
		put_line(c->args[1]);
	else if (what == DM_TARGET_MSG)
		put_message(c->args[1]);
	return ioctl(control, what, d) ? errno : 0;
}

static int command_do(const struct command *c)
{
	return call(c, c->verb->ioctl, c->verb->flags);
}

static int command_undo(const struct command *c)
{
	if (!c->verb->undo)
		return 0;
	return call(c, c->verb->undo, c->verb->undo_flags);
}

/* ---- words ------------------------------------------------------------------- */

/* Returns the number of words taken. */
static int command_parse(struct command *c, int argc, char **argv)
{
	const struct verb *end = verbs + sizeof(verbs) / sizeof(*verbs);
	int i;

	for (c->verb = verbs; c->verb < end; c->verb++)
		if (argc && !strcmp(c->verb->name, argv[0]))
			break;
	if (c->verb == end)
		die("what is '%s'?", argc ? argv[0] : "");
	if (argc <= c->verb->nr_args)
		die("%s wants more words", argv[0]);
	c->args = argv + 1;
	for (i = 0; i < c->verb->nr_args; i++)
		if (strlen(c->args[i]) > BUFFER_BYTES / 2)
			die("%s: too long", c->args[i]);
	return 1 + c->verb->nr_args;
}

static void do_all(int argc, char **argv)
{
	struct command c;
	int used, r;

	if (mlockall(MCL_CURRENT | MCL_FUTURE))
		die("mlockall: %s", strerror(errno));
	while (argc) {
		used = command_parse(&c, argc, argv);
		r = command_do(&c);
		if (r)
			die("%s %s: %s", c.verb->name, c.args[0], strerror(r));
		argc -= used;
		argv += used;
		if (argc && strcmp(*argv, ","))
			die("what is '%s'?", *argv);
		if (argc) {
			argc--;
			argv++;
		}
	}
}

/* ---- short of memory --------------------------------------------------------- */

static int fail_nth;

/** struct shortage - what is asked for */
struct shortage {
	const char *wipe;
	int most;
	unsigned int seed;
};

/** struct outcome - of the attempts that missed an allocation, or made all */
struct outcome {
	int enomem;
	int eio;
	int none;
	int untouched;
};

static void set_nth(int n)
{
	char text[16];
	int bytes = snprintf(text, sizeof(text), "%d", n);

	if (pwrite(fail_nth, text, bytes, 0) != bytes)
		die("fail-nth: %s", strerror(errno));
}

/* Returns how many allocations were left until the one that fails. */
static int end_nth(void)
{
	char text[16] = "";

	if (pread(fail_nth, text, sizeof(text) - 1, 0) <= 0)
		die("fail-nth: %s", strerror(errno));
	set_nth(0);
	return atoi(text);
}

static void wipe(const char *device)
{
	static const char zero[4096];
	int fd = open(device, O_WRONLY);

	if (fd < 0 || write(fd, zero, sizeof(zero)) != sizeof(zero) ||
	    fsync(fd))
		die("%s: %s", device, strerror(errno));
	close(fd);
}

static void note(struct outcome *o, int n, int r)
{
	if (!r)
		o->none++;
	else if (r == ENOMEM)
		o->enomem++;
	else if (r == EIO)
		o->eio++;
	else
		die("%d: fails with %s", n, strerror(r));
}

/* Returns how many allocations were left until the Nth. */
static int attempt(const struct command *c, const struct shortage *s, int n,
		   struct outcome *o)
{
	int r, left;

	if (s->wipe)
		wipe(s->wipe);
	set_nth(n);
	r = command_do(c);
	left = end_nth();
	if (left && r)
		die("%d: fails untouched: %s", n, strerror(r));
	if (left)
		o->untouched++;
	else
		note(o, n, r);
	if (r)
		r = command_do(c);
	if (r)
		die("%d: fails once more: %s", n, strerror(r));
	r = command_undo(c);
	if (r)
		die("%d: cannot be undone: %s", n, strerror(r));
	return left;
}

/* Each of @total, or so many of them; then those that have come in addition. */
static void attempt_all(const struct command *c, const struct shortage *s,
			int total, struct outcome *o)
{
	long long i, from, to, nr = total < s->most ? total : s->most;
	int left, more = 0;

	srandom(s->seed);
	for (i = 0; i < nr; i++) {
		from = i * total / nr;
		to = (i + 1) * total / nr;
		attempt(c, s, 1 + from + random() % (to - from), o);
	}
	do {
		left = attempt(c, s, total + ++more, o);
	} while (!left && more < MAX_MORE);
	if (!left)
		die("there is no end to it");
}

static int shortage_parse(struct shortage *s, int argc, char **argv)
{
	int i;

	for (i = 0; i < argc && strchr(argv[i], '='); i++)
		if (!strncmp(argv[i], "wipe=", 5))
			s->wipe = argv[i] + 5;
		else if (sscanf(argv[i], "most=%d", &s->most) != 1 &&
			 sscanf(argv[i], "seed=%u", &s->seed) != 1)
			die("what is '%s'?", argv[i]);
	return i;
}

static void nomem(int argc, char **argv)
{
	struct shortage s = { NULL, FAR, 1 };
	struct outcome o = { 0 };
	struct command c;
	int total, used = shortage_parse(&s, argc, argv);

	command_parse(&c, argc - used, argv + used);
	fail_nth = open("/proc/thread-self/fail-nth", O_RDWR);
	if (fail_nth < 0)
		die("fail-nth: %s", strerror(errno));
	total = FAR - attempt(&c, &s, FAR, &o);
	attempt_all(&c, &s, total, &o);
	printf("%d allocations: %d times ENOMEM, %d times EIO, %d times none\n",
	       total, o.enomem, o.eio, o.none);
	if (total && !(o.enomem + o.eio + o.none))
		die("none of %d failed", total);
}

int main(int argc, char **argv)
{
	control = open("/dev/mapper/control", O_RDWR);
	if (control < 0)
		die("/dev/mapper/control: %s", strerror(errno));
	if (argc > 1 && !strcmp(argv[1], "nomem"))
		nomem(argc - 2, argv + 2);
	else
		do_all(argc - 1, argv + 1);
	return 0;
}
