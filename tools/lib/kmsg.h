/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The kernel's log: a target's reasons for a refusal are there and nowhere else.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_KMSG_H
#define SC_TOOLS_KMSG_H

#include "env.h"

/**
 * kmsg_open() - remember this point of the log
 *
 * Return: a file, or -1 if the log cannot be read; the other functions take both.
 */
int kmsg_open(void);

/**
 * kmsg_report() - report what was logged since, of something
 * @log: from kmsg_open()
 * @word: a word that must be in the line
 */
void kmsg_report(int log, const char *word);

/**
 * kmsg_close() - let go of the log
 * @log: from kmsg_open()
 */
void kmsg_close(int log);

#endif
