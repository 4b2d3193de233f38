/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The contract of failures.
 */
#ifndef SC_FAIL_H
#define SC_FAIL_H

#include "target.h"

/* ---- fail.c ---------------------------------------------------------------- */

/**
 * sc_fail_io() - count and log a failed I/O, change the state if it must
 * @c: the cache
 * @leg: which device
 * @write: a write, flush or discard
 *
 * Context: any, hard irq included.
 */
void sc_fail_io(struct sc_cache *c, enum sc_leg leg, bool write);

/**
 * sc_fail_health() - enter a worse state
 * @c: the cache
 * @health: which
 * @why: one log line
 *
 * Context: any.
 */
void sc_fail_health(struct sc_cache *c, enum sc_health health,
		    const char *why);
/**
 * sc_fail_event_work() - the work item of events
 * @work: of a cache
 *
 * Context: process, may sleep.
 */
void sc_fail_event_work(struct work_struct *work);

/**
 * sc_fail_lost() - a dirty block cannot be read
 * @c: the cache
 *
 * Context: any.
 */
void sc_fail_lost(struct sc_cache *c);

#endif
