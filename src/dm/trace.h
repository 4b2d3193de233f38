/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Tracepoints: one at each decision.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM ssdcache

#if !defined(SC_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define SC_TRACE_H

#include <linux/tracepoint.h>

#include "target.h"

#define SC_TRACE_NAME(c)	dm_table_device_name((c)->target->ti->table)

DECLARE_EVENT_CLASS(sc_piece,
	TP_PROTO(struct sc_cache *c, u64 sector, u32 nr_sectors, int action),
	TP_ARGS(c, sector, nr_sectors, action),
	TP_STRUCT__entry(
		__string(name, SC_TRACE_NAME(c))
		__field(u64, sector)
		__field(u32, nr_sectors)
		__field(int, action)
	),
	TP_fast_assign(
		sc_assign_str(name, SC_TRACE_NAME(c));
		__entry->sector = sector;
		__entry->nr_sectors = nr_sectors;
		__entry->action = action;
	),
	TP_printk("%s %llu+%u %s", __get_str(name), __entry->sector,
		  __entry->nr_sectors, sc_action_name(__entry->action))
);

/* A piece of a request was sent on at once. */
DEFINE_EVENT(sc_piece, sc_map,
	TP_PROTO(struct sc_cache *c, u64 sector, u32 nr_sectors, int action),
	TP_ARGS(c, sector, nr_sectors, action));

/* A job does a piece, or waits for what is in its way. */
DEFINE_EVENT(sc_piece, sc_job,
	TP_PROTO(struct sc_cache *c, u64 sector, u32 nr_sectors, int action),
	TP_ARGS(c, sector, nr_sectors, action));

TRACE_EVENT(sc_commit,
	TP_PROTO(struct sc_cache *c, u64 cycle, u32 records, int result),
	TP_ARGS(c, cycle, records, result),
	TP_STRUCT__entry(
		__string(name, SC_TRACE_NAME(c))
		__field(u64, cycle)
		__field(u32, records)
		__field(int, result)
	),
	TP_fast_assign(
		sc_assign_str(name, SC_TRACE_NAME(c));
		__entry->cycle = cycle;
		__entry->records = records;
		__entry->result = result;
	),
	TP_printk("%s cycle %llu records %u result %d", __get_str(name),
		  __entry->cycle, __entry->records, __entry->result)
);

TRACE_EVENT(sc_destage,
	TP_PROTO(struct sc_cache *c, u32 slots, u32 writes, int result),
	TP_ARGS(c, slots, writes, result),
	TP_STRUCT__entry(
		__string(name, SC_TRACE_NAME(c))
		__field(u32, slots)
		__field(u32, writes)
		__field(int, result)
	),
	TP_fast_assign(
		sc_assign_str(name, SC_TRACE_NAME(c));
		__entry->slots = slots;
		__entry->writes = writes;
		__entry->result = result;
	),
	TP_printk("%s slots %u writes %u result %d", __get_str(name),
		  __entry->slots, __entry->writes, __entry->result)
);

TRACE_EVENT(sc_fail,
	TP_PROTO(struct sc_cache *c, int leg, bool write),
	TP_ARGS(c, leg, write),
	TP_STRUCT__entry(
		__string(name, SC_TRACE_NAME(c))
		__field(int, leg)
		__field(bool, write)
	),
	TP_fast_assign(
		sc_assign_str(name, SC_TRACE_NAME(c));
		__entry->leg = leg;
		__entry->write = write;
	),
	TP_printk("%s leg %d %s", __get_str(name), __entry->leg,
		  __entry->write ? "write" : "read")
);

#endif

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
