/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The records that sc_map_load_page() does not need.
 */
#ifndef WHOLE_RECORD_H
#define WHOLE_RECORD_H

#include "page-cursor.h"
#include "types.h"

/* The record of the cursor's entry, which has to be a whole, clean one. */
static inline struct sc_record whole_record(struct sc_page_cursor *c,
					    const struct sc_geom *g)
{
	struct sc_record rec = { .slot = to_cblock(c->slot) };
	bool whole;
	u64 block;

	whole = sc_page_next_whole(c, &block, &rec.hint);
	assert(whole);
	rec.block = to_oblock(block);
	rec.valid = sc_all_subs(g);
	return rec;
}

#endif
