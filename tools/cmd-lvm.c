// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache lvm: a cache for a logical volume, on a physical volume of the same
 * group. LVM keeps the space and, by tags, what belongs together; the cache
 * itself is one like any other.
 */
#include <unistd.h>

#include "lib/lvm.h"
#include "lib/program.h"
#include "lib/propose.h"
#include "lib/report.h"
#include "lib/tab.h"
#include "lib/verb.h"

#define DATA_SUFFIX	"_fast"
#define META_SUFFIX	"_fastmeta"
#define TAG_BYTES	(LVM_NAME_BYTES + 32)
#define PATH_BYTES	(2 * LVM_NAME_BYTES + 8)

static const char *fast, *cache_name, *mode, *block_size, *policy;
static u64 size;
static struct text_list set;

static const struct option_spec create_options[] = {
	OPT_TEXT("fast", 'f', "PV", "a physical volume on an SSD", &fast),
	OPT_SIZE("size", 's', "SIZE",
		 "of the cache; default: all that is free there", &size),
	OPT_TEXT("name", 'n', "NAME", "of the cached device, default VG_LV",
		 &cache_name),
	OPT_TEXT("mode", 0, "MODE", "as for create", &mode),
	OPT_TEXT("block-size", 'b', "SIZE", "as for create", &block_size),
	OPT_TEXT("policy", 'p', "POLICY", "as for create", &policy),
	OPT_LIST("set", 0, "KEY=VALUE", "as for create", &set),
	OPT_END
};

/**
 * struct parts - names of what belongs together
 * @vg: the group
 * @origin: the slow volume
 * @data: the fast one
 * @meta: the metadata's
 * @name: the cache's
 */
struct parts {
	char vg[LVM_NAME_BYTES];
	char origin[LVM_NAME_BYTES];
	char data[LVM_NAME_BYTES];
	char meta[LVM_NAME_BYTES];
	char name[LVM_NAME_BYTES];
};

/* Run ourselves, as another verb. */
static int run_verb(const char *const *argv)
{
	int r = program_run(argv, NULL);

	return r < 0 ? EXIT_FAILED : r;
}

static void path_of(const struct parts *p, const char *lv, char *buf)
{
	scnprintf(buf, PATH_BYTES, "/dev/%s/%s", p->vg, lv);
}

/* ---- create ---------------------------------------------------------------- */

static const char *wrong_layout(struct json_object *row)
{
	const char *layout = lvm_text(row, "lv_layout");
	const char *role = lvm_text(row, "lv_role");

	if (strstr(layout, "pool") ||
	    (strstr(role, "private") && strstr(role, "thin")))
		return "belongs to a thin pool: LVM would put the pool on the bare volume again whenever it activates it; use the cached device of a plain volume as physical volume of a group for the pool, see ssdcache-lvm(8)";
	if (strstr(role, "private"))
		return "is a part of another volume";
	if (strstr(layout, "cache") || strstr(layout, "writecache"))
		return "is cached by LVM already";
	if (strcmp(lvm_text(row, "lv_active"), "active"))
		return "is not active";
	return NULL;
}

static int check_origin(const struct parts *p)
{
	char path[PATH_BYTES], name[LVM_NAME_BYTES];
	const char *ask[] = {
		"lvs", "-a", "-o", "lv_layout,lv_role,lv_tags,lv_active",
		path, NULL
	};
	struct json_object *rows, *row;
	const char *wrong;
	int r;

	scnprintf(path, sizeof(path), "%s/%s", p->vg, p->origin);
	if (lvm_ask("lv", ask, &rows))
		return EXIT_MISSING;
	row = json_object_array_get_idx(rows, 0);
	wrong = row ? wrong_layout(row) : "is not there";
	if (!wrong && lvm_tag(row, LVM_TAG_ORIGIN, name))
		wrong = "has a cache already";
	if (wrong)
		report_error("%s %s", path, wrong);
	r = wrong ? EXIT_REFUSED : EXIT_DONE;
	json_object_put(rows);
	return r;
}

/* How large the data volume becomes, if it is to take all that is free. */
static int find_size(const struct parts *p, u64 *bytes, u64 *extent)
{
	const char *ask[] = {
		"pvs", "-o", "vg_name,pv_free,vg_extent_size", fast, NULL
	};
	struct json_object *rows, *row;
	int r = lvm_ask("pv", ask, &rows) ? EXIT_MISSING : EXIT_DONE;

	if (r)
		return r;
	row = json_object_array_get_idx(rows, 0);
	if (!row || strcmp(lvm_text(row, "vg_name"), p->vg)) {
		report_error("%s is no physical volume of %s", fast, p->vg);
		r = EXIT_REFUSED;
	} else {
		*bytes = strtoull(lvm_text(row, "pv_free"), NULL, 10);
		*extent = strtoull(lvm_text(row, "vg_extent_size"), NULL, 10);
	}
	json_object_put(rows);
	return r;
}

static u64 metadata_bytes(u64 data)
{
	u64 ram = (u64)sysconf(_SC_PHYS_PAGES) * (u64)sysconf(_SC_PAGESIZE);
	static struct tab_entry e; /* large */
	struct sc_reason why;

	tab_entry_init(&e);
	e.config.block_sectors = propose_block_sectors(data / 512, ram);
	if (block_size && tab_set(&e, TAB_BLOCK_SIZE, block_size, &why))
		return 0;
	return propose_metadata_bytes(data / 512, e.config.block_sectors);
}

/* Sizes in whole extents; both together are no more than what is free. */
static int choose_sizes(const struct parts *p, u64 *data, u64 *meta)
{
	u64 available, extent = 0;
	int r = find_size(p, &available, &extent);

	if (r)
		return r;
	if (!extent)
		extent = 4 << 20;
	*data = size ? DIV_ROUND_UP(size, extent) * extent : available;
	*meta = DIV_ROUND_UP(metadata_bytes(*data), extent) * extent;
	if (!size && *data > *meta)
		*data -= *meta;
	if (*meta && *data + *meta <= available && *data >= extent)
		return EXIT_DONE;
	report_error("%s has %llu MiB free, which does not suffice", fast,
		     (unsigned long long)(available >> 20));
	return EXIT_REFUSED;
}

static int make_volume(const struct parts *p, const char *lv, u64 bytes,
		       const char *part)
{
	char tag[TAG_BYTES], name_tag[TAG_BYTES], length[32];
	const char *words[] = {
		"lvcreate", "-q", "-q", "-y", "-W", "y", "-L", length, "-n",
		lv, "--addtag", LVM_TAG, "--addtag", tag, "--addtag",
		name_tag, p->vg, fast, NULL
	};

	scnprintf(length, sizeof(length), "%llub", (unsigned long long)bytes);
	scnprintf(tag, sizeof(tag), "%s%s", part, p->origin);
	scnprintf(name_tag, sizeof(name_tag), "%s%s", LVM_TAG_NAME, p->name);
	return lvm_run(words);
}

static int tag_origin(const struct parts *p, const char *how)
{
	char tag[TAG_BYTES], name_tag[TAG_BYTES], path[PATH_BYTES];
	const char *words[] = {
		"lvchange", "-q", "-q", how, LVM_TAG, how, tag, how, name_tag,
		path, NULL
	};

	scnprintf(tag, sizeof(tag), "%s%s", LVM_TAG_ORIGIN, p->origin);
	scnprintf(name_tag, sizeof(name_tag), "%s%s", LVM_TAG_NAME, p->name);
	scnprintf(path, sizeof(path), "%s/%s", p->vg, p->origin);
	return lvm_run(words);
}

static int remove_volume(const struct parts *p, const char *lv)
{
	char path[PATH_BYTES];
	const char *words[] = { "lvremove", "-q", "-q", "-y", path, NULL };

	scnprintf(path, sizeof(path), "%s/%s", p->vg, lv);
	return lvm_run(words);
}

static unsigned int add_option(const char **argv, unsigned int n,
			       const char *option, const char *value)
{
	if (!value)
		return n;
	argv[n++] = option;
	argv[n++] = value;
	return n;
}

static int make_cache(const struct parts *p)
{
	char origin[PATH_BYTES], data[PATH_BYTES], meta[PATH_BYTES];
	const char *argv[2 * MAX_REPEATS + 24] = {
		"/proc/self/exe", "create", p->name, "--origin", origin,
		"--cache", data, "--metadata", meta, "--force",
	};
	unsigned int n = 10, i;

	path_of(p, p->origin, origin);
	path_of(p, p->data, data);
	path_of(p, p->meta, meta);
	n = add_option(argv, n, "--mode", mode);
	n = add_option(argv, n, "--block-size", block_size);
	n = add_option(argv, n, "--policy", policy);
	for (i = 0; i < set.nr; i++)
		n = add_option(argv, n, "--set", set.text[i]);
	if (report_is_json())
		argv[n++] = "--json";
	return run_verb(argv);
}

static int make_all(const struct parts *p, u64 data, u64 meta)
{
	int r = EXIT_FAILED;

	if (make_volume(p, p->meta, meta, LVM_TAG_META))
		return r;
	if (make_volume(p, p->data, data, LVM_TAG_DATA))
		goto err_meta;
	if (tag_origin(p, "--addtag"))
		goto err_data;
	r = make_cache(p);
	if (!r)
		return EXIT_DONE;
	(void)!tag_origin(p, "--deltag");
err_data:
	(void)!remove_volume(p, p->data);
err_meta:
	(void)!remove_volume(p, p->meta);
	return r;
}

static int name_parts(struct parts *p, const char *word)
{
	struct sc_reason why;

	if (lvm_split(word, p->vg, p->origin))
		return EXIT_USAGE;
	if (strlen(p->origin) + strlen(META_SUFFIX) >= LVM_NAME_BYTES ||
	    strlen(p->vg) + strlen(p->origin) + 2 >= LVM_NAME_BYTES) {
		report_error("the names are too long");
		return EXIT_USAGE;
	}
	scnprintf(p->data, sizeof(p->data), "%.100s%s", p->origin, DATA_SUFFIX);
	scnprintf(p->meta, sizeof(p->meta), "%.100s%s", p->origin, META_SUFFIX);
	if (cache_name)
		scnprintf(p->name, sizeof(p->name), "%s", cache_name);
	else
		scnprintf(p->name, sizeof(p->name), "%.60s_%.60s", p->vg,
			  p->origin);
	if (!tab_name_check(p->name, &why))
		return EXIT_DONE;
	report_error("%s", why.text);
	return EXIT_USAGE;
}

static int run_create(int argc, char **argv)
{
	struct parts p;
	u64 data, meta;
	int r = name_parts(&p, argv[0]);

	(void)argc;
	if (!r && !fast) {
		report_error("--fast is needed");
		r = EXIT_USAGE;
	}
	if (!r)
		r = check_origin(&p);
	if (!r)
		r = choose_sizes(&p, &data, &meta);
	return r ? r : make_all(&p, data, meta);
}

static const struct verb lvm_create = {
	.name = "create",
	.args = "VG/LV --fast PV [OPTIONS]",
	.summary = "cache a logical volume on a fast physical volume of its group",
	.min_args = 1,
	.max_args = 1,
	.options = create_options,
	.run = run_create,
};

/* ---- the volumes there are ------------------------------------------------- */

static int ask_tagged(struct json_object **rows)
{
	static const char *const ask[] = {
		"lvs", "-o", "vg_name,lv_name,lv_size,lv_active,lv_tags",
		"@" LVM_TAG, NULL
	};

	return lvm_ask("lv", ask, rows);
}

/* The row of a part of the cache of an origin. */
static struct json_object *find_part(struct json_object *rows, const char *vg,
				     const char *tag, const char *origin)
{
	size_t i, nr = json_object_array_length(rows);
	struct json_object *row;
	char value[LVM_NAME_BYTES];

	for (i = 0; i < nr; i++) {
		row = json_object_array_get_idx(rows, i);
		if (!strcmp(lvm_text(row, "vg_name"), vg) &&
		    lvm_tag(row, tag, value) && !strcmp(value, origin))
			return row;
	}
	return NULL;
}

/* Names by their tags, not as they would be chosen now. */
static bool find_parts(struct json_object *rows, struct parts *p)
{
	struct json_object *row;

	row = find_part(rows, p->vg, LVM_TAG_ORIGIN, p->origin);
	if (!row || !lvm_tag(row, LVM_TAG_NAME, p->name))
		return false;
	row = find_part(rows, p->vg, LVM_TAG_DATA, p->origin);
	scnprintf(p->data, sizeof(p->data), "%s",
		  row ? lvm_text(row, "lv_name") : "");
	row = find_part(rows, p->vg, LVM_TAG_META, p->origin);
	scnprintf(p->meta, sizeof(p->meta), "%s",
		  row ? lvm_text(row, "lv_name") : "");
	return true;
}

/* ---- remove ---------------------------------------------------------------- */

/* The cache's line may be gone, if remove was cut short. */
static int remove_cache(const struct parts *p)
{
	const char *argv[] = { "/proc/self/exe", "remove", p->name, NULL };
	struct tab tab;
	bool known;

	if (tab_read(&tab))
		return EXIT_FAILED;
	known = tab_find(&tab, p->name);
	tab_free(&tab);
	return known ? run_verb(argv) : EXIT_DONE;
}

static int remove_parts(const struct parts *p)
{
	int r = remove_cache(p);

	if (r)
		return r;
	if ((*p->data && remove_volume(p, p->data)) ||
	    (*p->meta && remove_volume(p, p->meta)) ||
	    tag_origin(p, "--deltag"))
		return EXIT_FAILED;
	return EXIT_DONE;
}

static int run_remove(int argc, char **argv)
{
	struct json_object *rows;
	struct parts p;
	bool found;

	(void)argc;
	if (lvm_split(argv[0], p.vg, p.origin))
		return EXIT_USAGE;
	if (ask_tagged(&rows))
		return EXIT_FAILED;
	found = find_parts(rows, &p);
	json_object_put(rows);
	if (found)
		return remove_parts(&p);
	report_error("%s/%s has no cache", p.vg, p.origin);
	return EXIT_MISSING;
}

static const struct verb lvm_remove = {
	.name = "remove",
	.args = "VG/LV",
	.summary = "write everything back, and remove the cache and its volumes",
	.min_args = 1,
	.max_args = 1,
	.run = run_remove,
};

/* ---- list ------------------------------------------------------------------ */

static const struct column columns[] = {
	{ "vg", "VG", CELL_TEXT, 0, NULL },
	{ "origin", "ORIGIN", CELL_TEXT, 0, NULL },
	{ "name", "NAME", CELL_TEXT, 0, NULL },
	{ "cache", "CACHE", CELL_TEXT, 1, NULL },
	{ "cache_bytes", "SIZE", CELL_SIZE, 1, NULL },
	{ "metadata", "METADATA", CELL_TEXT, 2, NULL },
	COLUMN_END
};

static void add(struct json_object *o, const char *key, const char *value)
{
	json_object_object_add(o, key, json_object_new_string(value));
}

static struct json_object *make_row(struct json_object *rows,
				    struct json_object *origin)
{
	struct json_object *o = json_object_new_object(), *data;
	struct parts p;

	scnprintf(p.vg, sizeof(p.vg), "%s", lvm_text(origin, "vg_name"));
	lvm_tag(origin, LVM_TAG_ORIGIN, p.origin);
	find_parts(rows, &p);
	add(o, "vg", p.vg);
	add(o, "origin", lvm_text(origin, "lv_name"));
	add(o, "name", p.name);
	add(o, "cache", p.data);
	add(o, "metadata", p.meta);
	data = find_part(rows, p.vg, LVM_TAG_DATA, p.origin);
	if (data)
		json_object_object_add(o, "cache_bytes", json_object_new_uint64(
			strtoull(lvm_text(data, "lv_size"), NULL, 10)));
	return o;
}

static int run_list(int argc, char **argv)
{
	struct json_object *rows, *table, *row;
	char origin[LVM_NAME_BYTES];
	size_t i;

	(void)argc;
	(void)argv;
	if (ask_tagged(&rows))
		return EXIT_FAILED;
	table = json_object_new_array();
	for (i = 0; i < json_object_array_length(rows); i++) {
		row = json_object_array_get_idx(rows, i);
		if (lvm_tag(row, LVM_TAG_ORIGIN, origin))
			json_object_array_add(table, make_row(rows, row));
	}
	report_table(columns, table);
	json_object_put(rows);
	return EXIT_DONE;
}

static const struct verb lvm_list = {
	.name = "list",
	.args = "",
	.summary = "list the caches of logical volumes",
	.run = run_list,
};

/* ---- */

static const struct verb *const verbs[] = {
	&lvm_create, &lvm_remove, &lvm_list, NULL
};

const struct verb cmd_lvm = {
	.name = "lvm",
	.args = "create|remove|list ...",
	.summary = "caches for logical volumes",
	.verbs = verbs,
};
