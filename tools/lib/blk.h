/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Block devices: what they are, who uses them, what is on them.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_BLK_H
#define SC_TOOLS_BLK_H

#include <sys/types.h>

#include "env.h"
#include "reason.h"

#define BLK_TEXT_BYTES	256

/**
 * struct blk - a block device that is open
 * @path: as it was named
 * @fd: for reading
 * @number: what identifies it while the machine runs
 * @sectors: its size
 */
struct blk {
	const char *path;
	int fd;
	dev_t number;
	u64 sectors;
};

/**
 * blk_open() - open a block device
 * @b: set on success; blk_close() it
 * @path: its name, must live as long as @b
 * @why: set on failure
 *
 * Return: 0; -ENOENT if there is none; -ENOTBLK; another.
 */
int __must_check blk_open(struct blk *b, const char *path,
			  struct sc_reason *why);

/**
 * blk_close() - close it
 * @b: an open device, or all zero
 */
void blk_close(struct blk *b);

/**
 * blk_exists() - whether a path names a block device
 * @path: the path
 *
 * Return: true if so.
 */
bool blk_exists(const char *path);

/**
 * blk_user() - who uses a device exclusively
 * @b: the device
 * @text: set to a few words: "mounted on /srv", BLK_TEXT_BYTES long
 *
 * Return: true if somebody does.
 */
bool blk_user(const struct blk *b, char *text);

/**
 * blk_content() - what a device seems to hold
 * @b: the device
 * @text: set to a few words: "xfs filesystem", BLK_TEXT_BYTES long
 *
 * Return: 1 if anything was found; 0 if nothing; -EIO, and @text says why.
 */
int __must_check blk_content(const struct blk *b, char *text);

/**
 * blk_wipe() - erase all that blk_content() goes by, and the first 4 KiB
 * @path: the device
 *
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check blk_wipe(const char *path);

/**
 * blk_zero() - write zeroes, durably
 * @path: the device
 * @offset: where, in bytes
 * @bytes: how many
 *
 * Return: 0; -EIO or another, which has been said.
 */
int __must_check blk_zero(const char *path, u64 offset, u64 bytes);

/**
 * blk_review() - have udev look at a device again
 * @path: the device; not being able to open it is no error
 *
 * What udev makes of an origin depends on ssdcachetab.
 */
void blk_review(const char *path);

/**
 * blk_stable_path() - a name that a device keeps when others come and go
 * @b: the device
 * @buf: where to, PATH_MAX long
 *
 * Return: true if there is one; else @buf has the name it was opened by.
 */
bool blk_stable_path(const struct blk *b, char *buf);

#endif
