/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The counters: name and meaning of each, once. The shell keeps an array of
 * SC_NR_COUNTERS u64 per CPU and adds them up for status.
 */
#ifndef SC_COUNTER_H
#define SC_COUNTER_H

#include "env.h"

/* SC_COUNTER(name, help): dm-cache's, in the order of its status line. */
#define SC_COUNTERS_DM_CACHE(SC_COUNTER) \
	SC_COUNTER(read_hits, "blocks read from the cache") \
	SC_COUNTER(read_misses, "blocks read from the origin") \
	SC_COUNTER(write_hits, "blocks written that were cached") \
	SC_COUNTER(write_misses, "blocks written that were not cached") \
	SC_COUNTER(demotions, "blocks evicted") \
	SC_COUNTER(promotions, "blocks admitted")

/* Our own, shown as key=value. */
#define SC_COUNTERS_OWN(SC_COUNTER) \
	SC_COUNTER(bypass_reads, "reads sent to the origin and not admitted") \
	SC_COUNTER(bypass_writes, "writes sent to the origin and not admitted") \
	SC_COUNTER(sequential_bypasses, "of both, parts of long streams") \
	SC_COUNTER(discards, "discards received") \
	SC_COUNTER(fills, "blocks copied into the cache after a missed read") \
	SC_COUNTER(fills_dropped, "fills given up: busy, no slot or overtaken") \
	SC_COUNTER(invalidations, "blocks dropped by writes to the origin or messages") \
	SC_COUNTER(cache_write_bytes, "bytes of data written to the cache device") \
	SC_COUNTER(destaged_blocks, "blocks written back to the origin") \
	SC_COUNTER(destage_writes, "writes to the origin that this took") \
	SC_COUNTER(throttled_writes, "writes that got no slot at once because of dirty_limit") \
	SC_COUNTER(flushes, "FLUSH and FUA requests received") \
	SC_COUNTER(coalesced_flushes, "of these, served by a commit of another") \
	SC_COUNTER(commits, "metadata commits") \
	SC_COUNTER(commit_records, "slot records written by them") \
	SC_COUNTER(checkpoints, "checkpoints of the slot table") \
	SC_COUNTER(origin_flushes, "flushes sent to the origin") \
	SC_COUNTER(cache_flushes, "flushes sent to the cache device") \
	SC_COUNTER(origin_read_errors, "failed reads of the origin") \
	SC_COUNTER(origin_write_errors, "failed writes, discards and flushes there") \
	SC_COUNTER(cache_read_errors, "failed reads of the cache device") \
	SC_COUNTER(cache_write_errors, "failed writes and flushes there") \
	SC_COUNTER(metadata_errors, "failed I/O to the metadata device") \
	SC_COUNTER(lost_blocks, "failed attempts to read dirty blocks")

#define SC_COUNTERS(SC_COUNTER) \
	SC_COUNTERS_DM_CACHE(SC_COUNTER) \
	SC_COUNTERS_OWN(SC_COUNTER)

#define SC_COUNTER_ID(name, ...)	SC_CNT_##name,
/** enum sc_counter - index of a counter */
enum sc_counter {
	SC_COUNTERS(SC_COUNTER_ID)
	SC_NR_COUNTERS,
};
#undef SC_COUNTER_ID

extern const char *const sc_counter_names[SC_NR_COUNTERS];
extern const char *const sc_counter_helps[SC_NR_COUNTERS];

#endif
