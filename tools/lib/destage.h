/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Dirty data from the cache device to the origin, without the module.
 *
 * DOC: order
 *
 * Slots are taken in the order of their blocks and written in batches. A slot
 * counts as written when the origin has been flushed behind its batch, not before
 * (rule 5); then only the caller is told, who may call it clean. What fails stays
 * dirty, and the rest goes on. A run that was cut short has changed nothing but
 * sectors of the origin that are dirty still: the next one writes them again.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_DESTAGE_H
#define SC_TOOLS_DESTAGE_H

#include "rest.h"

/**
 * struct destage - a job, and what came of it
 * @rest: the cache, with all three devices
 * @want: which slots, NULL: every dirty one
 * @written: told of slots that are durable on the origin; returns an exit code,
 *	all but EXIT_DONE end the job
 * @failed: told of a slot that could not be read or written, may be NULL
 * @ctx: for the callbacks
 * @nr_written: slots written
 * @sectors: sectors written
 * @nr_failed: slots that could not be
 */
struct destage {
	struct rest *rest;
	bool (*want)(void *ctx, const struct sc_record *rec);
	int (*written)(void *ctx, const struct sc_record *rec, u32 nr);
	void (*failed)(void *ctx, const struct sc_record *rec);
	void *ctx;
	u64 nr_written;
	u64 sectors;
	u64 nr_failed;
};

/**
 * destage_run() - write dirty data to the origin
 * @d: rest, callbacks and ctx are set
 *
 * Return: an enum exit_code; EXIT_FAILED if any slot failed, too.
 */
int __must_check destage_run(struct destage *d);

#endif
