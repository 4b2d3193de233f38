// SPDX-License-Identifier: GPL-2.0-only
/*
 * The steps around the map's transitions: queues of the policy, the bitmap of
 * dirty granules, slots at rest, wake-ups. All under the shard's lock.
 */
#include "target.h"

static struct sc_lock *slot_lock(struct sc_cache *c, u32 i)
{
	struct sc_lock *l = sc_slot_lock(c, i);

	lockdep_assert_held(&l->lock);
	return l;
}

void sc_slot_rest(struct sc_cache *c, u32 i)
{
	struct sc_lock *l = slot_lock(c, i);

	sc_map_slot(c->map, i)->hash_next = l->resting;
	l->resting = i;
}

void sc_slot_drop(struct sc_cache *c, u32 i)
{
	slot_lock(c, i);
	sc_queue_remove(c->map, i);
	if (!sc_map_retire(c->map, i))
		return;
	sc_slot_rest(c, i);
	sc_reclaim_kick(c);
}

void sc_slot_invalidate(struct sc_cache *c, u32 i, u16 mask)
{
	slot_lock(c, i);
	if (sc_map_invalidate(c->map, i, mask))
		sc_slot_drop(c, i);
	else if (!sc_slot_dirty(c->map, i))
		/* What went may have been all that was dirty. */
		sc_policy_cleaned(c->policy, i);
}

void sc_slot_end_owner(struct sc_cache *c, u32 i)
{
	struct sc_slot *s = sc_map_slot(c->map, i);
	struct sc_lock *l = slot_lock(c, i);

	s->flags &= ~SC_BUSY;
	if (!sc_slot_valid(c->map, i))
		sc_slot_drop(c, i);
	else if (sc_slot_queue(s) == SC_Q_NONE)
		sc_policy_insert(c->policy, i);
	sc_shard_wake(l);
}

void sc_slot_dirtied(struct sc_cache *c, u32 i, u16 mask)
{
	slot_lock(c, i);
	sc_map_mark_dirty(c->map, i, mask);
	if (!sc_map_settled(c->map, i, mask))
		sc_commit_note_unsettled(c);
	/* After the slot: who clears the bit looks at the slot afterwards. */
	sc_dirty_set(c->dirty, sc_slot_block(sc_map_slot(c->map, i)));
}

void sc_shard_wait(struct sc_lock *l)
{
	DEFINE_WAIT(wait);

	lockdep_assert_held(&l->lock);
	prepare_to_wait(&l->wait, &wait, TASK_UNINTERRUPTIBLE);
	spin_unlock_irq(&l->lock);
	io_schedule();
	finish_wait(&l->wait, &wait);
	spin_lock_irq(&l->lock);
}
