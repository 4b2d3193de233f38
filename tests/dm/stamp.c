// SPDX-License-Identifier: GPL-2.0-only
/*
 * stamp: writes to a block device so that afterwards it can be said of each
 * sector which write it has, and whether that may be so after a power cut.
 *
 *	stamp run   DEVICE STATE LOG [KEY=VALUE]...
 *	stamp check DEVICE STATE LOG [exact=1]
 *
 * Every sector written holds its own number and the number of the write, its
 * version, and a pattern made of both. Versions of a sector only grow. Writes
 * are logged before they are submitted and after they are complete, and so are
 * flushes, so that from the log follows for each sector
 *
 *	the version that must be durable <= the one found <= the last submitted.
 *
 * "check" demands that (P2), replaces STATE by what was found, and empties the
 * log. Another check, with nothing run in between, therefore demands exactly
 * what was found before (P3). With exact=1 the last version is demanded, as
 * after a run without a cut.
 *
 * What was discarded may be zero or of any older version, until it is written
 * again.
 *
 * While "run" works, each thread reads back what it or another has written: the
 * version must be the last (P1).
 *
 * STATE and LOG know the range of sectors that was given, and no others.
 *
 * LOG may be a block device, written directly, for a machine that is killed.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include <linux/fs.h>

#include "stamp.h"

static struct options opt = {
	.ops = 1000, .threads = 8, .seed = 1, .max = 128, .align = 1,
	.read = 20, .flush = 3, .sync = 5,
};

static int dev_fd, log_fd;
static uint64_t nr_sectors;
static struct bounds *bounds;
static uint64_t base;		/* versions of this run are above it */
static atomic_uint_fast64_t log_next;
static atomic_uint_fast64_t ops_done;
static atomic_bool stop;
static atomic_bool failed;

/* ---- saying ------------------------------------------------------------------ */

static void die(const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	fputs("stamp: ", stderr);
	vfprintf(stderr, fmt, args);
	fputc('\n', stderr);
	va_end(args);
	exit(2);
}

static void complain(const char *fmt, ...)
{
	static atomic_uint said;
	va_list args;

	failed = true;
	if (said++ >= MAX_COMPLAINTS)
		return;
	va_start(args, fmt);
	vprintf(fmt, args);
	putchar('\n');
	va_end(args);
	fflush(stdout);
}

static void *alloc(size_t nr, size_t size)
{
	void *p = NULL;

	if (posix_memalign(&p, ALIGN, nr * size))
		die("no memory");
	memset(p, 0, nr * size);
	return p;
}

/* ---- stamps ------------------------------------------------------------------ */

static uint64_t mix(uint64_t x)
{
	x ^= x >> 31;
	x *= 0x7fb5d329728ea185ULL;
	x ^= x >> 27;
	x *= 0x81dadef4bc2dd44dULL;
	return x ^ x >> 33;
}

static void stamp_make(struct stamp *s, uint64_t sector, uint64_t version)
{
	uint64_t x = mix(sector * 0x9e3779b97f4a7c15ULL + version);
	unsigned int i;

	s->magic = MAGIC;
	s->sector = sector;
	s->version = version;
	for (i = 0; i < 61; i++)
		s->pattern[i] = x += 0x9e3779b97f4a7c15ULL;
}

/* Returns false if it is none; zeroes are version 0. */
static bool stamp_read(const struct stamp *s, uint64_t sector,
		       uint64_t *version)
{
	static const struct stamp zero;
	struct stamp want;

	*version = 0;
	if (!memcmp(s, &zero, sizeof(zero)))
		return true;
	stamp_make(&want, sector, s->version);
	*version = s->version;
	return !memcmp(s, &want, sizeof(want));
}

/* What is there instead, in a few words. */
static void complain_garbage(const struct stamp *s, uint64_t sector)
{
	struct stamp other;

	if (s->magic != MAGIC) {
		complain("sector %" PRIu64 ": no stamp, but %016" PRIx64,
			 sector, s->magic);
		return;
	}
	stamp_make(&other, s->sector, s->version);
	complain("sector %" PRIu64 ": a stamp of sector %" PRIu64
		 ", version %" PRIu64 "%s", sector, s->sector, s->version,
		 memcmp(s, &other, sizeof(other)) ? ", torn" : "");
}

/* ---- the log ----------------------------------------------------------------- */

static uint64_t log_add(enum kind kind, uint64_t sector, uint64_t count,
			uint64_t version)
{
	static _Thread_local struct record *r;
	uint64_t at = log_next++;

	if (!r)
		r = alloc(1, sizeof(*r));
	r->magic = MAGIC;
	r->kind = kind;
	r->sector = sector;
	r->count = count;
	/* A write's version is where its record is. */
	r->version = kind == KIND_WRITE ? base + at + 1 : version;
	if (pwrite(log_fd, r, sizeof(*r), at * sizeof(*r)) != sizeof(*r))
		die("log: %s", strerror(errno));
	return at;
}

static void fold_ack(const struct record *r, uint64_t at)
{
	struct bounds *b = &bounds[r->sector], *end = b + r->count;

	for (; b < end; b++)
		if (b->discarded <= at && b->lo < r->version)
			b->lo = r->version;
}

/* All acknowledged before a flush began is durable when that has ended. */
static void fold_flush(const struct record *log, uint64_t begin)
{
	static uint64_t folded;

	for (; folded < begin; folded++)
		if (log[folded].kind == KIND_ACK)
			fold_ack(&log[folded], folded);
}

static void fold_record(const struct record *log, uint64_t at)
{
	const struct record *r = &log[at];
	uint64_t i;

	if (r->kind != KIND_FLUSH_END && r->kind != KIND_HOLE &&
	    (r->sector > nr_sectors || r->count > nr_sectors - r->sector))
		die("log record %" PRIu64 " is broken", at);
	switch (r->kind) {
	case KIND_WRITE:
		for (i = r->sector; i < r->sector + r->count; i++)
			bounds[i].hi = r->version;
		break;
	case KIND_SYNC_ACK:
		fold_ack(r, at);
		break;
	case KIND_DISCARD:
		for (i = r->sector; i < r->sector + r->count; i++) {
			bounds[i].lo = 0;
			bounds[i].discarded = at + 1;
		}
		break;
	case KIND_FLUSH_END:
		fold_flush(log, r->sector);
		break;
	}
}

/* The whole log, up to its end; *nr says how many records it has. */
static struct record *log_read(uint64_t *nr)
{
	uint64_t size = lseek(log_fd, 0, SEEK_END) / SECTOR, at, end, last = 0;
	struct record *log = alloc(size + 1, SECTOR);

	for (at = 0; at < size && at < last + LOG_END; at = end) {
		end = at + LOG_PART < size ? at + LOG_PART : size;
		if (pread(log_fd, log + at, (end - at) * SECTOR, at * SECTOR) !=
		    (ssize_t)((end - at) * SECTOR))
			die("log: %s", strerror(errno));
		for (; at < end; at++)
			if (log[at].magic == MAGIC)
				last = at + 1;
	}
	*nr = last;
	return log;
}

/* Apply the log to the bounds; returns how many records it has. */
static uint64_t log_fold(bool exact)
{
	uint64_t nr, at;
	struct record *log = log_read(&nr);

	for (at = 0; at < nr; at++)
		fold_record(log, at);
	if (exact)
		fold_flush(log, nr);
	free(log);
	return nr;
}

static void log_empty(uint64_t nr)
{
	struct record *none;
	uint64_t at;

	if (!ftruncate(log_fd, 0))
		return;
	/* A device. */
	none = alloc(LOG_PART, SECTOR);
	for (at = 0; at < nr; at += LOG_PART)
		if (pwrite(log_fd, none, LOG_PART * SECTOR, at * SECTOR) < 0)
			die("log: %s", strerror(errno));
	free(none);
}

/* ---- the state --------------------------------------------------------------- */

static void state_read(const char *path)
{
	uint64_t i, version, max = 0;
	FILE *f = fopen(path, "r");

	if (!f && errno == ENOENT)
		return;
	if (!f)
		die("%s: %s", path, strerror(errno));
	for (i = opt.first; i < opt.first + opt.sectors; i++) {
		if (fread(&version, sizeof(version), 1, f) != 1)
			die("%s: too short", path);
		bounds[i] = (struct bounds){ version, version, 0 };
	}
	if (fread(&max, sizeof(max), 1, f) == 1)
		base = max;
	fclose(f);
}

static void state_write(const char *path, uint64_t max)
{
	FILE *f = fopen(path, "w");
	uint64_t i;

	if (!f)
		die("%s: %s", path, strerror(errno));
	for (i = opt.first; i < opt.first + opt.sectors; i++)
		if (fwrite(&bounds[i].hi, sizeof(uint64_t), 1, f) != 1)
			die("%s: %s", path, strerror(errno));
	if (fwrite(&max, sizeof(max), 1, f) != 1 || fclose(f))
		die("%s: %s", path, strerror(errno));
}

/* ---- check ------------------------------------------------------------------- */

static void check_sector(uint64_t sector, const struct stamp *s)
{
	struct bounds *b = &bounds[sector];
	uint64_t version, lo = opt.exact && !b->discarded ? b->hi : b->lo;

	if (!stamp_read(s, sector, &version)) {
		complain_garbage(s, sector);
		return;
	}
	if (version < lo || version > b->hi)
		complain("sector %" PRIu64 ": found version %" PRIu64
			 ", wanted %" PRIu64 " to %" PRIu64,
			 sector, version, lo, b->hi);
	b->hi = version;
}

static int do_check(const char *state)
{
	struct stamp *buf = alloc(MAX_SECTORS, SECTOR);
	uint64_t at, i, nr, records = log_fold(opt.exact);
	uint64_t end = opt.first + opt.sectors;
	ssize_t got;

	for (at = opt.first; at < end; at += nr) {
		nr = end - at < MAX_SECTORS ? end - at : MAX_SECTORS;
		got = pread(dev_fd, buf, nr * SECTOR, at * SECTOR);
		if (got != (ssize_t)(nr * SECTOR)) {
			complain("sector %" PRIu64 ": cannot be read", at);
			break;
		}
		for (i = 0; i < nr; i++)
			check_sector(at + i, &buf[i]);
	}
	if (failed)
		return 1;
	state_write(state, base + records);
	log_empty(records);
	printf("checked %" PRIu64 " sectors after %" PRIu64 " records\n",
	       opt.sectors, records);
	return 0;
}

/* ---- run --------------------------------------------------------------------- */

/** struct worker - a thread; @sector, @count: what it is at work on */
struct worker {
	pthread_t thread;
	uint64_t random;
	struct stamp *buf;
	uint64_t sector;
	uint64_t count;
};

static struct worker workers[MAX_THREADS];
static pthread_mutex_t range_lock = PTHREAD_MUTEX_INITIALIZER;

static uint64_t draw(struct worker *w, uint64_t below)
{
	w->random += 0x9e3779b97f4a7c15ULL;
	return below ? mix(w->random) % below : 0;
}

static bool draw_percent(struct worker *w, uint64_t percent)
{
	return draw(w, 100) < percent;
}

/* Small ones mostly; half of the places in the first eighth. */
static void draw_range(struct worker *w)
{
	uint64_t max = opt.max, range = opt.sectors;

	if (draw_percent(w, 70) && max > 16)
		max = 16;
	if (draw_percent(w, 25) && max > 8)
		max = 8;
	w->count = 1 + draw(w, max);
	/* What most file systems do. */
	if (draw_percent(w, 50))
		w->count = (w->count + 7) & ~7ULL;
	w->count = (w->count + opt.align - 1) / opt.align * opt.align;
	if (w->count > opt.max)
		w->count = opt.max;
	if (draw_percent(w, 50) && range / 8 > w->count)
		range /= 8;
	w->sector = draw(w, range - w->count + 1);
	if (draw_percent(w, 50))
		w->sector &= ~7ULL;
	w->sector = opt.first + w->sector / opt.align * opt.align;
}

static bool range_is_free(const struct worker *w)
{
	const struct worker *o;

	for (o = workers; o < workers + opt.threads; o++)
		if (o != w && o->count && o->sector < w->sector + w->count &&
		    w->sector < o->sector + o->count)
			return false;
	return true;
}

/* One range for one thread at a time. */
static void range_take(struct worker *w)
{
	bool taken = false;

	while (!taken) {
		pthread_mutex_lock(&range_lock);
		draw_range(w);
		taken = range_is_free(w);
		if (!taken)
			w->count = 0;
		pthread_mutex_unlock(&range_lock);
	}
}

static void range_drop(struct worker *w)
{
	pthread_mutex_lock(&range_lock);
	w->count = 0;
	pthread_mutex_unlock(&range_lock);
}

static void io_failed(const char *what, const struct worker *w)
{
	int error = errno;

	stop = true;
	if (!opt.cut)
		complain("%s of %" PRIu64 " sectors at %" PRIu64 ": %s", what,
			 w->count, w->sector, strerror(error));
}

static void do_write(struct worker *w)
{
	bool sync = draw_percent(w, opt.sync);
	uint64_t bytes = w->count * SECTOR, version, i;
	struct iovec iov = { w->buf, bytes };
	ssize_t r;

	version = base + log_add(KIND_WRITE, w->sector, w->count, 0) + 1;
	for (i = 0; i < w->count; i++) {
		stamp_make(&w->buf[i], w->sector + i, version);
		bounds[w->sector + i].hi = version;
		bounds[w->sector + i].discarded = 0;
	}
	r = pwritev2(dev_fd, &iov, 1, w->sector * SECTOR,
		     sync ? RWF_DSYNC : 0);
	if (r == (ssize_t)bytes)
		log_add(sync ? KIND_SYNC_ACK : KIND_ACK, w->sector, w->count,
			version);
	else
		io_failed("write", w);
}

static void do_read(struct worker *w)
{
	uint64_t bytes = w->count * SECTOR, i, version;
	const struct bounds *b;
	bool good;

	if (pread(dev_fd, w->buf, bytes, w->sector * SECTOR) !=
	    (ssize_t)bytes) {
		io_failed("read", w);
		return;
	}
	for (i = 0; i < w->count; i++) {
		b = &bounds[w->sector + i];
		good = stamp_read(&w->buf[i], w->sector + i, &version);
		if (!good)
			complain_garbage(&w->buf[i], w->sector + i);
		else if (version > b->hi || (version < b->hi && !b->discarded))
			complain("sector %" PRIu64 ": read version %" PRIu64
				 ", wanted %" PRIu64, w->sector + i, version,
				 b->hi);
	}
	if (failed)
		stop = true;
}

static void do_discard(struct worker *w)
{
	uint64_t range[2] = { w->sector * SECTOR, w->count * SECTOR }, i;

	log_add(KIND_DISCARD, w->sector, w->count, 0);
	for (i = 0; i < w->count; i++)
		bounds[w->sector + i].discarded = 1;
	if (ioctl(dev_fd, BLKDISCARD, range))
		io_failed("discard", w);
}

static void do_flush(struct worker *w)
{
	uint64_t begin = log_add(KIND_FLUSH_BEGIN, 0, 0, 0);

	if (!fdatasync(dev_fd))
		log_add(KIND_FLUSH_END, begin, 0, 0);
	else
		io_failed("flush", w);
}

static void count_op(void)
{
	uint64_t n = ++ops_done;

	if (n == opt.ops)
		stop = true;
	if (n == opt.say) {
		printf("%" PRIu64 " done\n", n);
		fflush(stdout);
	}
}

static void *work(void *data)
{
	struct worker *w = data;
	uint64_t coin;

	while (!stop) {
		coin = draw(w, 100);
		if (coin < opt.flush) {
			do_flush(w);
			count_op();
			continue;
		}
		range_take(w);
		if (coin < opt.flush + opt.read)
			do_read(w);
		else if (coin < opt.flush + opt.read + opt.discard)
			do_discard(w);
		else
			do_write(w);
		range_drop(w);
		count_op();
	}
	return NULL;
}

static void end_run(int signal)
{
	(void)signal;
	stop = true;
}

static int do_run(void)
{
	struct worker *w, *end = workers + opt.threads;

	log_next = log_fold(false);
	/* The memory's view: the last submitted counts. */
	signal(SIGTERM, end_run);
	for (w = workers; w < end; w++) {
		w->random = mix(opt.seed * 1000 + (w - workers));
		w->buf = alloc(opt.max, SECTOR);
		if (pthread_create(&w->thread, NULL, work, w))
			die("no threads");
	}
	for (w = workers; w < end; w++)
		pthread_join(w->thread, NULL);
	printf("did %" PRIu64 " operations\n", (uint64_t)ops_done);
	return failed;
}

/* ---- main -------------------------------------------------------------------- */

static const struct {
	const char *name;
	uint64_t *value;
} keys[] = {
	{ "ops", &opt.ops }, { "threads", &opt.threads },
	{ "seed", &opt.seed }, { "first", &opt.first },
	{ "sectors", &opt.sectors }, { "max", &opt.max },
	{ "align", &opt.align }, { "read", &opt.read },
	{ "discard", &opt.discard }, { "flush", &opt.flush },
	{ "sync", &opt.sync }, { "cut", &opt.cut }, { "say", &opt.say },
	{ "exact", &opt.exact }, { NULL, NULL },
};

static void parse_option(const char *word)
{
	size_t len = strcspn(word, "="), i;
	char *end;

	for (i = 0; keys[i].name; i++) {
		if (strlen(keys[i].name) != len || !word[len] ||
		    strncmp(keys[i].name, word, len))
			continue;
		*keys[i].value = strtoull(word + len + 1, &end, 10);
		if (!*end && end > word + len + 1)
			return;
	}
	die("what is '%s'?", word);
}

static void open_all(char **path)
{
	struct stat st;
	uint64_t bytes;
	int direct;

	dev_fd = open(path[0], O_RDWR | O_DIRECT);
	if (dev_fd < 0)
		die("%s: %s", path[0], strerror(errno));
	bytes = lseek(dev_fd, 0, SEEK_END);
	direct = !stat(path[2], &st) && S_ISBLK(st.st_mode) ? O_DIRECT : 0;
	log_fd = open(path[2], O_RDWR | O_CREAT | direct, 0600);
	if (log_fd < 0)
		die("%s: %s", path[2], strerror(errno));
	nr_sectors = bytes / SECTOR;
	bounds = alloc(nr_sectors, sizeof(*bounds));
}

static void check_options(void)
{
	if (!opt.sectors)
		opt.sectors = nr_sectors - opt.first;
	if (opt.first > nr_sectors || opt.sectors > nr_sectors - opt.first)
		die("the device has %" PRIu64 " sectors only", nr_sectors);
	if (!opt.threads || opt.threads > MAX_THREADS || !opt.max ||
	    opt.max > MAX_SECTORS || !opt.align || opt.max % opt.align ||
	    opt.sectors < opt.threads * opt.max)
		die("these options make no sense together");
}

int main(int argc, char **argv)
{
	bool run = argc > 1 && !strcmp(argv[1], "run");
	int i;

	if (argc < 5 || (!run && strcmp(argv[1], "check")))
		die("usage: stamp run|check DEVICE STATE LOG [KEY=VALUE]...");
	for (i = 5; i < argc; i++)
		parse_option(argv[i]);
	open_all(argv + 2);
	check_options();
	state_read(argv[3]);
	return run ? do_run() : do_check(argv[3]);
}
