/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Why something was refused, in words for a person. What comes from a disk, a
 * table line or a message and is not accepted is answered by one sentence:
 * "corrupt <what> <where>: <reason>, got <value>".
 */
#ifndef SC_REASON_H
#define SC_REASON_H

#include "env.h"

#define SC_REASON_BYTES	160

/**
 * struct sc_reason - one sentence, always terminated
 * @text: the sentence, no newline
 */
struct sc_reason {
	char text[SC_REASON_BYTES];
};

/**
 * sc_reason_set() - write the sentence
 * @why: where to, NULL is allowed and drops it
 * @fmt: as for printf
 *
 * Context: any; nothing is allocated, a sentence too long is cut.
 */
__printf(2, 3) void sc_reason_set(struct sc_reason *why, const char *fmt, ...);

#endif
