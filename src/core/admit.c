// SPDX-License-Identifier: GPL-2.0-only
/*
 * Admission: sequential streams and the write budget. admit.h says how.
 */
#include "admit.h"

#define NO_STREAM	0xffu
#define MS_PER_HOUR	(60 * 60 * 1000u)
#define MS_PER_DAY	(24 * MS_PER_HOUR)
/* More than the time from the deepest debt to a full bucket. */
#define MS_TO_FULL	(26 * MS_PER_HOUR)
#define MAX_BUDGET	(1ULL << 60)

/* ---- sequential streams ------------------------------------------------------ */

/* Reads and writes never meet in a chain. */
static u8 stream_head(u64 region, bool write)
{
	u32 h = (u32)((region * 0x9e3779b97f4a7c15ULL) >> 32);

	return (u8)(reciprocal_scale(h, SC_STREAM_HEADS / 2) * 2 + write);
}

static void hash_add(struct sc_admit *a, u8 i)
{
	struct sc_stream *s = &a->streams[i];

	s->head = stream_head(s->next >> SC_STREAM_SHIFT, s->write);
	s->hash_next = a->heads[s->head];
	a->heads[s->head] = i;
}

static void hash_remove(struct sc_admit *a, u8 i)
{
	u8 *link = &a->heads[a->streams[i].head];

	while (*link != i)
		link = &a->streams[*link].hash_next;
	*link = a->streams[i].hash_next;
}

static void lru_remove(struct sc_admit *a, u8 i)
{
	struct sc_stream *s = &a->streams[i];

	if (s->older == NO_STREAM)
		a->oldest = s->newer;
	else
		a->streams[s->older].newer = s->newer;
	if (s->newer == NO_STREAM)
		a->newest = s->older;
	else
		a->streams[s->newer].older = s->older;
}

static void lru_add(struct sc_admit *a, u8 i)
{
	struct sc_stream *s = &a->streams[i];

	s->newer = NO_STREAM;
	s->older = a->newest;
	if (a->newest == NO_STREAM)
		a->oldest = i;
	else
		a->streams[a->newest].newer = i;
	a->newest = i;
}

static bool is_near(const struct sc_stream *s, u64 sector)
{
	u64 distance = s->next > sector ? s->next - sector : sector - s->next;

	return distance <= SC_STREAM_WINDOW;
}

/*
 * The longest stream that the request may continue; NO_STREAM: none. One that
 * is at most a window away expects to go on in this or a neighbouring region.
 */
static u8 find_stream(const struct sc_admit *a, u64 sector, bool write)
{
	u64 region = (sector >> SC_STREAM_SHIFT) - 1;
	const struct sc_stream *s;
	u8 best = NO_STREAM, i;
	int n;

	for (n = 0; n < 3; n++, region++) {
		i = a->heads[stream_head(region, write)];
		for (; i != NO_STREAM; i = s->hash_next) {
			s = &a->streams[i];
			if (!is_near(s, sector))
				continue;
			if (best == NO_STREAM ||
			    s->nr_sectors > a->streams[best].nr_sectors)
				best = i;
		}
	}
	return best;
}

static void restart_stream(struct sc_stream *s, u64 sector, u32 nr_sectors)
{
	s->start = sector;
	s->next = sector + nr_sectors;
	s->nr_sectors = nr_sectors;
}

static void extend_stream(struct sc_stream *s, u64 sector, u32 nr_sectors)
{
	u64 distance;

	s->start = min_t(u64, s->start, sector);
	s->next = max_t(u64, s->next, sector + nr_sectors);
	distance = s->next - s->start;
	s->nr_sectors = min_t(u64, s->nr_sectors + nr_sectors, distance);
	if (s->nr_sectors < distance / 4)
		restart_stream(s, sector, nr_sectors);
}

bool sc_admit_sequential(struct sc_admit *a, u64 sector, u32 nr_sectors,
			 bool write)
{
	u8 i = find_stream(a, sector, write);
	struct sc_stream *s;

	if (i == NO_STREAM) {
		i = a->oldest;
		s = &a->streams[i];
		hash_remove(a, i);
		s->write = write;
		restart_stream(s, sector, nr_sectors);
	} else {
		s = &a->streams[i];
		hash_remove(a, i);
		extend_stream(s, sector, nr_sectors);
	}
	hash_add(a, i);
	lru_remove(a, i);
	lru_add(a, i);
	return a->cutoff_sectors && s->nr_sectors > a->cutoff_sectors;
}

void sc_admit_set_cutoff(struct sc_admit *a, u64 cutoff_sectors)
{
	a->cutoff_sectors = cutoff_sectors;
}

static void init_streams(struct sc_admit *a)
{
	u32 i;

	memset(a->heads, NO_STREAM, sizeof(a->heads));
	a->newest = NO_STREAM;
	a->oldest = NO_STREAM;
	for (i = 0; i < SC_NR_STREAMS; i++) {
		/* Where no request is ever near. */
		a->streams[i].next = ~0ULL;
		hash_add(a, (u8)i);
		lru_add(a, (u8)i);
	}
}

/* ---- write budget ------------------------------------------------------------ */

static s64 bucket_size(const struct sc_admit *a)
{
	return (s64)div_u64(a->budget_sectors, 24);
}

/* No product exceeds 64 bits: MAX_BUDGET, and both factors of the second. */
static void earn_tokens(struct sc_admit *a, u64 ms)
{
	u64 whole = div_u64(a->budget_sectors, MS_PER_DAY);
	u64 rest = a->budget_sectors - whole * MS_PER_DAY;
	u64 parts, earned;

	ms = min_t(u64, ms, MS_TO_FULL);
	parts = rest * ms + a->credit;
	earned = div_u64(parts, MS_PER_DAY);
	a->credit = (u32)(parts - earned * MS_PER_DAY);
	a->tokens = min_t(s64, a->tokens + (s64)(whole * ms + earned),
			  bucket_size(a));
}

static void begin_hours(struct sc_admit *a, u64 now_ms)
{
	u64 hour = div_u64(now_ms, MS_PER_HOUR);
	u64 nr = hour > a->hour ? hour - a->hour : 0;

	a->hour = hour;
	for (nr = min_t(u64, nr, SC_BUDGET_HOURS); nr; nr--) {
		a->newest_hour = (a->newest_hour + 1) % SC_BUDGET_HOURS;
		a->written[a->newest_hour] = 0;
	}
}

void sc_admit_write(struct sc_admit *a, u64 now_ms, u64 nr_sectors)
{
	s64 deepest = -(s64)a->budget_sectors;

	begin_hours(a, now_ms);
	a->written[a->newest_hour] += nr_sectors;
	if (now_ms > a->last_ms)
		earn_tokens(a, now_ms - a->last_ms);
	a->last_ms = now_ms;
	nr_sectors = min_t(u64, nr_sectors, MAX_BUDGET);
	a->tokens = max_t(s64, a->tokens - (s64)nr_sectors, deepest);
	/* Read without lock. */
	WRITE_ONCE(a->exceeded, a->budget_sectors && a->tokens < 0);
}

u64 sc_admit_used(const struct sc_admit *a)
{
	u64 sum = 0;
	u32 i;

	for (i = 0; i < SC_BUDGET_HOURS; i++)
		sum += a->written[i];
	return sum;
}

void sc_admit_set_budget(struct sc_admit *a, u64 budget_bytes)
{
	a->budget_sectors = min_t(u64, budget_bytes, MAX_BUDGET) >>
			    SC_SECTOR_SHIFT;
	a->tokens = bucket_size(a);
	a->credit = 0;
	/* Read without lock. */
	WRITE_ONCE(a->exceeded, false);
}

/* ---- both -------------------------------------------------------------------- */

void sc_admit_init(struct sc_admit *a, u64 cutoff_sectors, u64 budget_bytes)
{
	memset(a, 0, sizeof(*a));
	init_streams(a);
	sc_admit_set_cutoff(a, cutoff_sectors);
	sc_admit_set_budget(a, budget_bytes);
}
