// SPDX-License-Identifier: GPL-2.0-only
/*
 * Memory that runs out when a test says so.
 */
#include "memory.h"

static unsigned int left;

void memory_fails(unsigned int nth)
{
	left = nth;
}

void *__wrap_calloc(size_t nr, size_t size)
{
	if (left && !--left)
		return NULL;
	return __real_calloc(nr, size);
}
