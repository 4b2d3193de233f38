/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Starting a cache that ssdcachetab tells of, with all that may be in the way: the
 * fast device may be missing, or the origin may have been used without it.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_START_H
#define SC_TOOLS_START_H

#include "tab.h"

/**
 * struct start_options - what the user agrees to
 * @degraded: start from the origin alone even if that lacks what was written
 * @forget: give up what the cache holds, if it is old
 */
struct start_options {
	bool degraded;
	bool forget;
};

/**
 * cache_start() - start a cache
 * @e: its line
 * @o: what the user agrees to
 *
 * One that runs is left alone. What went wrong has been said.
 *
 * Return: an enum exit_code.
 */
int __must_check cache_start(const struct tab_entry *e,
			     const struct start_options *o);

#endif
