/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A cache as text: all that its metadata says, for reading, keeping and making it
 * again.
 *
 * DOC: two notations
 *
 * JSON: a stream of values, first an object that describes the cache, then an
 * object for each mapped slot; a stream, so that it may be larger than memory. It
 * says how many slots come: a dump cut short is no dump.
 *
 * XML: that of cache_dump, with attributes of our own, which thin-provisioning-
 * tools do not look at. What dm-cache's own tools wrote lacks them: then
 * &dump_cache.is_foreign is set and mapped slots are wholly valid.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_DUMP_H
#define SC_TOOLS_DUMP_H

#include "meta.h"

/* Names of policies are made of these. */
#define DUMP_NAME_SIGNS	"abcdefghijklmnopqrstuvwxyz0123456789-_"

/**
 * struct dump_cache - what describes a cache
 * @is_foreign: dm-cache's: origin_sectors, cache_sectors, uuid and label_epoch
 *	are not known
 * @needs_check: the mark
 * @uuid: of the cache
 * @block_sectors: block size; of a foreign cache any
 * @nr_slots: slots
 * @nr_mapped: of these, mapped; not in XML
 * @origin_sectors: size of the origin
 * @cache_sectors: size of the cache device
 * @label_epoch: what its labels have to say
 * @policy: that the hints belong to, terminated; characters of DUMP_NAME_SIGNS
 */
struct dump_cache {
	bool is_foreign;
	bool needs_check;
	u8 uuid[SC_UUID_BYTES];
	u32 block_sectors;
	u32 nr_slots;
	u32 nr_mapped;
	u64 origin_sectors;
	u64 cache_sectors;
	u64 label_epoch;
	char policy[SC_POLICY_BYTES + 1];
};

/**
 * struct dump_writer - a notation, written to standard output
 * @begin: describe the cache
 * @slot: a mapped slot
 * @end: that was all
 */
struct dump_writer {
	void (*begin)(const struct dump_cache *cache);
	void (*slot)(const struct sc_record *rec);
	void (*end)(void);
};

extern const struct dump_writer dump_json, dump_xml, dump_xml_foreign;

/**
 * struct dump_reader - who takes what is read
 * @begin: the cache, first; checked but for what sizes imply
 * @slot: a mapped slot; below nr_slots, anything else may be wrong
 * @ctx: for both
 *
 * A result other than 0 ends the reading.
 */
struct dump_reader {
	int (*begin)(void *ctx, const struct dump_cache *cache);
	int (*slot)(void *ctx, const struct sc_record *rec);
	void *ctx;
};

/**
 * dump_read() - read a dump of either notation
 * @path: the file; "-" is standard input
 * @reader: takes what is in it
 *
 * What is wrong has been said when it returns, unless @reader ended it.
 *
 * Return: 0; -EINVAL if it is no dump; -errno; what @reader returned.
 */
int __must_check dump_read(const char *path, const struct dump_reader *reader);

#endif
