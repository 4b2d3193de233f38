// SPDX-License-Identifier: GPL-2.0-only
/*
 * Small caches in files. Whatever fails here ends the test.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "codec.h"
#include "image.h"
#include "random.h"
#include "report.h"

const u8 image_uuid[SC_UUID_BYTES] = { 1, 2, 3, 4 };

static FILE *said;
static int out = -1, err = -1;
static char *said_text;

/* Also what was printed before. */
static void die(const char *what)
{
	if (said)
		fprintf(stderr, "%s", said_end());
	fprintf(stderr, "%s: %s\n", what, strerror(errno));
	abort();
}

#define MUST(x)	do { if (!(x)) die(#x); } while (0)

/* ---- files ----------------------------------------------------------------- */

void image_file(const char *path, u64 sectors)
{
	int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0);
	MUST(!ftruncate(fd, (off_t)(sectors << SC_SECTOR_SHIFT)));
	close(fd);
}

u8 *image_read(const char *path, size_t *bytes)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	u8 *data;

	MUST(fd >= 0);
	MUST(!fstat(fd, &st));
	data = malloc((size_t)st.st_size + 1);
	MUST(data);
	MUST(read(fd, data, (size_t)st.st_size) == st.st_size);
	data[st.st_size] = 0;
	close(fd);
	*bytes = (size_t)st.st_size;
	return data;
}

static void write_file(const char *path, const u8 *data, size_t bytes)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	MUST(fd >= 0);
	MUST(write(fd, data, bytes) == (ssize_t)bytes);
	close(fd);
}

void image_copy(const char *to, const char *from)
{
	size_t bytes;
	u8 *data = image_read(from, &bytes);

	write_file(to, data, bytes);
	free(data);
}

void image_block(const char *path, u64 block, u8 *data)
{
	FILE *f = fopen(path, "re");

	MUST(f);
	MUST(!fseek(f, (long)(block * SC_META_BLOCK_BYTES), SEEK_SET));
	MUST(fread(data, SC_META_BLOCK_BYTES, 1, f) == 1);
	fclose(f);
}

void image_put_block(const char *path, u64 block, const u8 *data)
{
	FILE *f = fopen(path, "r+e");

	MUST(f);
	MUST(!fseek(f, (long)(block * SC_META_BLOCK_BYTES), SEEK_SET));
	MUST(fwrite(data, SC_META_BLOCK_BYTES, 1, f) == 1);
	MUST(!fclose(f));
}

void image_spoil(const char *path, u64 block)
{
	u8 data[SC_META_BLOCK_BYTES];

	memset(data, 0xa5, sizeof(data));
	image_put_block(path, block, data);
}

int image_enter(void **state)
{
	char dir[64];

	(void)state;
	snprintf(dir, sizeof(dir), "%s.XXXXXX", program_invocation_short_name);
	return !mkdtemp(dir) || chdir(dir);
}

int image_leave(void **state)
{
	(void)state;
	return system("rm -rf \"$PWD\"");
}

int image_verb(const struct verb *verb, const char *words)
{
	char copy[256], *argv[16], *rest = copy;
	int n = 0;

	snprintf(copy, sizeof(copy), "%s", words);
	do {
		argv[n] = strsep(&rest, " ");
	} while (argv[n++]);
	return verb_run(verb, n - 1, argv);
}

/* ---- caches ---------------------------------------------------------------- */

void image_make(const struct image *image)
{
	struct rest_new new = {
		.path = image->metadata,
		.p = {
			.cache_sectors = image->cache_sectors,
			.origin_sectors = image->origin_sectors,
			.block_sectors = image->block_sectors,
			.policy = "s3fifo",
		},
	};
	struct rest r;

	memcpy(new.p.uuid, image_uuid, sizeof(image_uuid));
	image_file(image->metadata, image->metadata_sectors);
	image_file(image->cache, image->cache_sectors);
	image_file(image->origin, image->origin_sectors);
	MUST(!rest_create(&r, &new));
	MUST(!rest_create_end(&r, false));
	rest_close(&r);
	MUST(!rest_write_labels(image->metadata, image->cache, false));
}

void image_commit(const struct image *image, const struct sc_record *rec,
		  u32 nr, bool clean)
{
	struct rest_how how = {
		.metadata = image->metadata,
		.cache = image->cache,
		.write = true,
	};
	struct rest r;

	MUST(!rest_open(&r, &how));
	MUST(!rest_start(&r));
	MUST(!rest_commit(&r, rec, nr));
	if (clean)
		MUST(!rest_end(&r));
	rest_close(&r);
}

void image_spoil_journal(const struct image *image, sc_cblock_t slot)
{
	size_t bytes, at;
	u8 *data = image_read(image->metadata, &bytes);

	for (at = 0; at < bytes; at += SC_META_BLOCK_BYTES) {
		struct sc_block_id id = {
			.uuid = image_uuid,
			.location = at / SC_META_BLOCK_BYTES,
		};
		struct sc_tx_block tx;

		if (!sc_codec_journal_open(data + at, &id, &tx, NULL) &&
		    sc_codec_journal_slot(data + at, 0) == from_cblock(slot))
			break;
	}
	MUST(at < bytes);
	free(data);
	image_spoil(image->metadata, at / SC_META_BLOCK_BYTES);
}

/* A bijection, so that no block comes twice. */
static u64 nth_block(u64 i, u64 nr_blocks)
{
	return i * 7 % nr_blocks;
}

u32 image_random(const struct image *image, struct sc_record *rec, u32 max)
{
	u32 nr = 0, slot, shift;
	struct sc_geom g;

	MUST(!sc_geom_init(&g, image->block_sectors, image->origin_sectors,
			   image->cache_sectors, NULL));
	MUST(g.nr_oblocks % 7);
	shift = random_below(1000);
	for (slot = 0; slot < min(max, g.nr_slots); slot++) {
		if (!random_below(3))
			continue;
		rec[nr] = (struct sc_record){
			.slot = to_cblock(slot),
			.block = to_oblock(nth_block(slot + shift,
						     g.nr_oblocks)),
			.valid = 1 + random_below(0xffff),
			.dirty = random_below(0x10000),
			.hint = random_below(256),
		};
		rec[nr].valid &= sc_geom_subs(&g, rec[nr].block);
		rec[nr].dirty &= random_below(3) ? rec[nr].valid : 0;
		nr += !!rec[nr].valid;
	}
	return nr;
}

void image_load(const struct image *image, struct rest *r)
{
	struct rest_how how = {
		.metadata = image->metadata, .cache = image->cache,
	};
	struct sc_check check;

	MUST(!rest_open(r, &how));
	MUST(!rest_settle(r, &check, NULL, NULL));
}

/* ---- what is printed ------------------------------------------------------- */

void said_begin(void)
{
	static bool begun;

	if (!begun)
		report_begin("test");
	begun = true;
	fflush(stdout);
	fflush(stderr);
	said = tmpfile();
	MUST(said);
	out = dup(1);
	err = dup(2);
	MUST(dup2(fileno(said), 1) == 1 && dup2(fileno(said), 2) == 2);
}

const char *said_end(void)
{
	long bytes;

	fflush(stdout);
	fflush(stderr);
	MUST(dup2(out, 1) == 1 && dup2(err, 2) == 2);
	close(out);
	close(err);
	bytes = lseek(fileno(said), 0, SEEK_END);
	free(said_text);
	said_text = calloc(1, (size_t)bytes + 1);
	MUST(said_text);
	MUST(pread(fileno(said), said_text, (size_t)bytes, 0) == bytes);
	fclose(said);
	said = NULL;
	return said_text;
}
