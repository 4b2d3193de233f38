/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What must be known of a cache when its fast device is missing: whether the
 * origin alone is whole, and whether it was used alone. A small file for each
 * cache, /var/lib/ssdcache/NAME, of lines key=value.
 *
 * DOC: on the safe side
 *
 * What is not known counts as bad: without a file, or with one that cannot be
 * read, the cache may hold dirty data. So the file says "dirty=maybe" before a
 * cache is started that may become dirty, and "dirty=no" only when that is
 * certain. "alone=yes" is written before the origin is used without its
 * cache: what the cache holds is old from then on.
 *
 * DOC: the lock
 *
 * Whoever notes that nothing is dirty has to know that nobody is just changing
 * the mode. So both hold the lock from what they look at or note first to what
 * they do or note last.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_STATE_H
#define SC_TOOLS_STATE_H

#include "env.h"

/**
 * struct state - what is known of a cache
 * @maybe_dirty: it may hold data that the origin lacks
 * @alone: the origin was used without it
 */
struct state {
	bool maybe_dirty;
	bool alone;
};

/**
 * state_lock() - keep others from noting something
 * @name: of the cache
 *
 * Return: the lock, for state_unlock(); -1, which has been said.
 */
int __must_check state_lock(const char *name);

/**
 * state_unlock() - let others
 * @lock: from state_lock()
 */
void state_unlock(int lock);

/**
 * state_load() - read it
 * @name: of the cache
 * @s: set, on the safe side if there is no file
 */
void state_load(const char *name, struct state *s);

/**
 * state_save() - write it, durably
 * @name: of the cache
 * @s: the state
 *
 * Context: with the lock.
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check state_save(const char *name, const struct state *s);

/**
 * state_note_dirty() - note that a cache may become dirty
 * @name: of the cache
 *
 * Context: with the lock, which is held until it can become so.
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check state_note_dirty(const char *name);

/**
 * state_note_initramfs() - note that what images of the initramfs were told of
 * caches is old
 *
 * Context: with the lock.
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check state_note_initramfs(void);

/**
 * state_initramfs_is_old() - whether images have to be made anew
 *
 * Return: true if so, and if this is not in an initramfs itself, where the
 * directory is a link into what the system finds later.
 */
bool state_initramfs_is_old(void);

/**
 * state_drop() - forget it
 * @name: of the cache
 */
void state_drop(const char *name);

#endif
