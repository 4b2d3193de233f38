// SPDX-License-Identifier: GPL-2.0-only
/*
 * The rules that can be broken, by name.
 */
#include "rules.h"

enum sc_break sc_broken;

const struct sc_break_text sc_breaks[SC_NR_BREAKS] = {
	[SC_BREAK_NOTHING] = { "none", "all rules hold" },
	[SC_BREAK_NO_CACHE_FLUSH] = { "no-cache-flush",
		"rule 1: the cache device is not flushed before the journal" },
	[SC_BREAK_NO_ORIGIN_FLUSH] = { "no-origin-flush",
		"rules 5 to 7: the origin is never flushed" },
	[SC_BREAK_NO_META_FLUSH] = { "no-meta-flush",
		"rule 8: the metadata device is never flushed" },
	[SC_BREAK_NO_META_FUA] = { "no-meta-fua",
		"rule 1: the journal is written without FUA" },
	[SC_BREAK_EARLY_REUSE] = { "early-reuse",
		"rule 2: a slot is used again before its unmap is durable" },
	[SC_BREAK_OVERWRITE_CLEAN] = { "overwrite-clean",
		"rule 3: what is durably clean is overwritten in place" },
	[SC_BREAK_EARLY_ORIGIN] = { "early-origin",
		"rule 4: the origin is written before that is durably invalid" },
	[SC_BREAK_EARLY_CLEAN] = { "early-clean",
		"rule 5: cleared before the origin is flushed" },
	[SC_BREAK_EARLY_FLUSH] = { "early-flush",
		"rule 6: a FLUSH completes at once" },
	[SC_BREAK_DIRECT_FLUSH] = { "direct-flush",
		"rule 6: a FLUSH without a commit though a write needs one" },
	[SC_BREAK_NO_HOLD] = { "no-hold",
		"rule 7: committed clean before the origin is flushed" },
	[SC_BREAK_NO_GRACE] = { "no-grace",
		"P1: a slot is used again while it is still read" },
	[SC_BREAK_NO_REDIRTY] = { "no-redirty",
		"rule 5: cleared though written again meanwhile" },
	[SC_BREAK_UNSETTLED] = { "unsettled",
		"P3: destaged before it is durably dirty" },
	[SC_BREAK_NO_WRITERS] = { "no-writers",
		"P1: filled while the origin is being written" },
	[SC_BREAK_NO_EPOCH] = { "no-epoch",
		"rule 9: the metadata fails, and clean mappings stand" },
};
