// SPDX-License-Identifier: GPL-2.0-only
/*
 * The only place where the text of a refusal is put together.
 */
#include "reason.h"

void sc_reason_set(struct sc_reason *why, const char *fmt, ...)
{
	va_list args;

	if (!why)
		return;
	va_start(args, fmt);
	vscnprintf(why->text, sizeof(why->text), fmt, args);
	va_end(args);
}
