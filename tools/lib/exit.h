/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The exit codes of all verbs. The man pages repeat them; scripts rely on them.
 */
#ifndef SC_TOOLS_EXIT_H
#define SC_TOOLS_EXIT_H

/**
 * enum exit_code - how it ended
 * @EXIT_DONE: done as asked; check: nothing wrong was found
 * @EXIT_FAILED: tried and failed, or, of check: something is wrong
 * @EXIT_USAGE: the command line or a configuration file is wrong; nothing was
 *	touched
 * @EXIT_REFUSED: it would do harm; nothing was touched. The message says why,
 *	and by which option it is done all the same
 * @EXIT_MISSING: there is no such cache or device
 */
enum exit_code {
	EXIT_DONE = 0,
	EXIT_FAILED = 1,
	EXIT_USAGE = 2,
	EXIT_REFUSED = 3,
	EXIT_MISSING = 4,
};

#endif
