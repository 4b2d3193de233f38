// SPDX-License-Identifier: GPL-2.0-only
/*
 * Change blocks of the disk format as nobody should, with valid checksums.
 */
#include "raw-format.h"

#include <ssdcache/format.h>

struct field {
	const char *name;
	u16 offset;
	u16 bytes;
};

#define FIELD(type, member) { \
	#type "." #member, offsetof(struct sc_disk_##type, member), \
	sizeof(((struct sc_disk_##type *)0)->member) }

static const struct field fields[] = {
	FIELD(header, magic), FIELD(header, version), FIELD(header, type),
	FIELD(header, uuid), FIELD(header, location), FIELD(header, seq),
	FIELD(super, compat), FIELD(super, ro_compat), FIELD(super, incompat),
	FIELD(super, flags), FIELD(super, checkpoint),
	FIELD(super, origin_sectors), FIELD(super, cache_sectors),
	FIELD(super, data_offset), FIELD(super, block_sectors),
	FIELD(super, sub_sectors), FIELD(super, nr_slots),
	FIELD(super, map_blocks), FIELD(super, nr_blocks),
	FIELD(super, map_start), FIELD(super, journal_start),
	FIELD(super, pages_start), FIELD(super, journal_blocks),
	FIELD(super, nr_pages), FIELD(super, tail), FIELD(super, tail_tx),
	FIELD(super, generation), FIELD(super, label_epoch),
	FIELD(super, policy),
	FIELD(map, index), FIELD(map, region),
	FIELD(page, page),
	FIELD(journal, index), FIELD(journal, count),
	FIELD(journal, nr_records), FIELD(journal, generation),
};

static const struct field *find(const char *name)
{
	const struct field *f = fields;

	while (strcmp(f->name, name)) {
		f++;
		assert(f < fields + ARRAY_SIZE(fields));
	}
	return f;
}

void format_seal(u8 *buf)
{
	struct sc_disk_header *h = (void *)buf;

	h->crc = cpu_to_le32(sc_env_crc32c(&h->version, SC_DISK_BLOCK - 12));
}

/* Of a field longer than 8 bytes the first 8. */
static void set(u8 *buf, const struct field *f, u64 value)
{
	__le64 le = cpu_to_le64(value);

	memcpy(buf + f->offset, &le, min_t(u16, f->bytes, sizeof(le)));
	format_seal(buf);
}

void format_set(u8 *buf, const char *field, u64 value)
{
	set(buf, find(field), value);
}

u64 format_get(const u8 *buf, const char *field)
{
	const struct field *f = find(field);
	__le64 le = 0;

	memcpy(&le, buf + f->offset, min_t(u16, f->bytes, sizeof(le)));
	return le64_to_cpu(le);
}

u32 format_nr_fields(void)
{
	return ARRAY_SIZE(fields);
}

void format_set_nth(u8 *buf, u32 n, u64 value)
{
	set(buf, &fields[n], value);
}

static struct sc_disk_entry raw_entry(const struct format_entry *e)
{
	return (struct sc_disk_entry){
		.block_lo = cpu_to_le32((u32)e->block),
		.block_hi = cpu_to_le16((u16)(e->block >> 32)),
		.valid = cpu_to_le16(e->valid),
		.dirty = cpu_to_le16(e->dirty),
		.hint = e->hint,
		.flags = e->flags,
	};
}

void format_set_entry(u8 *buf, u32 i, const struct format_entry *e)
{
	((struct sc_disk_page *)buf)->entry[i] = raw_entry(e);
	format_seal(buf);
}

void format_set_record(u8 *buf, u32 i, u32 slot, const struct format_entry *e)
{
	struct sc_disk_record *r = &((struct sc_disk_journal *)buf)->record[i];

	r->slot = cpu_to_le32(slot);
	r->entry = raw_entry(e);
	format_seal(buf);
}

void format_set_state(u8 *buf, u32 page, u8 state)
{
	u8 *byte = &((struct sc_disk_map *)buf)->state[page / 4];
	u32 shift = page % 4 * 2;

	*byte = (*byte & ~(3u << shift)) | (u32)state << shift;
	format_seal(buf);
}
