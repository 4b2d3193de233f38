/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Changing a cache's mode and tunables while it runs, and in ssdcachetab.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_CHANGE_H
#define SC_TOOLS_CHANGE_H

#include "env.h"

/**
 * change_live() - change things of a running cache
 * @name: of the cache
 * @pairs: words key=value; a key is a tunable or "mode"
 * @nr: how many
 *
 * All are looked at before the first is carried out.
 *
 * Return: 0; -EINVAL if one is wrong, -ENOENT if it does not run, -EIO; that has
 * been said.
 */
int __must_check change_live(const char *name, char **pairs, int nr);

/**
 * change_saved() - change something in ssdcachetab
 * @name: of the cache
 * @pairs: words key=value
 * @nr: how many
 * @store: false: only see whether it is possible
 *
 * Return: 0; -EINVAL if it is wrong, -ENOENT if there is no such line, -EIO;
 * that has been said.
 */
int __must_check change_saved(const char *name, char **pairs, int nr,
			      bool store);

#endif
