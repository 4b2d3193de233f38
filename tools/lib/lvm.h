/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * LVM's own command, lvm, and its tags: logical volumes of a cache are found by
 * their tags, so that nothing but the volume group itself need be kept.
 *
 * Context: one thread; all functions of this header.
 */
#ifndef SC_TOOLS_LVM_H
#define SC_TOOLS_LVM_H

#include <json.h>

#include "env.h"

/* LVM's names are up to 127 characters long. */
#define LVM_NAME_BYTES	128

/* On each logical volume of a cache; the others tell which part it is. */
#define LVM_TAG		"ssdcache"
#define LVM_TAG_ORIGIN	"ssdcache.origin="
#define LVM_TAG_DATA	"ssdcache.data="
#define LVM_TAG_META	"ssdcache.metadata="
#define LVM_TAG_NAME	"ssdcache.name="

/**
 * lvm_split() - divide "VG/LV", perhaps with "/dev/" in front of it
 * @path: the word
 * @vg: set, LVM_NAME_BYTES long
 * @lv: set, LVM_NAME_BYTES long
 *
 * Return: 0; -EINVAL, which has been said.
 */
int __must_check lvm_split(const char *path, char *vg, char *lv);

/**
 * lvm_run() - run lvm
 * @argv: its words, without "lvm" itself, ended by NULL
 *
 * Return: 0; -EIO, -ENOENT if there is no lvm, which has been said.
 */
int __must_check lvm_run(const char *const *argv);

/**
 * lvm_ask() - have lvm tell of volumes
 * @what: "lv" or "pv"
 * @argv: its words, without "lvm" itself, ended by NULL; "--reportformat json" is
 *	not among them
 * @rows: set to an array of objects, to be given back by json_object_put()
 *
 * Return: 0; -EIO, -ENOENT, which has been said.
 */
int __must_check lvm_ask(const char *what, const char *const *argv,
			 struct json_object **rows);

/**
 * lvm_text() - a member of a row
 * @row: of lvm_ask()
 * @key: the member
 *
 * Return: its text, "" if it is not there.
 */
const char *lvm_text(struct json_object *row, const char *key);

/**
 * lvm_tag() - the value of a tag
 * @row: of lvm_ask(), with lv_tags
 * @prefix: what the tag begins with
 * @value: set to the rest, LVM_NAME_BYTES long; "" if there is no such tag
 *
 * Return: true if there is.
 */
bool lvm_tag(struct json_object *row, const char *prefix, char *value);

#endif
