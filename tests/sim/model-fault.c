// SPDX-License-Identifier: GPL-2.0-only
/*
 * Devices that fail during a life.
 */
#include "model-kernel.h"
#include "model-dm.h"
#include "model-life.h"

#define NO_SSD	9

/* Rows: devices; columns: reads, writes, flushes that fail, in 256. */
static const u16 faults[][3][3] = {
	{ { 0, 256, 256 }, { 0, 0, 0 }, { 0, 0, 0 } },
	{ { 0, 256, 256 }, { 0, 0, 0 }, { 0, 8, 8 } },
	{ { 0, 4, 0 }, { 0, 0, 0 }, { 0, 0, 0 } },
	{ { 0, 0, 0 }, { 0, 8, 0 }, { 0, 0, 0 } },
	{ { 0, 0, 0 }, { 8, 0, 0 }, { 0, 0, 0 } },
	{ { 0, 0, 0 }, { 0, 0, 16 }, { 0, 0, 0 } },
	{ { 0, 0, 0 }, { 256, 0, 0 }, { 0, 0, 0 } },
	{ { 0, 0, 0 }, { 0, 256, 256 }, { 0, 0, 0 } },
	{ { 0, 0, 0 }, { 256, 256, 256 }, { 0, 0, 0 } },
	{ { 256, 256, 256 }, { 256, 256, 256 }, { 0, 0, 0 } },
	{ { 0, 0, 0 }, { 0, 0, 0 }, { 0, 8, 0 } },
	{ { 0, 0, 0 }, { 0, 0, 0 }, { 8, 0, 0 } },
	{ { 0, 0, 0 }, { 0, 0, 0 }, { 0, 0, 64 } },
	{ { 0, 0, 0 }, { 0, 0, 0 }, { 256, 256, 256 } },
	{ { 1, 1, 1 }, { 1, 1, 1 }, { 1, 1, 1 } },
};

static void set_faults(const u16 (*f)[3])
{
	u32 leg;

	tell("faults: kind %d", f ? (int)((f - faults[0]) / 3) : -1);
	for (leg = 0; leg < 3; leg++)
		model_machine_fails(leg, 0, 0, 0);
	for (leg = 0; leg < 3 && f; leg++)
		if (f[leg][0] | f[leg][1] | f[leg][2])
			model_machine_fails(leg, f[leg][0], f[leg][1],
					    f[leg][2]);
}

void life_no_faults(void)
{
	set_faults(NULL);
	model_machine_plug();
}

void life_break_ssd(void)
{
	switch (model_dice(5)) {
	case 0:
		model_machine_unplug(0);
		break;
	case 1:
		model_machine_unplug(model_dice(40));
		break;
	case 2:
		set_faults(faults[NO_SSD]);
		break;
	case 3:
		model_machine_dies(0, model_dice(40));
		break;
	default:
		model_machine_dies(1, model_dice(10));
	}
}

/* What is at work. */
static u32 nr_gremlins;

void life_begin_faults(bool faulty)
{
	/* Flags that are taken away matter to who tries again. */
	model_machine_through(faulty && !model_dice(3));
	/* That of before went down with its machine. */
	nr_gremlins = 0;
	life_no_faults();
}

static void gremlin_work(void)
{
	model_sleep(model_dice(300));
	set_faults(faults[model_dice(ARRAY_SIZE(faults))]);
	if (!model_dice(2))
		return;
	model_sleep(model_dice(1000));
	life_no_faults();
}

int life_gremlin(void *data)
{
	(void)data;
	nr_gremlins++;
	gremlin_work();
	nr_gremlins--;
	return 0;
}

void life_gremlin_wait(void)
{
	while (nr_gremlins)
		model_sleep(100);
}
