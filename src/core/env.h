/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The seam between the pure core and the world it runs in. Core files include
 * this header and other core headers, nothing else. The kernel flavour is made
 * of kernel headers, the user flavour gives the same names in a program.
 */
#ifndef SC_ENV_H
#define SC_ENV_H

#ifdef __KERNEL__
#include "env-kernel.h"
#else
#include "env-user.h"
#endif

#endif
