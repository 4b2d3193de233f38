/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of the report module share.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_REPORT_PRIV_H
#define SC_TOOLS_REPORT_PRIV_H

#include <stdio.h>

#include "report.h"

/* Where results go: standard output, or the frame being made. */
extern FILE *report_out;

/**
 * report_clean() - replace control characters, in place
 * @text: the text
 */
void report_clean(char *text);

#endif
