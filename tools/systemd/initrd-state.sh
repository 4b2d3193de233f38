#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# Keep what the initramfs noted of the caches that it started, before anybody can
# note something newer. That images know it from now on is initramfs-renew's matter.

set -eu
from=/run/ssdcache
to=/var/lib/ssdcache
old=initramfs=old

mkdir -p "$to"
# First: what is lost by a power cut makes one image too many.
if [ -e "$from/$old" ]; then
	: >"$to/$old"
	sync "$to/$old" "$to"
	rm "$from/$old"
fi
for f in "$from"/*; do
	name=${f##*/}
	# Only what start noted: the word of an image is none.
	grep -qs '^dirty=' "$f" || continue
	cp "$f" "$to/.$name.new"
	sync "$to/.$name.new"
	mv "$to/.$name.new" "$to/$name"
	sync "$to"
	rm "$f"
done
