/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that runs out when a test says so.
 */
#ifndef TEST_MEMORY_H
#define TEST_MEMORY_H

#include <stddef.h>

/** memory_fails() - the @nth calloc() from now on fails; 0: none does */
void memory_fails(unsigned int nth);

/* What the linker puts in place of calloc(), and what that was. */
void *__wrap_calloc(size_t nr, size_t size);
void *__real_calloc(size_t nr, size_t size);

#endif
