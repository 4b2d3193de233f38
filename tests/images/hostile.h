/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Metadata that no module writes: every checksum is right, what it says cannot
 * be. By name, with what has to come of it.
 */
#ifndef HOSTILE_H
#define HOSTILE_H

#include "image.h"

/**
 * struct hostile - one of them
 * @name: what is wrong
 * @why: part of the reason for which it is refused; NULL: it is taken, and works
 * @spoil: makes it of what image_make() made
 */
struct hostile {
	const char *name;
	const char *why;
	void (*spoil)(struct image *img);
};

/** hostile_nth() - each of them in turn, NULL behind the last */
const struct hostile *hostile_nth(u32 n);

/** hostile_find() - by name, or NULL */
const struct hostile *hostile_find(const char *name);

/** hostile_make() - make one on devices full of zeroes */
void hostile_make(struct image *img, const struct hostile *h);

#endif
