/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where the parts of a cache are that is known by its name: what the offline verbs
 * need of ssdcachetab.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_PLACE_H
#define SC_TOOLS_PLACE_H

#include "env.h"

/**
 * place_find() - from a word of the command line to paths
 * @word: the name of a cache, if there is no '/' in it and no such file; else a path
 * @metadata: set: path of the metadata, as disk_open() takes it
 * @cache: set to the path of the cache device if it is a name and nobody has set
 *	it; may be NULL
 * @origin: likewise
 *
 * Return: an enum exit_code; EXIT_MISSING if it is a name without a line.
 */
int __must_check place_find(const char *word, const char **metadata,
			    const char **cache, const char **origin);

#endif
