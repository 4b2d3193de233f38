/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small text files that are replaced as a whole: after a power cut there is the
 * old content or the new one.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_FILE_H
#define SC_TOOLS_FILE_H

#include "env.h"

/**
 * file_lock() - keep others from changing a file, until file_unlock()
 * @path: the file, which need not be there; its directory must be
 *
 * Return: the lock; -1, which has been said.
 */
int __must_check file_lock(const char *path);

/**
 * file_unlock() - let others
 * @lock: from file_lock()
 */
void file_unlock(int lock);

/**
 * file_replace() - replace the content of a file, durably
 * @path: the file; a link is followed
 * @text: the new content
 * @len: its length
 *
 * Owner and mode stay; a new file has mode 0644.
 *
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check file_replace(const char *path, const char *text, size_t len);

#endif
