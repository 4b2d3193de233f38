// SPDX-License-Identifier: GPL-2.0-only
/*
 * ssdcache size: how large a metadata device has to be.
 */
#include "geometry.h"
#include "meta.h"
#include "lib/report.h"
#include "lib/units.h"
#include "lib/verb.h"

static u64 block_bytes = SC_MIN_BLOCK_SECTORS << SC_SECTOR_SHIFT;
static u64 slots;

static const struct option_spec options[] = {
	OPT_SIZE("block-size", 'b', "SIZE", "block size, 4k by default",
		 &block_bytes),
	OPT_NUMBER("slots", 's', "N", "for so many blocks; no cache size then",
		   &slots),
	OPT_END
};

static const struct column columns[] = {
	{ "slots", "blocks", CELL_NUMBER, 0, NULL },
	{ "block_bytes", "block size", CELL_SIZE, 0, NULL },
	{ "metadata_sectors", "metadata, sectors", CELL_NUMBER, 0, NULL },
	{ "metadata_bytes", "metadata", CELL_SIZE, 0, NULL },
	COLUMN_END
};

/* The origin's size does not matter, as long as it has one. */
static int find_slots(const char *text)
{
	u64 sectors = block_bytes >> SC_SECTOR_SHIFT;
	struct sc_reason why;
	struct sc_geom g;
	u64 bytes;

	if (size_parse(text, &bytes)) {
		report_error("must be a size such as 200G, got '%s'", text);
		return EXIT_USAGE;
	}
	if (sectors << SC_SECTOR_SHIFT != block_bytes ||
	    sectors > SC_MAX_BLOCK_SECTORS)
		sectors = 0;
	if (sc_geom_init(&g, (u32)sectors, SC_MAX_BLOCK_SECTORS,
			 bytes >> SC_SECTOR_SHIFT, &why)) {
		report_error("%s", why.text);
		return EXIT_USAGE;
	}
	slots = g.nr_slots;
	return EXIT_DONE;
}

static void add(struct json_object *o, const char *name, u64 value)
{
	json_object_object_add(o, name, json_object_new_uint64(value));
}

static int run(int argc, char **argv)
{
	struct json_object *o;
	u64 sectors;
	int code;

	if (!!argc == !!slots) {
		report_error("either the size of a cache device or --slots");
		return EXIT_USAGE;
	}
	if (slots > SC_MAX_CBLOCKS) {
		report_error("at most %u blocks, got %llu", SC_MAX_CBLOCKS,
			     (unsigned long long)slots);
		return EXIT_USAGE;
	}
	code = argc ? find_slots(argv[0]) : EXIT_DONE;
	if (code)
		return code;
	sectors = sc_meta_size_needed((u32)slots);
	o = json_object_new_object();
	add(o, "slots", slots);
	if (argc)
		add(o, "block_bytes", block_bytes);
	add(o, "metadata_sectors", sectors);
	add(o, "metadata_bytes", sectors << SC_SECTOR_SHIFT);
	report_fields(columns, o);
	return EXIT_DONE;
}

const struct verb cmd_size = {
	.name = "size",
	.args = "[CACHE-SIZE]",
	.summary = "compute the size of a metadata device",
	.max_args = 1,
	.options = options,
	.run = run,
};
