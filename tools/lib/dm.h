/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device-mapper: the only file that uses its library. What it says of a target
 * is text; src/core/config and src/core/status know what that means. Functions
 * that return an error have said what went wrong.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_DM_H
#define SC_TOOLS_DM_H

#include "env.h"

#define MAPPED_DIR		"/dev/mapper"
/* The longest name of a device, terminator included. */
#define MAPPED_NAME_BYTES	128
/* Begins the uuid of each of our devices, so that udev rules know them. */
#define MAPPED_UUID_PREFIX	"SSDCACHE-"

/**
 * struct mapped_info - a device
 * @exists: if false, nothing else counts
 * @suspended: it is
 * @major: of its number
 * @minor: of its number
 * @open_count: who has it open: mounts, programs, devices above it
 */
struct mapped_info {
	bool exists;
	bool suspended;
	unsigned int major;
	unsigned int minor;
	int open_count;
};

/**
 * struct mapped_line - a line of a table or of status; mapped_line_free() it
 * @target: the target's name
 * @sectors: its length
 * @text: what the target says
 */
struct mapped_line {
	char target[32];
	u64 sectors;
	char *text;
};

/**
 * struct mapped_table - a device to make, of one line
 * @name: its name
 * @uuid: what comes behind MAPPED_UUID_PREFIX
 * @sectors: its size
 * @target: the target
 * @text: the target's arguments
 * @hidden: nobody else should look into it, udev least of all
 */
struct mapped_table {
	const char *name;
	const char *uuid;
	u64 sectors;
	const char *target;
	const char *text;
	bool hidden;
};

/**
 * mapped_each() - call a function for each device of a target
 * @target: name of the target of the device's first line, or NULL: any
 * @call: called with the device's name; a result other than 0 ends it
 * @context: handed to @call
 *
 * Return: 0; what @call returned; -EIO.
 */
int __must_check mapped_each(const char *target,
			     int (*call)(const char *name, void *context),
			     void *context);

/**
 * mapped_info() - look at a device
 * @name: its name
 * @info: set on success
 *
 * Return: 0, also if there is none; -EIO.
 */
int __must_check mapped_info(const char *name, struct mapped_info *info);

/**
 * mapped_is_ours() - whether this command has made a device
 * @name: its name
 *
 * Return: true if there is one and its uuid begins with MAPPED_UUID_PREFIX.
 */
bool mapped_is_ours(const char *name);

/**
 * mapped_status() - the first line of a device's status
 * @name: its name
 * @line: set on success
 *
 * Does not have the target finish what is under way.
 *
 * Return: 0; -ENOENT if there is none, which is not said; -EIO.
 */
int __must_check mapped_status(const char *name, struct mapped_line *line);

/**
 * mapped_table() - the first line of a device's table
 * @name: its name
 * @line: set on success
 *
 * Return: 0; -ENOENT if there is none, which is not said; -EIO.
 */
int __must_check mapped_table(const char *name, struct mapped_line *line);

/**
 * mapped_line_free() - give back what a line holds
 * @line: a line that was set, or all zero
 */
void mapped_line_free(struct mapped_line *line);

/**
 * mapped_create() - make a device and take it into use
 * @t: the device
 *
 * Return: 0; -EIO, then there is no such device.
 */
int __must_check mapped_create(const struct mapped_table *t);

/**
 * mapped_reload() - give a device another table, and take that into use
 * @t: the device; its uuid is not looked at
 *
 * Return: 0; -EIO, then the old table is in use if that is possible at all.
 */
int __must_check mapped_reload(const struct mapped_table *t);

/**
 * mapped_suspend() - stop I/O to a device until a table is taken into use
 * @name: its name
 *
 * Return: 0; -EIO.
 */
int __must_check mapped_suspend(const char *name);

/**
 * mapped_resume() - let I/O go on
 * @name: its name
 *
 * Return: 0; -EIO.
 */
int __must_check mapped_resume(const char *name);

/**
 * mapped_remove() - remove a device
 * @name: its name; it is no error if there is none
 *
 * Return: 0; -EIO, if it is in use, for instance.
 */
int __must_check mapped_remove(const char *name);

/**
 * mapped_message() - send a message to the target
 * @name: the device's name
 * @text: the message
 *
 * Return: 0; -EIO; -EINTR if a signal came.
 */
int __must_check mapped_message(const char *name, const char *text);

/**
 * mapped_has_target() - whether the kernel knows a target
 * @target: its name
 *
 * Return: true if so.
 */
bool mapped_has_target(const char *target);

#endif
