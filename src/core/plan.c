// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decisions of plan.h. The order of the tests is the argument: whoever
 * owns a busy slot comes first, then what rules 3 and 4 forbid, then the mode.
 */
#include "plan.h"

enum sc_action sc_plan_read(const struct sc_view *v)
{
	bool hit = v->live && !(v->touched & ~v->valid);

	if (v->mode == SC_PASSTHROUGH && !(v->touched & v->dirty))
		return SC_ACT_BYPASS;
	/* Also while busy: an owner never takes away valid sub-blocks unseen. */
	if (hit)
		return SC_ACT_HIT;
	/*
	 * An owner may be about to publish what the origin lacks. A read that
	 * overlaps it in time may see the state before.
	 */
	if (v->busy || v->older || !v->admit || v->mode == SC_PASSTHROUGH)
		return SC_ACT_BYPASS;
	return SC_ACT_MISS;
}

/* No slot, or only one that is on its way out. */
static enum sc_action plan_write_uncached(const struct sc_view *v)
{
	bool keeps = v->mode == SC_WRITEBACK || v->mode == SC_WRITETHROUGH;

	if (!v->admit || !keeps)
		return v->older ? SC_ACT_WAIT_COMMIT : SC_ACT_ORIGIN;
	if (v->mode == SC_WRITETHROUGH)
		return v->older ? SC_ACT_WAIT_COMMIT : SC_ACT_BOTH;
	/*
	 * Of two durable records of one block, one must be dirty and the other
	 * clean: neither both dirty, nor, while edges are copied, both clean.
	 */
	if (v->older_dirty || (v->older && v->touched != v->whole))
		return SC_ACT_WAIT_COMMIT;
	return v->touched == v->whole ? SC_ACT_ALLOC : SC_ACT_EDGE;
}

static enum sc_action plan_write_dirty(const struct sc_view *v)
{
	u16 edges = v->touched & ~v->whole;

	if (v->touched & v->dclean) {
		/* A slot that is clean through and through may be replaced. */
		if (v->whole == v->all && !v->dirty && v->dclean == v->dvalid &&
		    !v->older && !v->settling && v->admit)
			return SC_ACT_ALLOC;
		/* Given up in memory, and the record of that is on its way. */
		if (v->touched & v->dclean & ~v->valid)
			return SC_ACT_WAIT_COMMIT;
		return SC_ACT_MARK;
	}
	if (edges & ~v->valid)
		return SC_ACT_EDGE;
	return v->touched & ~v->valid ? SC_ACT_EXTEND : SC_ACT_OVERWRITE;
}

enum sc_action sc_plan_write(const struct sc_view *v)
{
	if (v->busy)
		return SC_ACT_WAIT_OWNER;
	if (!v->live)
		return plan_write_uncached(v);
	/*
	 * Beside dirty data the block stays write-back until it is destaged:
	 * the origin lacks something that only this slot holds. What is not
	 * admitted, a long stream above all, goes around what is clean, too:
	 * neither is the cache faster than a disk that need not seek, nor has
	 * it slots for all of it.
	 */
	if ((v->mode == SC_WRITEBACK && v->admit) || v->touched & v->dirty)
		return plan_write_dirty(v);
	if (v->older)
		return SC_ACT_WAIT_COMMIT;
	if (v->mode == SC_WRITETHROUGH)
		return SC_ACT_BOTH;
	if (v->touched & (v->valid | v->dvalid))
		return SC_ACT_DROP;
	return SC_ACT_ORIGIN;
}

enum sc_action sc_plan_discard(const struct sc_view *v)
{
	if (v->busy)
		return SC_ACT_WAIT_OWNER;
	if (v->older)
		return SC_ACT_WAIT_COMMIT;
	if (v->live && v->whole & (v->valid | v->dvalid))
		return SC_ACT_DROP;
	return SC_ACT_ORIGIN;
}

const char *sc_action_name(enum sc_action a)
{
	static const char *const names[SC_NR_ACTIONS] = {
		[SC_ACT_HIT] = "hit",
		[SC_ACT_MISS] = "miss",
		[SC_ACT_BYPASS] = "bypass",
		[SC_ACT_OVERWRITE] = "overwrite",
		[SC_ACT_EXTEND] = "extend",
		[SC_ACT_ALLOC] = "alloc",
		[SC_ACT_EDGE] = "edge",
		[SC_ACT_MARK] = "mark",
		[SC_ACT_BOTH] = "both",
		[SC_ACT_DROP] = "drop",
		[SC_ACT_ORIGIN] = "origin",
		[SC_ACT_WAIT_OWNER] = "wait-owner",
		[SC_ACT_WAIT_COMMIT] = "wait-commit",
	};

	return a < SC_NR_ACTIONS ? names[a] : "?";
}
