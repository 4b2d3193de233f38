/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The instruction by which a guest tells profile.c where to begin and to end: a
 * "nopl" that no compiler makes.
 */
#ifndef BENCH_MARK_H
#define BENCH_MARK_H

#define MARK_BYTES { 0x0f, 0x1f, 0x80, 0x53, 0x43, 0x4d, 0x4b }
#define MARK_ASM ".byte 0x0f, 0x1f, 0x80, 0x53, 0x43, 0x4d, 0x4b"

#endif
