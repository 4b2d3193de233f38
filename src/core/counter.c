// SPDX-License-Identifier: GPL-2.0-only
/*
 * The counters: name and meaning of each, once.
 */
#include "counter.h"

#define SC_COUNTER_NAME(name, ...) \
	[SC_CNT_##name] = #name,
#define SC_COUNTER_HELP(name, help) \
	[SC_CNT_##name] = help,

const char *const sc_counter_names[SC_NR_COUNTERS] = {
	SC_COUNTERS(SC_COUNTER_NAME)
};

const char *const sc_counter_helps[SC_NR_COUNTERS] = {
	SC_COUNTERS(SC_COUNTER_HELP)
};
