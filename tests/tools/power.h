/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A power failure for programs: stands between them and their files, which it
 * takes for disks with volatile caches.
 */
#ifndef TEST_POWER_H
#define TEST_POWER_H

#include <sys/types.h>

#include "env.h"

/**
 * enum power_loss - what becomes of writes that were not flushed
 * @POWER_KILL: nothing: only the program dies
 * @POWER_ALL: all are lost
 * @POWER_SOME: some sectors of some writes land, in any order
 */
enum power_loss {
	POWER_KILL,
	POWER_ALL,
	POWER_SOME,
	NR_POWER_LOSSES,
};

/**
 * power_on() - writes succeed from now on
 * @left: the write that fails, and all I/O behind it; 0: none
 */
void power_on(u32 left);

/**
 * power_off() - after the program has ended: see what is lost
 * @loss: how
 *
 * Return: whether the power had failed.
 */
bool power_off(enum power_loss loss);

/**
 * power_writes() - how many there were
 *
 * Return: writes and flushes since power_on().
 */
u32 power_writes(void);

/* The linker's names: see --wrap in ld(1). */
ssize_t __real_pwrite(int fd, const void *data, size_t bytes, off_t at);
ssize_t __wrap_pwrite(int fd, const void *data, size_t bytes, off_t at);
int __wrap_fdatasync(int fd);

#endif
