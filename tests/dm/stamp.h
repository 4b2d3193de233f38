/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stamp writes, to the device and to its log, and its options.
 */
#ifndef STAMP_H
#define STAMP_H

#include <stdint.h>

#define SECTOR		512u
#define MAX_SECTORS	2048u
#define MAX_THREADS	64u
#define MAX_COMPLAINTS	8u
#define ALIGN		4096u
#define MAGIC		0x706d6174732d6373ULL
/* So many unwritten records in a row are the end of a log on a device. */
#define LOG_END		(4 * MAX_THREADS)
/* Records read at once. */
#define LOG_PART	512u

enum kind {
	KIND_HOLE,
	KIND_WRITE,
	KIND_ACK,
	KIND_SYNC_ACK,
	KIND_DISCARD,
	KIND_FLUSH_BEGIN,
	KIND_FLUSH_END,
};

/** struct record - of the log; @sector of FLUSH_END: where its BEGIN is */
struct record {
	uint64_t magic;
	uint64_t kind;
	uint64_t sector;
	uint64_t count;
	uint64_t version;
	uint8_t pad[SECTOR - 40];
};

/** struct stamp - how a sector begins; the pattern fills the rest */
struct stamp {
	uint64_t magic;
	uint64_t sector;
	uint64_t version;
	uint64_t pattern[61];
};

_Static_assert(sizeof(struct record) == SECTOR, "a record is a sector");
_Static_assert(sizeof(struct stamp) == SECTOR, "a stamp is a sector");

/** struct bounds - what is known of a sector */
struct bounds {
	uint64_t lo;		/* must be durable */
	uint64_t hi;		/* last submitted */
	uint64_t discarded;	/* log position + 1, 0: not since the state */
};

/** struct options - KEY=VALUE */
struct options {
	uint64_t ops;		/* all threads together; 0: until killed */
	uint64_t threads;
	uint64_t seed;
	uint64_t first;		/* sectors used */
	uint64_t sectors;
	uint64_t max;		/* the largest I/O, in sectors */
	uint64_t align;		/* of all I/O, in sectors */
	uint64_t read;		/* percent */
	uint64_t discard;	/* percent */
	uint64_t flush;		/* percent */
	uint64_t sync;		/* percent of the writes: FUA */
	uint64_t cut;		/* errors end the run and are none */
	uint64_t say;		/* print a line at so many operations */
	uint64_t exact;
};

#endif
