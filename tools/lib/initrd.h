/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The initramfs and the caches that it starts.
 *
 * DOC: what the initramfs knows
 *
 * It cannot read the state files before the root file system is there. So it is
 * given a copy of each that lets a cache start without its fast device. A
 * cache whose file there says "dirty=no" must not become dirty before it was
 * made anew without that: until then our own file says "initrd=old", so that
 * whoever is interrupted, or fails, does it again.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_INITRD_H
#define SC_TOOLS_INITRD_H

#include "tab.h"

#define OPTION_INITRD	"x-initrd.attach"

/**
 * initrd_note_dirty() - note that a cache may become dirty, wherever that is known
 * @name: of the cache
 *
 * Return: 0; -EIO or another, which has been said: then it must not.
 */
int __must_check initrd_note_dirty(const char *name);

#endif
