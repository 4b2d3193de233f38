/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cache and what it says, as JSON: the model behind status, list, stats and
 * top.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_CACHE_JSON_H
#define SC_TOOLS_CACHE_JSON_H

#include <json.h>

#include "cache.h"

/**
 * struct cache_view - all that is known of a cache
 * @name: its name
 * @entry: its line in ssdcachetab, or NULL
 * @run: whether it runs
 * @info: what it says; counts if @run is CACHE_RUNNING
 */
struct cache_view {
	char name[MAPPED_NAME_BYTES];
	const struct tab_entry *entry;
	enum cache_run run;
	struct sc_status_info info;
};

/**
 * cache_json() - a cache as an object
 * @v: the cache
 *
 * Return: the object.
 */
struct json_object *cache_json(const struct cache_view *v);

/**
 * cache_each() - call a function for caches
 * @names: of these
 * @nr: how many; 0: all in ssdcachetab and all that run
 * @call: called with each; if they are named, a result other than 0 ends it
 * @context: handed to @call
 *
 * Return: 0; the first error: -ENOENT if one of the names is unknown; what @call
 * returned; -EIO. It has been said.
 */
int __must_check cache_each(char **names, int nr,
			    int (*call)(const struct cache_view *v,
					void *context),
			    void *context);

#endif
