// SPDX-License-Identifier: GPL-2.0-only
/*
 * The guest's side of profile.c: begin or end a profile.
 */
#include "mark.h"

int main(void)
{
	__asm__ volatile(MARK_ASM);
	return 0;
}
