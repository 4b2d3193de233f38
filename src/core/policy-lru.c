// SPDX-License-Identifier: GPL-2.0-only
/*
 * DOC: lru
 *
 * Least recently used, approximated by CLOCK (F. J. Corbato, "A paging
 * experiment with the Multics system", 1968), also called second chance: a hit
 * sets one bit, and the hand passes over slots whose bit is set, clearing it. An
 * exact LRU list would move the slot on each hit, that is write to four cache
 * lines under the lock; CLOCK's miss ratio is about the same.
 *
 * For loads that the default policy does not suit, and to compare with.
 */
#include "policy.h"

#define LRU_FREQ_MAX	1u

static void lru_init(struct sc_policy *p)
{
	sc_policy_set_shards(p, LRU_FREQ_MAX);
}

static bool lru_admit(struct sc_policy *p __maybe_unused,
		      sc_oblock_t b __maybe_unused,
		      bool write __maybe_unused)
{
	return true;
}

static void lru_insert(struct sc_policy *p, u32 slot)
{
	/* For the write budget only: what is cached need not be remembered. */
	if (p->ghost)
		sc_ghost_take(p->ghost,
			      sc_slot_shard(sc_map_slot(p->map, slot)),
			      sc_slot_block(sc_map_slot(p->map, slot)));
	sc_slot_set_freq(sc_map_slot(p->map, slot), 0);
	sc_queue_push(p->map, slot, SC_Q_MAIN);
}

static u32 lru_load(u8 hint)
{
	return SC_Q_MAIN << SC_QUEUE_SHIFT |
	       min_t(u32, sc_hint_freq(hint), LRU_FREQ_MAX) << SC_FREQ_SHIFT;
}

const struct sc_policy_type sc_policy_lru = {
	.name = "lru",
	.has_ghost = true,
	.init = lru_init,
	.admit = lru_admit,
	.insert = lru_insert,
	.load = lru_load,
	.victim = sc_policy_clock,
	.cleaned = sc_policy_bring_back,
	.hint = sc_policy_pack_hint,
};
