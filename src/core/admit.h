/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Admission: I/O that would not gain from the cache or would wear it out.
 *
 * DOC: sequential streams
 *
 * An origin serves long sequential streams well, and they would push everything
 * else out of the cache. 64 streams are remembered by the sector where each is
 * expected to go on. A request that begins within 512 KiB of that sector, before
 * or behind, continues the stream, so that several threads reading ahead, small
 * gaps and overtaking requests do no harm. What counts is the data requested,
 * never more than the distance covered (else a small region read over and over
 * would count), and not if it is less than a quarter of that distance (else
 * random I/O in a dense region would). Reads and writes are streams apart.
 *
 * DOC: write budget
 *
 * A token bucket that holds an hour's worth of the budget and goes into debt up
 * to a day's worth, because writes are counted, not stopped. While in debt,
 * a missed read is cached only at its second touch.
 */
#ifndef SC_ADMIT_H
#define SC_ADMIT_H

#include "types.h"

#define SC_NR_STREAMS		64u
#define SC_STREAM_HEADS		128u
/* A request this near to the expected sector continues the stream. */
#define SC_STREAM_SHIFT		10
#define SC_STREAM_WINDOW	(1u << SC_STREAM_SHIFT)

#define SC_BUDGET_HOURS		24u

/**
 * struct sc_stream - one sequential stream
 * @start: first sector that counts
 * @next: behind the last sector seen, the place where it is expected to go on
 * @nr_sectors: requested since @start
 * @write: of writes
 * @head: hash chain that it is in
 * @hash_next: next stream of that chain
 * @older: towards the least recently used
 * @newer: towards the most recently used
 */
struct sc_stream {
	u64 start;
	u64 next;
	u64 nr_sectors;
	bool write;
	u8 head;
	u8 hash_next;
	u8 older;
	u8 newer;
};

/**
 * struct sc_admit - streams and budget of a cache
 * @cutoff_sectors: a stream longer than this is sequential; 0: none is
 * @heads: hash chains of streams by @next
 * @newest: most recently used stream
 * @oldest: least recently used stream, to be replaced
 * @streams: all of them
 * @budget_sectors: sectors a day, 0: no limit
 * @tokens: sectors that may be written now; negative: debt
 * @credit: fraction of a sector earned, in milliseconds of a day
 * @last_ms: when tokens were last earned, 0: never
 * @exceeded: in debt; read without lock
 * @written: sectors written in each of the last hours, a ring
 * @newest_hour: where the present hour is in @written
 * @hour: the present hour, counted from the clock's zero
 */
struct sc_admit {
	u64 cutoff_sectors;
	u8 heads[SC_STREAM_HEADS];
	u8 newest;
	u8 oldest;
	struct sc_stream streams[SC_NR_STREAMS];
	u64 budget_sectors;
	s64 tokens;
	u32 credit;
	u64 last_ms;
	bool exceeded;
	u64 written[SC_BUDGET_HOURS];
	u32 newest_hour;
	u64 hour;
};

/**
 * sc_admit_init() - begin with no stream and a full bucket
 * @a: memory of the caller; about 4 KiB, so not on the stack
 * @cutoff_sectors: see sc_admit_set_cutoff()
 * @budget_bytes: see sc_admit_set_budget()
 *
 * Context: any, no other user yet.
 */
void sc_admit_init(struct sc_admit *a, u64 cutoff_sectors, u64 budget_bytes);

/**
 * sc_admit_set_cutoff() - change the length that makes a stream sequential
 * @a: the admission state
 * @cutoff_sectors: 0: nothing is sequential
 *
 * Context: any, caller's lock held.
 */
void sc_admit_set_cutoff(struct sc_admit *a, u64 cutoff_sectors);

/**
 * sc_admit_set_budget() - change the write budget
 * @a: the admission state
 * @budget_bytes: bytes a day; 0: no limit
 *
 * Begins with a full bucket.
 *
 * Context: any, caller's lock held.
 */
void sc_admit_set_budget(struct sc_admit *a, u64 budget_bytes);

/**
 * sc_admit_sequential() - does a request continue a long stream?
 * @a: the admission state
 * @sector: where it begins
 * @nr_sectors: its length, not 0
 * @write: a write
 *
 * To be called once for every request that missed; it notes the request.
 *
 * Context: any, caller's lock held.
 * Return: true if its stream, this request included, is longer than the cutoff.
 */
bool sc_admit_sequential(struct sc_admit *a, u64 sector, u32 nr_sectors,
			 bool write);

/**
 * sc_admit_write() - count data written to the cache device
 * @a: the admission state
 * @now_ms: a clock that does not go backwards (if it does, no harm is done)
 * @nr_sectors: written since the last call; 0 just earns tokens
 *
 * To be called every now and then, with what the statistics have gathered, and
 * not on the I/O path. Without a call no tokens are earned.
 *
 * Context: any, caller's lock held.
 */
void sc_admit_write(struct sc_admit *a, u64 now_ms, u64 nr_sectors);

/**
 * sc_admit_used() - how much was written in the last 24 hours
 * @a: the admission state
 *
 * Context: any, caller's lock held.
 * Return: sectors, to the precision of an hour.
 */
u64 sc_admit_used(const struct sc_admit *a);

/**
 * sc_admit_exceeded() - is the write budget exceeded?
 * @a: the admission state
 *
 * Context: any, no lock: an answer that is out of date costs or saves one fill.
 * Return: true if read fills need a second touch now.
 */
static inline bool sc_admit_exceeded(const struct sc_admit *a)
{
	return READ_ONCE(a->exceeded);
}

/**
 * sc_admit_fill_allowed() - may a missed read be cached?
 * @a: the admission state
 * @seen: sc_policy_seen() of the block, which needs to be asked only while
 *        sc_admit_exceeded()
 *
 * Context: any, no lock.
 * Return: true if it may.
 */
static inline bool sc_admit_fill_allowed(const struct sc_admit *a, bool seen)
{
	return seen || !sc_admit_exceeded(a);
}

#endif
