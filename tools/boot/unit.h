/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Names and words of systemd's unit files.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_BOOT_UNIT_H
#define SC_BOOT_UNIT_H

#include <stdio.h>

#include "env.h"

/* The longest name of a unit, terminator included. */
#define UNIT_NAME_BYTES	256

/**
 * unit_escape() - text as a part of a unit's name
 * @text: a name; or a path, whose outer slashes do not count
 * @name: gets it, UNIT_NAME_BYTES long
 *
 * Return: 0, or -ENAMETOOLONG.
 */
int __must_check unit_escape(const char *text, char *name);

/**
 * unit_quote() - write a word of a command line in a unit file
 * @f: where to
 * @word: any text
 */
void unit_quote(FILE *f, const char *word);

#endif
