/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The oracle: what each sector may hold. It knows requests to the mapped device
 * only, when each began and ended, and nothing of caches.
 *
 * Content is a version: the sector's number and that of the write. Version w is
 * older than v if w ended before v began. A read may not give a version that is
 * older than one that had ended when the read began (P1). A power cut may not
 * bring a version back that is older than one that was flushed (P2). What is
 * found after it is the sector's one and only version (P3).
 */
#ifndef MODEL_ORACLE_H
#define MODEL_ORACLE_H

#include "env.h"

/** oracle_init() - all sectors hold version 0 */
void oracle_init(u64 nr_sectors);
void oracle_exit(void);

/** oracle_fill() - the content of a version of a sector, 512 bytes */
void oracle_fill(u64 sector, u32 version, u8 *data);

/** oracle_now() - a point in time, for begins */
u64 oracle_now(void);

/** oracle_begin_write() - the number of a new version of these sectors */
u32 oracle_begin_write(u64 sector, u32 nr_sectors);

/** oracle_begin_discard() - a version that may look like anything older */
u32 oracle_begin_discard(u64 sector, u32 nr_sectors);

/** oracle_end_write() - the write or discard has ended, well or not */
void oracle_end_write(u32 version, u64 sector, u32 nr_sectors, bool ok,
		      bool fua);

/** oracle_end_flush() - a FLUSH that began then has ended well */
void oracle_end_flush(u64 began);

/** oracle_begin_read() - note that a read begins; returns when */
u64 oracle_begin_read(void);

/** oracle_end_read() - it gave this; complains if it must not */
void oracle_end_read(u64 began, u64 sector, u32 nr_sectors, const u8 *data);

/** oracle_forget_read() - it failed, and may */
void oracle_forget_read(u64 began);

/** oracle_cut() - the power has failed: no request is on its way any more */
void oracle_cut(void);

/** oracle_found() - after a cut, this is what the sector holds */
void oracle_found(u64 sector, const u8 *data);

/** oracle_up() - all was found, the machine is up again */
void oracle_up(void);

/** oracle_is() - the one version that the sector may have, and has it */
void oracle_is(u64 sector, const u8 *data, const char *where);

/** oracle_deaf - ignore what ends: the power is off */
extern bool oracle_deaf;

#endif
