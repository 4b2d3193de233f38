/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's side of env.h: the only place where the core meets <linux/...>.
 */
#ifndef SC_ENV_KERNEL_H
#define SC_ENV_KERNEL_H

#include <linux/bitops.h>
#include <linux/build_bug.h>
#include <linux/compiler.h>
#include <linux/crc32c.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/limits.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/types.h>
#include <linux/vmalloc.h>
#include <asm/byteorder.h>

/* Setting up and tearing down only: may sleep, never on the I/O path. */
static inline void *sc_env_alloc(size_t nr, size_t size)
{
	size_t bytes;

	if (check_mul_overflow(nr, size, &bytes))
		return NULL;
	/* kvmalloc() stops at 2 GiB, which 100 million slots exceed. */
	return bytes <= PAGE_SIZE ? kzalloc(bytes, GFP_KERNEL) : vzalloc(bytes);
}

static inline void sc_env_free(void *p)
{
	kvfree(p);
}

/* In long loops while setting up: let others run now and then. */
static inline void sc_env_resched(u32 i)
{
	if (!(i & 0xffff))
		cond_resched();
}

/* Castagnoli's polynomial, initial value and final inversion included. */
static inline u32 sc_env_crc32c(const void *p, size_t bytes)
{
	return ~crc32c(~0U, p, bytes);
}

#define sc_env_warn_once(cond)	WARN_ON_ONCE(cond)

#endif
