/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Device-mapper: the only file that uses its library. What it says of a target
 * is text; src/core/config and src/core/status know what that means.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_DM_H
#define SC_TOOLS_DM_H

#include "env.h"

/**
 * mapped_each() - call a function for each device of a target
 * @target: name of the target of the device's first line, or NULL: any
 * @call: called with the device's name; a result other than 0 ends it
 * @context: handed to @call
 *
 * What is wrong has been said when it returns.
 *
 * Return: 0; what @call returned; -EIO, -EACCES.
 */
int __must_check mapped_each(const char *target,
			     int (*call)(const char *name, void *context),
			     void *context);

#endif
