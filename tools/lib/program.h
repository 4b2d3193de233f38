/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Running other programs.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_PROGRAM_H
#define SC_TOOLS_PROGRAM_H

#include "env.h"

/**
 * program_run() - run a program and wait for its end
 * @argv: its words, ended by NULL; found by way of PATH
 * @output: set to what it printed, to be freed; NULL: that goes where ours goes
 *
 * What it says on standard error goes where ours goes.
 *
 * Return: its exit status; -ENOENT if there is no such program; -EIO; nothing of
 * that has been said.
 */
int __must_check program_run(const char *const *argv, char **output);

#endif
