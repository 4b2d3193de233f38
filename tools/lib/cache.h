/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cache as a whole: its line in ssdcachetab, its devices, its state. Starting,
 * stopping and asking one, for all verbs. Functions that return an error have
 * said what went wrong, unless it says otherwise.
 *
 * DOC: devices of a cache
 *
 * NAME is the cached device. If the metadata is at the head of the cache device,
 * two linear devices divide that: NAME-cmeta and NAME-cdata, for the target
 * takes whole devices. They come and go with NAME. While the fast device is
 * missing, NAME may be a linear device on the origin: it runs alone.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_CACHE_H
#define SC_TOOLS_CACHE_H

#include "blk.h"
#include "dm.h"
#include "status.h"
#include "tab.h"

enum cache_run {
	CACHE_STOPPED,
	CACHE_RUNNING,
	CACHE_ALONE,
};

/**
 * struct cache_devices - the devices of a cache, open
 * @origin: the slow one
 * @cache: the fast one
 * @metadata: path is NULL if it is at the head of @cache
 */
struct cache_devices {
	struct blk origin;
	struct blk cache;
	struct blk metadata;
};

/**
 * cache_run_name() - a word for it
 * @run: whether it runs
 *
 * Return: "running" or the like.
 */
const char *cache_run_name(enum cache_run run);

/**
 * cache_find() - a cache of ssdcachetab
 * @name: its name
 * @e: set on success
 *
 * Return: 0; -ENOENT if there is no such line; -EINVAL.
 */
int __must_check cache_find(const char *name, struct tab_entry *e);

/**
 * cache_run() - whether a cache runs
 * @name: its name
 * @run: set on success
 *
 * Return: 0; -EBUSY if the name is used by a device of another kind; -EIO.
 */
int __must_check cache_run(const char *name, enum cache_run *run);

/**
 * cache_status() - ask a running cache
 * @name: its name
 * @info: set on success
 *
 * Return: 0; -ENOENT if it does not run; -EIO.
 */
int __must_check cache_status(const char *name, struct sc_status_info *info);

/**
 * cache_observe() - note in the state file that nothing can be dirty, if so
 * @name: of the cache
 * @info: what it just said; it is asked again when nobody can change the mode
 */
void cache_observe(const char *name, const struct sc_status_info *info);

/**
 * cache_open() - open the devices of a cache
 * @e: its line
 * @d: set on success; cache_close() it
 * @why: the reason of failure
 *
 * Return: 0; -ENOENT, nothing has been said; another.
 */
int __must_check cache_open(const struct tab_entry *e, struct cache_devices *d,
			    struct sc_reason *why);

/**
 * cache_close() - close them
 * @d: open devices, or all zero
 */
void cache_close(struct cache_devices *d);

/**
 * cache_parts() - sizes of data and metadata device as the target will see them
 * @e: its line
 * @d: its devices
 * @data_sectors: set on success
 * @metadata_sectors: set on success
 * @why: the reason if the line and the devices do not fit together
 *
 * Return: 0; -EINVAL, nothing has been said.
 */
int __must_check cache_parts(const struct tab_entry *e,
			     const struct cache_devices *d, u64 *data_sectors,
			     u64 *metadata_sectors, struct sc_reason *why);

/**
 * cache_fits() - whether a cache of these devices is possible at all
 * @e: its line
 * @d: its devices
 * @why: the reason if not
 *
 * Return: 0; -EINVAL or -ENOSPC, nothing has been said.
 */
int __must_check cache_fits(const struct tab_entry *e,
			    const struct cache_devices *d,
			    struct sc_reason *why);

/**
 * cache_need_target() - see that the kernel has the target
 *
 * Return: 0; -ENOENT.
 */
int __must_check cache_need_target(void);

/**
 * cache_activate() - take a cache into use
 * @e: its line
 * @d: its devices
 *
 * Return: 0; -EIO, then nothing of it is left.
 */
int __must_check cache_activate(const struct tab_entry *e,
				const struct cache_devices *d);

/**
 * cache_forget() - have the metadata formatted anew at the next start
 * @e: the line of a cache that does not run
 *
 * Whatever the cache holds is lost.
 *
 * Return: 0; -EIO or another.
 */
int __must_check cache_forget(const struct tab_entry *e);

/**
 * cache_activate_alone() - take the origin into use in the place of the cache
 * @e: the cache's line
 *
 * Return: 0; -EIO or another.
 */
int __must_check cache_activate_alone(const struct tab_entry *e);

/**
 * cache_reload() - have a running cache use the present sizes and its line
 * @e: its line
 * @d: its devices
 *
 * Return: 0; -EIO, then it goes on as before, if that is possible at all.
 */
int __must_check cache_reload(const struct tab_entry *e,
			      const struct cache_devices *d);

/**
 * cache_deactivate() - take a cache out of use
 * @name: its name
 *
 * Return: 0; -EBUSY if it is in use; -EIO.
 */
int __must_check cache_deactivate(const char *name);

/**
 * cache_drain() - have everything written back, and wait for that
 * @name: of the cache, which runs
 *
 * Shows progress. An interrupt ends it; what was written back stays so.
 *
 * Return: 0; -EINTR; -EIO; -ENOENT.
 */
int __must_check cache_drain(const char *name);

/**
 * cache_exit_code() - the exit code for an error of these functions
 * @r: 0 or an error
 *
 * Return: an enum exit_code.
 */
int cache_exit_code(int r);

#endif
