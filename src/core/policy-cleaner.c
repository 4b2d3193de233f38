// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: cleaner
 *
 * For the time before a cache is taken away: nothing new is cached, so that the
 * flusher, which destages everything under this policy, comes to an end. What
 * is cached is still served. Slots are inserted nevertheless where a cached
 * block moves to another slot (rule 3); victims for that go in order of age,
 * and hits are not counted.
 */
#include "policy.h"

static void cleaner_init(struct sc_policy *p)
{
	sc_policy_set_shards(p, 0);
}

static bool cleaner_admit(struct sc_policy *p __maybe_unused,
			  sc_oblock_t b __maybe_unused,
			  bool write __maybe_unused)
{
	return false;
}

static void cleaner_insert(struct sc_policy *p, u32 slot)
{
	sc_slot_set_freq(sc_map_slot(p->map, slot), 0);
	sc_queue_push(p->map, slot, SC_Q_MAIN);
}

static u32 cleaner_load(u8 hint __maybe_unused)
{
	return SC_Q_MAIN << SC_QUEUE_SHIFT;
}

const struct sc_policy_type sc_policy_cleaner = {
	.name = "cleaner",
	.init = cleaner_init,
	.admit = cleaner_admit,
	.insert = cleaner_insert,
	.load = cleaner_load,
	.victim = sc_policy_clock,
	.cleaned = sc_policy_bring_back,
	.hint = sc_policy_pack_hint,
};
