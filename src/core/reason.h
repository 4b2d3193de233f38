/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something was refused, in words for the person who asked (promise P6).
 */
#ifndef SC_REASON_H
#define SC_REASON_H

#include "env.h"

/** struct sc_reason - one sentence without a full stop, always terminated */
struct sc_reason {
	char text[160];
};

/**
 * sc_reason_set - write down why
 * @why: where to, or NULL if the caller does not care
 * @fmt: the sentence; what does not fit is cut
 *
 * Context: Any. Overwrites an earlier reason.
 */
__printf(2, 3)
void sc_reason_set(struct sc_reason *why, const char *fmt, ...);

#endif
