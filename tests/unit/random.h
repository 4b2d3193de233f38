/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Random numbers that can be had again, see ../seed.h.
 */
#ifndef TEST_RANDOM_H
#define TEST_RANDOM_H

#include <stdint.h>

/** random_seed() - begin where SEED in the environment says; print it */
void random_seed(void);

/**
 * random_u64() - the next number
 *
 * Return: 64 random bits.
 */
uint64_t random_u64(void);

/**
 * random_below() - the next number, below a limit
 * @n: the limit, not 0
 *
 * Return: 0 to @n - 1.
 */
uint32_t random_below(uint32_t n);

#endif
