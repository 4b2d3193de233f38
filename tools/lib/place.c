// SPDX-License-Identifier: GPL-2.0-only
/*
 * From a name to devices. A cache without a metadata device of its own has the
 * metadata at the head of the cache device; while it does not run no device
 * stands for these parts.
 */
#include <unistd.h>

#include "cache.h"
#include "place.h"
#include "rest.h"

/* A path and a part of the device there. */
#define PLACE_BYTES	(PATH_MAX + 48)

/**
 * struct place - the devices of a cache, as disk_open() takes them
 * @metadata: the metadata
 * @cache: the cache
 * @origin: the origin
 */
struct place {
	char metadata[PLACE_BYTES];
	char cache[PLACE_BYTES];
	char origin[PLACE_BYTES];
};

static void set_parts(const struct tab_entry *e, struct place *p)
{
	u64 head = e->metadata_bytes >> SC_SECTOR_SHIFT;
	u64 size = e->cache_bytes >> SC_SECTOR_SHIFT;
	struct sc_text t;

	sc_text_init(&t, p->origin, sizeof(p->origin));
	sc_text_add(&t, "%s", e->origin);
	sc_text_init(&t, p->metadata, sizeof(p->metadata));
	if (*e->metadata)
		sc_text_add(&t, "%s", e->metadata);
	else
		sc_text_add(&t, "%s@0+%llu", e->cache,
			    (unsigned long long)head);
	sc_text_init(&t, p->cache, sizeof(p->cache));
	sc_text_add(&t, "%s", e->cache);
	if (head || size)
		sc_text_add(&t, "@%llu+", (unsigned long long)head);
	if (size)
		sc_text_add(&t, "%llu", (unsigned long long)size);
}

static bool is_name(const char *word)
{
	struct sc_reason why;

	return !strpbrk(word, "/@") && access(word, F_OK) &&
	       !tab_name_check(word, &why);
}

static void fill(const char **to, const char *path)
{
	if (to && !*to)
		*to = path;
}

int place_find(const char *word, const char **metadata, const char **cache,
	       const char **origin)
{
	static struct tab_entry e;
	static struct place place;
	int r;

	*metadata = word;
	if (!is_name(word))
		return EXIT_DONE;
	r = cache_find(word, &e);
	if (r)
		return rest_exit_code(r);
	set_parts(&e, &place);
	*metadata = place.metadata;
	fill(cache, place.cache);
	fill(origin, place.origin);
	return EXIT_DONE;
}
