// SPDX-License-Identifier: GPL-2.0-only
/*
 * Metadata devices, possible and impossible, repaired.
 */
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct bytes in = { data, size };

	fuzz_load(fuzz_image(&in), true);
	return 0;
}
