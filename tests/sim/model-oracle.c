// SPDX-License-Identifier: GPL-2.0-only
/*
 * The oracle's memory: for each sector the versions that may still be seen.
 */
#include "model-oracle.h"
#include "model-task.h"

#define NEVER		(~0ULL)
#define WORDS		(512 / sizeof(u64))
/* What a disk gives for a sector that it has forgotten. */
#define ALL_ZERO	(~0U)
#define MAX_READS	64u

/**
 * struct version - a write to a sector
 * @number: which write; ALL_ZERO for what is left of a discard
 * @began: when
 * @ended: when, or NEVER
 * @flushed: a power cut cannot take it away, whatever FLUSH does
 * @any: a discard: anything that the sector ever held
 */
struct version {
	u32 number;
	u64 began;
	u64 ended;
	bool flushed;
	bool any;
};

struct history {
	struct version *v;
	u32 nr;
	u32 max;
};

bool oracle_deaf;

static struct history *sectors;
static u64 nr_sectors_all;
static u32 last_number;
static u64 now;
static u64 flushed_until;
static u64 reads[MAX_READS];
static u32 nr_reads;

/* ---- content --------------------------------------------------------------- */

static u64 mix(u64 sector, u32 number)
{
	struct rng rng = { sector << 32 ^ number };

	return rng_next(&rng);
}

void oracle_fill(u64 sector, u32 number, u8 *data)
{
	u64 word[WORDS], filler = mix(sector, number);
	u32 n;

	for (n = 2; n < WORDS; n++)
		word[n] = filler;
	word[0] = sector;
	word[1] = number;
	memcpy(data, word, sizeof(word));
}

/* Returns whether it is a version of the sector at all. */
static bool decode(u64 sector, const u8 *data, u32 *number)
{
	static const u8 zero[512];
	u8 want[512];
	u64 word[2];

	if (!memcmp(data, zero, sizeof(zero))) {
		*number = ALL_ZERO;
		return true;
	}
	memcpy(word, data, sizeof(word));
	*number = word[1];
	oracle_fill(sector, *number, want);
	if (!memcmp(data, want, sizeof(want)))
		return true;
	model_fail("sector %llu holds version %llu of sector %llu",
		   (unsigned long long)sector, (unsigned long long)word[1],
		   (unsigned long long)word[0]);
	return false;
}

/* ---- versions -------------------------------------------------------------- */

static struct version *add(u64 sector, struct version v)
{
	struct history *h = &sectors[sector];

	assert(sector < nr_sectors_all);
	if (h->nr == h->max) {
		h->max = 2 * h->max + 4;
		h->v = realloc(h->v, h->max * sizeof(*h->v));
		assert(h->v);
	}
	h->v[h->nr] = v;
	return &h->v[h->nr++];
}

static void only(u64 sector, u32 number)
{
	sectors[sector].nr = 0;
	add(sector, (struct version){
		.number = number, .ended = now, .flushed = true,
	});
}

void oracle_init(u64 nr_sectors)
{
	u64 s;

	nr_sectors_all = nr_sectors;
	sectors = calloc(nr_sectors, sizeof(*sectors));
	assert(sectors);
	last_number = 0;
	now = 1;
	flushed_until = 0;
	nr_reads = 0;
	oracle_deaf = false;
	for (s = 0; s < nr_sectors; s++)
		only(s, 0);
}

void oracle_exit(void)
{
	u64 s;

	for (s = 0; s < nr_sectors_all; s++)
		free(sectors[s].v);
	free(sectors);
}

u64 oracle_now(void)
{
	return ++now;
}

static bool older(const struct version *w, const struct version *v)
{
	return w->ended < v->began;
}

static bool is_flushed(const struct version *v)
{
	return v->flushed || (v->ended != NEVER && v->ended < flushed_until);
}

static bool ended_before(const struct version *v, u64 when)
{
	return v->ended != NEVER && v->ended < when;
}

/* May @w be read by one who began then? */
static bool may_be_read(const struct history *h, const struct version *w,
			u64 began)
{
	u32 n;

	for (n = 0; n < h->nr; n++)
		if (ended_before(&h->v[n], began) && older(w, &h->v[n]))
			return false;
	return true;
}

static bool may_be_found(const struct history *h, const struct version *w)
{
	u32 n;

	for (n = 0; n < h->nr; n++)
		if (is_flushed(&h->v[n]) && older(w, &h->v[n]))
			return false;
	return true;
}

/* Drop what can be neither read nor found any more. */
static void prune(struct history *h)
{
	u64 oldest = now + 1;
	u32 n, kept = 0;

	if (h->nr < 8)
		return;
	for (n = 0; n < nr_reads; n++)
		oldest = min(oldest, reads[n]);
	for (n = 0; n < h->nr; n++)
		if (h->v[n].ended == NEVER ||
		    may_be_read(h, &h->v[n], oldest) ||
		    may_be_found(h, &h->v[n]))
			h->v[kept++] = h->v[n];
	h->nr = kept;
}

/* ---- writes ---------------------------------------------------------------- */

static u32 begin(u64 sector, u32 nr_sectors, bool any)
{
	struct version v = {
		.number = ++last_number,
		.began = oracle_now(),
		.ended = NEVER,
		.any = any,
	};

	for (; nr_sectors; nr_sectors--, sector++) {
		prune(&sectors[sector]);
		add(sector, v);
	}
	return v.number;
}

u32 oracle_begin_write(u64 sector, u32 nr_sectors)
{
	return begin(sector, nr_sectors, false);
}

u32 oracle_begin_discard(u64 sector, u32 nr_sectors)
{
	return begin(sector, nr_sectors, true);
}

void oracle_end_write(u32 number, u64 sector, u32 nr_sectors, bool ok,
		      bool fua)
{
	struct history *h;
	u32 n;

	/* One that failed may turn up at any time. */
	if (oracle_deaf || !ok)
		return;
	oracle_now();
	for (; nr_sectors; nr_sectors--, sector++) {
		h = &sectors[sector];
		for (n = 0; n < h->nr; n++) {
			if (h->v[n].number != number)
				continue;
			h->v[n].ended = now;
			h->v[n].flushed |= fua;
		}
	}
}

void oracle_end_flush(u64 began)
{
	if (!oracle_deaf)
		flushed_until = max(flushed_until, began);
}

/* ---- reads ----------------------------------------------------------------- */

u64 oracle_begin_read(void)
{
	assert(nr_reads < MAX_READS);
	reads[nr_reads++] = oracle_now();
	return now;
}

void oracle_forget_read(u64 began)
{
	u32 n;

	for (n = 0; n < nr_reads; n++) {
		if (reads[n] != began)
			continue;
		reads[n] = reads[--nr_reads];
		return;
	}
}

static bool readable(const struct history *h, u32 number, u64 began)
{
	u32 n;

	for (n = 0; n < h->nr; n++)
		if ((h->v[n].any || h->v[n].number == number) &&
		    may_be_read(h, &h->v[n], began))
			return true;
	return false;
}

static void complain(u64 sector, u32 number, const char *what)
{
	const struct history *h = &sectors[sector];
	char text[400];
	u32 n, len = 0;

	for (n = h->nr > 6 ? h->nr - 6 : 0; n < h->nr; n++)
		len += scnprintf(text + len, sizeof(text) - len,
				 " %u%s%s[%llu,%lld]", h->v[n].number,
				 h->v[n].any ? "?" : "",
				 is_flushed(&h->v[n]) ? "!" : "",
				 (unsigned long long)h->v[n].began,
				 (long long)h->v[n].ended);
	model_fail("%s: sector %llu is version %d of%s", what,
		   (unsigned long long)sector, (int)number, text);
}

void oracle_end_read(u64 began, u64 sector, u32 nr_sectors, const u8 *data)
{
	u32 number;

	oracle_forget_read(began);
	if (oracle_deaf)
		return;
	for (; nr_sectors; nr_sectors--, sector++, data += 512) {
		if (!decode(sector, data, &number))
			return;
		if (!readable(&sectors[sector], number, began)) {
			complain(sector, number, "P1 broken by a read");
			return;
		}
	}
}

/* ---- power cuts ------------------------------------------------------------ */

void oracle_cut(void)
{
	nr_reads = 0;
	oracle_deaf = true;
}

void oracle_found(u64 sector, const u8 *data)
{
	const struct history *h = &sectors[sector];
	bool ok = false;
	u32 number, n;

	if (!decode(sector, data, &number))
		return;
	for (n = 0; n < h->nr && !ok; n++)
		ok = (h->v[n].any || h->v[n].number == number) &&
		     may_be_found(h, &h->v[n]);
	if (!ok)
		complain(sector, number, "P2 broken by a cut");
	else
		only(sector, number);
}

void oracle_up(void)
{
	nr_reads = 0;
	oracle_deaf = false;
}

void oracle_is(u64 sector, const u8 *data, const char *where)
{
	const struct history *h = &sectors[sector];
	u32 number;

	if (decode(sector, data, &number) &&
	    (h->nr != 1 || h->v[0].number != number))
		complain(sector, number, where);
}
