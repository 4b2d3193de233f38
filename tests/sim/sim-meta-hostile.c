// SPDX-License-Identifier: GPL-2.0-only
/*
 * Every hostile image is refused for its reason, and nothing is written; or it
 * is taken into use, works, and loads again.
 */
#include "hostile.h"

#include <setjmp.h>
#include <cmocka.h>

static const struct sc_meta_params params[] = {
	{
		.metadata_sectors = 64 * 8,
		.cache_sectors = 2000 * 8 + 16,
		.origin_sectors = 100003,
		.block_sectors = 8,
		.journal_blocks = 16,
		.uuid = { 0xab, 0xcd },
		.policy = "s3fifo",
	},
	{
		.metadata_sectors = 256 * 8,
		.cache_sectors = 2002 * 128,
		.origin_sectors = (1ULL << 37) + 12345,
		.block_sectors = 128,
		.journal_blocks = 16,
		.uuid = { 0xab, 0xcd },
		.policy = "lru",
	},
};

static u32 nr_wrong;

static void wrong(const struct hostile *h, const char *what, const char *why)
{
	print_message("# %s: %s: %s\n", h->name, what, why);
	nr_wrong++;
}

static void expect_refused(struct world *w, const struct hostile *h, int r)
{
	int start = r ? 0 : sc_meta_start(w->m);

	/* What may be read but not be written to, the start refuses. */
	if (!r && start != -EROFS && start != -EOVERFLOW)
		wrong(h, "taken, not refused", h->why);
	else if (!r && !strstr(h->why, start == -EROFS ? "forbids writing" :
						       "counter"))
		wrong(h, "refused at the start", h->why);
	else if (r && !strstr(w->why.text, h->why))
		wrong(h, "another reason", w->why.text);
	if (w->img->nr_writes)
		wrong(h, "refused", "but something was written");
}

static void expect_taken(struct world *w, const struct hostile *h, int r)
{
	struct sc_record rec = { .slot = to_cblock(0) };
	struct world again;

	if (r) {
		wrong(h, "refused", w->why.text);
		return;
	}
	if (world_fault(w))
		wrong(h, "the map", world_fault(w));
	if (sc_meta_start(w->m)) {
		wrong(h, "taken", "but not started");
		return;
	}
	assert_int_equal(world_commit(w, &rec, 1), 0);
	assert_int_equal(sc_meta_checkpoint(w->m), 0);
	if (world_open(&again, w->img, false))
		wrong(h, "refused afterwards", again.why.text);
	else if (!world_same(w, &again))
		wrong(h, "afterwards", "it is not the same");
	world_close(&again);
}

static void meet(const struct hostile *h, const struct sc_meta_params *p)
{
	struct image img, before;
	struct world w;
	int r;

	image_init(&img, p);
	image_init(&before, p);
	hostile_make(&img, h);
	image_copy(&before, &img);
	r = world_open(&w, &img, false);
	assert_true(image_same(&img, &before));
	if (h->why)
		expect_refused(&w, h, r);
	else
		expect_taken(&w, h, r);
	world_close(&w);
	image_exit(&before);
	image_exit(&img);
}

static void test_each(void **state)
{
	const struct hostile *h;
	u32 n = 0, i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(params); i++)
		for (n = 0; (h = hostile_nth(n)); n++)
			meet(h, &params[i]);
	print_message("# %u images\n", n);
	assert_true(n > 100);
	assert_int_equal(nr_wrong, 0);
}

/* What they were made of is good, and they differ from it. */
static void test_made_of_good(void **state)
{
	struct image good, img;
	struct world w;
	u32 n;

	(void)state;
	image_init(&good, &params[0]);
	image_make(&good);
	assert_int_equal(world_open(&w, &good, false), 0);
	assert_null(world_fault(&w));
	for (n = 0; hostile_nth(n); n++) {
		image_init(&img, &params[0]);
		hostile_make(&img, hostile_nth(n));
		assert_false(image_same(&img, &good));
		assert_ptr_equal(hostile_find(hostile_nth(n)->name),
				 hostile_nth(n));
		image_exit(&img);
	}
	world_close(&w);
	image_exit(&good);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_made_of_good),
		cmocka_unit_test(test_each),
	};

	return cmocka_run_group_tests_name("hostile metadata", tests, NULL,
					   NULL);
}
