// SPDX-License-Identifier: GPL-2.0-only
/*
 * The whole module on a model machine whose power fails at any step of any
 * I/O: P1 to P4 and P7, and a test that breaking a rule breaks a promise.
 *
 *   sim-cache                  what "make sim" runs; SEED=number repeats it,
 *                              LIVES=number lives so many instead of 150
 *   sim-cache -n LIVES         more of it
 *   sim-cache -l LIFE [-v]     one life, by the number that a failure printed
 *   sim-cache -f           with failing devices
 *   sim-cache -k K         short lives, each cut at its every K-th step of I/O
 *   sim-cache -b RULE          with a rule broken; -b list tells their names
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sys/wait.h>
#include <unistd.h>

#include "model-dm.h"
#include "model-life.h"
#include "model-task.h"
#include "../broken/rules.h"

#define BOOTS		8u
/* A broken rule is noticed within so many power cuts. */
#define CUTS_TO_NOTICE	4000u

static u32 nr_lives = 150;
static bool faulty;

static void say(const struct life_stats *st, u32 lives)
{
	printf("# %u lives: %llu starts, %llu power cuts, %llu requests, %llu of them failed, drained %llu times, parked %llu times\n",
	       lives, (unsigned long long)st->boots,
	       (unsigned long long)st->cuts, (unsigned long long)st->requests,
	       (unsigned long long)st->errors,
	       (unsigned long long)st->drained,
	       (unsigned long long)st->parked);
	fflush(stdout);
}

/* Returns whether all lives went well. */
static bool live(u32 nr, const char *name)
{
	struct rng rng = rng_begin(name);
	struct life_stats st = {};
	u64 seed = 0;
	bool ok = true;
	u32 n;

	for (n = 0; n < nr && ok; n++) {
		seed = rng_next(&rng);
		ok = life_run(seed, BOOTS, faulty, &st);
	}
	say(&st, n);
	if (!ok)
		printf("# life %llu: %s\n", (unsigned long long)seed,
		       model_why);
	fflush(stdout);
	return ok;
}

static bool cut_at_all(u32 nr, u32 every)
{
	struct rng rng = rng_begin("cut at every step");
	struct life_stats st = {};
	u64 seed = 0, event = 0;
	u32 n;

	for (n = 0; n < nr && !model_why[0]; n++) {
		seed = rng_next(&rng);
		event = every;
		while (life_cut_at(seed, event, event, &st) && !model_why[0])
			event += every;
	}
	say(&st, n);
	if (model_why[0])
		printf("# life %llu, cut at step %llu: %s\n",
		       (unsigned long long)seed, (unsigned long long)event,
		       model_why);
	fflush(stdout);
	return !model_why[0];
}

static void test_lives(void **state)
{
	(void)state;
	faulty = false;
	assert_true(live(nr_lives, "lives"));
}

static void test_every_step(void **state)
{
	(void)state;
	assert_true(cut_at_all(4, 3));
}

static void test_faulty_lives(void **state)
{
	(void)state;
	faulty = true;
	assert_true(live(nr_lives, "lives with failing devices"));
}

/* ---- do we notice? --------------------------------------------------------- */

/* In a process of its own: a broken rule may well end in an assertion. */
static int break_and_live(enum sc_break rule)
{
	struct rng rng = rng_begin(sc_breaks[rule].name);
	struct life_stats st = {};

	sc_broken = rule;
	faulty = rule >= SC_BREAK_NO_EPOCH;
	while (st.cuts < CUTS_TO_NOTICE) {
		if (life_run(rng_next(&rng), BOOTS, faulty, &st))
			continue;
		printf("# %s: noticed after %llu cuts: %s\n",
		       sc_breaks[rule].name, (unsigned long long)st.cuts,
		       model_why);
		fflush(stdout);
		return 1;
	}
	return 0;
}

static void test_rule(void **state)
{
	const enum sc_break *rule = *state;
	pid_t child;
	int status;

	fflush(stdout);
	child = fork();
	assert_true(child >= 0);
	if (!child) {
		/* The error may be an assertion's; it is not ours. */
		assert_non_null(freopen("/dev/null", "w", stderr));
		_exit(break_and_live(*rule));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	if (WIFEXITED(status) && !WEXITSTATUS(status))
		print_message("# %s: not noticed\n", sc_breaks[*rule].what);
	assert_false(WIFEXITED(status) && !WEXITSTATUS(status));
}

static int test_all(void)
{
	static enum sc_break rules[SC_NR_BREAKS];
	struct CMUnitTest tests[SC_NR_BREAKS + 2] = {
		cmocka_unit_test(test_lives),
		cmocka_unit_test(test_every_step),
		cmocka_unit_test(test_faulty_lives),
	};
	u32 n;

	for (n = 1; n < SC_NR_BREAKS; n++) {
		rules[n] = n;
		tests[n + 2] = (struct CMUnitTest){
			.name = sc_breaks[n].name,
			.test_func = test_rule,
			.initial_state = &rules[n],
		};
	}
	return cmocka_run_group_tests_name("the module and power cuts", tests,
					   NULL, NULL);
}

/* ---- by hand --------------------------------------------------------------- */

static int list_rules(void)
{
	u32 n;

	for (n = 0; n < SC_NR_BREAKS; n++)
		printf("%-16s %s\n", sc_breaks[n].name, sc_breaks[n].what);
	return 0;
}

static bool break_rule(const char *name)
{
	u32 n;

	for (n = 0; n < SC_NR_BREAKS; n++) {
		if (strcmp(name, sc_breaks[n].name))
			continue;
		sc_broken = n;
		return true;
	}
	fprintf(stderr, "sim-cache: no rule %s\n", name);
	return false;
}

static int one_life(const char *number)
{
	u64 seed = strtoull(number, NULL, 0);
	struct life_stats st = {};
	bool ok = life_run(seed, BOOTS, faulty, &st);

	say(&st, 1);
	printf("%s\n", ok ? "all is well" : model_why);
	return !ok;
}

int main(int argc, char **argv)
{
	const char *life = NULL, *lives = getenv("LIVES");
	u32 every = 0;
	int opt;

	if (lives)
		nr_lives = strtoul(lives, NULL, 0);

	while ((opt = getopt(argc, argv, "fk:n:l:b:v")) != -1) {
		if (opt == 'n')
			nr_lives = strtoul(optarg, NULL, 0);
		else if (opt == 'f')
			faulty = true;
		else if (opt == 'k')
			every = strtoul(optarg, NULL, 0);
		else if (opt == 'l')
			life = optarg;
		else if (opt == 'b' && !strcmp(optarg, "list"))
			return list_rules();
		else if (opt == 'v')
			model_verbose = true;
		else if (opt != 'b' || !break_rule(optarg))
			return 2;
	}
	if (life)
		return one_life(life);
	if (every)
		return !cut_at_all(nr_lives, every);
	if (argc > 1)
		return !live(nr_lives, "lives");
	return test_all();
}
