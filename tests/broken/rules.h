/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Breaking a rule of the design in the module on purpose, to see that a test
 * notices: of the simulation, and of the crash rig in a virtual machine.
 */
#ifndef SC_RULES_H
#define SC_RULES_H

/** enum sc_break - what is broken; rules.c says what each means */
enum sc_break {
	SC_BREAK_NOTHING,
	SC_BREAK_NO_CACHE_FLUSH,
	SC_BREAK_NO_ORIGIN_FLUSH,
	SC_BREAK_NO_META_FLUSH,
	SC_BREAK_NO_META_FUA,
	SC_BREAK_EARLY_REUSE,
	SC_BREAK_OVERWRITE_CLEAN,
	SC_BREAK_EARLY_ORIGIN,
	SC_BREAK_EARLY_CLEAN,
	SC_BREAK_EARLY_FLUSH,
	SC_BREAK_DIRECT_FLUSH,
	SC_BREAK_NO_HOLD,
	SC_BREAK_NO_GRACE,
	SC_BREAK_NO_REDIRTY,
	SC_BREAK_UNSETTLED,
	SC_BREAK_NO_WRITERS,
	SC_BREAK_NO_EPOCH,
	SC_NR_BREAKS,
};

extern enum sc_break sc_broken;

/** struct sc_break_text - a rule by name */
struct sc_break_text {
	const char *name;
	const char *what;
};
extern const struct sc_break_text sc_breaks[SC_NR_BREAKS];

#endif
