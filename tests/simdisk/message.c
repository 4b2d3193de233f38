// SPDX-License-Identifier: GPL-2.0-only
/*
 * Messages and status, thin over power.c and fault.c; README.md has the
 * grammar.
 */
#include "simdisk.h"
#include "vcache.h"

#define DATA_KINDS	(BIT(SIM_READ) | BIT(SIM_WRITE) | BIT(SIM_FLUSH))

static const struct {
	const char *name;
	unsigned int kinds;
} kind_names[] = {
	{ "read", BIT(SIM_READ) },
	{ "write", BIT(SIM_WRITE) },
	{ "flush", BIT(SIM_FLUSH) },
	{ "discard", BIT(SIM_DISCARD) },
	{ "any", DATA_KINDS | BIT(SIM_DISCARD) },
	{ "all", DATA_KINDS | BIT(SIM_DISCARD) },
};

static const char * const cut_names[] = {
	[SIM_CUT_DROP] = "drop",
	[SIM_CUT_KEEP] = "keep",
	[SIM_CUT_RANDOM] = "random",
};

/* Returns 0 for a word that is no kind. */
static unsigned int parse_kinds(const char *word)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kind_names); i++)
		if (!strcmp(kind_names[i].name, word))
			return kind_names[i].kinds;
	return 0;
}

/* The last, optional word of a cut. */
static int parse_mode(unsigned int argc, char **argv, enum sim_cut *mode)
{
	int i;

	*mode = SIM_CUT_DROP;
	if (!argc)
		return 0;
	i = match_string(cut_names, ARRAY_SIZE(cut_names), argv[0]);
	if (argc > 1 || i < 0)
		return -EINVAL;
	*mode = i;
	return 0;
}

/* Takes the first word if it is the given one. */
static bool shift_word(unsigned int *argc, char ***argv, const char *word)
{
	if (!*argc || strcmp(**argv, word))
		return false;
	(*argc)--;
	(*argv)++;
	return true;
}

static int message_cut(struct sim_disk *sd, unsigned int argc, char **argv)
{
	const char *group = NULL;
	enum sim_cut mode;

	if (shift_word(&argc, &argv, "group")) {
		if (!argc)
			return -EINVAL;
		group = *argv++;
		argc--;
	}
	if (parse_mode(argc, argv, &mode))
		return -EINVAL;
	return sim_power_cut(sd, group, mode);
}

static int message_cut_after(struct sim_disk *sd, unsigned int argc,
			     char **argv)
{
	bool group = shift_word(&argc, &argv, "group");
	enum sim_cut mode;
	u64 nr;

	if (!argc || kstrtou64(argv[0], 10, &nr) ||
	    parse_mode(argc - 1, argv + 1, &mode))
		return -EINVAL;
	sim_power_cut_after(sd, nr, group, mode);
	return 0;
}

static int message_revive(struct sim_disk *sd, unsigned int argc, char **argv)
{
	if (!argc)
		return sim_power_revive(sd, NULL);
	if (argc != 2 || strcmp(argv[0], "group"))
		return -EINVAL;
	return sim_power_revive(sd, argv[1]);
}

static int message_fail(struct sim_disk *sd, unsigned int argc, char **argv)
{
	struct sim_fault f = { .nr = sd->ti->len };

	if (argc == 1 && !strcmp(argv[0], "off")) {
		sim_fault_clear(sd);
		return 0;
	}
	if (argc != 1 && argc != 3)
		return -EINVAL;
	f.kinds = parse_kinds(argv[0]);
	if (argc == 3 && (kstrtou64(argv[1], 10, &f.first) ||
			  kstrtou64(argv[2], 10, &f.nr)))
		return -EINVAL;
	return f.kinds && f.nr ? sim_fault_add(sd, &f) : -EINVAL;
}

static int message_fail_nth(struct sim_disk *sd, unsigned int argc,
			    char **argv)
{
	struct sim_fault f = { .nr = sd->ti->len };

	if (argc != 2 || kstrtou64(argv[1], 10, &f.nth))
		return -EINVAL;
	f.kinds = parse_kinds(argv[0]);
	return f.kinds && f.nth ? sim_fault_add(sd, &f) : -EINVAL;
}

static int message_corrupt(struct sim_disk *sd, unsigned int argc, char **argv)
{
	u64 first, nr;

	if (argc != 2 || kstrtou64(argv[0], 10, &first) ||
	    kstrtou64(argv[1], 10, &nr))
		return -EINVAL;
	return sim_fault_corrupt(sd, first, nr);
}

static int message_away(struct sim_disk *sd, unsigned int argc, char **argv)
{
	return argc ? -EINVAL : sim_power_plug(sd, false);
}

static int message_back(struct sim_disk *sd, unsigned int argc, char **argv)
{
	return argc ? -EINVAL : sim_power_plug(sd, true);
}

static int message_stats(struct sim_disk *sd, unsigned int argc, char **argv)
{
	if (argc != 1 || strcmp(argv[0], "reset"))
		return -EINVAL;
	sim_stats_reset(sd);
	return 0;
}

static const struct {
	const char *name;
	int (*fn)(struct sim_disk *sd, unsigned int argc, char **argv);
} messages[] = {
	{ "cut", message_cut },
	{ "cut_after", message_cut_after },
	{ "revive", message_revive },
	{ "fail", message_fail },
	{ "fail_nth", message_fail_nth },
	{ "corrupt", message_corrupt },
	{ "away", message_away },
	{ "back", message_back },
	{ "stats", message_stats },
};

int sim_message(struct dm_target *ti, unsigned int argc, char **argv,
		char *result, unsigned int maxlen)
{
	unsigned int i;
	int r = -EINVAL;

	for (i = 0; i < ARRAY_SIZE(messages); i++)
		if (!strcmp(messages[i].name, argv[0]))
			r = messages[i].fn(ti->private, argc - 1, argv + 1);
	if (r == -EINVAL)
		DMERR("Bad message '%s'", argv[0]);
	return r;
}

static void emit_info(struct sim_disk *sd, char *result, unsigned int maxlen)
{
	static const char * const states[] = {
		[SIM_ON] = "on", [SIM_OFF] = "off", [SIM_AWAY] = "away",
	};
	const struct sim_vcache *vc = sd->vcache;
	const struct sim_serve *s = &sd->serve;
	struct sim_stats sum;
	unsigned int sz = 0;

	sim_stats_sum(sd, &sum);
	spin_lock_irq(&sd->group->lock);
	DMEMIT("state=%s reads=%llu writes=%llu flushes=%llu discards=%llu",
	       states[sd->state], sum.nr[SIM_READ], sum.nr[SIM_WRITE],
	       sum.nr[SIM_FLUSH], sum.nr[SIM_DISCARD]);
	DMEMIT(" read_bytes=%llu write_bytes=%llu discard_bytes=%llu",
	       sum.bytes[SIM_READ], sum.bytes[SIM_WRITE],
	       sum.bytes[SIM_DISCARD]);
	DMEMIT(" seeks=%llu busy_us=%llu queued=%u max_queued=%u",
	       s->hdd.nr_seeks, div_u64(s->busy_ns, NSEC_PER_USEC),
	       s->nr, s->max_nr);
	DMEMIT(" cached_sectors=%u destaged_sectors=%llu lost_sectors=%llu",
	       vc ? READ_ONCE(vc->nr_sectors) : 0,
	       vc ? READ_ONCE(vc->nr_destaged) : 0,
	       vc ? READ_ONCE(vc->nr_lost) : 0);
	DMEMIT(" cuts=%u cut_after=%llu failed=%llu rules=%u", sd->nr_cuts,
	       sd->cut_after ?: sd->group->cut_after, sd->nr_failed,
	       sd->nr_faults);
	spin_unlock_irq(&sd->group->lock);
}

static void emit_table(struct sim_disk *sd, char *result, unsigned int maxlen)
{
	static const char * const models[] = {
		[SIM_NULL] = "null", [SIM_HDD] = "hdd", [SIM_SSD] = "ssd",
	};
	const struct sim_config *c = &sd->config;
	unsigned int sz = 0;

	DMEMIT("%s %llu %s cache_kb %u seed %llu hold %d discard %d flush %d",
	       sd->dev->name, (u64)sd->start, models[c->model], c->cache_kb,
	       c->seed, c->hold, c->discard, c->flush);
	if (c->shuffle_us)
		DMEMIT(" shuffle %u", c->shuffle_us);
	if (*c->group)
		DMEMIT(" group %s", c->group);
}

void sim_status(struct dm_target *ti, status_type_t type,
		unsigned int flags, char *result, unsigned int maxlen)
{
	if (type == STATUSTYPE_INFO)
		emit_info(ti->private, result, maxlen);
	else if (type == STATUSTYPE_TABLE)
		emit_table(ti->private, result, maxlen);
	else
		*result = '\0';
}
