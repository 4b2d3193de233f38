// SPDX-License-Identifier: GPL-2.0-only
/*
 * Power supplies: groups of disks that can lose power in one instant.
 *
 * Locks: groups_lock > sim_group.lock; see simdisk.h.
 */
#include <linux/slab.h>

#include "simdisk.h"
#include "vcache.h"

static DEFINE_MUTEX(groups_lock);
static LIST_HEAD(groups);

static struct sim_group *group_find(const char *name)
{
	struct sim_group *g;

	if (!*name)
		return NULL;
	list_for_each_entry(g, &groups, link)
		if (!strcmp(g->name, name))
			return g;
	return NULL;
}

static struct sim_group *group_new(const char *name)
{
	struct sim_group *g = kzalloc(sizeof(*g), GFP_KERNEL);

	if (!g)
		return NULL;
	spin_lock_init(&g->lock);
	INIT_LIST_HEAD(&g->disks);
	strscpy(g->name, name, sizeof(g->name));
	list_add_tail(&g->link, &groups);
	return g;
}

int sim_group_join(struct sim_disk *sd)
{
	struct sim_group *g;

	mutex_lock(&groups_lock);
	g = group_find(sd->config.group);
	if (!g)
		g = group_new(sd->config.group);
	if (g) {
		sd->group = g;
		spin_lock_irq(&g->lock);
		list_add_tail(&sd->group_link, &g->disks);
		sim_power_guard(sd);
		spin_unlock_irq(&g->lock);
	}
	mutex_unlock(&groups_lock);
	return g ? 0 : -ENOMEM;
}

void sim_group_leave(struct sim_disk *sd)
{
	struct sim_group *g = sd->group;
	bool last;

	mutex_lock(&groups_lock);
	spin_lock_irq(&g->lock);
	list_del(&sd->group_link);
	last = list_empty(&g->disks);
	spin_unlock_irq(&g->lock);
	if (last) {
		list_del(&g->link);
		kfree(g);
	}
	mutex_unlock(&groups_lock);
}

void sim_power_guard(struct sim_disk *sd)
{
	lockdep_assert_held(&sd->group->lock);
	/* map() reads it without the lock: it may be one request late. */
	WRITE_ONCE(sd->guarded, sd->state != SIM_ON || sd->nr_faults ||
		   sd->cut_after || sd->group->cut_after);
}

static void guard_members(struct sim_group *g)
{
	struct sim_disk *sd;

	list_for_each_entry(sd, &g->disks, group_link)
		sim_power_guard(sd);
}

static void disk_cut(struct sim_disk *sd, enum sim_cut mode,
		     struct list_head *list)
{
	sd->cut_after = 0;
	if (sd->state != SIM_OFF) {
		sd->nr_cuts++;
		sd->cut_mode = mode;
		/* Pairs with sim_io_complete(), which takes no lock. */
		WRITE_ONCE(sd->state, SIM_OFF);
		if (sd->vcache)
			sim_vcache_settle(sd->vcache);
		sim_serve_drain(sd, list);
	}
	sim_power_guard(sd);
}

static void group_cut(struct sim_group *g, enum sim_cut mode,
		      struct list_head *list)
{
	struct sim_disk *sd;

	g->cut_after = 0;
	list_for_each_entry(sd, &g->disks, group_link)
		disk_cut(sd, mode, list);
}

/* Returns true if this write is the one that cuts the power. */
static bool count_down(struct sim_disk *sd, struct list_head *list)
{
	struct sim_group *g = sd->group;
	bool cut = (sd->cut_after && !--sd->cut_after) |
		   (g->cut_after && !--g->cut_after);

	if (cut)
		group_cut(g, g->cut_mode, list);
	return cut;
}

bool sim_power_admit(struct sim_disk *sd, const struct sim_req *req)
{
	unsigned long flags;
	LIST_HEAD(list);
	bool pass;

	spin_lock_irqsave(&sd->group->lock, flags);
	pass = sd->state == SIM_ON && !sim_fault_hit(sd, req);
	/* The volatile cache counts its writes itself, once it has them. */
	if (pass && req->kind == SIM_WRITE && !sd->vcache)
		pass = !count_down(sd, &list);
	spin_unlock_irqrestore(&sd->group->lock, flags);
	sim_serve_complete(&list);
	return pass;
}

void sim_power_count_write(struct sim_disk *sd)
{
	unsigned long flags;
	LIST_HEAD(list);

	if (!READ_ONCE(sd->guarded))
		return;
	spin_lock_irqsave(&sd->group->lock, flags);
	if (sd->state == SIM_ON)
		count_down(sd, &list);
	spin_unlock_irqrestore(&sd->group->lock, flags);
	sim_serve_complete(&list);
}

/* Members come and go under groups_lock only. */
static void wait_settled(struct sim_group *g)
{
	struct sim_disk *sd;

	lockdep_assert_held(&groups_lock);
	list_for_each_entry(sd, &g->disks, group_link)
		if (sd->vcache)
			sim_vcache_wait(sd->vcache);
}

int sim_power_cut(struct sim_disk *sd, const char *group, enum sim_cut mode)
{
	struct sim_group *g;
	LIST_HEAD(list);

	mutex_lock(&groups_lock);
	g = group ? group_find(group) : sd->group;
	if (!g) {
		mutex_unlock(&groups_lock);
		return -ENOENT;
	}
	spin_lock_irq(&g->lock);
	if (group)
		group_cut(g, mode, &list);
	else
		disk_cut(sd, mode, &list);
	guard_members(g);
	spin_unlock_irq(&g->lock);
	sim_serve_complete(&list);
	wait_settled(g);
	mutex_unlock(&groups_lock);
	return 0;
}

void sim_power_cut_after(struct sim_disk *sd, u64 nr, bool group,
			 enum sim_cut mode)
{
	struct sim_group *g = sd->group;

	spin_lock_irq(&g->lock);
	g->cut_mode = mode;
	if (group)
		g->cut_after = nr;
	else
		sd->cut_after = nr;
	guard_members(g);
	spin_unlock_irq(&g->lock);
}

int sim_power_revive(struct sim_disk *sd, const char *group)
{
	struct sim_disk *member;
	struct sim_group *g;

	mutex_lock(&groups_lock);
	g = group ? group_find(group) : sd->group;
	if (!g) {
		mutex_unlock(&groups_lock);
		return -ENOENT;
	}
	wait_settled(g);
	spin_lock_irq(&g->lock);
	list_for_each_entry(member, &g->disks, group_link)
		if ((group || member == sd) && member->state == SIM_OFF)
			WRITE_ONCE(member->state, SIM_ON);
	guard_members(g);
	spin_unlock_irq(&g->lock);
	mutex_unlock(&groups_lock);
	return 0;
}

int sim_power_plug(struct sim_disk *sd, bool in)
{
	LIST_HEAD(list);
	int r = 0;

	spin_lock_irq(&sd->group->lock);
	if (sd->state == SIM_OFF) {
		r = -EBUSY;
	} else {
		WRITE_ONCE(sd->state, in ? SIM_ON : SIM_AWAY);
		if (!in)
			sim_serve_drain(sd, &list);
		sim_power_guard(sd);
	}
	spin_unlock_irq(&sd->group->lock);
	sim_serve_complete(&list);
	return r;
}
