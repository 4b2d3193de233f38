// SPDX-License-Identifier: GPL-2.0-only
/*
 * Put hostile metadata on devices, for the module to meet it:
 *
 *   hostile list                        "NAME|REASON", no reason: it is taken
 *   hostile put NAME META CACHE ORIGIN-SECTORS BLOCK-SECTORS
 *   hostile same ...                    exit 0 if nobody has changed it since
 *
 * The name "good" stands for what the others are made of. Nothing of the
 * devices is touched but the metadata device and the two labels.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <unistd.h>

#include "hostile.h"

struct disks {
	int meta;
	int cache;
};

static void die(const char *what)
{
	perror(what);
	exit(1);
}

/* Past the page cache, as the module. */
static int open_disk(const char *path)
{
	int fd = open(path, O_RDWR | O_DIRECT);

	if (fd < 0)
		die(path);
	return fd;
}

static u64 sectors(int fd)
{
	off_t bytes = lseek(fd, 0, SEEK_END);

	if (bytes < 0)
		die("size");
	return bytes / 512;
}

static void transfer(bool put, int fd, u8 *data, size_t bytes, u64 sector)
{
	ssize_t r = put ? pwrite(fd, data, bytes, sector * 512) :
			  pread(fd, data, bytes, sector * 512);

	if (r != (ssize_t)bytes)
		die(put ? "write" : "read");
}

/* Write what @img holds, or have it hold what is there. */
static void move(bool put, const struct disks *d, struct image *img)
{
	size_t bytes = (size_t)img->nr_blocks * SC_META_BLOCK_BYTES;
	u8 *aligned = aligned_alloc(SC_META_BLOCK_BYTES, bytes);
	struct image_label *l;

	assert(aligned);
	memcpy(aligned, img->meta, bytes);
	transfer(put, d->meta, aligned, bytes, 0);
	memcpy(img->meta, aligned, bytes);
	for (l = img->label; l < img->label + IMAGE_LABELS; l++) {
		if (!l->used)
			continue;
		memcpy(aligned, l->data, sizeof(l->data));
		transfer(put, d->cache, aligned, sizeof(l->data), l->sector);
		memcpy(l->data, aligned, sizeof(l->data));
	}
	free(aligned);
}

static void make(struct image *img, const struct sc_meta_params *p,
		 const char *name)
{
	const struct hostile *h = hostile_find(name);

	if (!h && strcmp(name, "good")) {
		fprintf(stderr, "hostile: no image %s\n", name);
		exit(2);
	}
	image_init(img, p);
	if (h)
		hostile_make(img, h);
	else
		image_make(img);
}

static int put_or_compare(bool put, char **argv)
{
	struct disks d = { open_disk(argv[1]), open_disk(argv[2]) };
	struct sc_meta_params p = {
		.metadata_sectors = sectors(d.meta),
		.cache_sectors = sectors(d.cache),
		.origin_sectors = strtoull(argv[3], NULL, 0),
		.block_sectors = strtoul(argv[4], NULL, 0),
		.journal_blocks = 16,
		.uuid = { 0xab, 0xcd },
		.policy = "s3fifo",
	};
	struct image img, found;
	bool same;

	make(&img, &p, argv[0]);
	image_init(&found, &p);
	image_copy(&found, &img);
	move(put, &d, &found);
	same = image_same(&img, &found);
	image_exit(&found);
	image_exit(&img);
	return !same;
}

static int list(void)
{
	const struct hostile *h;
	u32 n;

	for (n = 0; (h = hostile_nth(n)); n++)
		printf("%s|%s\n", h->name, h->why ? h->why : "");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "list"))
		return list();
	if (argc == 7 && (!strcmp(argv[1], "put") || !strcmp(argv[1], "same")))
		return put_or_compare(argv[1][0] == 'p', argv + 2);
	fprintf(stderr, "hostile: see the head of hostile-tool.c\n");
	return 2;
}
